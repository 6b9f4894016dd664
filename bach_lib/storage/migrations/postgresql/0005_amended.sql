-- How often a person put other words, or another place, into a message: then it is another one to whoever recognises
-- what comes again. And what went through a connection, newest first: however many others there are.
ALTER TABLE messages ADD COLUMN amended BIGINT NOT NULL DEFAULT 0;
CREATE INDEX messages_through ON messages ((connection || ''), id);
CREATE INDEX inbox_through ON inbox ((connection || ''), id);
