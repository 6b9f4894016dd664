-- What PostgreSQL does otherwise than by another spelling (those stand in `dialect.py`).

-- is_safe: a setting of the server, which nobody but its owner can change
SELECT CAST(current_setting('fsync') = 'on' AS int) AS is_safe;

-- free_pages: the server itself uses again what is free (autovacuum)
SELECT CAST(0 AS bigint) AS number;

-- give_pages_back: the same
SELECT 1 WHERE false;
