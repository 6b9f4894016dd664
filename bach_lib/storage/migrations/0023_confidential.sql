-- What nobody is to read here (a login code): its words go with its end, whatever ends it.
ALTER TABLE messages ADD COLUMN confidential INTEGER NOT NULL DEFAULT 0;
CREATE TRIGGER confidential_gone AFTER UPDATE OF finished_at ON messages WHEN NEW.confidential = 1 AND NEW.finished_at IS NOT NULL BEGIN UPDATE messages SET text = '', title = NULL WHERE id = NEW.id; END;
