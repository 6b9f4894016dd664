-- How a file says that it is BACH's ("BACH" in ASCII), messages that wait for their owner's word, and indexes for lists.

PRAGMA application_id = 1111573320;

-- Not sent until the owner says so: the database is a restored copy, and they may have been sent since it was made.
ALTER TABLE messages ADD COLUMN held INTEGER NOT NULL DEFAULT 0;
CREATE INDEX messages_held ON messages (connection, id) WHERE held = 1;

-- What went to somebody, newest first.
CREATE INDEX messages_to ON messages (recipient);

-- What ended without being sent; nothing of it costs a message that is sent.
CREATE INDEX messages_unsent ON messages (id, status) WHERE status IN ('dead', 'uncertain', 'expired', 'cancelled');

-- What somebody wrote, newest first.
CREATE INDEX inbox_from ON inbox (sender_id);
