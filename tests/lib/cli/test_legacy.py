"""Coming from an original BACH: what is taken, what is left and why, and that nothing is taken twice or by halves."""

import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.lib.cli.conftest import ADA, TOKEN, Run, Telegram

SCHEMA = """
CREATE TABLE connections (
    id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL, type TEXT NOT NULL, category TEXT, endpoint TEXT, auth_type TEXT,
    auth_config TEXT, trigger_patterns TEXT, help_text TEXT, is_active INTEGER DEFAULT 1, last_used TEXT,
    success_count INTEGER DEFAULT 0, error_count INTEGER DEFAULT 0, consecutive_failures INTEGER DEFAULT 0,
    disabled_until TEXT, created_at TEXT, updated_at TEXT
);
CREATE TABLE connector_messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, connector_name TEXT NOT NULL, direction TEXT NOT NULL, sender TEXT,
    recipient TEXT, content TEXT, attachments_json TEXT, processed INTEGER DEFAULT 0, error TEXT,
    retry_count INTEGER DEFAULT 0, max_retries INTEGER DEFAULT 5, next_retry_at TEXT, status TEXT DEFAULT 'pending',
    updated_at TEXT, created_at TEXT DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, direction TEXT NOT NULL, sender TEXT NOT NULL, recipient TEXT NOT NULL,
    subject TEXT, body TEXT NOT NULL, body_type TEXT DEFAULT 'text', priority INTEGER DEFAULT 0,
    status TEXT DEFAULT 'unread', metadata TEXT, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE secrets (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, value TEXT NOT NULL);
"""


def make(path: Path, *statements: tuple[str, tuple[object, ...]]) -> Path:
    """A database as the original writes it."""
    with closing(sqlite3.connect(path)) as old:
        old.executescript(SCHEMA)
        for sql, values in statements:
            old.execute(sql, values)
        old.commit()
    return path


def connection(name: str, type_: str, category: str, endpoint: str, config: str) -> tuple[str, tuple[object, ...]]:
    """A row of its registry."""
    return (
        """INSERT INTO connections (name, type, category, endpoint, auth_type, auth_config, success_count, last_used)
        VALUES (?, ?, ?, ?, 'api_key', ?, 7, '2026-02-08T10:00:00')""",
        (name, type_, category, endpoint, config),
    )


def queued(direction: str, who: str, content: str, status: str, **more: object) -> tuple[str, tuple[object, ...]]:
    """A message of a connector."""
    fields = {"connector_name": "home", "direction": direction, "content": content, "status": status}
    fields |= {"sender" if direction == "in" else "recipient": who, "created_at": "2026-02-08T10:00:00"}
    fields |= {name: str(value) for name, value in more.items()}
    return (
        f"INSERT INTO connector_messages ({', '.join(fields)}) VALUES ({', '.join('?' * len(fields))})",
        tuple(fields.values()),
    )


def routed(sender: str, body: str, status: str, direction: str = "inbox") -> tuple[str, tuple[object, ...]]:
    """A message of its inbox."""
    return (
        """INSERT INTO messages (direction, sender, recipient, subject, body, status, metadata, created_at)
        VALUES (?, ?, 'bach', 'Connector: home', ?, ?, '{"context_triggers": ["door"]}', '2026-02-08T10:00:00')""",
        (direction, sender, body, status),
    )


@pytest.fixture
def old(tmp_path: Path, telegram: Telegram) -> Path:
    """A sample: a bot whose token lies among its secrets, an AI partner, and a type that is not spoken here."""
    return make(
        tmp_path / "old.db",
        connection(
            "home",
            "telegram",
            "connector",
            telegram.url,
            '{"_secret_refs": {"bot_token": "main"}, "owner_chat_id": "42", "last_update_id": 5, "sender_tag": "B"}',
        ),
        ("INSERT INTO secrets (key, value) VALUES ('main', ?)", (TOKEN,)),
        connection("claude", "claude", "ai", "", '{"api_key": "sk-ant-0123456789"}'),
        connection("chat", "whatsapp", "connector", "", "{}"),
        connection("../../evil", "telegram", "connector", "", '{"bot_token": "x"}'),
        queued("out", "42", "waits", "pending"),
        queued("out", "", "to the owner", "failed", retry_count=3, error="connect failed"),
        queued("out", "42", "given up", "dead", error="send_failed"),
        queued("out", "42", "delivered", "sent", processed=1),
        queued("out", "42", "delivered by hand", "pending", processed=1),
        queued("out", "two words", "nobody", "pending"),
        queued("out", "42", "elsewhere", "pending", connector_name="chat"),
        queued("out", "42", "with a file", "pending", attachments_json='["a.jpg"]'),
        queued("in", "42", "not routed yet", "pending"),
        routed("home:42", "open the door", "unread"),
        routed("home:42", "thanks", "archived"),
        routed("home:42", "thrown away", "deleted"),
        routed("claude", "between programs", "unread"),
        routed("user", "written", "read", direction="outbox"),
        routed("chat:9", "from elsewhere", "unread"),
    )


def test_it_takes_what_was_not_done_and_says_what_it_leaves(bach_: Run, old: Path, database: Path) -> None:
    """Somebody would lose an alarm that still waited, or not notice what did not come along."""
    before = hashlib.sha256(old.read_bytes()).hexdigest()
    answer = bach_("import-legacy", old, "--json")
    assert answer.code == 0, answer
    said = answer.row()
    assert {key: said[key] for key in ("connections", "outgoing", "incoming", "known")} == {
        "connections": 2,
        "outgoing": 4,
        "incoming": 3,
        "known": 0,
    }
    left = {str(row["what"]): str(row["reason"]) for row in said["left"]}  # type: ignore[attr-defined]
    assert set(left) == {
        "connection chat",
        "connection ../../evil",
        "outgoing message 6",
        "outgoing message 7",
        "files of outgoing message 8",
        "incoming message 6",
        "1 messages between programs",
    }
    assert "whatsapp" in left["connection chat"]
    assert bach_("connections", "show", "home", "--json").row()["settings"] == {"sender_tag": "B"}
    assert hashlib.sha256(old.read_bytes()).hexdigest() == before, "the old file is only read"
    assert {path.name for path in database.with_name("bach.db.secrets").iterdir()} == {
        "home.bot_token",
        "claude.api_key",
    }
    assert TOKEN not in answer.output + answer.errors
    assert TOKEN.encode() not in database.read_bytes()


def test_what_was_taken_is_as_it_was(bach_: Run, old: Path) -> None:
    """Messages would come with another time, state or sender."""
    bach_("import-legacy", old)
    outbox = {str(row["text"]): row for row in bach_("msg", "outbox", "--json").rows()}
    assert {text: row["status"] for text, row in outbox.items()} == {
        "waits": "pending",
        "to the owner": "pending",
        "given up": "dead",
        "with a file": "pending",
    }
    assert outbox["to the owner"]["recipient"] == "42"
    assert outbox["given up"]["error"] == "send_failed"
    assert str(outbox["waits"]["created_at"]).startswith("2026-02-0")
    inbox = {str(row["text"]): row for row in bach_("msg", "inbox", "--json").rows()}
    assert {text: (row["status"], row["sender"]) for text, row in inbox.items()} == {
        "open the door": ("unread", "home:42"),
        "thanks": ("archived", "home:42"),
        "not routed yet": ("unread", "home:42"),
    }
    metadata = inbox["open the door"]["metadata"]
    assert isinstance(metadata, dict)
    assert metadata["context_triggers"] == ["door"]
    rows = {str(row["name"]): row for row in bach_("connections", "list", "--json").rows()}
    assert {name: (row["is_active"], row["success_count"], row["allowed"]) for name, row in rows.items()} == {
        "home": (False, 7, ["42"]),
        "claude": (False, 7, []),
    }


def test_nothing_is_taken_twice(bach_: Run, old: Path, telegram: Telegram) -> None:
    """Who repeats the import to be sure would have every alarm arrive again, even those sent and removed."""
    bach_("import-legacy", old)
    bach_("connector", "enable", "home")
    assert bach_("connector", "dispatch").code == 0
    bach_("msg", "delete", 1, 2, 3)
    again = bach_("import-legacy", old, "--json").row()
    assert {key: again[key] for key in ("connections", "outgoing", "incoming", "known")} == {
        "connections": 0,
        "outgoing": 0,
        "incoming": 0,
        "known": 7,
    }
    assert bach_("connector", "dispatch").code == 0
    assert sorted(telegram.sent) == ["to the owner", "waits", "with a file"]
    assert bach_("connections", "show", "home", "--json").row()["is_active"] is True


def test_what_came_later_is_taken_later(bach_: Run, old: Path) -> None:
    """Who tries it out before the move would lose what came between."""
    bach_("import-legacy", old)
    with closing(sqlite3.connect(old)) as database:
        sql, values = queued("out", "42", "the day after", "pending")
        database.execute(sql, values)
        database.commit()
    assert bach_("import-legacy", old, "--json").row()["outgoing"] == 1


def test_nothing_works_before_somebody_says_so(bach_: Run, old: Path, telegram: Telegram) -> None:
    """Two BACHs would poll the same bot, and the old queue would go out before anybody has looked at it."""
    said = bach_("import-legacy", old)
    assert "bach connector enable home" in said.output
    bach_("connector", "dispatch")
    assert telegram.sent == []


def test_enabled_connections_go_on_where_the_old_ones_stopped(bach_: Run, old: Path, telegram: Telegram) -> None:
    """The first poll would bring what the original had already answered."""
    assert bach_("import-legacy", old, "--enable").code == 0
    for number in range(8):
        telegram.write(f"text {number}")
    assert bach_("connector", "poll", "home", "--json").row()["received"] == 8 - 5


def test_an_older_file_without_the_later_columns_is_read(bach_: Run, tmp_path: Path) -> None:
    """BACH 2 knew neither a status nor retries."""
    with closing(sqlite3.connect(tmp_path / "two.db")) as old:
        old.executescript("""
            CREATE TABLE connections (name TEXT PRIMARY KEY, type TEXT, category TEXT, endpoint TEXT, auth_config TEXT);
            CREATE TABLE connector_messages (id INTEGER PRIMARY KEY, connector_name TEXT, direction TEXT, sender TEXT,
                recipient TEXT, content TEXT, processed INTEGER DEFAULT 0, created_at TEXT);
        """)
        config = json.dumps({"bot_token": TOKEN})
        old.execute("INSERT INTO connections VALUES ('home', 'telegram', 'connector', '', ?)", (config,))
        columns = "connector_name, direction, recipient, content"
        old.execute(f"INSERT INTO connector_messages ({columns}) VALUES ('home', 'out', ?, 'x')", (str(ADA),))
        old.commit()
    said = bach_("import-legacy", tmp_path / "two.db", "--json").row()
    assert (said["connections"], said["outgoing"]) == (1, 1)


@pytest.mark.parametrize("content", [None, b"", b"this is no database, but long enough to look like one" * 40])
def test_what_is_no_old_database_is_a_sentence(bach_: Run, tmp_path: Path, content: bytes | None) -> None:
    """Somebody would read a traceback, or a new database would be made in its place."""
    path = tmp_path / "some.db"
    if content is not None:
        path.write_bytes(content)
    said = bach_("import-legacy", path)
    assert (said.code, str(path) in said.errors) == (1, True)
    assert path.exists() == (content is not None)


def test_a_disk_that_fails_leaves_nothing(
    bach_: Run, old: Path, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of a queue would be there, and the secrets of connections that are not."""
    from bach_lib.errors import StoreFailedError  # noqa: PLC0415
    from bach_lib.legacy import taking  # noqa: PLC0415

    def fail(*_: object) -> bool:
        raise StoreFailedError(path=database, reason="full")

    monkeypatch.setattr(taking, "_add_incoming", fail)
    assert bach_("import-legacy", old).code == 1
    monkeypatch.undo()
    monkeypatch.setenv("BACH_DB", str(database))
    assert bach_("connections", "list", "--json").rows() == []
    assert bach_("msg", "outbox", "--json").rows() == []
    assert list(database.with_name("bach.db.secrets").iterdir()) == []


def test_rows_mean_what_they_meant_there(bach_: Run, old: Path, database: Path) -> None:
    """A secret address would lie in the registry, a connection would come without its number, and nobody would know."""
    rows = (
        ("hook", "discord", "connector", "https://discord.com/api/webhooks/1/secret-of-the-hook", "{}"),
        ("phone", "signal", "connector", None, '{"phone_number": "+491700000001"}'),
        ("ring", "telegram", "connector", None, '{"_secret_refs": {"bot_token": "not-in-this-file"}}'),
        ("llama", "ollama", "local", "http://127.0.0.1:11434", "{}"),
    )
    with closing(sqlite3.connect(old, isolation_level=None)) as file:
        for row in rows:
            file.execute(
                "INSERT INTO connections (name, type, category, endpoint, auth_config) VALUES (?, ?, ?, ?, ?)", row
            )
    answer = bach_("import-legacy", old, "--json")
    assert answer.code == 0, answer
    found = {str(row["name"]): row for row in bach_("connections", "list", "--json").rows()}
    assert (found["hook"]["type"], found["hook"]["endpoint"]) == ("discord_webhook", None)
    assert b"secret-of-the-hook" not in database.read_bytes()
    assert found["phone"]["settings"] == {"number": "+491700000001"}
    assert found["llama"]["category"] == "ai"
    left = {str(row["what"]): str(row["reason"]) for row in answer.row()["left"]}  # type: ignore[attr-defined]
    assert "bach connector configure ring bot_token" in left["bot_token of ring"]
