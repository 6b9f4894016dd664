-- The processes that share this database. A session, once ended, is never begun again; its number is the generation of
-- all that the process owned. Times are the server's. `backend`: the server's process for the connection it writes through.
CREATE TABLE processes (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    started_at DOUBLE PRECISION NOT NULL,
    seen_at DOUBLE PRECISION NOT NULL,
    ended_at DOUBLE PRECISION,
    backend BIGINT,
    backend_began TEXT COLLATE "C"
) WITH (fillfactor = 50);

-- Which of them works on which connection.
CREATE TABLE owners (
    connection TEXT COLLATE "C" PRIMARY KEY REFERENCES connections (name) ON DELETE CASCADE,
    process BIGINT NOT NULL REFERENCES processes (id) ON DELETE CASCADE
);

-- Fails (BA001) for a session that was ended, and keeps it from being ended before this transaction is.
CREATE FUNCTION check_session(session BIGINT) RETURNS void LANGUAGE plpgsql AS '
BEGIN
    PERFORM 1 FROM processes WHERE id = session AND ended_at IS NULL FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION ''the session was ended'' USING ERRCODE = ''BA001'';
    END IF;
END';
