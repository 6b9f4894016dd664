-- The first layout. Times are seconds since 1970 (UTC); JSON columns hold text.

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- Eight random characters that tell this database from every other, for nonces.
INSERT INTO meta (key, value) VALUES ('instance', lower(hex(randomblob(4))));

CREATE TABLE connections (
    name TEXT PRIMARY KEY,
    type TEXT NOT NULL,
    category TEXT NOT NULL,
    endpoint TEXT,
    is_active INTEGER NOT NULL,
    auth_type TEXT NOT NULL,
    auth_config TEXT NOT NULL,
    allowed TEXT NOT NULL,
    success_count INTEGER NOT NULL DEFAULT 0,
    error_count INTEGER NOT NULL DEFAULT 0,
    blocked_count INTEGER NOT NULL DEFAULT 0,
    last_used REAL,
    consecutive_failures INTEGER NOT NULL DEFAULT 0,
    disabled_until REAL,
    receive_cursor TEXT
);

-- AUTOINCREMENT: an id is never used twice, not even after a purge; it stands in automations, logs and nonces.
CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    connection TEXT NOT NULL,
    recipient TEXT NOT NULL,
    status TEXT NOT NULL,
    text TEXT NOT NULL,
    title TEXT,
    format TEXT NOT NULL,
    silent INTEGER NOT NULL,
    reply_to TEXT,
    priority INTEGER NOT NULL,
    tag TEXT,
    delivery TEXT NOT NULL,
    context TEXT,
    created_at REAL NOT NULL,
    expires_at REAL,
    next_retry_at REAL,
    retry_count INTEGER NOT NULL DEFAULT 0,
    max_retries INTEGER NOT NULL,
    attempted_at REAL,
    finished_at REAL,
    remote_id TEXT,
    degraded INTEGER NOT NULL DEFAULT 0,
    error_code TEXT,
    error_text TEXT
);

-- The indexes cover open rows only: a million finished messages cost nothing here.
CREATE INDEX messages_unfinished ON messages (connection, status, id)
    WHERE status IN ('pending', 'sending', 'failed');
CREATE INDEX messages_stopped ON messages (connection, status, id)
    WHERE status IN ('dead', 'uncertain');
CREATE INDEX messages_tagged ON messages (connection, recipient, tag)
    WHERE tag IS NOT NULL AND status IN ('pending', 'failed');

CREATE TABLE inbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    connection TEXT NOT NULL,
    remote_id TEXT NOT NULL,
    recipient TEXT NOT NULL,
    sender_id TEXT NOT NULL,
    sender_name TEXT NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    sent_at REAL,
    received_at REAL NOT NULL,
    metadata TEXT NOT NULL,
    UNIQUE (connection, remote_id)
);
