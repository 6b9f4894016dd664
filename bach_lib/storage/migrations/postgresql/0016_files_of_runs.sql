-- Which run of a route needs what is in files: for each step that is still to come, whatever became of the one before.
-- Without a foreign key: a run that cannot be read stays behind when a database moves, and this with it is no reason to end.
CREATE TABLE run_files (
    run_id BIGINT NOT NULL,
    position BIGINT NOT NULL,
    digest TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (run_id, position)
);
CREATE INDEX run_files_with ON run_files (digest);

-- With the last message or run that needs a content it goes. As before, the row is written first, and who comes second
-- begins anew.
CREATE OR REPLACE FUNCTION drop_content() RETURNS trigger LANGUAGE plpgsql AS '
BEGIN
    UPDATE contents SET size = size WHERE digest = OLD.digest;
    DELETE FROM contents WHERE digest = OLD.digest AND NOT EXISTS (SELECT 1 FROM files WHERE digest = OLD.digest)
        AND NOT EXISTS (SELECT 1 FROM run_files WHERE digest = OLD.digest);
    RETURN NULL;
END';
CREATE TRIGGER run_files_gone AFTER DELETE ON run_files FOR EACH ROW EXECUTE FUNCTION drop_content();

-- A run that is over tells nobody any more, whatever ended it.
CREATE FUNCTION drop_run_files() RETURNS trigger LANGUAGE plpgsql AS '
BEGIN
    DELETE FROM run_files WHERE run_id = OLD.id;
    RETURN NULL;
END';
CREATE TRIGGER run_over AFTER UPDATE ON route_runs FOR EACH ROW
    WHEN (NEW.is_open = 0 OR NEW.status IN ('acknowledged', 'cancelled')) EXECUTE FUNCTION drop_run_files();
CREATE TRIGGER run_gone AFTER DELETE ON route_runs FOR EACH ROW EXECUTE FUNCTION drop_run_files();
