-- What is known of a message after it was sent: that it was delivered, seen, answered. Where a platform tells of such
-- things, a message has a row for each id that it got there, by which the platform names it; all go with the message.

CREATE TABLE parts (
    message_id INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    remote_id TEXT NOT NULL,
    connection TEXT NOT NULL,
    PRIMARY KEY (message_id, remote_id)
) WITHOUT ROWID;
CREATE INDEX parts_named ON parts (connection, remote_id);

-- Of whom it is known, and since when. `part` is empty for the whole message, and names a part of it until all are told.
CREATE TABLE proofs (
    message_id INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    person TEXT NOT NULL,
    part TEXT NOT NULL,
    name TEXT NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (message_id, kind, person, part)
) WITHOUT ROWID;

-- What was told of a message that is still being sent: its id is not known yet.
CREATE TABLE early_proofs (
    connection TEXT NOT NULL,
    remote_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    person TEXT NOT NULL,
    name TEXT NOT NULL,
    places TEXT NOT NULL,
    at REAL NOT NULL,
    told_at REAL NOT NULL,
    PRIMARY KEY (connection, remote_id, kind, person)
) WITHOUT ROWID;

-- The same in short, beside the message, so that lists of messages stay cheap.
ALTER TABLE messages ADD COLUMN proven TEXT
