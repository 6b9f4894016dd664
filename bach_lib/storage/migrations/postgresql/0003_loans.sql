-- Lanes that the owner of a connection lends to other processes for a moment, as it has no worker free for them. Nobody
-- has taken one without `process`; one with `tried` (the ids of messages that were, as JSON) has come back.
CREATE TABLE loans (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection TEXT COLLATE "C" NOT NULL REFERENCES connections (name) ON DELETE CASCADE,
    recipient TEXT COLLATE "C" NOT NULL,
    priority BIGINT NOT NULL,
    messages TEXT COLLATE "C" NOT NULL,
    process BIGINT REFERENCES processes (id) ON DELETE CASCADE,
    tried TEXT COLLATE "C",
    UNIQUE (connection, recipient)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
