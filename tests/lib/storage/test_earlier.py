"""What earlier versions have left, made by their own code, is opened by this one: nothing is lost, and what waits goes.

And the way back: an earlier version leaves a file of this one as it is, and says where the one from before the update
is. `earlier/make.py` made the files, and tells how to make one more.
"""

import json
import sqlite3
import subprocess
from collections.abc import Mapping
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from bach_lib import Bach, Status
from bach_lib.errors import StoreAlteredError
from bach_lib.storage import ServerDatabase, Store, schema
from bach_lib.storage.postgresql import layout
from bach_lib.testing import FakeClock, FakePlatform, fake_connector
from tests.lib.storage.earlier.make import FILES, SERVERS, UNFINISHED, as_then, code_of, dump, unpack
from tests.lib.storage.postgresql.backups import Backups
from tests.servers import Server

_LATER = 1_800_003_600.0
"""An hour after it was left."""
_ENDS: Mapping[str, Status] = {
    "Sent before": Status.SENT,
    "Refused before": Status.DEAD,
    "Waits first": Status.SENT,
    "Waits second": Status.SENT,
    "Taken back": Status.CANCELLED,
    "Waits with a deadline": Status.SENT,
    "Waits for its connection": Status.PENDING,
    "On its way": Status.SENT,
    "On its way once": Status.UNCERTAIN,
}


async def tell_what_is_there(store: Path | Store, *, is_first: bool) -> None:
    """Open it, let everything go that can, and look at each thing that was left. `is_first`: of the first layout."""
    home, away, clock = FakePlatform(), FakePlatform(), FakeClock(_LATER)
    connectors = {"fake": fake_connector(home, receives=True), "away": fake_connector(away)}
    async with Bach(store, clock=clock, connectors=connectors) as bach:
        await clock.advance(900)
        messages = {message.text: message for message in await bach.messages()}
        assert {text: message.status for text, message in messages.items()} == _ENDS
        assert home.texts == ["On its way"]
        assert away.texts == ["Waits with a deadline", "Waits first", "Waits second"]
        assert [[file.name for file in message.files] for message in away.sent] == [
            [],
            [] if is_first else ["plan.txt"],
            [],
        ]
        before = messages["Sent before"]
        assert (before.title, before.context, before.remote_id) == ("Garden", "ours", "1")
        assert (messages["Waits second"].tag, messages["Waits with a deadline"].priority) == ("wash", 3)
        assert (fault := messages["Refused before"].error)
        assert fault.text == "no such chat"
        assert [(one.text, one.sender_id, one.recipient) for one in await bach.inbox()] == [
            ("/light on", "42", "42"),
            ("There is a leak", "42", "42"),
        ]
        assert home.cursors[0] == "c3"
        assert [(rule.name, rule.patterns) for rule in bach.rules.list()] == (
            [] if is_first else [("water", ("wet.*cellar",))]
        )
        rows = {row.name: row for row in bach.registry.list()}
        assert rows["home"].allowed == {"42"}
        assert (rows["home"].success_count, rows["spare"].is_active) == (2, False)

        home.write("/light on", remote_id="r3", cursor="c3")
        await bach.retry(messages["Refused before"].id)
        await bach.registry.update("spare", is_active=True)
        await clock.advance(60)
        assert len(await bach.inbox()) == 2, "what came once came twice"
        assert sorted(home.texts[1:]) == ["Refused before", "Waits for its connection"]


@pytest.mark.sqlite_only
@pytest.mark.parametrize("name", FILES)
async def test_what_an_earlier_version_left_goes_on(name: str, tmp_path: Path) -> None:
    """After an update a message would be lost or come twice, or a person, a rule or a letter be gone."""
    path = unpack(name, tmp_path)
    kept = told(path)
    await tell_what_is_there(path, is_first=name == "layout01")
    assert told(path.with_name(f"bach.db.{name.replace('layout0', 'layout')}")) == kept, "the way back leads elsewhere"


def told(path: Path) -> list[str]:
    """All that a file holds, but for the numbers of its own by which it is known again."""
    with closing(sqlite3.connect(path)) as sqlite:
        return [line for line in sqlite.iterdump() if 'INTO "meta"' not in line]


@pytest.mark.parametrize("name", SERVERS)
async def test_what_an_earlier_version_left_on_a_server_goes_on(
    name: str, database_address: str, postgresql: Server
) -> None:
    """The same for a home whose messages are on a server."""
    Backups(postgresql).restore(dump(name))
    await tell_what_is_there(ServerDatabase(database_address), is_first=False)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("name", UNFINISHED)
async def test_what_was_never_finished_is_left_as_it_was(name: str, tmp_path: Path) -> None:
    """A file from the middle of a change would be taken for one of its number, and fail in the middle of a delivery."""
    path = unpack(name, tmp_path)
    before = contents(tmp_path)
    with pytest.raises(StoreAlteredError, match="left as it is"):
        async with Bach(path):
            pass
    assert contents(tmp_path) == before


def contents(folder: Path) -> dict[str, str]:
    """The files of a folder; what only a process at work needs is left out."""
    files = (path for path in folder.iterdir() if path.is_file() and path.suffix not in {".lock", ".db-shm"})
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in files}


# -- and back ----------------------------------------------------------------------------------------------------------

_WITH_A_WAY_BACK = [name for name in FILES if name >= "layout08"]
"""Versions that say it. What is waiting they hold, since it may have been sent meanwhile."""
_WAITING = [
    text for text, status in _ENDS.items() if text.startswith(("Waits", "On its way")) and status != Status.UNCERTAIN
]


def library_of(commit: str, folder: Path) -> Path:
    """The library as it was then."""
    try:
        code_of(commit, folder)
    except subprocess.CalledProcessError:
        pytest.skip("NOT RUN: this checkout has no history; `git fetch --unshallow` brings it")
    return folder


@pytest.mark.slow  # two programs a version, each of which loads a library of its own
@pytest.mark.sqlite_only
@pytest.mark.parametrize("name", _WITH_A_WAY_BACK)
async def test_the_version_of_before_says_the_way_back_and_goes_on(name: str, tmp_path: Path) -> None:
    """Whoever is disappointed by an update would have lost what waited, or what was sent would be sent again."""
    then = library_of(FILES[name], tmp_path / "then")
    (home := tmp_path / "home").mkdir()
    path = unpack(name, home)
    await tell_what_is_there(path, is_first=False)
    after = told(path)

    refused = json.loads(as_then("look", str(path), then))
    copy = home / f"bach.db.layout{int(name[-2:])}"
    assert refused["refused"] == "StoreTooNewError"
    assert f"put {copy} in its place" in refused["why"]
    assert told(path) == after

    copy.rename(path)
    found = json.loads(as_then("look", str(path), then))
    assert found == {"texts": sorted(_ENDS), "held": sorted(_WAITING), "sent": []}


@pytest.mark.slow  # as above
@pytest.mark.parametrize("name", SERVERS)
async def test_the_version_of_before_leaves_a_server_as_it_is(
    name: str, database_address: str, postgresql: Server, tmp_path: Path
) -> None:
    """It would write what this version misreads. The way back there is the server's own backup."""
    then = library_of(SERVERS[name], tmp_path)
    backups = Backups(postgresql)
    backups.restore(dump(name))
    await tell_what_is_there(ServerDatabase(database_address), is_first=False)
    after = backups.dump()
    refused = json.loads(as_then("look", database_address, then))
    assert refused["refused"] == "StoreTooNewError"
    assert "backup" in refused["why"]
    assert backups.dump() == after


def test_the_layout_before_todays_is_among_them() -> None:
    """The next update would be the first that nobody has tried. `earlier/make.py` says how to make what is missing."""
    assert f"layout{schema.LAYOUT - 1:02}" in FILES
    assert f"server{layout.SERVER_LAYOUT - 1}" in SERVERS
