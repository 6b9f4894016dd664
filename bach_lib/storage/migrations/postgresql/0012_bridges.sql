-- What comes in at one place goes out at others. Nothing is carried that was written before `since`.
CREATE TABLE bridges (
    name TEXT COLLATE "C" PRIMARY KEY,
    rule TEXT COLLATE "C" NOT NULL,
    since DOUBLE PRECISION NOT NULL
);

-- What comes in through one connection is dealt with up to this number of the inbox.
CREATE TABLE bridge_ends (
    bridge TEXT COLLATE "C" NOT NULL,
    connection TEXT COLLATE "C" NOT NULL,
    upto BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (bridge, connection)
);

-- What was made of what came in, so that it can be changed and answered; it goes with the message.
CREATE TABLE bridge_copies (
    message_id BIGINT PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
    bridge TEXT COLLATE "C" NOT NULL,
    incoming_id BIGINT NOT NULL
);
CREATE INDEX bridge_copies_of ON bridge_copies (incoming_id);
