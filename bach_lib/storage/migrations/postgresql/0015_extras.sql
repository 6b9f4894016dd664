-- What a message has beside words, files and buttons, as JSON: a place, a poll, that nobody may pass it on. NULL: nothing.
ALTER TABLE messages ADD COLUMN extras TEXT;
-- They go with the words of what is confidential.
CREATE OR REPLACE FUNCTION drop_words() RETURNS trigger LANGUAGE plpgsql AS '
BEGIN
    UPDATE messages SET text = '''', title = NULL, extras = NULL WHERE id = NEW.id;
    RETURN NULL;
END';
