-- What is to be done about a message is a column of its rule; it had stood with what the database knows of itself.

ALTER TABLE rules ADD COLUMN hint TEXT;
UPDATE rules SET hint = (SELECT value FROM meta WHERE key = 'hint:' || rules.name);
DELETE FROM meta WHERE substr(key, 1, 5) = 'hint:'
