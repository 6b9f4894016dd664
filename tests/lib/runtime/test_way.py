"""The way to a server, walked on real sockets: where it ends, and what each hop took."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import NoReturn

import pytest
import trustme
from aiohttp import ClientSession, ClientTimeout, TCPConnector, web
from aiohttp.test_utils import TestServer, unused_port
from yarl import URL

from bach_lib import Bach, Category, Connection
from bach_lib.connectors.network_way import plain_session
from bach_lib.connectors.proxy import Proxy
from bach_lib.models import Fault, Hop, HopName, Identity
from bach_lib.runtime import way
from bach_lib.runtime.way import walk
from bach_lib.runtime.ways import with_answer
from tests.proxies import LOGIN, PASSWORD, USER, Trouble, listening, proxy_server


@pytest.fixture
def authority() -> trustme.CA:
    """Whose certificates only those trust who are told to."""
    return trustme.CA()


@pytest.fixture
async def server() -> AsyncIterator[TestServer]:
    """One that speaks HTTP, and knows nothing."""
    server = TestServer(web.Application())
    async with server:
        yield server


async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes all and says nothing."""
    while await reader.read(1000):
        pass
    writer.close()


async def walked(url: str | URL, proxy: Proxy | None = None) -> list[tuple[HopName, str | None]]:
    """The hops with the code of what is wrong."""
    found = await walk(URL(url), partial(plain_session, proxy=proxy), proxy=proxy)
    assert all(hop.seconds is None or 0 <= hop.seconds < 60 for hop in found)
    return [(hop.name, hop.fault.code if hop.fault else None) for hop in found]


async def test_each_hop_of_a_good_way_has_its_time(server: TestServer) -> None:
    """Whoever waits for seconds would not know for what."""
    hops = await walk(URL(f"http://localhost:{server.port}/secret/path"), plain_session)
    assert [hop.name for hop in hops] == [HopName.DNS, HopName.TCP, HopName.HTTP]
    assert all(hop.seconds is not None and hop.fault is None for hop in hops)


async def test_an_address_needs_no_name(server: TestServer) -> None:
    """A way by number would be called good at a DNS server that nobody asked."""
    assert await walked(server.make_url("/")) == [(HopName.TCP, None), (HopName.HTTP, None)]


async def test_with_tls(authority: trustme.CA) -> None:
    """Whether the certificate or the server is the trouble would not be told apart."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    server = TestServer(web.Application())
    await server.start_server(ssl=context)
    try:
        url = URL(f"https://localhost:{server.port}")
        hops = await walk(url, lambda: ClientSession(connector=TCPConnector(ssl=trusting)))
        assert [hop.name for hop in hops] == [HopName.DNS, HopName.TCP, HopName.TLS, HopName.HTTP]
        assert all(hop.seconds is not None and hop.fault is None for hop in hops)
        assert (await walked(url))[-1] == (HopName.TLS, "tls")
    finally:
        await server.close()


async def test_nobody_listens() -> None:
    """People would look for a wrong token where no server runs."""
    [hop] = await walk(URL(f"http://127.0.0.1:{unused_port()}"), plain_session)
    assert (hop.name, hop.fault and hop.fault.code) == (HopName.TCP, "refused")
    assert hop.seconds is not None
    assert await walked(f"https://127.0.0.1:{unused_port()}") == [(HopName.TCP, "refused")]


async def test_a_name_that_nobody_has(monkeypatch: pytest.MonkeyPatch) -> None:
    """People would look for a firewall where a name is misspelt."""

    def unknown(*_: object, **__: object) -> NoReturn:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert await walked("https://no-such-host.invalid") == [(HopName.DNS, "dns")]
    proxy = Proxy(address=URL("socks5h://no-such-proxy.invalid:1080"))
    assert await walked("https://no-such-host.invalid", proxy) == [(HopName.DNS, "dns")]
    async with proxy_server() as there:
        looks_up_here = Proxy(address=URL(f"socks5://{there.place}"))
        assert await walked("https://no-such-host.invalid", looks_up_here) == [(HopName.DNS, "dns")]


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits ten seconds."""
    monkeypatch.setattr(way, "_PATIENCE", ClientTimeout(total=0.5))


@pytest.mark.usefixtures("hurry")
async def test_somebody_says_nothing() -> None:
    """A server that hangs would be taken for one that is not there."""
    async with listening(silence) as port:
        assert await walked(f"http://127.0.0.1:{port}") == [(HopName.TCP, None), (HopName.HTTP, "timeout")]
        assert await walked(f"https://127.0.0.1:{port}") == [(HopName.TCP, None), (HopName.TLS, "timeout")]


async def test_somebody_speaks_something_else() -> None:
    """A mail server behind the port would be a good way."""

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example.org ESMTP\r\n")
        await reader.read(1000)
        writer.close()

    async with listening(greet) as port:
        assert (await walked(f"http://127.0.0.1:{port}"))[-1][0] is HopName.HTTP
        assert (await walked(f"https://127.0.0.1:{port}"))[-1] == (HopName.TLS, "tls")


async def test_a_proxy_that_is_away_or_refuses() -> None:
    """People would look for the trouble at the platform, where their own proxy is it."""
    away = Proxy(address=URL(f"http://127.0.0.1:{unused_port()}"))
    assert await walked("https://api.example.org", away) == [(HopName.TCP, "unreachable")]

    async with proxy_server(trouble=Trouble.REFUSES) as proxy:
        found = await walked("https://api.example.org", Proxy(address=URL(f"http://{proxy.place}")))
        assert found == [(HopName.TCP, None), (HopName.PROXY, "unreachable")]


@pytest.mark.parametrize("scheme", ["http", "socks5", "socks5h"])
async def test_a_good_way_through_a_proxy(server: TestServer, scheme: str) -> None:
    """A way that works would have no proxy on it, or no times."""
    async with proxy_server(login=LOGIN) as proxy:
        way = Proxy(address=URL(f"{scheme}://localhost:{proxy.port}"), user=USER, password=PASSWORD)
        hops = await walk(server.make_url("/"), partial(plain_session, proxy=way), proxy=way)
        assert [hop.name for hop in hops] == [HopName.DNS, HopName.TCP, HopName.PROXY, HopName.HTTP]
        assert not any(hop.fault for hop in hops)
        assert all(hop.seconds is not None for hop in hops if scheme != "http" or hop.name is not HopName.PROXY)


@pytest.mark.usefixtures("hurry")
@pytest.mark.parametrize("scheme", ["http", "socks5h"])
@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        (None, "proxy_login"),
        (Trouble.REFUSES, "unreachable"),
        (Trouble.DOES_NOT_REACH, "unreachable"),
        (Trouble.HANGS, "timeout"),
    ],
)
async def test_the_way_ends_at_the_proxy(scheme: str, trouble: Trouble | None, code: str) -> None:
    """People would look for a wrong token, or at the platform, where their proxy does not let them through."""
    async with proxy_server(login=None if trouble else LOGIN, trouble=trouble) as proxy:
        way = Proxy(address=URL(f"{scheme}://{proxy.place}"), user=USER, password="wrong")
        hops = await walk(URL("https://bell.test"), partial(plain_session, proxy=way), proxy=way)
        assert [(hop.name, hop.fault and hop.fault.code) for hop in hops] == [
            (HopName.TCP, None),
            (HopName.PROXY, code),
        ]
        assert all(hop.seconds is not None for hop in hops)


async def test_behind_a_socks_proxy_it_goes_on_as_without(authority: trustme.CA) -> None:
    """A certificate that is wrong, a server that is silent or a name that nobody has would be the proxy's fault."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("bell.test").configure_cert(context)
    server = TestServer(web.Application())
    await server.start_server(ssl=context)
    async with proxy_server() as proxy, listening(_hang_up) as port:
        way = Proxy(address=URL(f"socks5h://{proxy.place}"))
        behind = [(HopName.TCP, None), (HopName.PROXY, None)]
        assert await walked(f"https://bell.test:{server.port}", way) == [*behind, (HopName.TLS, "tls")]
        assert await walked(f"http://bell.test:{port}", way) == [*behind, (HopName.HTTP, "unreachable")]
    away = Proxy(address=URL(f"socks5h://127.0.0.1:{unused_port()}"))
    assert await walked("http://bell.test", away) == [(HopName.TCP, "refused")]
    await server.close()


async def _hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(100)
    writer.close()


_REACHED = [HopName.DNS, HopName.TCP, HopName.HTTP]


async def test_a_program_whose_sessions_know_no_proxies(server: TestServer, tmp_path: Path) -> None:
    """Its check would end in an error from inside, though the connection is told no proxy."""
    row = Connection(name="wiki", type="http", category=Category.API, endpoint=str(server.make_url("/")))

    def new_session() -> ClientSession:
        return ClientSession()

    async with Bach(tmp_path / "bach.db", new_session=new_session) as bach:  # type: ignore[arg-type] # as it may be
        await bach.registry.add(row)
        assert [hop.name for hop in await bach.hops("wiki")][:2] == [HopName.TCP, HopName.HTTP]


GOOD = [Hop(name=HopName.DNS, seconds=0.1), Hop(name=HopName.TCP, seconds=0.2), Hop(name=HopName.HTTP, seconds=0.3)]


def fault(code: str) -> Fault:
    """What a check found."""
    return Fault(code=code, text="So it is.")


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("auth_failed", [*_REACHED, HopName.CREDENTIALS]),
        ("forbidden", [*_REACHED, HopName.CREDENTIALS, HopName.PERMISSION]),
        ("server_error", [*_REACHED]),
        ("timeout", [*_REACHED]),
        ("refused", _REACHED[:2]),
        ("a code of somebody else", [*_REACHED]),
    ],
)
def test_what_the_platform_says_ends_the_way(code: str, names: list[HopName]) -> None:
    """A way would be called good on which the platform refuses the token."""
    found = with_answer(GOOD, fault(code))
    assert [hop.name for hop in found] == names
    assert [hop.fault for hop in found] == [None] * (len(names) - 1) + [fault(code)]


def test_where_the_way_ends_the_platform_has_said_nothing() -> None:
    """The end of the way would be hidden by what the connection says of it: that something is unreachable."""
    ended = [GOOD[0], Hop(name=HopName.TCP, seconds=3.0, fault=fault("refused"))]
    assert with_answer(ended, fault("unreachable")) == ended


def test_what_is_off_goes_no_way() -> None:
    """People would look for a firewall where they have switched the connection off."""
    assert with_answer(GOOD, fault("disabled")) == []


def test_who_was_answered_has_gone_all_the_way() -> None:
    """A server that likes no HEAD would be called broken while all messages arrive."""
    ended = [*GOOD[:2], Hop(name=HopName.HTTP, fault=fault("timeout"))]
    found = with_answer(ended, Identity(id="1", name="Bot"))
    assert [hop.name for hop in found] == [*_REACHED, HopName.CREDENTIALS, HopName.PERMISSION]
    assert not any(hop.fault for hop in found)


def test_where_no_credentials_are_shown_none_are_good() -> None:
    """A token that nobody looked at would be called right."""
    found = with_answer(GOOD, Identity(id="1", name="Server", accepted=None))
    assert HopName.CREDENTIALS not in [hop.name for hop in found]
