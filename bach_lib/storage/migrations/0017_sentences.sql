-- What a sentence of our own needs beside its English words, so that it can be said in another language (JSON).
ALTER TABLE messages ADD COLUMN error_said TEXT;
ALTER TABLE attempts ADD COLUMN error_said TEXT;
