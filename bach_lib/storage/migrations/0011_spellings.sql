-- Which spellings mean one place or person, as platforms have told, and whose account a cursor belongs to.

CREATE TABLE spellings (
    connection TEXT NOT NULL,
    spelling TEXT NOT NULL,
    normal TEXT NOT NULL,
    is_move INTEGER NOT NULL,
    of_account INTEGER NOT NULL,
    learned_at REAL NOT NULL,
    PRIMARY KEY (connection, spelling)
) WITHOUT ROWID;

ALTER TABLE connections ADD COLUMN account TEXT
