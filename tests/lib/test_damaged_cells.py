"""Any cell of the database replaced by what this program never writes: it costs its own row, and nothing else.

Somebody edits the file by hand, or a disk flips bits. One row a cell and odd value, all in one file; then everything
that reads is asked.
"""

import json
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from bach_lib import Bach, Button, Connection, Extras, File, Place, Route, Status, Step, UnknownRunError
from bach_lib.control.operations import OPERATIONS, perform
from bach_lib.models.bridge import Bridge
from bach_lib.rest import make_application
from bach_lib.testing import FakeClock, FakePlatform, fake_connector
from tests.lib.inbound.make import incoming

TOKEN = "a-token-that-nobody-guesses"
ODD = (
    *("plain text", "", "[", "{}", '{"ab": 1}', "[1, 2]", '["ab"]', '"abc"', "null", "5", "nan", "(", '["("]'),
    *('[["a", "b", "c"]]', '[["ab"]]', '[[["a", {}]]]', '[{"a": []}]', '[["a", null, "x"]]', "[" * 3000, "9" * 5000),
    *('{"media": 5}', '{"media": {"kind": []}}', '{"location": [1]}', '{"value": {}}', '{"reactions": 5}'),
    *(b"\xff\xfe\x00", None, -1, 2**62, 1e308, float("inf"), 3.7),
)
READING: Mapping[str, Mapping[str, object]] = {
    **{
        key: {} for key in ("connections", "status", "queue_status", "count", "rules", "processes", "routes", "bridges")
    },
    **{key: {"limit": 500} for key in ("messages", "waiting", "inbox", "program_messages", "route_runs")},
    "unreadable": {"connection": "home"},
    "incoming_after": {"after": 0, "seconds": 0.0},
    "connection": {"name": "home"},
    "lost_secrets": {"name": "home"},
    "vacant": {"name": "new"},
}
"""What reads many rows, and how it is asked."""
ONE = {"message": "messages", "program_get": "messages", "incoming": "inbox"}
"""What reads one, and from which table."""
OTHERS = frozenset(
    {
        *(
            "backup",
            "add",
            "change",
            "check",
            "remove",
            "start",
            "try_out",
            "discard",
            "invite",
            "mark",
            "pair",
            "poll",
        ),
        *(
            "route",
            "program_cancel",
            "program_send_now",
            "program_edit",
            "program_forward",
            "program_pin",
            "program_send",
            "program_wait",
            "amend",
            "cancel",
            "clear",
            "discard_all",
        ),
        *(
            "discard_held",
            "discard_messages",
            "release",
            "retry",
            "retry_all",
            "send",
            "send_now",
            "wait",
            "remove_rule",
        ),
        *("set_rule", "remove_bridge", "set_bridge"),
        *("forward", "pin", "unpin", "react"),
        *("acknowledge", "all_clear", "cancel_route", "remove_route", "set_route", "snooze_route", "start_route"),
        *("follow_run", "route_run"),
    }
)
"""What changes something."""
PAGES = (
    "messages/queue",
    "messages/held",
    "routes",
    *(f"routes/runs?limit=200&before={before}" for before in (20000, 10200, 10100)),
    *(f"messages/inbox?limit=200&offset={offset}" for offset in range(0, 600, 200)),
)
KEYS = {"messages": "id", "inbox": "id", "connections": "name", "rules": "name", "route_runs": "id"}


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[Bach]:
    """A BACH of which nothing works by itself."""
    kinds = {"fake": fake_connector(FakePlatform(), receives=True)}
    async with Bach(path, connectors=kinds, autostart=False, clock=FakeClock()) as bach:
        yield bach


async def fill(path: Path) -> None:
    """One of each."""
    async with opened(path) as bach:
        home = Connection(name="home", type="fake", allowed=frozenset({"42"}))
        await bach.registry.add(home)
        await bach.registry.add(replace(home, name="zoo"))
        await bach.start("home")
        for number in ("1", "2"):
            await bach.take("home", replace(incoming(text="hi", remote_id=number), sender_id="42", recipient="42"))
        await bach.stop("home")
        full = {
            "buttons": ((Button(text="a", value="b"),),),
            "files": (File(name="f.txt", content=b"abc"),),
            "extras": Extras(protected=True),
        }
        for connection in ("home", "zoo"):
            await bach.send(connection, "ada", "hello", **full, tag="t", title="x")  # type: ignore[arg-type] # of several types
        place = Place(connection="zoo", recipient="ada")
        await bach.routes.set(Route(name="alarm", steps=(Step(places=(place,)),)))
        await bach.start_route("alarm", "Water!", tag="t")
        there = Place(connection="home", recipient="42")
        await bach.bridges.set(Bridge(name="over", source=there, targets=(place,)))
        await perform(bach, "set_rule", {"name": "lights", "phrases": ["light"], "patterns": ["a.c"]})
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.execute("INSERT INTO attempts VALUES (1, 1, 'ada', 'retry', 1.0, 1.0, 'busy', 'no', NULL)")
        file.execute("INSERT INTO unreadable (connection, raw, reason, received_at) VALUES ('home', 'x', 'y', 1.0)")
        file.execute("INSERT INTO spellings VALUES ('home', 'x', 'y', 0, 0, 1.0)")
        file.execute("INSERT INTO thrown_away VALUES ('home', 'x', 1.0)")


def damage(path: Path, table: str) -> int:
    """A copy of the table's last row for each column and value, damaged there; how many there are."""
    number = 0
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.row_factory = sqlite3.Row
        [*_, whole] = file.execute(f"SELECT * FROM {table}")
        unique = {
            "name": "n{}",
            "bridge": "n{}",
            "id": "1{:04}",
            "remote_id": "r{}",
            "number": "1{:04}",
            "spelling": "s{}",
        }
        for column in set(whole.keys()) - {"id", "name", "message_id"}:
            for odd in ODD:
                fresh = {key: own.format(number) for key, own in unique.items()}
                row = dict(whole) | {key: own for key, own in fresh.items() if key in whole.keys()} | {column: odd}  # noqa: SIM118 - a row's keys are no dictionary's
                marks = ", ".join("?" * len(row))
                with suppress(sqlite3.IntegrityError):  # what no file can hold
                    file.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", [*row.values()])
                    number += 1
    return number


def keys(path: Path, table: str) -> Iterator[object]:
    """What is in the file."""
    with closing(sqlite3.connect(path)) as file:
        for (key,) in file.execute(f"SELECT {KEYS[table]} FROM {table}").fetchall():
            yield key


def test_every_operation_is_known_here() -> None:
    """A new one that reads would not be asked, and end in a traceback in the first home with a damaged file."""
    assert sorted([*READING, *ONE, *OTHERS]) == sorted(OPERATIONS)


@pytest.mark.parametrize(
    "table",
    [
        "messages",
        "inbox",
        "connections",
        "rules",
        "attempts",
        "unreadable",
        "spellings",
        "thrown_away",
        "routes",
        "route_runs",
        "bridges",
        "bridge_ends",
    ],
)
async def test_a_damaged_cell_costs_its_row_and_every_list_goes_on(tmp_path: Path, table: str) -> None:
    """One flipped bit would stop a whole home, or hide every other message of it."""
    path = tmp_path / "bach.db"
    await fill(path)
    assert damage(path, table) > 50
    async with opened(path) as bach:
        answers = {name: await perform(bach, name, arguments) for name, arguments in READING.items()}  # type: ignore[arg-type] # of several types
        for name, of in ONE.items():
            for key in keys(path, of):
                json.dumps(await perform(bach, name, {"message_id": key}), allow_nan=False)  # type: ignore[dict-item] # an id
        for key in keys(path, "route_runs"):
            with suppress(UnknownRunError):
                json.dumps(await perform(bach, "route_run", {"run_id": key}), allow_nan=False)  # type: ignore[dict-item] # an id
        async with TestClient(TestServer(make_application(bach, token=TOKEN))) as client:
            last = max(int(str(key)) for key in keys(path, "messages"))
            for page in (
                *PAGES,
                "messages/1",
                *(f"messages?limit=200&before={last - n + 1}" for n in range(0, last, 200)),
            ):
                answer = await client.get(f"/api/v1/{page}", headers={"Authorization": f"Bearer {TOKEN}"})
                assert answer.status == 200, (page, await answer.text())
                await answer.json()
        await bach.metrics()
        assert await bach.is_ready()
        json.dumps(answers, allow_nan=False)
        assert {row["name"] for row in answers["connections"]} == set(keys(path, "connections"))  # type: ignore[union-attr, index, call-overload] # JSON
        assert {row["name"] for row in answers["rules"]} == set(keys(path, "rules"))  # type: ignore[union-attr, index, call-overload] # JSON
        for connection in ("home", "zoo"):
            await bach.start(connection)
            receipt = await bach.send(connection, "bob", "it goes on")
            assert (await bach.wait(receipt.id)).status is Status.SENT
        assert await bach.take("home", replace(incoming(text="new", remote_id="new"), sender_id="42", recipient="42"))


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
async def test_what_a_database_notes_of_itself_may_be_damaged(tmp_path: Path, odd: object) -> None:
    """One flipped bit in a row that nobody ever sees would keep the whole home from starting."""
    path = tmp_path / "bach.db"
    await fill(path)
    async with opened(path) as bach:
        await bach.send("home", "ada", "so that all that is noted is there")
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        noted = [key for (key,) in file.execute("SELECT key FROM meta")]
        assert {"instance", "runs", "token"} <= {*noted}
        with suppress(sqlite3.IntegrityError):  # what no file can hold
            file.execute("UPDATE meta SET value = ?", [odd])
    async with opened(path) as bach:
        await bach.release()
        await bach.start("home")
        receipt = await bach.send("home", "bob", "it goes on")
        assert (await bach.wait(receipt.id)).status is Status.SENT
    async with opened(path) as bach:
        assert (await bach.get(receipt.id)).status is Status.SENT


@pytest.mark.parametrize(
    ("column", "odd", "is_active"),
    [
        *(("category", "friend", False), ("auth_config", '{"token": 5}', False), ("allowed", "42", False)),
        *(("settings", "[]", False), ("success_count", "many", True), ("disabled_until", "nan", True)),
    ],
)
async def test_a_connection_without_what_it_needs_rests_and_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, column: str, odd: str, is_active: bool
) -> None:
    """What comes in would be dropped as a stranger's, or nobody learn why nothing is sent; a counter stops nothing."""
    path = tmp_path / "bach.db"
    await fill(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.execute(f"UPDATE connections SET {column} = ? WHERE name = 'home'", [odd])
    async with opened(path) as bach:
        assert [bach.registry.get(name).is_active for name in ("home", "zoo")] == [is_active, True]
    [said] = [record.message for record in caplog.records if "damaged" in record.message]
    rests = "" if is_active else ". It rests until somebody changes it and switches it on, or restores the database"
    assert said == f"home is damaged in the database: this cannot be read: {column}{rests}"
    with closing(sqlite3.connect(path)) as file:
        [(kept,)] = file.execute(f"SELECT {column} FROM connections WHERE name = 'home'")
        assert kept == odd, "who repairs it by hand still finds what is there"


@pytest.mark.parametrize(
    "change", ["DELETE FROM files", "UPDATE contents SET content = 'text'", "UPDATE files SET digest = x'00ff'"]
)
async def test_the_words_of_a_message_go_without_files_that_cannot_be_read(tmp_path: Path, change: str) -> None:
    """Its worker would try to read them for ever, and all behind it wait; or an alarm stay behind for its picture."""
    path = tmp_path / "bach.db"
    await fill(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.execute(change)
    async with opened(path) as bach:
        [waiting] = await bach.messages(connection="home", status=[Status.PENDING])
        await bach.start("home")
        receipt = await bach.send("home", "ada", "it goes on")
        assert (await bach.wait(receipt.id)).status is Status.SENT
        sent = await bach.get(waiting.id)
        assert (sent.status, sent.degraded, sent.error and sent.error.code) == (Status.SENT, True, "without_file")


async def test_a_damaged_rule_rests_and_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The home would not start because of one pattern; or the pattern be gone from the file."""
    path = tmp_path / "bach.db"
    await fill(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.execute("UPDATE rules SET patterns = '[\"(\"]'")
    async with opened(path) as bach:
        [rule] = bach.rules.list()
        assert (rule.name, rule.phrases, rule.patterns, rule.is_active) == ("lights", ("light",), (), False)
    assert 'The rule "lights" is damaged in the database' in caplog.text
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("SELECT patterns FROM rules").fetchall() == [('["("]',)]
