-- What only processes ask that share a database on a server (`bach_lib.owners`); a file has one owner.

-- join_process: a session begins
INSERT INTO processes (name, started_at, seen_at)
SELECT :name, extract(epoch FROM clock_timestamp()), extract(epoch FROM clock_timestamp())
RETURNING id;

-- beat: it goes on, unless it was ended
UPDATE processes
SET seen_at = extract(epoch FROM clock_timestamp()), backend = pg_backend_pid(),
    backend_began = (SELECT CAST(backend_start AS text) FROM pg_stat_activity WHERE pid = pg_backend_pid())
WHERE id = :id AND ended_at IS NULL;

-- cut_off: whoever was stopped in the middle of a transaction holds what it has locked, for as long as its connection
-- lasts; the server does not tell by itself, as it may be waiting for the rest of what it was being told. Whoever has
-- said anything through that connection lately is not stopped, as a sign of life waits behind what it says.
SELECT pg_terminate_backend(CAST(backend AS integer)) FROM processes
WHERE ended_at IS NULL AND seen_at < extract(epoch FROM clock_timestamp()) - CAST(:seconds AS double precision)
    AND EXISTS (SELECT 1 FROM pg_stat_activity
                WHERE pid = processes.backend AND CAST(backend_start AS text) = processes.backend_began
                    AND extract(epoch FROM clock_timestamp() - state_change) >= CAST(:seconds AS double precision));

-- bury: who has not said for so long that it lives, nor anything else, has ended; whose transaction is not over yet, a
-- turn later
UPDATE processes SET ended_at = extract(epoch FROM clock_timestamp())
WHERE id IN (
    SELECT id FROM processes
    WHERE ended_at IS NULL AND seen_at < extract(epoch FROM clock_timestamp()) - CAST(:seconds AS double precision)
        AND NOT EXISTS (SELECT 1 FROM pg_stat_activity
                        WHERE pid = processes.backend AND CAST(backend_start AS text) = processes.backend_began
                            AND extract(epoch FROM clock_timestamp() - state_change) < CAST(:seconds AS double precision))
    FOR UPDATE SKIP LOCKED
);

-- leave_process: a session ends
UPDATE processes SET ended_at = extract(epoch FROM clock_timestamp()) WHERE id = :id AND ended_at IS NULL;

-- forget_processes: those that ended so long ago
DELETE FROM processes WHERE ended_at < extract(epoch FROM clock_timestamp()) - CAST(:seconds AS double precision);

-- live_processes: whose sessions go on
SELECT id FROM processes WHERE ended_at IS NULL ORDER BY id;

-- list_processes: for people
SELECT id, name, started_at, seen_at, ended_at FROM processes ORDER BY id;

-- owned_kinds: what has an owner
SELECT name FROM connections WHERE category = 'connector';

-- list_owners: who works on what, or worked
SELECT connection, process FROM owners;

-- own: work on these from now on, but for those on which somebody does whose session goes on; all in one trip to the
-- server and in one order, since whoever wants one of them meanwhile waits for the end of this
INSERT INTO owners (connection, process)
SELECT name, CAST(:process AS bigint) FROM json_array_elements_text(CAST(:connections AS json)) AS wanted (name)
ORDER BY name COLLATE "C"
ON CONFLICT (connection) DO UPDATE SET process = excluded.process
WHERE NOT EXISTS (SELECT 1 FROM processes WHERE id = owners.process AND ended_at IS NULL)
RETURNING connection;

-- disown: do so no longer
DELETE FROM owners WHERE connection = :connection AND process = :process;

-- lend_lane: to whoever takes it; a lane is lent once
INSERT INTO loans (connection, recipient, priority, messages) VALUES (:connection, :recipient, :priority, :messages)
ON CONFLICT (connection, recipient) DO NOTHING;

-- recall_lanes: those of these loans that nobody has taken are none any more, the best first
DELETE FROM loans WHERE id IN (
    SELECT id FROM loans
    WHERE id = ANY (CAST(:ids AS bigint[])) AND process IS NULL
    ORDER BY priority DESC, id LIMIT :most FOR UPDATE SKIP LOCKED
)
RETURNING id;

-- take_lanes: the best of those that nobody has taken, as many as this process has workers for
UPDATE loans SET process = :process WHERE id IN (
    SELECT id FROM loans WHERE connection = :connection AND process IS NULL
    ORDER BY priority DESC, id LIMIT :most FOR UPDATE SKIP LOCKED
);

-- lanes_in_hand: what this process has taken and not given back
SELECT id, recipient, messages FROM loans
WHERE connection = :connection AND process = :process AND tried IS NULL ORDER BY priority DESC, id;

-- give_lane_back: with what was tried
UPDATE loans SET tried = :tried WHERE id = :id AND process = :process;

-- list_loans: of a connection; `lives`: whoever has taken it does
SELECT id, recipient, messages, tried, process,
       CASE WHEN EXISTS (SELECT 1 FROM processes WHERE processes.id = loans.process AND ended_at IS NULL)
            THEN 1 ELSE 0 END AS lives
FROM loans WHERE connection = :connection ORDER BY id;

-- lent_messages: as they are now
SELECT * FROM messages WHERE id = ANY (CAST(:ids AS bigint[]));

-- end_loans: their lanes are the owner's again
DELETE FROM loans WHERE id = ANY (CAST(:ids AS bigint[]));

-- count_lanes_in_hand: for people
SELECT process, connection, count(*) AS number FROM loans
WHERE process IS NOT NULL AND tried IS NULL GROUP BY process, connection ORDER BY connection;

-- waiting_upto: how many messages of a connection wait or are under way, but no more than this; what is scheduled has
-- a bound of its own
SELECT count(*) AS number FROM (
    SELECT 1 FROM messages
    WHERE connection = :connection AND status IN ('pending', 'sending', 'failed') AND held = 0
        AND NOT (status = 'sent' OR status = 'dead' OR status = 'expired' OR status = 'cancelled' OR status = 'uncertain')
        AND NOT (status = 'pending' AND attempted_at IS NULL AND next_retry_at IS NOT NULL)
    LIMIT :limit
) AS waiting;

-- newest_waiting: ids of the newest that wait in some connections; one step into the index for each, and one question
SELECT newest.id FROM json_array_elements_text(CAST(:connections AS json)) AS own (name)
CROSS JOIN (VALUES ('pending'), ('failed')) AS waiting (status)
CROSS JOIN LATERAL (
    SELECT id FROM messages
    WHERE connection = own.name AND status = waiting.status
        AND NOT (status = 'sent' OR status = 'dead' OR status = 'expired' OR status = 'cancelled' OR status = 'uncertain')
    ORDER BY id DESC LIMIT :limit
) AS newest
ORDER BY newest.id DESC LIMIT :limit;

-- noted_messages: some by their ids, and the newest that wait in their connection before the last of them
SELECT * FROM messages WHERE id IN (
    SELECT CAST(noted.id AS bigint) FROM json_array_elements_text(CAST(:ids AS json)) AS noted (id)
    UNION
    (SELECT newest.id FROM (VALUES ('pending'), ('failed')) AS waiting (status)
    CROSS JOIN LATERAL (
        SELECT id FROM messages
        WHERE connection = :connection AND status = waiting.status AND id < :before
            AND NOT (status = 'sent' OR status = 'dead' OR status = 'expired' OR status = 'cancelled' OR status = 'uncertain')
        ORDER BY id DESC LIMIT :limit
    ) AS newest
    ORDER BY newest.id DESC LIMIT :limit)
) ORDER BY id;
