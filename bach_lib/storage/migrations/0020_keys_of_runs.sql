-- Who starts a route again under the same key means the same run.
ALTER TABLE route_runs ADD COLUMN request_key TEXT;
CREATE UNIQUE INDEX route_runs_key ON route_runs (request_key) WHERE request_key IS NOT NULL
