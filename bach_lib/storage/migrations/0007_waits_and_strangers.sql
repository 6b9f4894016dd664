-- How long a message has waited that was told to wait, and rows whose status nobody knows.

-- Seconds: the sum of the waits of a message that counted no retry; it ends what is told to wait for ever.
ALTER TABLE messages ADD COLUMN waited REAL NOT NULL DEFAULT 0;

-- A bit that flipped on a worn card, or a newer version's status: found at the start, and costs nothing otherwise.
CREATE INDEX messages_strange ON messages (connection, id)
    WHERE status NOT IN ('pending', 'sending', 'failed', 'sent', 'dead', 'expired', 'cancelled', 'uncertain');
