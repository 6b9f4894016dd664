-- Messages that somebody may hand over twice, and what was taken over from the original BACH.

-- The caller's key for a message, and a digest of what was asked for under it.
ALTER TABLE messages ADD COLUMN request_key TEXT;
ALTER TABLE messages ADD COLUMN request_digest TEXT;

CREATE UNIQUE INDEX messages_requested ON messages (request_key) WHERE request_key IS NOT NULL;

-- Counting the inbox must not read its texts.
CREATE INDEX inbox_counted ON inbox (status, connection, sender_id);

-- What was taken over once is not taken over again, however long ago its row was purged.
CREATE TABLE legacy_taken (
    digest TEXT PRIMARY KEY
) WITHOUT ROWID;
