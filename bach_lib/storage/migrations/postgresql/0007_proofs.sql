-- What is known of a message after it was sent: that it was delivered, seen, answered. Where a platform tells of such
-- things, a message has a row for each id that it got there, by which the platform names it; all go with the message.
CREATE TABLE parts (
    message_id BIGINT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    remote_id TEXT COLLATE "C" NOT NULL,
    connection TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (message_id, remote_id)
);
CREATE INDEX parts_named ON parts (connection, remote_id);

-- Of whom it is known, and since when. `part` is empty for the whole message, and names a part of it until all are told.
CREATE TABLE proofs (
    message_id BIGINT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    kind TEXT COLLATE "C" NOT NULL,
    person TEXT COLLATE "C" NOT NULL,
    part TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    at DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (message_id, kind, person, part)
);

-- What was told of a message that is still being sent: its id is not known yet.
CREATE TABLE early_proofs (
    connection TEXT COLLATE "C" NOT NULL,
    remote_id TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    person TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    places TEXT COLLATE "C" NOT NULL,
    at DOUBLE PRECISION NOT NULL,
    told_at DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (connection, remote_id, kind, person)
);

-- The same in short, beside the message, so that lists of messages stay cheap.
ALTER TABLE messages ADD COLUMN proven TEXT COLLATE "C";
