-- How often a person put other words, or another place, into a message: then it is another one to whoever recognises
-- what comes again. And what went through a connection, newest first: however many others there are. These indexes are
-- of an expression, or SQLite would take them for everything that names a connection, and walk through all that it had.

ALTER TABLE messages ADD COLUMN amended INTEGER NOT NULL DEFAULT 0;
CREATE INDEX messages_through ON messages (connection || '');
CREATE INDEX inbox_through ON inbox (connection || '')
