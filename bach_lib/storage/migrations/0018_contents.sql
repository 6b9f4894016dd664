-- What is in files, once each, however many messages need it. In a file of its own beside this one, named by its hash,
-- where `content` is empty; in here where it came with a copy or from an earlier layout (those have no hash as a name).
CREATE TABLE contents (
    digest TEXT NOT NULL PRIMARY KEY,
    size INTEGER NOT NULL,
    content BLOB
);
INSERT INTO contents (digest, size, content)
SELECT 'earlier ' || message_id || ' ' || position, length(content), content FROM files;

-- Which message needs which.
CREATE TABLE needed_files (
    message_id INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (message_id, position)
);
INSERT INTO needed_files (message_id, position, digest)
SELECT message_id, position, 'earlier ' || message_id || ' ' || position FROM files;
DROP TABLE files;
ALTER TABLE needed_files RENAME TO files;
CREATE INDEX files_with ON files (digest);

-- With the last message that needs a content it goes, whatever takes the message away.
CREATE TRIGGER files_gone AFTER DELETE ON files BEGIN DELETE FROM contents WHERE digest = OLD.digest AND NOT EXISTS (SELECT 1 FROM files WHERE digest = OLD.digest); END;
