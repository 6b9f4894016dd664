-- What messages can do beside being sent, and what becomes of messages that came in.

ALTER TABLE messages ADD COLUMN operation TEXT NOT NULL DEFAULT 'send';
ALTER TABLE messages ADD COLUMN target TEXT;
ALTER TABLE messages ADD COLUMN buttons TEXT;

-- Files of messages until they have been sent; `messages.files` says what they are called, so that lists stay cheap.
ALTER TABLE messages ADD COLUMN files TEXT;
CREATE TABLE files (
    message_id INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (message_id, position)
);

-- What else a connection of its type can be told, as JSON.
ALTER TABLE connections ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';

-- When the last good poll was, as far as the disk knows: how old a press without a date can be at most.
ALTER TABLE connections ADD COLUMN polled_at REAL;

ALTER TABLE inbox ADD COLUMN content TEXT NOT NULL DEFAULT '{}';
ALTER TABLE inbox ADD COLUMN reply_to TEXT;
ALTER TABLE inbox ADD COLUMN message_id INTEGER;
ALTER TABLE inbox ADD COLUMN status TEXT NOT NULL DEFAULT 'unread';
ALTER TABLE inbox ADD COLUMN routed_at REAL;

-- What is there already was announced when it came.
UPDATE inbox SET routed_at = received_at;
UPDATE inbox SET kind = CASE
    WHEN kind IN ('text', 'edited') THEN kind
    WHEN kind IN ('animation', 'audio', 'document', 'photo', 'sticker', 'video', 'video_note', 'voice') THEN 'media'
    WHEN kind IN ('location', 'venue') THEN 'location'
    WHEN kind = 'my_chat_member' THEN 'membership'
    ELSE 'other'
END;

-- What a crash left between storing and announcing; nearly always empty.
CREATE INDEX inbox_unrouted ON inbox (connection, id) WHERE routed_at IS NULL;

CREATE TABLE rules (
    name TEXT PRIMARY KEY,
    connection TEXT,
    phrases TEXT NOT NULL,
    patterns TEXT NOT NULL,
    is_active INTEGER NOT NULL
) WITHOUT ROWID;

-- What no connector could read, for whoever mends it.
CREATE TABLE unreadable (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    connection TEXT NOT NULL,
    raw TEXT NOT NULL,
    reason TEXT NOT NULL,
    received_at REAL NOT NULL
);
