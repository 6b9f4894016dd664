-- A person, or an answer to somebody who has just written, does not mind quiet hours (`awake`). And the moment that a
-- message was meant for, where BACH lets it wait for a reason of its own: `created_at` is when it began to be sent.
ALTER TABLE messages ADD COLUMN awake BIGINT NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN asked_at DOUBLE PRECISION;
