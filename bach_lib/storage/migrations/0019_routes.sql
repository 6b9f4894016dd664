-- Who is told, one after the other, until somebody knows; and each time that this was begun.
CREATE TABLE routes (
    name TEXT NOT NULL PRIMARY KEY,
    steps TEXT NOT NULL,
    words TEXT NOT NULL
);

-- `version` counts up with each change: of two processes that would go on with it, one does. `is_open`: something is to be done yet.
CREATE TABLE route_runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    route TEXT NOT NULL,
    status TEXT NOT NULL,
    version INTEGER NOT NULL,
    is_open INTEGER NOT NULL,
    started_at REAL NOT NULL,
    ended_at REAL,
    state TEXT NOT NULL
);
CREATE INDEX route_runs_open ON route_runs (id) WHERE is_open = 1
