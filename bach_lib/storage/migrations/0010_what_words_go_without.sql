-- What a message goes without, as pairs of a code and a reason; and which of several requests have arrived of it.

ALTER TABLE messages ADD COLUMN lost TEXT;
ALTER TABLE messages ADD COLUMN progress TEXT
