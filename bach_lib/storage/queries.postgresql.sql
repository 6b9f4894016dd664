-- What PostgreSQL does otherwise than by another spelling (those stand in `dialect.py`).

-- free_pages: the server itself uses again what is free (autovacuum)
SELECT CAST(0 AS bigint) AS number;

-- give_pages_back: the same
SELECT 1 WHERE false;
