-- What is in files, once each, however many messages need it. Several machines have no folder in common, so it is here.
CREATE TABLE contents (
    digest TEXT COLLATE "C" PRIMARY KEY,
    size BIGINT NOT NULL,
    content BYTEA
);
ALTER TABLE contents ALTER COLUMN content SET STORAGE EXTERNAL; -- pictures do not become smaller
INSERT INTO contents (digest, size, content)
SELECT 'earlier ' || message_id || ' ' || position, length(content), content FROM files;

-- Which message needs which.
ALTER TABLE files ADD COLUMN digest TEXT COLLATE "C";
UPDATE files SET digest = 'earlier ' || message_id || ' ' || position;
ALTER TABLE files ALTER COLUMN digest SET NOT NULL;
ALTER TABLE files DROP COLUMN content;
CREATE INDEX files_with ON files (digest);

-- With the last message that needs a content it goes, whatever takes the message away. Of two that go at the same time
-- each would see the other's: so the row is written first, and who comes second begins anew.
CREATE FUNCTION drop_content() RETURNS trigger LANGUAGE plpgsql AS '
BEGIN
    UPDATE contents SET size = size WHERE digest = OLD.digest;
    DELETE FROM contents WHERE digest = OLD.digest AND NOT EXISTS (SELECT 1 FROM files WHERE digest = OLD.digest);
    RETURN NULL;
END';
CREATE TRIGGER files_gone AFTER DELETE ON files FOR EACH ROW EXECUTE FUNCTION drop_content();
