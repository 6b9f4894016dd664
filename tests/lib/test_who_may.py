"""Every way into the library from outside, tried by everybody: each address of REST, each operation of the socket.

The tables say who may do what; a new address or operation that nobody has judged fails here until somebody does.
"""

import asyncio
import inspect
import os
import socket
import stat
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import suppress
from enum import Enum, auto
from pathlib import Path
from typing import Final

import pytest
import pytest_socket
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from bach_lib import Bach, Connection, Fault
from bach_lib.control.link import DaemonClient
from bach_lib.control.operations import OPERATIONS
from bach_lib.control.sentences import SentenceError
from bach_lib.control.socket_server import ControlServer
from bach_lib.outcomes import Dead
from bach_lib.rest import make_application
from bach_lib.testing import FakeClock, FakePlatform
from tests.holes import Hole, holes, is_missed
from tests.lib.cli.test_asked_wrongly import GOOD
from tests.lib.rows_written import rows_written

TOKEN: Final = "a-token-that-nobody-guesses"


class For(Enum):
    """Who may use an address."""

    EVERYBODY = auto()
    """It tells nothing that anybody could use."""
    SENDERS = auto()
    """Who proves it with a secret of the connection; our token is none there."""
    TOKEN = auto()
    """Who has the token of the interface. There are no lesser ones: who has it may do everything there."""


_MESSAGES: Final = "/api/v1/messages"
_OF_RUNS: Final = ("acknowledge", "cancel", "clear", "snooze")
_HOOKS: Final = "/api/v1/hooks/{connection}"
ADDRESSES: Final[Mapping[tuple[str, str], For]] = {
    ("GET", "/health"): For.EVERYBODY,
    ("GET", "/ready"): For.EVERYBODY,
    ("GET", "/api/v1/openapi.json"): For.EVERYBODY,
    ("GET", "/docs"): For.EVERYBODY,
    **{(method, _HOOKS): For.SENDERS for method in ("GET", "POST", "PUT")},
    ("GET", "/metrics"): For.TOKEN,
    ("GET", "/api/v1/events"): For.TOKEN,
    ("GET", _MESSAGES): For.TOKEN,
    ("POST", f"{_MESSAGES}/send"): For.TOKEN,
    ("GET", f"{_MESSAGES}/queue"): For.TOKEN,
    ("GET", f"{_MESSAGES}/inbox"): For.TOKEN,
    ("POST", f"{_MESSAGES}/route"): For.TOKEN,
    **{("POST", f"{_MESSAGES}/{what}"): For.TOKEN for what in ("clear", "forward", "pin", "unpin", "react")},
    ("POST", f"{_MESSAGES}/discard"): For.TOKEN,
    ("GET", f"{_MESSAGES}/held"): For.TOKEN,
    ("POST", f"{_MESSAGES}/held/release"): For.TOKEN,
    ("POST", f"{_MESSAGES}/held/discard"): For.TOKEN,
    ("GET", f"{_MESSAGES}/{{id}}"): For.TOKEN,
    **{(method, "/api/v1/bridges"): For.TOKEN for method in ("GET", "POST")},
    **{(method, "/api/v1/bridges/{name}"): For.TOKEN for method in ("GET", "DELETE")},
    **{("POST", f"/api/v1/bridges/{{name}}/{what}"): For.TOKEN for what in ("enable", "disable")},
    **{("GET", f"/api/v1/routes{what}"): For.TOKEN for what in ("", "/runs", "/runs/{id}")},
    ("POST", "/api/v1/routes/{name}/start"): For.TOKEN,
    **{("POST", f"/api/v1/routes/runs/{{id}}/{what}"): For.TOKEN for what in _OF_RUNS},
    **{("POST", f"{_MESSAGES}/{{id}}/{what}"): For.TOKEN for what in ("edit", "cancel", "send-now", "retry", "amend")},
}
SHOWN: Final[Mapping[str, tuple[bool, Mapping[str, str]]]] = {
    "nothing": (False, {}),
    "another token": (False, {"Authorization": f"Bearer {TOKEN[:-1]}"}),
    "another token by the old header": (False, {"X-BACH-Key": f"{TOKEN}x"}),
    "the token in another scheme": (False, {"Authorization": f"Basic {TOKEN}"}),
    "the token of a cookie": (False, {"Cookie": f"token={TOKEN}"}),
    "the token": (True, {"Authorization": f"Bearer {TOKEN}"}),
    "the token by the old header": (True, {"X-BACH-Key": TOKEN}),
}
"""What somebody shows who asks, and whether it is the token."""


class Does(Enum):
    """What an operation of the control socket can do, at most."""

    READS = auto()
    """Tells what is stored: also what people wrote, and strangers whose words could not be read."""
    WRITES = auto()
    """Changes what is stored, or sends."""
    CONNECTS = auto()
    """Changes what BACH connects to, and reads secrets where it is told to: never a matter of the token of REST."""
    FILES = auto()
    """Reads or writes files of the account it runs under."""


OPERATIONS_DO: Final[Mapping[str, Does]] = {
    **dict.fromkeys(
        (
            *("connections", "connection", "count", "incoming", "inbox", "lost_secrets", "message", "messages"),
            *("processes", "program_get", "program_messages", "program_wait", "queue_status", "rules", "status"),
            *("incoming_after", "unreadable", "vacant", "wait", "waiting"),
            *("bridges", "follow_run", "route_run", "route_runs", "routes"),
        ),
        Does.READS,
    ),
    **dict.fromkeys(
        (
            *(
                "amend",
                "cancel",
                "clear",
                "discard",
                "discard_all",
                "discard_held",
                "discard_messages",
                "invite",
                "mark",
            ),
            *(
                "pair",
                "poll",
                "program_cancel",
                "program_edit",
                "program_forward",
                "program_pin",
                "program_send",
                "release",
                "remove_rule",
                "retry",
            ),
            *("program_send_now", "forward", "pin", "unpin", "react"),
            *("remove_bridge", "retry_all", "route", "send_now", "set_bridge", "set_rule"),
            *("acknowledge", "all_clear", "cancel_route", "remove_route", "set_route", "snooze_route"),
        ),
        Does.WRITES,
    ),
    **dict.fromkeys(("add", "change", "check", "remove", "start", "try_out"), Does.CONNECTS),
    **dict.fromkeys(("backup", "send", "start_route"), Does.FILES),
}
SOCKET: Final = {("GET", "/"), ("POST", "/"), ("GET", "/events")}
"""What the socket serves: whether it lives, one operation, and the events. Who can open it, may do all of it."""


@pytest.fixture
async def filled(bach: Bach, platform: FakePlatform, clock: FakeClock) -> Bach:
    """A dead letter, a message that waits, and what nobody could read."""
    platform.outcomes.append(Dead(fault=Fault(code="refused", text="no")))
    await bach.registry.add(Connection(name="home", type="fake", allowed=frozenset({"42"})))
    await clock.settle()
    await bach.send("home", "ada", "dead")
    await clock.settle()
    await bach.stop("home")
    await bach.send("home", "ada", "waits")
    await clock.settle()
    return bach


@pytest.fixture
async def url(filled: Bach) -> AsyncIterator[str]:
    """Where the interface of that BACH is."""
    server = TestServer(make_application(filled, token=TOKEN))
    await server.start_server()
    yield f"http://127.0.0.1:{server.port}"
    await server.close()


@pytest.fixture
async def served(filled: Bach, tmp_path: Path) -> AsyncIterator[ControlServer]:
    """The socket of that BACH, at `sock`."""
    pytest_socket.socket_allow_hosts(["127.0.0.1"], allow_unix_socket=True)
    server = ControlServer(filled, tmp_path / "sock")
    await server.start()
    yield server
    await server.stop()


def addresses(application: web.Application) -> set[tuple[str, str]]:
    """All that an application answers; who asks with HEAD asks what GET does."""
    return {
        (route.method, route.resource.canonical if route.resource else "")
        for route in application.router.routes()
        if route.method != "HEAD"
    }


def asked(path: str) -> str:
    """An address with something in its places."""
    return path.replace("{id}", "1").replace("{connection}", "home")


async def status(session: ClientSession, method: str, url: str, headers: Mapping[str, str]) -> int:
    """How a request is answered; the stream of events has no end."""
    data = b"{}" if method in {"POST", "PUT"} else None
    told = {"Content-Type": "application/json"} if data else {}
    async with session.request(method, url, data=data, headers={**told, **headers}) as response:
        return response.status


def test_every_address_is_judged(bach: Bach) -> None:
    """A new one would be open to whoever nobody thought of, or closed to whoever needs it."""
    assert addresses(make_application(bach, token=TOKEN)) == ADDRESSES.keys()


@pytest.mark.parametrize("shown", SHOWN)
async def test_addresses_are_for_those_who_may(filled: Bach, url: str, shown: str) -> None:
    """Every account of the machine could read what everybody wrote, and send in the home's name."""
    is_token, headers = SHOWN[shown]
    wrong = []
    async with ClientSession() as session:
        for (method, path), who in ADDRESSES.items():
            for asking in (method, "HEAD") if method == "GET" else (method,):
                before = await rows_written(filled)
                found = await status(session, asking, f"{url}{asked(path)}", headers)
                expected = {For.EVERYBODY: found == 200, For.SENDERS: found == 403}
                if who is For.TOKEN:
                    expected[who] = (found not in {401, 403, 421, 500}) if is_token else found == 401
                may_write = who is For.TOKEN and is_token
                if not expected[who] or (not may_write and await rows_written(filled) != before):
                    wrong.append((asking, path, found))
    assert not wrong


@pytest.mark.parametrize("shown", SHOWN)
async def test_a_page_in_a_browser_reaches_nothing_by_a_name_of_its_own(url: str, shown: str) -> None:
    """Whoever opens a web page could have the home's messages sent away, with a token that the browser keeps."""
    _, headers = SHOWN[shown]
    async with ClientSession() as session:
        for method, path in ADDRESSES:
            assert await status(session, method, f"{url}{asked(path)}", {**headers, "Host": "evil.example"}) == 421, (
                path
            )


async def test_no_answer_stays_on_the_way(url: str) -> None:
    """A browser or a proxy would keep what somebody wrote, or take an answer for a script."""
    async with ClientSession() as session, session.get(f"{url}/health") as response:
        told = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Server": "BACH"}
        assert told.items() <= dict(response.headers).items()


@pytest.mark.parametrize(
    "hole",
    holes(*(f"bach_lib.rest.access:{name}" for name in ("only_hosts", "only_bearers", "_shown", "harden"))),
    ids=str,
)
async def test_each_check_is_missed(filled: Bach, hole: Hole | None) -> None:
    """Whoever takes one out would see all tests pass, and every account of the machine would get in."""

    async def look() -> None:
        server = TestServer(make_application(filled, token=TOKEN))
        await server.start_server()
        url = f"http://127.0.0.1:{server.port}"
        try:
            for shown in SHOWN:
                await test_addresses_are_for_those_who_may(filled, url, shown)
            await test_a_page_in_a_browser_reaches_nothing_by_a_name_of_its_own(url, "the token")
            await test_no_answer_stays_on_the_way(url)
        finally:
            await server.close()

    assert await is_missed(hole, look) == (hole is not None)


async def test_an_address_that_nobody_has_judged_is_closed(bach: Bach) -> None:
    """Whoever adds one, and forgets to say for whom, would open it to everybody."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text="told")

    application = make_application(bach, token=TOKEN)
    application.router.add_get("/new", answer)
    assert addresses(application) - ADDRESSES.keys() == {("GET", "/new")}
    server = TestServer(application)
    await server.start_server()
    async with ClientSession() as session:
        found = [await status(session, "GET", f"http://127.0.0.1:{server.port}/new", one) for _, one in SHOWN.values()]
    await server.close()
    assert found == [200 if is_token else 401 for is_token, _ in SHOWN.values()]


async def test_only_metrics_are_opened_for_those_who_collect_them(filled: Bach) -> None:
    """The option that spares a collector the token would open messages, too."""
    server = TestServer(make_application(filled, token=TOKEN, metrics_for_all=True))
    await server.start_server()
    async with ClientSession() as session:
        for (method, path), who in ADDRESSES.items():
            found = await status(session, method, f"http://127.0.0.1:{server.port}{asked(path)}", {})
            assert (found == 401) == (who is For.TOKEN and path != "/metrics"), path
    await server.close()


def test_every_operation_is_judged() -> None:
    """A new one could do more than whoever may open the socket expects, and nobody would have looked."""
    assert OPERATIONS_DO.keys() == OPERATIONS.keys()
    by_path = {name for name, one in OPERATIONS.items() if {"path", "paths"} & inspect.signature(one).parameters.keys()}
    assert by_path == {name for name, does in OPERATIONS_DO.items() if does is Does.FILES}


async def test_the_socket_serves_nothing_else(served: ControlServer) -> None:
    """What is added beside the operations would be asked of nobody."""
    application = served._runner.app
    assert addresses(application) == SOCKET


@pytest.mark.parametrize("operation", [name for name, does in OPERATIONS_DO.items() if does is Does.READS])
async def test_what_only_reads_changes_nothing(
    filled: Bach, served: ControlServer, tmp_path: Path, operation: str
) -> None:
    """A person who only looks would send something, or take it out of the inbox."""
    before = await rows_written(filled)
    async with DaemonClient(tmp_path / "sock") as link:
        with suppress(SentenceError):  # there is nothing with that number: also an answer
            await link.ask(operation, GOOD.get(operation, {}))
    assert await rows_written(filled) == before


async def test_the_socket_of_another_account_hears_no_operation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever may write into the folder could wait there, and be told messages and references to secrets."""
    pytest_socket.socket_allow_hosts([], allow_unix_socket=True)
    path = tmp_path / "bach.db.sock"
    with socket.socket(socket.AF_UNIX) as theirs:
        theirs.bind(str(path))
        theirs.listen()
        theirs.setblocking(False)
        monkeypatch.setattr(os, "geteuid", lambda: 4711)
        for operation in OPERATIONS:
            with pytest.raises(SentenceError, match="belongs to somebody else"):
                async with DaemonClient(path) as link:
                    await link.ask(operation, GOOD.get(operation, {}))
        with pytest.raises(BlockingIOError):
            theirs.accept()


@pytest.fixture
def shared_folder() -> Iterator[Path]:
    """A folder into which every account of the machine may look."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only root can act as another account")
async def test_another_account_cannot_open_ours(filled: Bach, shared_folder: Path) -> None:
    """Every account of the machine could add connections, and read what everybody wrote."""
    pytest_socket.socket_allow_hosts(["127.0.0.1"], allow_unix_socket=True)
    server = ControlServer(filled, shared_folder / "sock")
    await server.start()
    try:
        assert stat.S_IMODE((shared_folder / "sock").stat().st_mode) == 0o600
        assert await knocking_as_nobody(shared_folder / "sock") == "PermissionError"
        (shared_folder / "sock").chmod(0o666)  # else nobody could get there at all, and the line above says nothing
        assert await knocking_as_nobody(shared_folder / "sock") == "in"
    finally:
        await server.stop()


_KNOCK: Final = """
import os, socket, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534)
try:
    socket.socket(socket.AF_UNIX).connect(sys.argv[1])
    print("in")
except OSError as error:
    print(type(error).__name__)
"""


async def knocking_as_nobody(path: Path) -> str:
    """What becomes of a connection that the account *nobody* opens."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _KNOCK, str(path), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    return said.decode().strip()
