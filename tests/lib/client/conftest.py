"""A database with an owner, a connection "home" whose platform does as it is told, and all ways to reach it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_socket
from aiohttp.test_utils import TestServer

from bach_lib import AnyBach, Bach, Connection, connect, share
from bach_lib.rest import make_application
from bach_lib.testing import FakePlatform, fake_connector

TOKEN = "a-token-that-nobody-guesses"

type Way = Callable[[Bach], AbstractAsyncContextManager[AnyBach]]


@pytest.fixture(autouse=True)
def sockets_in_the_file_system(loopback: None) -> None:
    """Allow the socket beside the file as well."""
    pytest_socket.socket_allow_hosts(["127.0.0.1"], allow_unix_socket=True)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where the owner keeps everything."""
    return tmp_path / "bach.db"


@pytest.fixture
async def owner(database: Path, platform: FakePlatform) -> AsyncIterator[Bach]:
    """Who has the file open, and shares it."""
    home = Connection(name="home", type="fake", allowed=frozenset({"42"}))
    connector = fake_connector(platform, receives=True)
    connector.capabilities = replace(connector.capabilities, file_bytes=50_000_000)
    opened = Bach(database, connectors={"fake": connector}, connections=[home], grace=0)
    async with opened as bach, share(bach):
        yield bach


@asynccontextmanager
async def itself(owner: Bach) -> AsyncIterator[AnyBach]:
    """The owner's own calls."""
    yield owner


@asynccontextmanager
async def beside(owner: Bach) -> AsyncIterator[AnyBach]:
    """Through the socket beside the file."""
    assert owner.path
    async with connect(owner.path) as bach:
        assert not isinstance(bach, Bach)
        yield bach


@asynccontextmanager
async def serving(owner: Bach) -> AsyncIterator[str]:
    """The address of its REST interface."""
    server = TestServer(make_application(owner, token=TOKEN))
    await server.start_server()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        await server.close()


@pytest.fixture
async def address(owner: Bach) -> AsyncIterator[str]:
    """The same, for a test."""
    async with serving(owner) as address:
        yield address


@asynccontextmanager
async def over_rest(owner: Bach) -> AsyncIterator[AnyBach]:
    """Through the REST interface."""
    async with serving(owner) as address, connect(address, token=TOKEN) as bach:
        yield bach


WAYS: dict[str, Way] = {"itself": itself, "beside": beside, "over REST": over_rest}
