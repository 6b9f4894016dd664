-- SQLite uses a partial index only for a query that repeats the index's condition word for word. So some
-- of them say twice which `status` they mean, once for the index and once for what is wanted. No index has
-- a list of more than two in its condition, for which SQLite would build a table at every statement that writes a row.

-- instance: the characters that tell this database from every other
SELECT value FROM meta WHERE key = 'instance';

-- all_meta: what the database knows of itself
SELECT key, value FROM meta;

-- is_safe: whether what is committed outlives a power cut, as far as the database knows; our pragmas see to that
SELECT 1 AS is_safe;

-- delete_meta: what it does not know any more
DELETE FROM meta WHERE key = :key;

-- save_meta: the same
INSERT INTO meta (key, value) VALUES (:key, :value) ON CONFLICT (key) DO UPDATE SET value = excluded.value;

-- list_connections: all, for the registry's memory
SELECT * FROM connections ORDER BY name;

-- add_connection: the name is the key; the registry has checked that it is free
INSERT INTO connections (name, type, category, endpoint, is_active, auth_type, auth_config, allowed, settings)
VALUES (:name, :type, :category, :endpoint, :is_active, :auth_type, :auth_config, :allowed, :settings);

-- update_connection: what a person may change
UPDATE connections
SET endpoint = :endpoint, is_active = :is_active, auth_type = :auth_type, auth_config = :auth_config, allowed = :allowed,
    settings = :settings
WHERE name = :name;

-- save_breaker: written on transitions and counted failures only, so that a healthy connection costs no writes
UPDATE connections SET consecutive_failures = :consecutive_failures, disabled_until = :disabled_until WHERE name = :name;

-- count_delivered: in the transaction that settles the messages
UPDATE connections
SET success_count = success_count + :successes, error_count = error_count + :errors, last_used = :now
WHERE name = :name;

-- save_use: how an AI partner, an MCP server or an API was used; only with news, at the end and now and then
UPDATE connections
SET success_count = :success_count, error_count = :error_count, last_used = :last_used,
    consecutive_failures = :consecutive_failures
WHERE name = :name;

-- remove_connection: its queue and its inbox go afterwards, in portions
DELETE FROM connections WHERE name = :name;

-- messages_of: ids of a removed connection's messages, a lookup's share of them
SELECT id FROM messages WHERE id > :after AND connection || '' = :name ORDER BY id LIMIT :limit;

-- inbox_of: the same of what came in
SELECT id FROM inbox WHERE connection = :name LIMIT :limit;

-- remove_unreadable: of a removed connection
DELETE FROM unreadable WHERE connection = :name;

-- put_message: born pending, or sending if it may go at once (that saves the claim's transaction)
INSERT INTO messages (connection, recipient, text, title, format, silent, reply_to, priority, tag, delivery, context,
                      operation, target, status, attempted_at, created_at, expires_at, max_retries, buttons, files, lost,
                      next_retry_at)
VALUES (:connection, :recipient, :text, :title, :format, :silent, :reply_to, :priority, :tag, :delivery, :context,
        :operation, :target, :status, :attempted_at, :created_at, :expires_at, :max_retries, :buttons, :files, :lost,
        :next_retry_at);

-- save_request: in the transaction that puts the message
UPDATE messages SET request_key = :request_key, request_digest = :request_digest WHERE id = :id;

-- save_why: in the transaction that puts a message which has to wait, and was meant for another moment
UPDATE messages
SET asked_at = :asked_at, error_code = :error_code, error_text = :error_text, error_said = :error_said
WHERE id = :id;

-- save_extras: in the transaction that puts a message which has more than words, files and buttons
UPDATE messages SET extras = :extras WHERE id = :id;

-- save_awake: in the transaction that puts a message which minds no quiet hours
UPDATE messages SET awake = 1 WHERE id = :id;

-- save_confidential: in the transaction that puts a message whose words are kept until its end, and told to nobody
UPDATE messages SET confidential = 1 WHERE id = :id;

-- requested_message: what was put under this key before
SELECT * FROM messages WHERE request_key = :request_key AND request_key IS NOT NULL;

-- add_file: in the transaction that stores its message, after its content
INSERT INTO files (message_id, position, digest) VALUES (:message_id, :position, :digest);

-- touch_content: whether it is there already; and nobody takes it away in between, where several write
UPDATE contents SET size = :size WHERE digest = :digest;

-- add_content: in the same transaction; without the content itself if that lies in a file
INSERT INTO contents (digest, size, content) VALUES (:digest, :size, :content);

-- files_of: for whoever is about to send the message
SELECT files.position, files.digest, contents.content FROM files LEFT JOIN contents ON contents.digest = files.digest
WHERE files.message_id = :message_id ORDER BY files.position;

-- delete_files: the platform has them; a content that nobody else needs goes with the last of them (a trigger)
DELETE FROM files WHERE message_id = :message_id;

-- contents_in_files: what is to be looked for in the folder
SELECT digest FROM contents WHERE content IS NULL;

-- known_contents: those of these that are there
SELECT digest FROM contents WHERE digest IN (SELECT value FROM json_each(:digests));

-- content_bytes: what the files of a connection's messages take, each content once
SELECT coalesce(sum(size), 0) AS size FROM contents WHERE digest IN (
    SELECT files.digest FROM files CROSS JOIN messages
    WHERE messages.id = files.message_id AND messages.connection = :connection
);

-- count_content_bytes: the same of all connections
SELECT connection, sum(size) AS size FROM (
    SELECT DISTINCT messages.connection AS connection, files.digest AS digest, contents.size AS size
    FROM files CROSS JOIN messages CROSS JOIN contents
    WHERE messages.id = files.message_id AND contents.digest = files.digest
) AS needed GROUP BY connection;

-- fill_content: of a copy, which has no folder
UPDATE contents SET content = :content WHERE digest = :digest;

-- drop_unneeded: what no message or run needs; a damaged database, or two processes that were done at the same moment
DELETE FROM contents WHERE NOT EXISTS (SELECT 1 FROM files WHERE files.digest = contents.digest)
    AND NOT EXISTS (SELECT 1 FROM run_files WHERE run_files.digest = contents.digest);

-- add_run_file: in the transaction that begins its run, after its content
INSERT INTO run_files (run_id, position, digest) VALUES (:run_id, :position, :digest);

-- files_of_run: for whoever is about to tell its next step
SELECT run_files.position, run_files.digest, contents.content
FROM run_files LEFT JOIN contents ON contents.digest = run_files.digest
WHERE run_files.run_id = :run_id ORDER BY run_files.position;

-- run_content_bytes: what the files of all runs take, each content once
SELECT coalesce(sum(size), 0) AS size FROM contents WHERE digest IN (SELECT digest FROM run_files);

-- free_ended: of messages that nobody waits for any more, when the room is needed; sent ones that people could put off
DELETE FROM files WHERE EXISTS (
    SELECT 1 FROM messages
    WHERE messages.id = files.message_id AND messages.connection = :connection
        AND (messages.status = 'expired' OR messages.status = 'cancelled' OR messages.status = 'sent')
);

-- waiting_with_tag: what a newer message of this tag replaces, the oldest first
SELECT id FROM messages
WHERE connection = :connection AND recipient = :recipient AND tag = :tag AND status IN ('pending', 'failed')
    AND id > :after AND id < :before
ORDER BY id LIMIT :limit;

-- newer_with_tag: what replaces a message that is about to go; one that is held does not wait
SELECT 1 FROM messages
WHERE connection = :connection AND recipient = :recipient AND tag = :tag AND status IN ('pending', 'failed')
    AND id > :id AND held = 0
LIMIT 1;

-- unsent_with_tag: what waits there with this tag, or is on its way
SELECT id FROM messages
WHERE connection = :connection AND recipient = :recipient AND tag = :tag
    AND (status = 'pending' OR status = 'failed' OR status = 'sending')
ORDER BY id LIMIT :limit;

-- standing_with_tag: what was sent there with this tag and was not taken away, among the newest that went there
SELECT * FROM messages
WHERE id IN (
    SELECT id FROM (
        SELECT id, connection, tag, status, operation, finished_at FROM messages
        WHERE recipient = :recipient AND id < :before ORDER BY id DESC LIMIT :limit
    ) AS newest
    WHERE connection = :connection AND tag = :tag AND status = 'sent' AND finished_at > :since
        AND (operation = 'send' OR operation = 'edit')
) AND NOT EXISTS (
    SELECT 1 FROM messages AS gone
    WHERE gone.recipient = :recipient AND gone.connection = :connection AND gone.operation = 'delete'
        AND gone.target = coalesce(messages.remote_id, messages.target) AND gone.id > messages.id
        AND NOT (gone.status = 'dead' OR gone.status = 'expired' OR gone.status = 'cancelled')
);

-- outdate: a newer message of their tag comes or goes, and these are on their way just then; if they are not sent now, they never are
UPDATE messages SET error_code = :mark, error_text = :error_text, error_said = :error_said
WHERE connection = :connection AND status = 'sending' AND tag = :tag AND recipient IN (SELECT value FROM json_each(:forms))
    AND id < :before
    AND NOT (status = 'sent' OR status = 'dead' OR status = 'expired' OR status = 'cancelled' OR status = 'uncertain');

-- replace: a newer message of their tag took their place
UPDATE messages
SET status = 'cancelled', held = 0, next_retry_at = NULL, finished_at = :now, error_code = :error_code, error_text = :error_text, error_said = :error_said
WHERE id IN (SELECT value FROM json_each(:ids)) AND +status IN ('pending', 'failed')
RETURNING *;

-- get_message: one, by its id
SELECT * FROM messages WHERE id = :id;

-- claimed_message: the columns that most messages use, if it uses no other; in the order of a message's fields
SELECT id, connection, recipient, text, title, format, silent, reply_to, priority, tag, delivery, context, operation, target,
       created_at, expires_at, max_retries
FROM messages
WHERE id = :id AND buttons IS NULL AND files IS NULL AND lost IS NULL AND next_retry_at IS NULL AND retry_count = 0
    AND waited = 0 AND finished_at IS NULL AND remote_id IS NULL AND degraded = 0 AND held = 0 AND error_code IS NULL
    AND error_text IS NULL AND progress IS NULL AND amended = 0 AND proven IS NULL AND awake = 0 AND asked_at IS NULL
    AND confidential = 0 AND extras IS NULL;

-- claimable_messages: the same of those to be claimed, if they need no second look
SELECT id, connection, recipient, text, title, format, silent, reply_to, priority, tag, delivery, context, operation, target,
       created_at, expires_at, max_retries
FROM messages
WHERE id IN (SELECT value FROM json_each(:ids)) AND +status IN ('pending', 'failed') AND tag IS NULL
    AND buttons IS NULL AND files IS NULL AND lost IS NULL AND next_retry_at IS NULL AND retry_count = 0
    AND waited = 0 AND finished_at IS NULL AND remote_id IS NULL AND degraded = 0 AND held = 0 AND error_code IS NULL
    AND error_text IS NULL AND progress IS NULL AND amended = 0 AND proven IS NULL AND awake = 0 AND asked_at IS NULL
    AND confidential = 0 AND extras IS NULL;

-- claim_messages: the same ones, all at once
UPDATE messages SET status = 'sending', attempted_at = :now WHERE id IN (SELECT value FROM json_each(:ids));

-- claim_message: from waiting to sending, unless it was cancelled or went to another connection; whether its time is over
-- memory knows, by a clock that nobody sets. RETURNING would cost more than all the rest, so the row is read by itself
UPDATE messages SET status = 'sending', attempted_at = :now
WHERE id = :id AND +status IN ('pending', 'failed') AND (:connection IS NULL OR connection = :connection);

-- follow_the_wall: the clock on the wall was set; what waits began and ends by the new time as it did by the old one.
-- What is scheduled goes by the wall, whatever that shows
UPDATE messages SET created_at = created_at + :seconds, expires_at = expires_at + :seconds
WHERE connection = :connection AND expires_at IS NOT NULL
    AND NOT (status = 'sent' OR status = 'dead' OR status = 'expired' OR status = 'cancelled' OR status = 'uncertain')
    AND (attempted_at IS NOT NULL OR next_retry_at IS NULL);

-- fall_due: scheduled messages whose time has come; from now on each is a message of that moment. What is scheduled has
-- a `next_retry_at` and was never tried, which goes for no other
UPDATE messages SET created_at = next_retry_at, next_retry_at = NULL, error_code = NULL, error_text = NULL, error_said = NULL
WHERE id IN (SELECT value FROM json_each(:ids)) AND +status = 'pending' AND held = 0 AND connection = :connection
    AND attempted_at IS NULL AND next_retry_at <= :now
RETURNING *;

-- send_now: a person does not want to wait for that; its time to live begins now, unless BACH itself made it
-- wait
UPDATE messages SET created_at = :now, next_retry_at = NULL, error_code = NULL, error_text = NULL, error_said = NULL,
    awake = 1,
    expires_at = CASE WHEN error_code IS NOT NULL THEN expires_at ELSE :now + (expires_at - next_retry_at) END
WHERE id = :id AND +status = 'pending' AND held = 0 AND attempted_at IS NULL AND next_retry_at IS NOT NULL
RETURNING *;

-- gathered_for: what waits to go to a recipient with others, the oldest first
SELECT * FROM messages
WHERE connection = :connection AND status = 'pending' AND attempted_at IS NULL AND next_retry_at IS NOT NULL AND held = 0
    AND +recipient = :recipient AND error_code = :code
    AND NOT (status = 'sent' OR status = 'dead' OR status = 'expired' OR status = 'cancelled' OR status = 'uncertain')
ORDER BY id LIMIT :limit;

-- due_gathered: those of these whose time has come
SELECT * FROM messages
WHERE id IN (SELECT value FROM json_each(:ids)) AND +status = 'pending' AND held = 0 AND connection = :connection
    AND attempted_at IS NULL AND next_retry_at <= :now
    AND (error_code = 'gathered' OR error_code = 'at_most_an_hour' OR error_code = 'same_text')
ORDER BY id;

-- newest_to: what went to a recipient lately, or is about to, newest first; not what waits to go with others
SELECT id, title, text, format, created_at FROM (
    SELECT id, connection, title, text, format, created_at, status, operation, priority, error_code FROM messages
    WHERE recipient = :recipient ORDER BY id DESC LIMIT :limit
) AS newest
WHERE connection = :connection AND created_at > :since AND operation = 'send' AND priority < :below
    AND NOT (status = 'cancelled' OR status = 'expired')
    AND NOT (status = 'pending' AND coalesce(error_code, '') IN ('gathered', 'at_most_an_hour', 'same_text'))
ORDER BY id DESC;

-- scheduled_upto: how many of a connection there are, but no more than this
SELECT count(*) AS number FROM (
    SELECT 1 FROM messages
    WHERE connection = :connection AND status = 'pending' AND attempted_at IS NULL AND next_retry_at IS NOT NULL
        AND NOT (status = 'sent' OR status = 'dead' OR status = 'expired' OR status = 'cancelled' OR status = 'uncertain')
    LIMIT :limit
) AS scheduled;

-- count_scheduled: of each connection; they do not count as waiting
SELECT connection, count(*) AS number FROM messages
WHERE status = 'pending' AND attempted_at IS NULL AND next_retry_at IS NOT NULL AND held = 0
    AND NOT (status = 'sent' OR status = 'dead' OR status = 'expired' OR status = 'cancelled' OR status = 'uncertain')
GROUP BY connection;

-- settle_message: what came of it; error columns keep the last reason. One that got another address meanwhile lands first
UPDATE messages
SET status = :status, retry_count = :retry_count, waited = :waited, next_retry_at = :next_retry_at,
    finished_at = :finished_at, remote_id = coalesce(:remote_id, remote_id), held = CASE WHEN :finished_at IS NULL THEN held ELSE 0 END, degraded = :degraded, error_code = :error_code, error_text = :error_text, error_said = :error_said,
    lost = coalesce(:lost, lost), progress = CASE WHEN :status = 'sent' THEN NULL ELSE progress END
WHERE id = :id AND under_way_to IS NULL;

-- rest_message: it was not tried after all, as its recipient rests; in the transaction that settles it
UPDATE messages SET attempted_at = NULL, asked_at = coalesce(asked_at, created_at) WHERE id = :id;

-- land_sent: it got another address while it was on its way, and arrived at the one to which it went
UPDATE messages SET recipient = under_way_to, under_way_to = NULL WHERE id = :id AND under_way_to IS NOT NULL;

-- land_unsent: the same, and it goes to the new address, to which it is another message and nothing of it has arrived
UPDATE messages SET under_way_to = NULL, progress = NULL, amended = amended + 1
WHERE id = :id AND under_way_to IS NOT NULL;

-- marked_meanwhile: what was noted of it while it was under way, such as that its recipient was removed
SELECT error_code FROM messages WHERE id = :id AND +status = 'sending';

-- keep_progress: after each request of several that a message becomes
UPDATE messages SET progress = :progress WHERE id = :id AND +status = 'sending';

-- end_message: without an attempt; a waiting message was cancelled, replaced or expired
UPDATE messages
SET status = :status, held = 0, next_retry_at = NULL, finished_at = :finished_at, error_code = :error_code, error_text = :error_text, error_said = :error_said,
    under_way_to = NULL
WHERE id = :id
RETURNING *;

-- revive_message: an ended message waits again; its time to live was meant for the first time round
UPDATE messages
SET status = 'pending', held = 0, retry_count = 0, waited = 0, next_retry_at = NULL, expires_at = NULL, finished_at = NULL
WHERE id = :id
RETURNING *;

-- add_attempt: in the transaction that settles the message; as a SELECT from the table it would go through a second one.
-- What is no number in a damaged row, or too large a one, stands behind the bound
INSERT INTO attempts (message_id, number, recipient, outcome, started_at, seconds, error_code, error_text, error_said)
VALUES (:message_id, (SELECT coalesce(max(number), 0) + 1 FROM attempts WHERE message_id = :message_id AND number < 1000000000), :recipient, :outcome,
        :started_at, :seconds, :error_code, :error_text, :error_said);

-- trim_attempts: the oldest of a message that has been tried very often
DELETE FROM attempts
WHERE message_id = :message_id
    AND number <= (SELECT max(number) FROM attempts WHERE message_id = :message_id) - :keep;

-- attempts_of: the history of a message
SELECT * FROM attempts WHERE message_id = :message_id ORDER BY number;

-- add_part: an id that a message got where the platform tells later what became of it
INSERT INTO parts (message_id, remote_id, connection) VALUES (:message_id, :remote_id, :connection)
ON CONFLICT DO NOTHING;

-- parts_named: of which messages the platform tells, and how many ids each of these has
SELECT messages.id, messages.recipient, parts.remote_id,
    (SELECT count(*) FROM parts AS others WHERE others.message_id = messages.id) AS number
FROM parts CROSS JOIN messages
WHERE parts.connection = :connection AND parts.remote_id IN (SELECT value FROM json_each(:remote_ids))
    AND messages.id = parts.message_id;

-- polls_named: the messages of ours in whose polls somebody votes
SELECT messages.id, messages.recipient, messages.extras, coalesce(messages.target, messages.remote_id) AS remote_id,
    parts.remote_id AS poll
FROM parts CROSS JOIN messages
WHERE parts.connection = :connection AND parts.remote_id IN (SELECT value FROM json_each(:polls))
    AND messages.id = parts.message_id;

-- parts_beside: all ids of a message that was sent there, of which this is one
SELECT others.remote_id FROM parts AS one CROSS JOIN messages CROSS JOIN parts AS others
WHERE one.connection = :connection AND one.remote_id = :remote_id AND messages.id = one.message_id
    AND messages.operation = 'send' AND messages.recipient IN (SELECT value FROM json_each(:forms))
    AND others.message_id = one.message_id
ORDER BY others.message_id, others.remote_id;

-- is_sending: whether a message of this connection is under way, of which something may be told before it has an id
SELECT 1 FROM messages
WHERE connection = :connection AND status = 'sending'
    AND NOT (status = 'sent' OR status = 'dead' OR status = 'expired' OR status = 'cancelled' OR status = 'uncertain')
LIMIT 1;

-- keep_early: what was told of such a one
INSERT INTO early_proofs (connection, remote_id, kind, person, name, places, at, told_at)
VALUES (:connection, :remote_id, :kind, :person, :name, :places, :at, :told_at)
ON CONFLICT DO NOTHING;

-- early_proofs_of: and has got its id now
SELECT remote_id, kind, person, name, places, at FROM early_proofs
WHERE connection = :connection AND remote_id IN (SELECT value FROM json_each(:remote_ids));

-- forget_early: it is with its message
DELETE FROM early_proofs
WHERE connection = :connection AND remote_id IN (SELECT value FROM json_each(:remote_ids));

-- trim_early: what nobody has sent, or too much
DELETE FROM early_proofs
WHERE connection = :connection AND (told_at < :before OR (told_at, remote_id, person, kind) < (
    SELECT told_at, remote_id, person, kind FROM early_proofs WHERE connection = :connection
    ORDER BY told_at DESC, remote_id DESC, person DESC, kind DESC LIMIT 1 OFFSET :keep
));

-- remove_early: of a removed connection, or another account
DELETE FROM early_proofs WHERE connection = :name;

-- add_proof: of the whole message, or of a part of it; nothing happens if it is known
INSERT INTO proofs (message_id, kind, person, part, name, at)
VALUES (:message_id, :kind, :person, :part, :name, :at)
ON CONFLICT DO NOTHING;

-- proof_count: people of whom something is known about the whole message, and since when of the first
SELECT count(*) AS people, min(at) AS at FROM proofs WHERE message_id = :message_id AND kind = :kind AND part = '';

-- parts_proven: parts of a message that somebody has
SELECT count(*) AS number FROM proofs
WHERE message_id = :message_id AND kind = :kind AND person = :person AND part <> '';

-- forget_parts_proven: they have all of it
DELETE FROM proofs WHERE message_id = :message_id AND kind = :kind AND person = :person AND part <> '';

-- is_proven: whether it is known already
SELECT 1 FROM proofs WHERE message_id = :message_id AND kind = :kind AND person = :person AND part = '';

-- proofs_of: what is known of a message, as it became known
SELECT kind, person, name, at FROM proofs
WHERE message_id = :message_id AND part = '' ORDER BY at, kind, person LIMIT :limit;

-- save_proven: the same in short
UPDATE messages SET proven = :proven WHERE id = :id RETURNING *;

-- settle_proven: nobody knew whether it had arrived, and somebody has it; what was amended since is another message
UPDATE messages
SET status = 'sent', held = 0, next_retry_at = NULL, finished_at = :now, error_code = NULL, error_text = NULL, error_said = NULL,
    progress = NULL, remote_id = coalesce(remote_id, :remote_id)
WHERE id = :id AND amended = 0 AND under_way_to IS NULL
    AND (+status = 'uncertain'
         OR (+status IN ('pending', 'failed') AND (attempted_at IS NOT NULL OR error_code = 'quiet_hours')));

-- forget_proofs: it becomes another message
DELETE FROM proofs WHERE message_id = :message_id;

-- forget_ids: of it
DELETE FROM parts WHERE message_id = :message_id;

-- answered_message: the message to which somebody replied, among the newest that went there
SELECT id FROM (
    SELECT id, connection, remote_id, operation FROM messages WHERE recipient = :recipient ORDER BY id DESC LIMIT :limit
) AS newest
WHERE connection = :connection AND operation = 'send' AND id > :after AND (
    remote_id = :remote_id
    OR id IN (SELECT message_id FROM parts WHERE parts.connection = :connection AND parts.remote_id = :remote_id)
) ORDER BY id DESC LIMIT 1;

-- amend_message: a message waits, again or still, as a person corrected it; nothing of that has arrived. What is
-- scheduled keeps its time, unless it is moved to another; what was to be passed on goes in these words
UPDATE messages
SET connection = :connection, recipient = :recipient, text = :text, title = :title, format = :format,
    target = CASE WHEN operation = 'send' THEN NULL ELSE target END,
    reply_to = :reply_to, buttons = :buttons, extras = :extras, expires_at = :expires_at, progress = NULL, proven = NULL, amended = amended + 1,
    status = 'pending', held = 0, retry_count = 0, waited = 0, finished_at = NULL,
    next_retry_at = CASE
        WHEN :moved = 1 THEN :next_retry_at WHEN status = 'pending' AND attempted_at IS NULL THEN next_retry_at
    END,
    attempted_at = CASE WHEN :moved = 1 THEN NULL ELSE attempted_at END,
    error_code = CASE WHEN :moved = 1 THEN NULL ELSE error_code END,
    error_text = CASE WHEN :moved = 1 THEN NULL ELSE error_text END,
    error_said = CASE WHEN :moved = 1 THEN NULL ELSE error_said END
WHERE id = :id
RETURNING *;

-- discard: a person does not want them any more; why they were not delivered stays
UPDATE messages SET status = 'cancelled', next_retry_at = NULL, finished_at = :now
WHERE id IN (SELECT value FROM json_each(:ids)) AND +status IN ('dead', 'uncertain')
RETURNING *;

-- put_back: a person thinks twice, and it stands as it stood; unless anything was done to it since
UPDATE messages SET status = :status, held = :held, next_retry_at = :next_retry_at, finished_at = :finished_at
WHERE id = :id AND +status = 'cancelled' AND finished_at = :cancelled_at AND confidential = 0
RETURNING *;

-- newer_of_tag: of its place, whatever became of it
SELECT id FROM messages
WHERE connection = :connection AND recipient = :recipient AND id > :id AND tag = :tag
LIMIT 1;

-- dead_of: dead letters of one connection, or of one recipient there, a lookup's share of them, oldest first
SELECT id FROM messages
WHERE connection = :connection AND status = 'dead' AND status IN ('dead', 'uncertain') AND id > :after
    AND (:forms IS NULL OR recipient IN (SELECT value FROM json_each(:forms)))
ORDER BY id LIMIT :limit;

-- revive_dead: as revive_message, for many
UPDATE messages
SET status = 'pending', held = 0, retry_count = 0, waited = 0, next_retry_at = NULL, expires_at = NULL, finished_at = NULL
WHERE id IN (SELECT value FROM json_each(:ids)) AND +status = 'dead' AND confidential = 0
RETURNING *;

-- unfinished_for: ids of what waits for a recipient or is under way, a lookup's share of them, oldest first
SELECT id FROM messages
WHERE id > :after AND connection = :connection AND recipient = :recipient AND status IN ('pending', 'failed', 'sending')
ORDER BY id LIMIT :limit;

-- unsent_to: ids of what waits for a recipient or is under way, and of its dead letters
SELECT id FROM messages
WHERE id > :after AND connection = :connection AND recipient = :recipient
    AND status IN ('pending', 'failed', 'sending', 'dead', 'uncertain')
ORDER BY id LIMIT :limit;

-- withdraw: what waits for a recipient that is no more; what is under way is marked, and does not wait again
UPDATE messages
SET status = CASE WHEN status = 'sending' THEN status ELSE 'cancelled' END, held = 0, next_retry_at = NULL,
    finished_at = CASE WHEN status = 'sending' THEN finished_at ELSE :now END,
    error_code = CASE WHEN status = 'sending' THEN :mark ELSE :error_code END, error_text = :error_text, error_said = :error_said
WHERE id IN (SELECT value FROM json_each(:ids)) AND recipient = :recipient AND +status IN ('pending', 'failed', 'sending')
RETURNING *;

-- correct_address: a person says that it belongs elsewhere, which what changes another message does not. It is another
-- message there; what is under way goes where it went, and where it belongs is known at the end of its attempt
UPDATE messages
SET recipient = :new,
    under_way_to = CASE WHEN status = 'sending' THEN nullif(coalesce(under_way_to, recipient), :new) END,
    progress = CASE WHEN status = 'sending' THEN progress END,
    amended = CASE WHEN status = 'sending' THEN amended ELSE amended + 1 END
WHERE id IN (SELECT value FROM json_each(:ids)) AND recipient = :old AND operation = 'send'
    AND +status IN ('pending', 'failed', 'sending', 'dead', 'uncertain')
RETURNING *;

-- readdress: to the one form of its place
UPDATE messages SET recipient = :new
WHERE id IN (SELECT value FROM json_each(:ids)) AND recipient = :old AND (operation = 'send' OR NOT :is_move) AND +status IN ('pending', 'failed', 'dead', 'uncertain')
RETURNING *;

-- interrupted_messages: what was in flight when the process ended
SELECT * FROM messages
WHERE connection = :connection AND status = 'sending'
    AND NOT (status = 'sent' OR status = 'dead' OR status = 'expired' OR status = 'cancelled' OR status = 'uncertain')
ORDER BY id;

-- count_waiting: by priority
SELECT priority, count(*) AS number, max(id) AS last FROM messages
WHERE connection = :connection AND status IN ('pending', 'failed') AND held = 0
    AND NOT (status = 'sent' OR status = 'dead' OR status = 'expired' OR status = 'cancelled' OR status = 'uncertain')
GROUP BY priority;

-- waiting_share: what the dispatcher must know of after a start, without the texts, some at a time; two, so that each is
-- in order as its index has it
SELECT id, recipient, priority, created_at, attempted_at, next_retry_at, expires_at, retry_count, max_retries,
       status, format, delivery, operation, buttons, files, waited, finished_at
FROM messages
WHERE connection = :connection AND status = 'pending' AND held = 0 AND priority IS :priority AND id > :after AND id <= :upto
    AND NOT (status = 'sent' OR status = 'dead' OR status = 'expired' OR status = 'cancelled' OR status = 'uncertain')
UNION ALL
SELECT id, recipient, priority, created_at, attempted_at, next_retry_at, expires_at, retry_count, max_retries,
       status, format, delivery, operation, buttons, files, waited, finished_at
FROM messages
WHERE connection = :connection AND status = 'failed' AND held = 0 AND priority IS :priority AND id > :after AND id <= :upto
    AND NOT (status = 'sent' OR status = 'dead' OR status = 'expired' OR status = 'cancelled' OR status = 'uncertain')
ORDER BY id LIMIT :limit;

-- hold_unfinished: the database is a restored copy; all of it at once, since what is not held goes out, and nobody sends
-- before the database is open
UPDATE messages SET held = 1
WHERE status IN ('pending', 'sending', 'failed') AND held = 0
    AND NOT (status = 'sent' OR status = 'dead' OR status = 'expired' OR status = 'cancelled' OR status = 'uncertain');

-- held_of: of one connection, a lookup's share of them, oldest first
SELECT id FROM messages WHERE connection = :connection AND held = 1 AND id > :after ORDER BY id LIMIT :limit;

-- release: their owner says that they are to be sent
UPDATE messages SET held = 0 WHERE id IN (SELECT value FROM json_each(:ids)) AND held <> 0
RETURNING *;

-- discard_held: or not
UPDATE messages SET status = 'cancelled', held = 0, next_retry_at = NULL, finished_at = :now
WHERE id IN (SELECT value FROM json_each(:ids)) AND held <> 0 AND +status IN ('pending', 'failed')
RETURNING *;

-- count_held: by status; they do not count as waiting
SELECT connection, status, count(*) AS number FROM messages WHERE held = 1 GROUP BY connection, status;

-- strange_messages: a status that this program does not know; they stand among the unfinished
SELECT * FROM messages
WHERE connection = :connection AND status NOT IN ('pending', 'sending', 'failed')
    AND NOT (status = 'sent' OR status = 'dead' OR status = 'expired' OR status = 'cancelled' OR status = 'uncertain')
ORDER BY id LIMIT :limit;

-- move_recipient: the next waiting messages get the one form of their place, topics with their chat (+: not by the index
-- of all that ever went there); the others, and its dead letters, afterwards. What changes a message stays with it when
-- a group moves, as its number means another message there
UPDATE messages SET recipient = :new || substr(recipient, length(:old) + 1) WHERE id IN (
    SELECT id FROM messages
    WHERE connection = :connection AND (+recipient = :old OR substr(+recipient, 1, length(:old) + 1) = :old || '/')
        AND status IN ('pending', 'failed') AND (operation = 'send' OR NOT :is_move)
        AND NOT (status = 'sent' OR status = 'dead' OR status = 'expired' OR status = 'cancelled' OR status = 'uncertain')
    LIMIT :limit
);

-- list_spellings: what was learned of all connections, oldest first
SELECT * FROM spellings ORDER BY learned_at;

-- learn_spelling: in the transaction of what taught it; what was learned first counts
INSERT INTO spellings (connection, spelling, normal, is_move, of_account, learned_at)
SELECT :connection, :spelling, :normal, :is_move, :of_account, :learned_at
WHERE EXISTS (SELECT 1 FROM connections WHERE name = :connection) ON CONFLICT DO NOTHING;

-- forget_spelling: to make room
DELETE FROM spellings WHERE connection = :connection AND spelling = :spelling;

-- forget_spellings: of a removed connection
DELETE FROM spellings WHERE connection = :name;

-- was_written_to: whether anything was ever sent there
SELECT 1 FROM messages WHERE recipient = :recipient AND connection = :connection LIMIT 1;

-- count_unfinished: from the partial index alone; each connection and status by itself, which takes half as long as to
-- group them, and in an outage there are many
SELECT connection, status, number FROM (
    SELECT connections.name AS connection, waiting.status AS status, (
        SELECT count(*) FROM messages
        WHERE messages.connection = connections.name AND messages.status = waiting.status
            AND NOT (messages.status = 'sent' OR messages.status = 'dead' OR messages.status = 'expired'
                     OR messages.status = 'cancelled' OR messages.status = 'uncertain')
    ) AS number
    FROM connections
    CROSS JOIN (SELECT 'pending' AS status UNION ALL SELECT 'sending' UNION ALL SELECT 'failed') AS waiting
) AS counted WHERE number > 0;

-- count_stopped: from the partial index alone
SELECT connection, status, count(*) AS number FROM messages
WHERE status IN ('dead', 'uncertain') GROUP BY connection, status;

-- oldest_unfinished: by status, so that each is one step into the partial index, and one for each that is scheduled
SELECT created_at FROM messages WHERE id = (
    SELECT min(id) FROM messages WHERE connection = :connection AND status = :status
        AND NOT (status = 'pending' AND attempted_at IS NULL AND next_retry_at IS NOT NULL)
        AND NOT (status = 'sent' OR status = 'dead' OR status = 'expired' OR status = 'cancelled' OR status = 'uncertain')
);

-- list_messages: newest first, a page at a time
SELECT * FROM messages
WHERE id < :before
    AND (:statuses IS NULL OR status IN (SELECT value FROM json_each(:statuses)))
ORDER BY id DESC LIMIT :limit;

-- list_messages_of: the same, through one connection; in the words of its index
SELECT * FROM messages
WHERE connection || '' = :connection AND id < :before
    AND (:statuses IS NULL OR status IN (SELECT value FROM json_each(:statuses)))
ORDER BY id DESC LIMIT :limit;

-- list_messages_to: the same, to one recipient
SELECT * FROM messages
WHERE recipient = :recipient AND id < :before
    AND (:connection IS NULL OR connection = :connection)
    AND (:statuses IS NULL OR status IN (SELECT value FROM json_each(:statuses)))
ORDER BY id DESC LIMIT :limit;

-- list_unsent: the same, of statuses that few messages have
SELECT * FROM messages
WHERE id < :before
    AND (status = 'dead' OR status = 'uncertain' OR status = 'expired' OR status = 'cancelled')
    AND (:connection IS NULL OR connection = :connection)
    AND status IN (SELECT value FROM json_each(:statuses))
ORDER BY id DESC LIMIT :limit;

-- newest_unfinished: ids of those of one connection and status that are to be sent, from the partial index alone
SELECT id FROM messages
WHERE connection = :connection AND status = :status AND id < :before
    AND NOT (status = 'sent' OR status = 'dead' OR status = 'expired' OR status = 'cancelled' OR status = 'uncertain')
ORDER BY id DESC LIMIT :limit;

-- newest_stopped: the same of those that wait for a person
SELECT id FROM messages
WHERE connection = :connection AND status = :status AND status IN ('dead', 'uncertain') AND id < :before
ORDER BY id DESC LIMIT :limit;

-- these_messages: by their ids, newest first
SELECT * FROM messages WHERE id IN (SELECT value FROM json_each(:ids)) ORDER BY id DESC;

-- free_pages: of the file
SELECT freelist_count AS number FROM pragma_freelist_count;

-- give_pages_back: the file becomes shorter with the next checkpoint
PRAGMA incremental_vacuum(500);

-- last_before: when anything was last written before a time
SELECT max(written) AS written FROM (
    SELECT * FROM (
        SELECT created_at AS written FROM messages WHERE id < 9223372036854775807 AND created_at < :time ORDER BY id DESC LIMIT 1
    ) AS newest_message
    UNION ALL
    SELECT * FROM (
        SELECT received_at AS written FROM inbox WHERE id < 9223372036854775807 AND received_at < :time ORDER BY id DESC LIMIT 1
    ) AS newest_incoming
) AS newest;

-- page_messages_by_age: ids grow with time, so a purge walks up from the oldest and stops at the first young row
SELECT id, connection, status, created_at FROM messages WHERE id > :after ORDER BY id LIMIT :limit;

-- delete_messages: a purge, a page at a time
DELETE FROM messages WHERE id IN (SELECT value FROM json_each(:ids));

-- add_incoming: nothing happens if the platform's id is known
INSERT INTO inbox (connection, remote_id, recipient, sender_id, sender_name, kind, text, content, reply_to, message_id,
                   sent_at, received_at, age, metadata, size)
SELECT :connection, :remote_id, :recipient, :sender_id, :sender_name, :kind, :text, :content, :reply_to, :message_id,
       :sent_at, :received_at, :age, :metadata, :size
WHERE NOT EXISTS (SELECT 1 FROM thrown_away WHERE connection = :connection AND remote_id = :remote_id)
ON CONFLICT (connection, remote_id) DO NOTHING
RETURNING *;

-- newest_told: under an id that names something that goes on, by the numbers that these ids bring along
SELECT remote_id FROM inbox
WHERE connection = :connection AND remote_id >= :begin AND remote_id < :end ORDER BY remote_id DESC LIMIT 1;

-- newest_thrown_away: the same of what somebody threw away
SELECT remote_id FROM thrown_away
WHERE connection = :connection AND remote_id >= :begin AND remote_id < :end ORDER BY remote_id DESC LIMIT 1;

-- get_asked: a message of ours that something is about: when it went to the platform, before which nobody can have
-- answered it, and what is known of it there
SELECT attempted_at, recipient, coalesce(target, remote_id) AS remote_id, buttons, retry_count FROM messages WHERE id = :id AND connection = :connection;

-- unrouted: stored, but not announced; some of them, oldest first
SELECT * FROM inbox WHERE connection = :connection AND routed_at IS NULL ORDER BY id LIMIT :limit;

-- save_routed: what the router found out, before anybody is told
UPDATE inbox SET kind = :kind, routed_at = :routed_at, metadata = :metadata WHERE id = :id;

-- get_cursor: how far a connection has read
SELECT receive_cursor, polled_at, account FROM connections WHERE name = :name;

-- save_account: whose news they are
UPDATE connections SET account = :account WHERE name = :name;

-- hand_over: they are somebody else's from now on
UPDATE connections SET account = :account, receive_cursor = NULL, polled_at = NULL WHERE name = :name;

-- note_hand_over: what went out before is another account's; the newest message then tells it whatever the clock does
INSERT INTO meta (key, value) VALUES ('handed over at ' || :name, :time || ' ' || (SELECT coalesce(max(id), 0) FROM messages))
ON CONFLICT (key) DO UPDATE SET value = excluded.value;

-- handed_over: when that was, and the newest message then
SELECT value FROM meta WHERE key = 'handed over at ' || :name;

-- named_before: an id that only the account before has used there, for what went out or came in
SELECT 1 WHERE (
    EXISTS (SELECT 1 FROM messages
            WHERE recipient = :recipient AND connection = :connection AND remote_id = :remote_id AND id <= :newest)
    OR EXISTS (SELECT 1 FROM inbox
               WHERE connection = :connection AND remote_id >= :remote_id || '@' AND remote_id < :remote_id || 'A'
               AND recipient = :recipient)
) AND NOT EXISTS (
    SELECT 1 FROM messages
    WHERE recipient = :recipient AND connection = :connection AND remote_id = :remote_id AND id > :newest
) AND NOT EXISTS (SELECT 1 FROM inbox WHERE connection = :connection AND remote_id = :remote_id);

-- rename_incoming: where ids mean another message to another account
UPDATE inbox SET remote_id = remote_id || :mark WHERE connection = :connection;

-- rename_thrown_away: the same
UPDATE thrown_away SET remote_id = remote_id || :mark WHERE connection = :connection;

-- forget_spellings_of_account: what was so for the old one only
DELETE FROM spellings WHERE connection = :connection AND of_account = 1;

-- save_cursor: in the transaction that stores what was read; a poll without news changes nothing and so writes nothing,
-- and what came by another way than a poll says nothing of how far was read
UPDATE connections
SET receive_cursor = coalesce(:cursor, receive_cursor),
    blocked_count = blocked_count + :blocked,
    polled_at = CASE WHEN :cursor IS NULL OR receive_cursor IS :cursor THEN polled_at ELSE coalesce(:polled_at, polled_at) END
WHERE name = :name;

-- save_polled_at: when receiving ends
UPDATE connections SET polled_at = :polled_at WHERE name = :name;

-- get_incoming: one, by its id
SELECT * FROM inbox WHERE id = :id;

-- list_incoming: newest first, a page at a time
SELECT * FROM inbox
WHERE id < :before
    AND (:recipient IS NULL OR recipient = :recipient OR connection || char(10) || recipient IN (SELECT value FROM json_each(:others)))
    AND (:status IS NULL OR status = :status)
ORDER BY id DESC LIMIT :limit OFFSET :offset;

-- list_incoming_from: the same, of one sender
SELECT * FROM inbox
WHERE sender_id = :sender_id AND id < :before
    AND (:connection IS NULL OR connection = :connection)
    AND (:recipient IS NULL OR recipient = :recipient OR connection || char(10) || recipient IN (SELECT value FROM json_each(:others)))
    AND (:status IS NULL OR status = :status)
ORDER BY id DESC LIMIT :limit OFFSET :offset;

-- list_incoming_of: the same, through one connection; in the words of its index
SELECT * FROM inbox
WHERE connection || '' = :connection AND id < :before AND (:status IS NULL OR status = :status)
ORDER BY id DESC LIMIT :limit OFFSET :offset;

-- list_incoming_at: the same, of one place
SELECT * FROM inbox
WHERE connection = :connection AND recipient = :recipient AND id < :before AND (:status IS NULL OR status = :status)
ORDER BY id DESC LIMIT :limit OFFSET :offset;

-- count_incoming: from the index alone
SELECT count(*) AS number FROM inbox
WHERE (:connection IS NULL OR connection = :connection)
    AND (:sender_id IS NULL OR sender_id = :sender_id)
    AND (:status IS NULL OR status = :status);

-- count_unread: the same of every connection, from the part of the index with what is unread
SELECT connection, count(*) AS number FROM inbox WHERE status = 'unread' GROUP BY connection;

-- count_by_sender: from the index alone; a damaged size counts as none, or nothing could be added up, and nothing come in
SELECT sender_id, count(*) AS number, sum(CASE WHEN size BETWEEN 0 AND 1000000000 THEN size ELSE 0 END) AS size FROM inbox WHERE connection = :connection GROUP BY sender_id;

-- oldest_incoming: what may go first when there is too much; never what is still to be announced
SELECT id, CASE WHEN size BETWEEN 0 AND 1000000000 THEN size ELSE 0 END AS size FROM inbox
WHERE connection = :connection AND (:sender_id IS NULL OR sender_id = :sender_id) AND routed_at IS NOT NULL
ORDER BY CASE status WHEN 'archived' THEN 0 WHEN 'read' THEN 1 ELSE 2 END, id LIMIT :limit;

-- mark_incoming: read, archived, or unread again
UPDATE inbox SET status = :status WHERE id IN (SELECT value FROM json_each(:ids)) AND status <> :status;

-- unhandled: what waits for somebody to deal with it, oldest first, walking up from where the last page ended
SELECT * FROM inbox
WHERE id > :after AND routed_at IS NOT NULL AND +status = 'unread' AND (:connection IS NULL OR connection = :connection)
ORDER BY id LIMIT :limit;

-- newest_incoming: there is nothing behind it
SELECT max(id) AS id FROM inbox;

-- tried_incoming: those among them whose handling was begun
SELECT * FROM inbox WHERE id IN (SELECT value FROM json_each(:ids)) AND metadata LIKE '%"handling"%';

-- add_unreadable: set aside, so that it neither stops nor returns
INSERT INTO unreadable (connection, raw, reason, received_at) VALUES (:connection, :raw, :reason, :received_at);

-- trim_unreadable: only the newest of a connection are kept
DELETE FROM unreadable WHERE connection = :connection AND id <= (
    SELECT id FROM unreadable WHERE connection = :connection ORDER BY id DESC LIMIT 1 OFFSET :keep
);

-- list_unreadable: newest first; there are never many
SELECT * FROM unreadable WHERE connection = :connection ORDER BY id DESC;

-- purge_unreadable: by age
DELETE FROM unreadable WHERE received_at < :before;

-- list_rules: all, for the matcher
SELECT * FROM rules ORDER BY name;

-- save_rule: a new one, or another of the same name
INSERT INTO rules (name, connection, phrases, patterns, is_active, hint)
VALUES (:name, :connection, :phrases, :patterns, :is_active, :hint)
ON CONFLICT (name) DO UPDATE
SET connection = excluded.connection, phrases = excluded.phrases, patterns = excluded.patterns,
    is_active = excluded.is_active, hint = excluded.hint;

-- remove_rule: by its name
DELETE FROM rules WHERE name = :name;

-- list_routes: all, for memory
SELECT * FROM routes ORDER BY name;

-- save_route: a new one, or another of the same name
INSERT INTO routes (name, steps, words) VALUES (:name, :steps, :words)
ON CONFLICT (name) DO UPDATE SET steps = excluded.steps, words = excluded.words;

-- remove_route: by its name; what was begun goes on
DELETE FROM routes WHERE name = :name;

-- begin_run: in the transaction that puts its first messages; no row if one was begun under the same key
INSERT INTO route_runs (route, status, version, is_open, started_at, ended_at, state, request_key)
VALUES (:route, :status, :version, :is_open, :started_at, :ended_at, :state, :request_key)
ON CONFLICT (request_key) WHERE request_key IS NOT NULL DO NOTHING
RETURNING *;

-- keyed_run: the one that was begun under a key
SELECT * FROM route_runs WHERE request_key = :request_key;

-- forget_key_of_run: what was begun under it cannot be read
UPDATE route_runs SET request_key = NULL WHERE request_key = :request_key;

-- save_run: in the transaction that puts its next messages; no row if another process has gone on with it
UPDATE route_runs
SET status = :status, version = :version, is_open = :is_open, ended_at = :ended_at, state = :state
WHERE id = :id AND version = :version - 1;

-- get_run: one, by its id
SELECT * FROM route_runs WHERE id = :id;

-- list_runs: newest first, a page at a time
SELECT * FROM route_runs WHERE id < :before AND (:route IS NULL OR route = :route) ORDER BY id DESC LIMIT :limit;

-- open_runs: what something is to be done about, oldest first; not what was exhausted long ago
SELECT * FROM route_runs WHERE is_open = 1 AND (status <> 'exhausted' OR ended_at > :since) ORDER BY id;

-- call_off_runs: the database is a restored copy, and they may have gone on and ended since
UPDATE route_runs SET status = 'cancelled', is_open = 0, version = version + 1, ended_at = coalesce(ended_at, started_at)
WHERE is_open = 1 AND status = 'under_way';

-- let_go_of_runs: those that nobody acknowledged, and whose time to be acknowledged all the same passed unheard
UPDATE route_runs SET is_open = 0, version = version + 1
WHERE is_open = 1 AND status = 'exhausted' AND ended_at < :before;

-- purge_runs: ended long ago
DELETE FROM route_runs WHERE ended_at < :before AND status <> 'under_way';

-- incoming_named: one, by the platform's id
SELECT * FROM inbox WHERE connection = :connection AND remote_id = :remote_id;

-- list_bridges: all, for memory
SELECT * FROM bridges ORDER BY name;

-- save_bridge: a new one, or another of the same name
INSERT INTO bridges (name, rule, since) VALUES (:name, :rule, :since)
ON CONFLICT (name) DO UPDATE SET rule = excluded.rule, since = excluded.since;

-- remove_bridge: by its name; what it has carried stays
DELETE FROM bridges WHERE name = :name;

-- bridge_ends: how far all have come
SELECT * FROM bridge_ends ORDER BY bridge, connection;

-- begin_end: from now on; where it has been at work, it goes on from there
INSERT INTO bridge_ends (bridge, connection, upto, state)
VALUES (:bridge, :connection, coalesce((SELECT max(id) FROM inbox), 0), :state)
ON CONFLICT (bridge, connection) DO NOTHING;

-- save_end: in the transaction that puts what is carried; no row if another process has gone on
UPDATE bridge_ends SET upto = :upto, state = :state
WHERE bridge = :bridge AND connection = :connection AND upto = :before;

-- remove_ends: of a bridge that is gone, rests, or no longer leads from there
DELETE FROM bridge_ends WHERE bridge = :bridge AND NOT connection IN (SELECT value FROM json_each(:connections));

-- to_carry: what came in through a connection behind a number, oldest first; in the words of its index
SELECT * FROM inbox WHERE connection || '' = :connection AND id > :after ORDER BY id LIMIT :limit;

-- pieces_of: what came in as one message: its files, and later texts of it
SELECT id FROM inbox
WHERE connection = :connection AND remote_id >= :remote_id AND remote_id < :end
    AND (remote_id = :remote_id OR remote_id LIKE :remote_id || '#%' OR remote_id LIKE :remote_id || '/%');

-- add_copy: what was made of something that came in
INSERT INTO bridge_copies (message_id, bridge, incoming_id) VALUES (:message_id, :bridge, :incoming_id);

-- copies_of: what a bridge has made of these, oldest first
SELECT messages.* FROM bridge_copies CROSS JOIN messages
WHERE bridge_copies.incoming_id IN (SELECT value FROM json_each(:ids)) AND bridge_copies.bridge = :bridge
    AND messages.id = bridge_copies.message_id
ORDER BY messages.id;

-- copied_from: what a message of ours was made of
SELECT inbox.* FROM bridge_copies CROSS JOIN inbox
WHERE bridge_copies.message_id = :message_id AND bridge_copies.bridge = :bridge AND inbox.id = bridge_copies.incoming_id;

-- own_accounts: of all connections of a type
SELECT account FROM connections WHERE type = :type AND account IS NOT NULL;

-- begin_bridges_anew: the database is a restored copy, and what came in since may have been carried
UPDATE bridges SET since = -1;

-- forget_ends: how far they have come is not known then
DELETE FROM bridge_ends;

-- page_inbox_by_age: as page_messages_by_age
SELECT id, connection, received_at AS created_at FROM inbox WHERE id > :after ORDER BY id LIMIT :limit;

-- throw_away: remember what is deleted next, so that it does not come again
INSERT INTO thrown_away (connection, remote_id, thrown_at)
SELECT connection, remote_id, :now FROM inbox WHERE id IN (SELECT value FROM json_each(:ids))
ON CONFLICT (connection, remote_id) DO UPDATE SET thrown_at = excluded.thrown_at;

-- remove_thrown_away: of a removed connection
DELETE FROM thrown_away WHERE connection = :name AND remote_id IN (
    SELECT remote_id FROM thrown_away WHERE connection = :name LIMIT :limit
);

-- count_thrown_away: of each connection, and what they take; from the table, which is its index
SELECT connection, count(*) AS number, sum(length(remote_id) + 100) AS size FROM thrown_away GROUP BY connection;

-- trim_thrown_away: of a connection with too many, the oldest
DELETE FROM thrown_away WHERE connection = :connection AND remote_id IN (
    SELECT remote_id FROM (
        SELECT remote_id, row_number() OVER newest AS number, sum(length(remote_id) + 100) OVER newest AS size
        FROM thrown_away WHERE connection = :connection
        WINDOW newest AS (ORDER BY thrown_at DESC, remote_id)
    ) AS counted WHERE number > :most_rows OR size > :most_bytes
);

-- purge_thrown_away: by age
DELETE FROM thrown_away WHERE (connection, remote_id) IN (
    SELECT connection, remote_id FROM thrown_away WHERE thrown_at < :before LIMIT :limit
);

-- delete_incoming: a purge, a page at a time; or what a person throws away
DELETE FROM inbox WHERE id IN (SELECT value FROM json_each(:ids));

-- take_legacy: changes no row if that was taken over before
INSERT INTO legacy_taken (digest) VALUES (:digest) ON CONFLICT (digest) DO NOTHING;

-- save_counters: what a connection had done before it came here
UPDATE connections SET success_count = :success_count, error_count = :error_count, last_used = :last_used
WHERE name = :name;
