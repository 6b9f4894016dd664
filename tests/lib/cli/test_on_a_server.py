"""`--db postgresql://…`: each command works as on a file; what belongs to this machine lies in its user's folder."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bach_lib import Bach, Connection, Status, connect
from bach_lib.cli.paths import may_be_there, place, runs_file, shown, to_open, token_file
from bach_lib.cli.systemd import unit
from bach_lib.control.sentences import SentenceError
from bach_lib.control.socket_path import socket_file
from bach_lib.errors import InvalidValueError
from bach_lib.testing import FakePlatform, fake_connector
from tests.lib.cli.conftest import Run

pytestmark = pytest.mark.slow  # daemons begin and end

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


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "PostgreSQL"])
async def test_a_program_connects_to_it(database_address: str, scheme: str) -> None:
    """It would have an empty file in a folder of a strange name."""
    async with connect(database_address.replace("postgresql", scheme)) as bach:
        assert await bach.messages() == []


async def test_programs_connect_beside_each_other(database_address: str) -> None:
    """Only the first would get in, or what the second sends would never go."""
    platform = FakePlatform()

    def opening() -> Bach:
        return Bach(database_address, connectors={"fake": fake_connector(platform)}, grace=0.0)

    async with opening() as bach:
        await bach.registry.add(Connection(name="home", type="fake"))
    async with connect(database_address, opening=opening) as one, connect(database_address, opening=opening) as two:
        assert await one.messages() == []
        receipt = await two.send("home", "ada", "hello")
        assert (await two.wait(receipt.id, 60)).status is Status.SENT
    assert [message.text for message in platform.sent] == ["hello"]


async def test_patience_is_a_time_whatever_is_connected_to(database_address: str) -> None:
    """A mistake would be found on the day on which the program moves to a file."""
    with pytest.raises(InvalidValueError, match="patience"):
        async with connect(database_address, patience=-1):
            pass


@contextmanager
def serving(address: str) -> Iterator[subprocess.Popen[str]]:
    """`bach serve`, once it works."""
    command = [sys.executable, "-m", "bach_lib.cli", "serve", "--db", address, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as process:
        assert process.stdout
        try:
            assert "answers on" in process.stdout.readline()
            yield process
        finally:
            process.kill()


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The same, with a name that leaves room for a socket's."""
    with TemporaryDirectory(prefix="b-") as name:
        monkeypatch.setenv("XDG_DATA_HOME", name)
        yield Path(name) / "bach"


def test_two_daemons_on_one_machine_share_a_database(database_address: str, bach_: Run, short: Path) -> None:
    """The second would take the first one's socket and log, and at its end nobody could reach the first any more."""
    target = ("--db", database_address, "--json")
    with serving(database_address) as one, serving(database_address) as two:
        assert len(list(short.glob("*.sock"))) == len(list(short.glob("*.daemon.log"))) == 2
        state = bach_("daemon", "status", *target)
        assert (state.code, state.row()["pid"]) == (0, one.pid)
        assert f"process {two.pid}" in state.errors
        assert len(bach_("cluster", "status", *target).rows()) == 2
        stopped = bach_("daemon", "stop", *target)
        assert stopped.row()["stopped"] == one.pid
        assert f"process {two.pid}" in stopped.errors
        assert one.wait(60) == 0
        assert bach_("daemon", "status", *target).row()["pid"] == two.pid


def test_a_daemon_that_does_not_answer_is_passed_over(database_address: str, bach_: Run, short: Path) -> None:
    """One that is frozen would take all commands with it, and a seat that is free again nobody would have."""
    target = ("--db", database_address, "--json")
    with serving(database_address) as one, serving(database_address) as two:
        one.send_signal(signal.SIGSTOP)
        assert bach_("daemon", "status", *target).row()["pid"] == two.pid, "the other one cannot answer"
        one.kill()
        one.wait(60)
        with serving(database_address) as three:
            assert bach_("daemon", "status", *target).row()["pid"] == three.pid, "it has the seat that is free"
            assert bach_("daemon", "logs", *target).code == 0


@pytest.mark.parametrize(
    "other",
    [
        "postgresql://ada@db.home/bach?dbname=other",
        "postgresql://ada@db.home/bach?user=bob",
        "postgresql://ada@db.home/bach?service=other",
        "postgresql://ada@db.home/bach?hostaddr=10.0.0.2",
        "postgresql://ada@db.home:5433/bach",
        "postgresql://ada@db.home,db2.home/bach",
    ],
)
def test_another_database_has_a_place_of_its_own(folder: Path, other: str) -> None:
    """Two daemons would share token, socket and log, and a command ask the wrong one."""
    assert place(other).name != place("postgresql://ada@db.home/bach").name


@pytest.mark.parametrize(
    "same",
    [
        "postgres://ada:secret@DB.home:5432/bach?sslmode=require",
        "postgresql://ada@/bach?host=db.home",
        "postgresql://db.home/?user=ada&dbname=bach",
    ],
)
def test_one_database_has_one_place_however_it_is_written(folder: Path, same: str) -> None:
    """A command would not find the daemon that works on it."""
    assert place(same).name == place("postgresql://ada@db.home/bach").name
