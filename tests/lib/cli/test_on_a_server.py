"""`--db postgresql://…`: each command works as on a file; what belongs to this machine lies in its user's folder."""

import asyncio
from pathlib import Path

import pytest

from bach_lib import Bach, Connection, connect
from bach_lib.cli.paths import may_be_there, place, runs_file, shown, to_open, token_file
from bach_lib.cli.systemd import unit
from bach_lib.control.sentences import SentenceError
from bach_lib.control.socket_path import socket_file
from tests.lib.cli.conftest import Run

_ADDRESS = "postgresql://ada:s3cret-word@db.home/bach"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the system keeps a user's data."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    return tmp_path / "bach"


async def add_a_connection(address: str) -> None:
    """A webhook that rests."""
    hook = Connection(name="hook", type="webhook", endpoint="http://127.0.0.1:9/", is_active=False)
    async with Bach(address, connections=[hook]):
        pass


def test_commands_work_on_it(database_address: str, bach_: Run, folder: Path) -> None:
    """Whoever outgrows one file would lose the command."""
    target = ("--db", database_address)
    asyncio.run(add_a_connection(database_address))
    assert [row["name"] for row in bach_("connector", "list", "--json", *target).rows()] == ["hook"]
    assert bach_("connector", "send", "hook", "ada", "hello", *target).code == 0
    assert [row["text"] for row in bach_("msg", "list", "--json", *target).rows()] == ["hello"]
    saved = bach_("backup", folder / "copy.db", *target)
    assert (saved.code, "pg_dump" in saved.errors) == (1, True)


def test_what_is_wrong_with_it_is_one_sentence_without_the_password(bach_: Run, folder: Path) -> None:
    """A password would stand in a terminal that others look at."""
    refused = bach_("connector", "list", "--db", "postgresql://ada:s3cret-word@127.0.0.1:9/bach")
    assert refused.code == 1
    assert "does not answer" in refused.errors
    assert "s3cret" not in refused.errors + refused.output


def test_what_belongs_to_this_machine_has_one_place(folder: Path) -> None:
    """Two servers would share a token, or a changed password lead to another socket."""
    here = place(_ADDRESS)
    assert here.parent == folder
    assert here.name == place("postgresql://ada:another@db.home/bach").name
    assert here.name != place("postgresql://ada@db.home/other").name
    assert to_open(here) == _ADDRESS
    assert shown(here) == "postgresql://ada@db.home/bach"
    assert may_be_there(here)
    for beside in (socket_file(here), token_file(here), here.with_name("x"), here.parent, here.absolute().parent):
        assert type(beside) is type(Path())
    assert runs_file(here) != runs_file(place("postgresql://ada@db.home/other"))


def test_a_file_is_as_before(tmp_path: Path, folder: Path) -> None:
    """Everybody's database would be somewhere else."""
    assert place(None) == folder / "bach.db"
    there = place(str(tmp_path / "x.db"))
    assert (there, to_open(there), shown(there)) == (tmp_path / "x.db", tmp_path / "x.db", str(tmp_path / "x.db"))
    assert not may_be_there(there)


def test_no_password_is_written_into_a_unit(folder: Path) -> None:
    """Everybody on the machine could read it."""
    with pytest.raises(SentenceError, match=r"\.pgpass"):
        unit(place(_ADDRESS), 8001)
    assert "postgresql://ada@db.home/bach" in unit(place("postgresql://ada@db.home/bach"), 8001)


async def test_a_program_connects_to_it(database_address: str) -> None:
    """It would have an empty file in a folder of a strange name."""
    async with connect(database_address) as bach:
        assert await bach.messages() == []
