"""An original's rows are taken for what they mean: what notified, what was hidden elsewhere, what was looked for."""

import json
import re
import sqlite3
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from types import ModuleType

import pytest

from bach_lib.cli import importing
from tests.lib.cli.conftest import TOKEN, Run
from tests.lib.cli.test_legacy import make

HOOK = "https://discord.com/api/webhooks/123456789012345678/secret-of-the-hook-secret"
TRIGGERS = """CREATE TABLE context_triggers (
    id INTEGER PRIMARY KEY, trigger_phrase TEXT, hint_text TEXT, is_active INTEGER DEFAULT 1
)"""


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An original without anything in it."""
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    path = make(tmp_path / "old.db")
    with closing(sqlite3.connect(path)) as file:
        file.execute(TRIGGERS)
        file.commit()
    return path


def put(path: Path, name: str, type_: str, category: str, endpoint: str | None = None, **config: object) -> None:
    """One more row."""
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.execute(
            "INSERT INTO connections (name, type, category, endpoint, auth_config) VALUES (?, ?, ?, ?, ?)",
            (name, type_, category, endpoint, json.dumps(config)),
        )


def taken(bach_: Run, path: Path) -> tuple[Mapping[str, Mapping[str, object]], dict[str, str], Mapping[str, object]]:
    """The connections there are then, what was left and why, and the whole answer."""
    answer = bach_("import-legacy", path, "--json")
    assert answer.code == 0, answer
    rows = {str(row["name"]): row for row in bach_("connections", "list", "--json").rows()}
    left = {str(row["what"]): str(row["reason"]) for row in answer.row()["left"]}  # type: ignore[attr-defined]
    return rows, left, answer.row()


def test_ways_to_notify_become_what_they_are(bach_: Run, old: Path, database: Path) -> None:
    """Whoever had set up five of them would have none, or the secret of each in the registry."""
    put(old, "notify_discord", "discord", "notification", HOOK, _secret_refs={"token": "unused"}, sender_tag="House")
    put(old, "notify_slack", "slack", "notification", "https://hooks.slack.com/services/T0/B0/secret-of-slack")
    put(old, "notify_webhook", "webhook", "notification", "https://example.org/in/secret-of-hook")
    put(old, "notify_telegram", "telegram", "notification")
    put(old, "notify_email", "email", "notification", "mail.example.org", to="ada@example.org")
    rows, left, said = taken(bach_, old)
    assert {name: row["type"] for name, row in rows.items()} == {
        "notify_discord": "discord_webhook",
        "notify_slack": "webhook",
        "notify_webhook": "webhook",
    }
    assert rows["notify_discord"]["settings"] == {"sender_tag": "House"}
    assert rows["notify_slack"]["settings"] == {"body": {"text": "{text}"}}
    assert rows["notify_webhook"]["settings"] == {"body": {"text": "{text}", "source": "bach"}}
    assert {row["endpoint"] for row in rows.values()} == {None}
    assert b"secret-of" not in database.read_bytes()
    assert "no e-mail" in left["connection notify_email"]
    assert "bach connector send" in left["connection notify_telegram"]
    assert (said["connections"], said["incomplete"]) == (3, 0)


def test_what_it_queued_for_a_webhook_goes_to_its_one_place(bach_: Run, old: Path) -> None:
    """An alarm that waited would be left behind because nobody was named."""
    put(old, "notify_discord", "discord", "notification", HOOK)
    with closing(sqlite3.connect(old, isolation_level=None)) as file:
        file.execute(
            "INSERT INTO connector_messages (connector_name, direction, recipient, content)"
            " VALUES ('notify_discord', 'out', '', '[House] waits')"
        )
    taken(bach_, old)
    [row] = bach_("msg", "outbox", "--json").rows()
    assert (row["recipient"], row["text"]) == ("channel", "[House] waits")


@pytest.mark.parametrize("place", ["beside", "home", "set"])
def test_secrets_of_its_file_are_found(bach_: Run, old: Path, tmp_path: Path, place: str) -> None:
    """Its database may know only the names of its tokens, and every connection would have to be set up anew."""
    file = {
        "beside": old.with_name("bach_secrets.json"),
        "home": tmp_path / "nobody" / ".bach" / "bach_secrets.json",
        "set": tmp_path / "stick" / "mine.json",
    }[place]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"secrets": {"main": {"value": "123456:AAFakeTokenFakeTokenFakeToken"}}}), "utf-8")
    if place == "set":
        with closing(sqlite3.connect(old, isolation_level=None)) as db:
            db.execute("CREATE TABLE system_config (key TEXT, value TEXT)")
            db.execute("INSERT INTO system_config VALUES ('secrets_file_path', ?)", (str(file),))
    put(old, "home", "telegram", "connector", _secret_refs={"bot_token": "main"}, owner_chat_id="42")
    put(old, "claude", "claude", "ai", api_key="${main}")
    rows, left, said = taken(bach_, old)
    assert (said["connections"], said["incomplete"], left) == (2, 0, {})
    kept = {str(row["auth_config"][field]) for row, field in ((rows["home"], "bot_token"), (rows["claude"], "api_key"))}  # type: ignore[index]
    assert {Path(one.removeprefix("file:")).read_text("utf-8").strip() for one in kept} == {
        "123456:AAFakeTokenFakeTokenFakeToken"
    }


RING = {("ellmos-bach", "main"): "123456:AAFakeTokenFakeTokenFakeToken", ("other", "key"): "sk-ant-fake"}


def ringed(path: Path) -> None:
    """Rows whose secrets lie in the key ring, as the database and the file of the original say it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.execute("INSERT INTO secrets (key, value) VALUES ('main', 'keyring://ellmos-bach')")
        file.execute("INSERT INTO secrets (key, value) VALUES ('key', 'keyring://other')")
        file.execute("INSERT INTO secrets (key, value) VALUES ('lost', 'keyring://ellmos-bach')")
    put(path, "home", "telegram", "connector", _secret_refs={"bot_token": "main"}, owner_chat_id="42")
    put(path, "claude", "claude", "ai", api_key="${key}")
    put(path, "gone", "telegram", "connector", _secret_refs={"bot_token": "lost"}, owner_chat_id="42")


def test_the_key_ring_is_asked(bach_: Run, old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The words that say where a secret lies would be taken for it, and nothing would ever be sent."""
    ringed(old)
    ring = ModuleType("keyring")
    monkeypatch.setattr(ring, "get_password", lambda *place: RING.get(place), raising=False)
    monkeypatch.setitem(sys.modules, "keyring", ring)
    rows, left, said = taken(bach_, old)
    assert (said["connections"], said["lacking"]) == (2, ["gone"])
    assert left["bot_token of gone"].startswith("It lies in no file, and the key ring does not give it.")
    kept = [str(rows[name]["auth_config"][field]) for name, field in (("home", "bot_token"), ("claude", "api_key"))]  # type: ignore[index]
    assert [Path(one.removeprefix("file:")).read_text("utf-8").strip() for one in kept] == list(RING.values())


def test_a_key_ring_that_cannot_be_asked_is_named(bach_: Run, old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody would know that one package is all that is missing."""
    ringed(old)
    monkeypatch.setitem(sys.modules, "keyring", None)
    rows, left, said = taken(bach_, old)
    assert said["lacking"] == ["gone", "home"]
    assert "bach-lib[keyring]" in left["bot_token of home"]
    assert "bach-lib[keyring]" in left["connection claude"]
    assert not any(row["auth_config"] for row in rows.values())


def test_what_cannot_work_is_not_called_taken(bach_: Run, old: Path) -> None:
    """Somebody would enable it, read "Active: yes", and wait for messages that never come."""
    put(old, "ring", "telegram", "connector", _secret_refs={"bot_token": "somewhere"}, owner_chat_id="42")
    put(old, "phone", "signal", "connector", phone_number="+491700000001")
    put(old, "mute", "signal", "connector", "http://localhost:8080")
    rows, left, said = taken(bach_, old)
    assert (said["connections"], said["incomplete"], said["lacking"]) == (0, 3, ["mute", "phone", "ring"])
    assert set(rows) == {"ring", "phone", "mute"}, "so that they can be completed"
    assert left["bot_token of ring"].endswith("bach connector configure ring bot_token")
    assert left["endpoint of phone"].endswith("bach connector configure phone endpoint")
    assert left["settings.number of mute"].endswith("bach connector configure mute settings.number")


def test_what_is_incomplete_stays_off_and_is_named_at_the_end(bach_: Run, old: Path) -> None:
    """With `--enable` the import would be refused, or somebody would never learn that one is still off."""
    put(old, "whole", "telegram", "connector", bot_token=TOKEN, owner_chat_id="42")
    put(old, "phone", "signal", "connector", phone_number="+491700000001")
    said = bach_("import-legacy", old, "--enable")
    assert said.code == 0, said
    end = said.output[said.output.index("stays switched off") :]
    assert re.findall("bach connector enable .*", end) == ["bach connector enable phone"]
    assert "enable whole" not in said.output, "it works already"
    assert {str(row["name"]): row["is_active"] for row in bach_("connections", "list", "--json").rows()} == {
        "whole": True,
        "phone": False,
    }
    refused = bach_("connector", "enable", "phone")
    assert refused.code != 0
    assert "needs endpoint" in refused.errors
    assert bach_("connector", "configure", "phone", "endpoint", "http://localhost:8080").code == 0
    assert bach_("connector", "enable", "phone").code == 0


def test_the_same_bot_in_two_rows_comes_once(bach_: Run, old: Path) -> None:
    """Both would take each other's messages away."""
    for name in ("one", "two"):
        put(old, name, "telegram", "connector", bot_token="123456:AAFakeTokenFakeTokenFakeToken")
    rows, left, _ = taken(bach_, old)
    assert set(rows) == {"one"}
    assert left["connection two"].startswith('"one" is the same account already')


def test_what_nobody_asks_for_is_listed(bach_: Run, old: Path) -> None:
    """A row would be left as a whole because of one field that means nothing here, or lose it without a word."""
    put(old, "home", "telegram", "connector", bot_token="1:AAFakeTokenFakeTokenFakeToken", proxy_password="x", mode="y")
    with closing(sqlite3.connect(old, isolation_level=None)) as file:
        file.execute("UPDATE connections SET help_text = 'Ask me.', trigger_patterns = 'door'")
    rows, left, _ = taken(bach_, old)
    assert set(rows) == {"home"}
    assert set(left) == {"mode of home", "proxy_password of home", "help_text of home", "trigger_patterns of home"}


def test_what_it_looked_for_becomes_rules_with_their_hints(bach_: Run, old: Path) -> None:
    """Hundreds of hints would have to be typed again, and nobody would be told that they are gone."""
    hints = [
        (1, "Front door", "Look at the camera.", 1),
        (2, "front  door", "Ask who it is.", 1),
        (3, "heating", "Tell Ada.", 0),
        (4, " ", "Nothing to look for.", 1),
        (5, "x" * 300, "Too long.", 1),
        (6, "heating", "Tell Ada.", 1),
    ]
    with closing(sqlite3.connect(old, isolation_level=None)) as file:
        file.executemany("INSERT INTO context_triggers VALUES (?, ?, ?, ?)", hints)
    _, left, said = taken(bach_, old)
    rules = {
        str(row["name"]): (row["phrases"], row["hint"], row["is_active"])
        for row in bach_("rules", "list", "--json").rows()
    }
    assert rules == {
        "front-door": (["Front door"], "Look at the camera.", True),
        "front-door-2": (["front door"], "Ask who it is.", True),
        "heating": (["heating"], "Tell Ada.", False),
    }
    assert (said["rules"], set(left)) == (3, {"context trigger 4", "context trigger 5"})
    again, _, said = taken(bach_, old)
    assert (said["rules"], len(bach_("rules", "list", "--json").rows())) == (0, 3)
    assert again == {}


ANYTHING = {
    "null": None,
    "bytes": b"\xff\x00T\xfcr",
    "number": -5,
    "large": 2**63 - 1,
    "infinite": float("inf"),
    "blank": "  ",
    "NUL": "a\0b",
    "no object": '["x"]',
    "half": '{"a":',
    "deep": '{"a":' * 100_000,
    "half a character": '{"a": "\\ud800", "\\ud800": 1, "bot_token": ["x"], "_secret_refs": {"bot_token": [1]}}',
    "too large": '{"last_update_id": 99999999999999999999999, "owner_chat_id": [1], "sender_tag": 5, "x": NaN}',
    "long": "x" * 100_000,
    "no date": "2026-13-45T99:99",
}
"""What a table without types may hold in any column."""


@pytest.mark.parametrize("table", ["connections", "connector_messages", "messages", "secrets"])
def test_any_value_in_any_column_costs_its_row_alone(old: Path, database: Path, table: str) -> None:
    """One odd row of ten years would keep everything from coming along, with a traceback."""
    put(old, "good", "telegram", "connector", bot_token=TOKEN, owner_chat_id="1")
    with closing(sqlite3.connect(old)) as file:
        columns = [str(row[1]) for row in file.execute(f"PRAGMA table_info({table})")]
        file.execute(f"ALTER TABLE {table} RENAME TO kept")
        file.execute(
            f"CREATE TABLE {table} AS SELECT {', '.join(f'{one} AS {one.upper()}' for one in columns)} FROM kept"
        )
        usual = {"name": "odd", "type": "telegram", "auth_config": "{}", "connector_name": "good", "recipient": "1"}
        usual |= {"direction": "out", "content": "x", "sender": "good:1", "body": "x", "key": "k", "value": "v"}
        for column in columns:
            for value in ANYTHING.values():
                row = {one: usual.get(one) for one in columns} | {column: value}
                file.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", list(row.values()))
        spoilt = [name for name in columns if name != "name"]
        file.execute(f"UPDATE {table} SET {spoilt[-1]} = CAST(x'54fc72' AS TEXT) WHERE rowid = 2")
        file.commit()
    kept = iter(range(10_000))

    def keep(name: str, field: str, secret: str) -> str:
        path = database.with_name(f"{next(kept)}.secret")
        path.write_text(secret)
        return f"file:{path}"

    answer = importing.run(old, database, keep, lambda _: None, enable=False)
    added = answer["added"]
    assert isinstance(added, list)
    assert "good" in [row["name"] for row in added]
    left = answer["left"]
    assert isinstance(left, list)
    assert not [row for row in left if "Error" in row["reason"] or "Traceback" in row["reason"]]


@pytest.mark.parametrize(
    "content", ["[]", '"x"', '{"secrets": []}', '{"secrets": null}', '{"secrets": {"a": 5}}', "[" * 99_999]
)
def test_a_file_of_secrets_in_no_form_is_passed_over(bach_: Run, old: Path, tmp_path: Path, content: str) -> None:
    """A traceback would come instead of what the database itself has."""
    put(old, "home", "telegram", "connector", bot_token=TOKEN)
    (tmp_path / "bach_secrets.json").write_text(content)
    rows, _, answer = taken(bach_, old)
    assert "home" in rows
    assert answer["connections"] == 1


@pytest.mark.parametrize("category", ["connector", "ai", "mcp", "api", "notification", "", "AI"])
def test_a_type_says_what_it_is_whatever_its_category(bach_: Run, old: Path, category: str) -> None:
    """A partner whose row says "connector", and a bot whose row says "ai", would stay behind."""
    put(old, "partner", "claude", category, api_key="sk-ant-0123456789")
    put(old, "hook", "discord", category, "https://discord.com/api/webhooks/123456789012345678/" + "a" * 68)
    rows, left, _ = taken(bach_, old)
    assert rows["hook"]["type"] == "discord_webhook"
    assert ("partner" in rows) == (category != "notification"), left
    assert category == "notification" or rows["partner"]["category"] == "ai"
