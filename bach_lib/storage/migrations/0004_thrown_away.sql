-- Incoming messages that a person or an automation threw away: who sends one of them again has not heard of our answer.

CREATE TABLE thrown_away (
    connection TEXT NOT NULL,
    remote_id TEXT NOT NULL,
    thrown_at REAL NOT NULL,
    PRIMARY KEY (connection, remote_id)
) WITHOUT ROWID;
