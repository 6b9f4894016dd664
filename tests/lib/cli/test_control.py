"""The line between command and daemon: what it refuses, and what it does when nobody is there."""

import json
from io import BytesIO
from pathlib import Path

import pytest
from aiohttp import ClientSession, UnixConnector

from bach_lib import Bach
from bach_lib.control.link import DaemonClient
from bach_lib.control.operations import OPERATIONS
from bach_lib.control.sentences import SentenceError
from bach_lib.control.socket_path import can_have_socket
from bach_lib.control.socket_server import ControlServer
from bach_lib.version import VERSION


async def test_an_operation_there_is_not_is_a_sentence(bach: Bach, tmp_path: Path) -> None:
    """Anything inside of BACH could be called by its name."""
    server = ControlServer(bach, tmp_path / "sock")
    await server.start()
    async with DaemonClient(tmp_path / "sock") as link:
        assert await link.is_answered()
        assert await link.ask("connections", {}) == []
        with pytest.raises(SentenceError, match='cannot "close"'):
            await link.ask("close", {})
        with pytest.raises(SentenceError, match='Nobody can say "no_such" to "connections"'):
            await link.ask("connections", {"no_such": 1})
        assert await link.ask("connections", {}) == [], "and it goes on"
    await server.stop()
    assert not (tmp_path / "sock").exists()


def asked(version: object = VERSION, operation: object = "rules", arguments: object = None) -> bytes:
    """What a command says."""
    return json.dumps({"version": version, "operation": operation, "arguments": arguments or {}}).encode()


async def test_a_command_of_another_version_is_told_to_restart_the_daemon(bach: Bach, tmp_path: Path) -> None:
    """After an update it would do something else than was typed, or end with a fault that nobody understands."""
    server = ControlServer(bach, tmp_path / "sock")
    await server.start()
    async with (
        ClientSession(connector=UnixConnector(str(tmp_path / "sock"))) as session,
        session.post("http://bach/", data=BytesIO(asked("0.0.1"))) as answer,
    ):
        assert "Restart the daemon" in (await answer.json())["error"]
    await server.stop()


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'{"version": "development"}', asked(operation=5), asked(arguments=[1]), b"x" * (2 << 20)],
)
async def test_what_makes_no_sense_does_not_end_it(bach: Bach, tmp_path: Path, body: bytes) -> None:
    """A broken command would take the daemon with it."""
    server = ControlServer(bach, tmp_path / "sock")
    await server.start()
    async with (
        ClientSession(connector=UnixConnector(str(tmp_path / "sock"))) as session,
        session.post("http://bach/", data=BytesIO(body)) as answer,
    ):
        assert answer.status in {400, 413}
    async with DaemonClient(tmp_path / "sock") as link:
        assert await link.ask("rules", {}) == []
    await server.stop()


async def test_where_nobody_is_nobody_answers(tmp_path: Path) -> None:
    """A command would hang, or fail where it could do the work itself."""
    async with DaemonClient(tmp_path / "sock") as link:
        assert not await link.is_answered()
        with pytest.raises(SentenceError, match="no daemon"):
            await link.ask("rules", {})
    (tmp_path / "sock").write_bytes(b"")
    async with DaemonClient(tmp_path / "sock") as link:
        assert not await link.is_answered()


def test_a_path_too_long_for_a_socket_is_known_before(tmp_path: Path) -> None:
    """The daemon would not start in a deep folder."""
    assert can_have_socket(Path("/run/bach.db.sock"))
    assert not can_have_socket(Path("/" + "x" * 120))


def test_operations_are_called_by_their_own_names() -> None:
    """Two functions of one name would hide each other."""
    assert all(name == operation.__name__ for name, operation in OPERATIONS.items())
    assert len(OPERATIONS) == 70
