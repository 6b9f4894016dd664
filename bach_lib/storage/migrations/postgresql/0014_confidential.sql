-- What nobody is to read here (a login code): its words go with its end, whatever ends it.
ALTER TABLE messages ADD COLUMN confidential BIGINT NOT NULL DEFAULT 0;
CREATE FUNCTION drop_words() RETURNS trigger LANGUAGE plpgsql AS '
BEGIN
    UPDATE messages SET text = '''', title = NULL WHERE id = NEW.id;
    RETURN NULL;
END';
CREATE TRIGGER confidential_gone AFTER UPDATE OF finished_at ON messages FOR EACH ROW
    WHEN (NEW.confidential = 1 AND NEW.finished_at IS NOT NULL) EXECUTE FUNCTION drop_words();
