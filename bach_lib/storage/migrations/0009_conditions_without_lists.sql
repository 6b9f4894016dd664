-- The same rows in fewer indexes, under conditions that cost little. For a list of more than two, SQLite builds a table
-- of its own, for every index and every statement; that took three times as long as writing a message.

-- What has not ended, and what nobody knows whether it has: a bit that flipped on a worn card, or a newer version's
-- status. So the index for the latter alone can go.
DROP INDEX messages_strange;
DROP INDEX messages_unfinished;
CREATE INDEX messages_unfinished ON messages (connection, status, id)
    WHERE NOT (status = 'sent' OR status = 'dead' OR status = 'expired' OR status = 'cancelled' OR status = 'uncertain');

-- What ended without being sent.
DROP INDEX messages_unsent;
CREATE INDEX messages_unsent ON messages (id, status)
    WHERE status = 'dead' OR status = 'uncertain' OR status = 'expired' OR status = 'cancelled';
