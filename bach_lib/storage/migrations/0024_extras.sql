-- What a message has beside words, files and buttons, as JSON: a place, a poll, that nobody may pass it on. NULL: nothing.
ALTER TABLE messages ADD COLUMN extras TEXT;
-- They go with the words of what is confidential.
DROP TRIGGER confidential_gone;
CREATE TRIGGER confidential_gone AFTER UPDATE OF finished_at ON messages WHEN NEW.confidential = 1 AND NEW.finished_at IS NOT NULL BEGIN UPDATE messages SET text = '', title = NULL, extras = NULL WHERE id = NEW.id; END;
