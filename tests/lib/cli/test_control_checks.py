"""What both ends of the control socket refuse of each other, and that each of their checks is missed.

The other end is written by hand here: what a broken, a foreign or a frozen program says.
"""

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Final

import pytest
from aiohttp import ClientSession, UnixConnector, web

from bach_lib import Bach, Connection
from bach_lib.control import wire
from bach_lib.control.link import DaemonClient, process_behind
from bach_lib.control.sentences import SentenceError, TooMuchError, UnansweredError
from bach_lib.control.socket_server import ControlServer
from bach_lib.rest.answers import Json
from bach_lib.version import VERSION
from tests.holes import Hole, holes, is_missed

type Handler = Callable[[web.Request], Awaitable[web.Response]]


@asynccontextmanager
async def serving(bach: Bach, path: Path) -> AsyncIterator[ControlServer]:
    """The daemon's end, which can say a number of its own."""
    server = ControlServer(bach, path, own={"number": lambda: 7})
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


@asynccontextmanager
async def stranger(path: Path, post: Handler, get: Handler) -> AsyncIterator[None]:
    """A program at the daemon's place that answers as it likes."""
    application = web.Application()
    application.router.add_post("/", post)
    application.router.add_get("/", get)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    path.unlink(missing_ok=True)
    await web.UnixSite(runner, str(path)).start()
    try:
        yield
    finally:
        await runner.cleanup()


def said(body: object, status: int = 200) -> Handler:
    """An answer that is always the same."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, text=body if isinstance(body, str) else json.dumps(body))

    return answer


def asked(operation: Json, arguments: Json, version: str = VERSION) -> bytes:
    """What a command says, in front of the files."""
    return wire.written({"version": version, "operation": operation, "arguments": arguments})


async def posted(path: Path, body: bytes, head: str | None = None) -> tuple[int, object]:
    """The status of an answer, and what it holds if that is anything."""
    headers = {} if head is None else {wire.HEAD: head}
    async with (
        ClientSession(connector=UnixConnector(str(path))) as session,
        session.post("http://bach/", data=BytesIO(body), headers=headers) as answer,
    ):
        return answer.status, await answer.json() if answer.status == 200 else None


# -- the daemon's end --------------------------------------------------------------------------------------------------


async def test_files_are_taken_whole_or_not_at_all(bach: Bach, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file would arrive cut, or with the beginning of the next one; or one request fill the memory."""
    monkeypatch.setattr(wire, "MAX_REQUEST", 1000)
    names = {connection.name for connection in bach.registry.list()}
    if "home" not in names:
        await bach.registry.add(Connection(name="home", type="fake", is_active=False))
    files: list[Json] = [{"name": "a.txt", "mime_type": "text/plain", "size": 3}]
    to: dict[str, Json] = {"connection": "home", "recipient": "ada", "text": "hi", "options": {}}
    good = asked("program_send", {**to, "files": [*files]})
    async with serving(bach, tmp_path / "sock"), DaemonClient(tmp_path / "sock") as link:
        assert await link.ask("program_send", {**to, "files": [{"name": "a.txt", "mime_type": "text/plain"}]}, [b"abc"])
        assert (await bach.messages())[0].files[0].size == 3
        assert await link.ask("rules", {}) == []
        assert (await posted(tmp_path / "sock", good + b"abc", str(len(good))))[0] == 200
        before = len(await bach.messages())
        large = asked("program_send", {**to, "files": [*files], "text": "x" * 1000})
        for body, head in (
            (good + b"abcd", len(good)),
            (good + b"ab", len(good)),
            (good + b"abc", -3),
            (large + b"abc", len(large)),
            (asked("program_send", [1]), None),
        ):
            length = str(len(body) if head is None else head)
            assert (await posted(tmp_path / "sock", body, length))[0] == 400, (body, length)
        assert len(await bach.messages()) == before


async def test_what_is_said_of_the_daemon_itself(bach: Bach, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """After an update nobody could ask the old daemon which process it is; or it would break on a strange name."""
    async with serving(bach, tmp_path / "sock"):
        for version in (VERSION, "0.0.1"):
            assert await posted(tmp_path / "sock", asked("number", {}, version)) == (200, {"result": 7})
        _, answer = await posted(tmp_path / "sock", asked("rules", {}, "0.0.1"))
        assert isinstance(answer, dict)
        assert "Restart the daemon" in answer["error"]
        caplog.clear()
        for operation, arguments in ((5, {}), ([], {}), ({}, {}), ("rules", [1]), ("rules", None)):
            assert (await posted(tmp_path / "sock", asked(operation, arguments)))[0] == 400
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_what_is_no_object_or_no_size_is_no_request() -> None:
    """What is wrong would be found somewhere inside, in a traceback."""
    sizes: list[Json] = ["1", 1.0, None, -1, 2, 0]
    assert is_refused(partial(wire.read, b"[]"))
    assert [one for one in sizes if not is_refused(partial(wire.unpacked, {"files": [{"size": one}]}, b"x"))] == []
    assert is_refused(partial(wire.unpacked, {"files": [{"size": 2}, {"size": -1}]}, b"x")), "the sum is right"


def is_refused(read: Callable[[], object]) -> bool:
    """Whether something is no request."""
    try:
        read()
    except ValueError:
        return True
    return False


# -- the command's end -------------------------------------------------------------------------------------------------


async def test_a_strange_answer_is_a_sentence(tmp_path: Path) -> None:
    """Somebody would read a traceback, or take a refusal for an answer."""
    path, alive = tmp_path / "sock", said({})
    for answer, words in (
        (said([]), "went away before it answered"),
        (said("<html>"), "went away before it answered"),
        (said({"result": 1}, status=400), "could not answer"),
        (said({}), "could not answer"),
    ):
        async with stranger(path, answer, alive), DaemonClient(path) as link:
            with pytest.raises(UnansweredError, match=words):
                await link.ask("rules", {})
    async with stranger(path, said({"error": "No."}), alive), DaemonClient(path) as link:
        with pytest.raises(SentenceError, match=r"^No\.$"):
            await link.ask("rules", {})
    async with stranger(path, said({"result": 5}), alive), DaemonClient(path) as link:
        assert await link.ask("rules", {}) == 5
        assert await link.ask("program_send", {"files": []}, []) == 5


async def test_a_daemon_that_has_no_room_lives(tmp_path: Path) -> None:
    """While many programs are served, the next would believe that nobody is there, and work beside the daemon."""
    path = tmp_path / "sock"
    for alive in (said({"waits_for_disk": False}), said("busy", status=503)):
        async with stranger(path, said({"result": 1}), alive), DaemonClient(path) as link:
            assert await link.is_answered()
    async with stranger(path, said({"result": 1}), said("what?")), DaemonClient(path) as link:
        with pytest.raises(UnansweredError, match="went away"):
            await link.is_answered()


async def test_a_disk_that_is_waited_for_is_told_of_once(tmp_path: Path) -> None:
    """Somebody would not know why nothing happens, or read it every two seconds."""
    path, told, looked = tmp_path / "sock", list[str](), list[bool]()
    enough = asyncio.Event()

    async def alive(_: web.Request) -> web.Response:
        looked.append(len(looked) > 0)
        if len(looked) > 3:
            enough.set()
        return web.json_response({"waits_for_disk": looked[-1]})

    async def answer(_: web.Request) -> web.Response:
        await enough.wait()
        return web.json_response({"result": 1})

    async with stranger(path, answer, alive), DaemonClient(path, told.append, between=0.001) as link:
        assert await link.is_answered()
        assert told == []
        assert await link.ask("rules", {}) == 1
    assert [words.partition(".")[0] for words in told] == ["The daemon waits for its disk"]


async def test_too_much_is_said_before_it_is_sent(bach: Bach, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line would break in the middle, and nobody know whether it was done."""
    monkeypatch.setattr(wire, "MAX_CONTENTS", 1000)
    async with serving(bach, tmp_path / "sock"), DaemonClient(tmp_path / "sock") as link:
        with pytest.raises(TooMuchError):
            await link.ask("program_send", {"files": [{"name": "a"}]}, [b"x" * 1001])
        monkeypatch.setattr(wire, "MAX_REQUEST", 1000)
        with pytest.raises(TooMuchError):
            await link.ask("rules", {"x": "x" * 1000})


async def test_where_no_socket_is_there_is_no_daemon(tmp_path: Path) -> None:
    """A command would hang or fail where it could do the work itself."""
    path = tmp_path / "sock"
    path.unlink(missing_ok=True)
    path.write_bytes(b"")
    async with DaemonClient(path) as link:
        assert not await link.is_answered()
        with pytest.raises(SentenceError, match="no daemon"):
            await link.ask("rules", {})
        path.unlink()
        with socket.socket(socket.AF_UNIX) as later:
            later.bind(str(path))
            later.listen()
            assert not await link.is_answered(), "it came when nothing can be said to it any more"


def test_who_listens_is_known_where_the_system_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`bach daemon status` would end in a traceback on another system."""
    path = tmp_path / "listening"
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        with monkeypatch.context() as patch:
            patch.delattr(socket, "SO_PEERCRED")
            assert process_behind(path) is None


_ENDS: Final = ("bach_lib.control.wire", "bach_lib.control.link", "bach_lib.control.socket_server")
_CHECKS: Final = [
    one
    for one in holes(*_ENDS)
    if one is None or not any(word in one.check for word in ("win32", "st_uid"))  # not to be seen here; test_who_may
]


@pytest.mark.parametrize("hole", _CHECKS, ids=str)
async def test_each_check_is_missed(
    bach: Bach, tmp_path: Path, caplog: pytest.LogCaptureFixture, hole: Hole | None
) -> None:
    """Whoever takes one out would see all tests pass, and a broken request would do something else than was asked."""

    async def patched(test: Callable[[pytest.MonkeyPatch], object]) -> None:
        with pytest.MonkeyPatch.context() as patch:
            done = test(patch)
            if isinstance(done, Awaitable):
                await done

    async def here() -> None:
        test_what_is_no_object_or_no_size_is_no_request()

    tests: list[Callable[[], Awaitable[object]]] = [
        here,
        partial(patched, partial(test_who_listens_is_known_where_the_system_tells, tmp_path)),
        partial(test_where_no_socket_is_there_is_no_daemon, tmp_path),
        partial(test_a_strange_answer_is_a_sentence, tmp_path),
        partial(test_a_daemon_that_has_no_room_lives, tmp_path),
        partial(test_a_disk_that_is_waited_for_is_told_of_once, tmp_path),
        partial(test_what_is_said_of_the_daemon_itself, bach, tmp_path, caplog),
        partial(patched, partial(test_too_much_is_said_before_it_is_sent, bach, tmp_path)),
        partial(patched, partial(test_files_are_taken_whole_or_not_at_all, bach, tmp_path)),
    ]
    assert await is_missed(hole, *tests) == (hole is not None)
