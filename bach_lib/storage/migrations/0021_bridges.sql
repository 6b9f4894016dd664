-- What comes in at one place goes out at others. Nothing is carried that was written before `since`.
CREATE TABLE bridges (
    name TEXT NOT NULL PRIMARY KEY,
    rule TEXT NOT NULL,
    since REAL NOT NULL
);

-- What comes in through one connection is dealt with up to this number of the inbox.
CREATE TABLE bridge_ends (
    bridge TEXT NOT NULL,
    connection TEXT NOT NULL,
    upto INTEGER NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (bridge, connection)
);

-- What was made of what came in, so that it can be changed and answered; it goes with the message.
CREATE TABLE bridge_copies (
    message_id INTEGER NOT NULL PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
    bridge TEXT NOT NULL,
    incoming_id INTEGER NOT NULL
);
CREATE INDEX bridge_copies_of ON bridge_copies (incoming_id)
