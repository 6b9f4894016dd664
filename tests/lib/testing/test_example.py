"""What the doubles' own page promises is run as it stands there, with a real file behind it."""

import asyncio
import re
import textwrap
import threading
from ast import PyCF_ALLOW_TOP_LEVEL_AWAIT
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from importlib import import_module
from pathlib import Path
from types import FunctionType
from urllib.parse import quote

import pytest
from aiohttp import ClientSession

import bach_lib.testing
from bach_lib import Bach, Connection, Fault
from bach_lib.storage import Transaction
from bach_lib.storage.database import Database
from bach_lib.testing import FakeClock, FakeConnector, FakePlatform, PartnerServer, discord_server, fake_connector
from bach_lib.testing import clock as fake_clock
from bach_lib.testing.signal.server import NUMBER, PERSON

RUNS = 10
"""What was once false half of the time is not true by chance so often."""


EXAMPLES = re.findall(r"```python\n(.*?)```", bach_lib.testing.__doc__ or "", re.DOTALL)


@pytest.mark.parametrize("program", EXAMPLES)
@pytest.mark.parametrize("_", range(RUNS))
async def test_the_examples_of_the_doubles_are_true(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _: int, program: str
) -> None:
    """Whoever copies the first program they see would take BACH for broken."""
    monkeypatch.chdir(tmp_path)
    wrapped = f"async def program():\n{textwrap.indent(program, '    ')}"
    for _again in range(2):  # on the file that the first run left
        names: dict[str, object] = {}
        exec(wrapped, names)
        await names["program"]()  # type: ignore[operator] # made in the line before
    assert (tmp_path / "bach.db").exists() == ("bach.db" in program)


async def telegram(http: ClientSession, url: str) -> None:
    """Sends, is told to wait, and sends again."""
    for _ in range(2):
        await (
            await http.post(f"{url}/bot123456:ABC-test-token/sendMessage", json={"chat_id": 42, "text": "Hi"})
        ).read()


async def discord(http: ClientSession, url: str, channel: discord_server.Channel) -> None:
    """Sends, is told to wait, and sends again."""
    for _ in range(2):
        where, headers = f"{url}/channels/{channel.id}/messages", {"Authorization": "Bot a.bot.token"}
        await (await http.post(where, json={"content": "Hi"}, headers=headers)).read()


async def signal(http: ClientSession, url: str) -> object:
    """Listens as long as what comes back is kept, and sends."""
    listening = await http.ws_connect(f"{url}/v1/receive/{quote(NUMBER)}")
    body = {"number": NUMBER, "recipients": [PERSON], "message": "Hi"}
    assert (await http.post(f"{url}/v2/send", json=body)).status == HTTPStatus.CREATED
    return listening


async def ntfy(http: ClientSession, url: str) -> None:
    """Publishes."""
    assert (await http.post(url, json={"topic": "our_doorbell", "message": "Ring"})).status == HTTPStatus.OK


async def nobody(_http: ClientSession, _url: str) -> None:
    """Nothing has to come."""


CLIENTS: Mapping[str, tuple[Callable[..., Awaitable[object]], str]] = {
    "contract/__init__.py": (nobody, "http, ''"),
    "discord_server.py": (discord, "http, server.url, channel"),
    "homeassistant/server.py": (nobody, "http, server.url"),
    "ntfy/server.py": (ntfy, "http, server.url"),
    "signal/server.py": (signal, "http, server.url"),
    "telegram_server.py": (telegram, "http, server.url"),
}
"""Who plays the client for which the example of a module has three dots, and what it is given."""


def test_every_docstring_with_an_example_is_known() -> None:
    """An example that nobody runs is false one day."""
    library = Path(bach_lib.__file__).parent
    found = {str(path.relative_to(library)) for path in library.rglob("*.py") if "```python" in path.read_text("utf-8")}
    assert found == {"testing/__init__.py", *(f"testing/{name}" for name in CLIENTS)}


@pytest.mark.parametrize("name", CLIENTS)
async def test_the_example_of_each_double_is_true(name: str) -> None:
    """Whoever copies it would get an error from the double instead of a platform."""
    client, given = CLIENTS[name]
    module = import_module("bach_lib.testing." + name.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
    [example] = re.findall(r"```python\n(.*?)```", module.__doc__ or "", re.DOTALL)
    program = re.sub(r"^    \.\.\.(?=  # a client)", f"    kept = await client({given})", example, flags=re.MULTILINE)
    async with ClientSession() as http:
        own = {"PigeonServer": PartnerServer, "PigeonConnector": FakeConnector}
        names = {**vars(module), **own, "client": client, "http": http}
        running = FunctionType(compile(program, name, "exec", flags=PyCF_ALLOW_TOP_LEVEL_AWAIT), names)()
        if running is not None:  # it awaits something
            await running


async def test_an_outage_of_a_day_is_over_when_the_clock_says_so(tmp_path: Path) -> None:
    """A test with a file would look while the disk is still writing, and see another state each time."""
    platform, clock = FakePlatform(), FakeClock()
    async with Bach(tmp_path / "bach.db", clock=clock, connectors={"fake": fake_connector(platform)}) as bach:
        await bach.registry.add(Connection(name="home", type="fake"))
        platform.fault = Fault(code="refused", text="away")
        receipt = await bach.send("home", "ada", "Hello")
        await clock.advance(3600)
        platform.fault = None
        await clock.advance(60)
        assert (await bach.get(receipt.id)).status == "sent"


@pytest.mark.parametrize("_", range(RUNS))
async def test_what_comes_in_is_there_when_the_clock_has_moved(tmp_path: Path, _: int) -> None:
    """A received message would be in the inbox sometimes."""
    platform, clock = FakePlatform(), FakeClock()
    connectors = {"fake": fake_connector(platform, receives=True)}
    async with Bach(tmp_path / "bach.db", clock=clock, connectors=connectors) as bach:
        await bach.registry.add(Connection(name="home", type="fake", allowed=frozenset({"42"})))
        platform.write("hi", remote_id="1", cursor="1")
        await clock.advance(1)
        assert [message.text for message in await bach.inbox()] == ["hi"]


async def test_a_thread_that_hangs_does_not_hold_up_the_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test of a disk that does not answer would never end."""
    monkeypatch.setattr(fake_clock, "_PATIENCE", 0.05)
    store, clock, free = Database(tmp_path / "bach.db"), FakeClock(), threading.Event()

    def hang(_: Transaction) -> None:
        free.wait(30)

    await store.open()
    stuck = store.submit(hang, writes=False)
    await clock.advance(1)
    assert not stuck.done()
    free.set()
    async with asyncio.timeout(60):
        await stuck
    await store.close()
