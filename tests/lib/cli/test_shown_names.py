"""Odd names in everything that the command shows: tables, lines that come as they come, and JSON.

They stand in the database as an older version stored them, so nothing before the command has looked at them.
"""

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from bach_lib.cli import console, messages
from tests.lib.cli.conftest import ADA, Run, Telegram
from tests.lib.cli.odd_words import commands
from tests.odd_names import NAMES as ALL_NAMES
from tests.odd_names import acting, leaves

NAMES = {what: name for what, name in ALL_NAMES.items() if what != "half a character"}
"""No database holds half a character."""
SHOWS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("cluster status", "connections list", "connections types", "connector list"), ()),
    **dict.fromkeys(("connector queue-status", "connector status", "connector types"), ()),
    **dict.fromkeys(("msg count", "rules list"), ()),
    **dict.fromkeys(("msg inbox", "msg list", "msg outbox", "msg unread", "connector unprocessed"), ("--limit", "100")),
    **dict.fromkeys(("connections show", "msg unreadable"), ("home",)),
    "connector messages": ("home",),
    "msg show": ("1",),
    "bridge list": (),
    "bridge show": ("over",),
    **dict.fromkeys(("route list", "route runs"), ()),
    "route run": ("1",),
    "route show": ("alarm",),
}
"""What shows something, and what it is asked."""
DOES = frozenset(
    {
        *("backup", "demo", "import-legacy", "migrate-storage", "open", "serve", "msg watch"),
        *(f"bridge {what}" for what in ("add", "disable", "enable", "remove")),
        *(f"connections {what}" for what in ("add", "check", "remove")),
        *(f"daemon {what}" for what in ("doctor", "logs", "status", "stop")),
        *(f"msg {what}" for what in ("amend", "archive", "cancel", "clear", "delete", "discard", "read", "release")),
        *(f"msg {what}" for what in ("reply", "react", "pin", "unpin", "forward")),
        *(f"route {what}" for what in ("ack", "add", "cancel", "clear", "remove", "snooze", "start", "watch")),
        *(f"rules {what}" for what in ("disable", "enable", "remove", "set")),
        *(f"connector {what}" for what in ("add", "configure", "disable", "dispatch", "enable", "pair", "poll")),
        *(
            f"connector {what}"
            for what in ("remove", "retry", "route", "send", "send-file", "send-poll", "send-now", "setup-daemon")
        ),
    }
)
"""What does something, and what `_tell` is tried for; they say it through the same module."""


@pytest.fixture
def odd(home: Run, telegram: Telegram, database: Path) -> Run:
    """A database in which all that others chose is odd."""
    telegram.write("hello")
    assert home("connector", "poll", "home").code == 0
    assert home("connector", "send", "home", ADA, "hello", "--wait", 30).code == 0
    assert home("rules", "set", "leak", "--phrase", "water").code == 0
    assert home("bridge", "add", "over", f"home:{ADA}", "home:999").code == 0
    assert home("route", "add", "alarm", "--step", f"home:{ADA}").code == 0
    assert home("route", "start", "alarm", "Water!").code == 0
    with closing(sqlite3.connect(database)) as db, db:
        [(state,)] = db.execute("SELECT state FROM route_runs")
        for name in NAMES.values():
            run = json.loads(state)
            run |= {"by": name, "tag": name, "said": run["said"] | {"text": name, "title": name}}
            run["tried"] = [["home", name, 0, 1.0, 1]]
            copy(db, "route_runs", {"state": json.dumps(run)})
        db.execute("UPDATE route_runs SET state = (SELECT max(state) FROM route_runs) WHERE id = 1")
        for number, name in enumerate(NAMES.values()):
            who = {"remote_id": f"{number}", "sender_id": name, "sender_name": name, "recipient": name, "text": name}
            copy(db, "inbox", who)
            copy(db, "messages", {"recipient": name, "text": name, "status": "dead", "error_text": name})
            db.execute(
                "INSERT INTO unreadable (connection, raw, reason, received_at) VALUES ('home', ?, ?, 1)", (name, name)
            )
        db.execute(
            "UPDATE messages SET recipient = :name, error_text = :name WHERE id = 1", {"name": NAMES["a terminal"]}
        )
    return home


def copy(db: sqlite3.Connection, table: str, values: Mapping[str, str]) -> None:
    """One more row like the first, but for these values."""
    cursor = db.execute(f"SELECT * FROM {table} ORDER BY id LIMIT 1")
    row = dict(zip((column[0] for column in cursor.description), cursor.fetchone(), strict=True))
    row = {name: one for name, one in {**row, **values}.items() if name != "id" and one is not None}
    names, places = ", ".join(row), ", ".join(f":{name}" for name in row)
    db.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", row)


def test_no_table_and_no_json_acts_on_a_terminal(odd: Run, subtests: pytest.Subtests) -> None:
    """Somebody's name would repaint the screen, or be a second row that nobody wrote."""
    assert SHOWS.keys() | DOES == {name for name, _ in commands()}, "a new command says here what it shows"
    for command, more in SHOWS.items():
        with subtests.test(command=command):
            plain, told = odd(*command.split(), *more), odd(*command.split(), *more, "--json")
            assert (plain.code, told.code) == (0, 0), (plain, told)
            for said in (plain, told):
                assert acting(said.output + said.errors, lines=True) == set()
            json.loads(told.output)
    rows = odd("msg", "inbox", "--limit", "100", "--json").rows()
    assert {row["sender_name"] for row in rows} >= set(NAMES.values()), "programs get what is there"
    table = odd("msg", "inbox", "--limit", "100").output
    assert NAMES["Persian"] in table
    assert len([line for line in table.splitlines() if "telegram" in line or "home" in line]) >= len(NAMES)


@pytest.mark.parametrize("as_json", [False, True])
def test_what_comes_in_while_somebody_watches_is_one_entry(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    """A stranger's name would look like a message of somebody whom everybody knows."""
    for module in (console, messages):
        monkeypatch.setattr(module, "settings", lambda: SimpleNamespace(as_json=as_json))
    for name in NAMES.values():
        row: console.Row = {"id": 7, "sender": f"home:{name}", "sender_name": name, "text": name}
        messages._tell(row)
        said = capsys.readouterr().out
        assert acting(said, lines=True) == set(), ascii(name)
        first, *others = said.rstrip("\n").split("\n")
        assert all(line.startswith("    ") for line in others), ascii(said)
        assert as_json or first.startswith("#7")
        if as_json:
            assert (json.loads(said), others) == (row, [])
            assert [text for _, text in leaves(json.loads(said))]
