-- How old a message was when it came in, by the platform's clock, and how much of the disk it takes.

ALTER TABLE inbox ADD COLUMN age REAL;

-- Bytes, roughly: a sender may have so many of them.
ALTER TABLE inbox ADD COLUMN size INTEGER NOT NULL DEFAULT 0;
UPDATE inbox SET size = 200 + length(CAST(text AS BLOB)) + length(CAST(content AS BLOB)) + length(CAST(metadata AS BLOB));

-- What one sender has is counted, and what may go first is found, without reading a text.
CREATE INDEX inbox_by_sender ON inbox (connection, sender_id, status, id, size);
