-- What every attempt came to. A message's rows are numbered, lie together, and go with it.

CREATE TABLE attempts (
    message_id INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    recipient TEXT NOT NULL,
    outcome TEXT NOT NULL,
    started_at REAL,
    seconds REAL,
    error_code TEXT,
    error_text TEXT,
    PRIMARY KEY (message_id, number)
) WITHOUT ROWID;
