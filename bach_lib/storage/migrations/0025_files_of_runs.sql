-- Which run of a route needs what is in files: for each step that is still to come, whatever became of the one before.
-- Without a foreign key: a run that cannot be read stays behind when a database moves, and this with it is no reason to end.
CREATE TABLE run_files (
    run_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (run_id, position)
);
CREATE INDEX run_files_with ON run_files (digest);

-- With the last message or run that needs a content it goes.
DROP TRIGGER files_gone;
CREATE TRIGGER files_gone AFTER DELETE ON files BEGIN DELETE FROM contents WHERE digest = OLD.digest AND NOT EXISTS (SELECT 1 FROM files WHERE digest = OLD.digest) AND NOT EXISTS (SELECT 1 FROM run_files WHERE digest = OLD.digest); END;
CREATE TRIGGER run_files_gone AFTER DELETE ON run_files BEGIN DELETE FROM contents WHERE digest = OLD.digest AND NOT EXISTS (SELECT 1 FROM files WHERE digest = OLD.digest) AND NOT EXISTS (SELECT 1 FROM run_files WHERE digest = OLD.digest); END;

-- A run that is over tells nobody any more, whatever ended it.
CREATE TRIGGER run_over AFTER UPDATE ON route_runs WHEN NEW.is_open = 0 OR NEW.status IN ('acknowledged', 'cancelled') BEGIN DELETE FROM run_files WHERE run_id = NEW.id; END;
CREATE TRIGGER run_gone AFTER DELETE ON route_runs BEGIN DELETE FROM run_files WHERE run_id = OLD.id; END;
