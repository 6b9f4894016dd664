"""Connections through proxies that stand on this machine: SOCKS and HTTP, with a password, in trouble, and gone."""

import asyncio
import socket
import ssl
import subprocess
import sys
import traceback
from collections.abc import AsyncIterator, Callable, Mapping
from typing import NoReturn

import pytest
import trustme
from aiohttp import ClientSession, ClientTimeout, web
from aiohttp.test_utils import TestServer, unused_port

from bach_lib import Bach, Category, Connection, ConnectionState, Direction, Fault, check_connection
from bach_lib.connectors import network_way
from bach_lib.connectors.base import Setup
from bach_lib.connectors.network import BROKEN, broken
from bach_lib.connectors.network_way import opened_network, plain_session, pool_through, prepare_way
from bach_lib.connectors.observations import Observation
from bach_lib.connectors.proxy import Proxy, apart, is_same_place, proxy_of
from bach_lib.connectors.proxy_failures import ProxyFailedError
from bach_lib.errors import InvalidValueError, MissingLibraryError, UnusableLibraryError
from bach_lib.models import HopName
from bach_lib.said import Sentence
from bach_lib.testing import FakePlatform, NtfyServer, fake_connector
from tests.proxies import HOST, LOGIN, PASSWORD, USER, ProxyServer, Trouble, listening, proxy_server

SOCKS = ("socks4", "socks4a", "socks5", "socks5h")
SECRETS = {"proxy_user": USER, "proxy_password": PASSWORD}


@pytest.fixture
async def server() -> AsyncIterator[TestServer]:
    """A platform that is well."""

    async def well(request: web.Request) -> web.Response:
        return web.Response(text=request.headers.get("Proxy-Authorization", "well"))

    app = web.Application()
    app.router.add_get("/", well)
    server = TestServer(app)
    async with server:
        yield server


def told(address: str, secrets: dict[str, str] | None = None) -> Proxy:
    """The proxy as a connection gets it."""
    proxy = proxy_of({"proxy": address}, SECRETS if secrets is None else secrets)
    assert proxy
    return proxy


async def got(address: str, url: str, secrets: dict[str, str] | None = None) -> str:
    """What the platform answers through it."""
    async with plain_session(proxy=told(address, secrets)) as session, session.get(url) as response:
        return await response.text()


def session_through(proxy: ProxyServer) -> ClientSession:
    """One of a connection that is told this proxy."""
    return plain_session(proxy=told(f"socks5h://{proxy.place}"))


async def failed(address: str, url: str, secrets: dict[str, str] | None = None) -> tuple[str, str]:
    """What is told of a call that comes to nothing: its code, and the key of the sentence. Never what is secret."""
    with pytest.raises(BROKEN) as caught:
        await got(address, url, secrets)
    assert PASSWORD not in "".join(traceback.format_exception(caught.value))
    failure = broken(caught.value, "the-platform", written=isinstance(caught.value, ProxyFailedError))
    assert failure.seen is Observation.NOTHING_WRITTEN
    assert PASSWORD not in failure.fault.text
    assert isinstance(failure.fault.text, Sentence)
    return failure.fault.code, failure.fault.text.key


@pytest.mark.parametrize("login", [None, LOGIN])
@pytest.mark.parametrize("scheme", [*SOCKS, "http"])
async def test_it_goes_through(server: TestServer, scheme: str, login: str | None) -> None:
    """A home whose only way out is a proxy would send nothing; or the platform be shown what is the proxy's."""
    async with proxy_server(login=login) as proxy:
        secrets = SECRETS if login else {}
        assert await got(f"{scheme}://{proxy.place}", str(server.make_url("/")), secrets) == "well"
        assert [one.port for one in proxy.asked] == [server.port]
        assert bool(proxy.logins) is bool(login) or scheme.startswith("socks4")


@pytest.mark.parametrize(("scheme", "host"), [("socks5h", "bell.test"), ("socks4a", "bell.test"), ("socks5", HOST)])
async def test_who_looks_up_a_name(server: TestServer, scheme: str, host: str) -> None:
    """The network at home would hear whom somebody writes to, or a poisoned answer lead elsewhere."""
    async with proxy_server() as proxy:
        name = host if scheme != "socks5" else "localhost"
        await got(f"{scheme}://{proxy.place}", f"http://{name}:{server.port}", {})
        assert [one.host for one in proxy.asked] == [host]


@pytest.fixture
def no_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows any name."""

    def unknown(host: str, *_: object, **__: object) -> NoReturn:
        raise socket.gaierror(socket.EAI_NONAME, f"{host} is unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)


@pytest.mark.usefixtures("no_names")
async def test_a_name_that_is_looked_up_here_and_unknown() -> None:
    """People would look at the proxy, which was never asked."""
    async with proxy_server() as proxy:
        assert await failed(f"socks5://{proxy.place}", "http://bell.invalid") == ("dns", "no_connection_to_hop_reason")


@pytest.mark.parametrize("scheme", ["socks5h", "http"])
async def test_tls_is_with_the_platform(scheme: str) -> None:
    """A proxy could read along, or no certificate be right."""
    authority, context = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("bell.test").configure_cert(context)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    server = TestServer(web.Application())
    await server.start_server(ssl=context)
    async with proxy_server(login=LOGIN) as proxy:
        way, url = told(f"{scheme}://{proxy.place}"), f"https://bell.test:{server.port}"
        session = ClientSession(connector=pool_through(way, ssl=trusting), proxy=way.for_session)
        async with session, session.get(url) as response:
            assert response.status == 404
        assert await failed(f"{scheme}://{proxy.place}", url) == ("tls", "no_connection_to_hop_reason")
    await server.close()


TROUBLES = [
    (Trouble.REFUSES, "socks5h", "unreachable", "the_proxy_lets_nobody_through_to_host"),
    (Trouble.DOES_NOT_REACH, "socks5h", "unreachable", "the_proxy_does_not_reach_host"),
    (Trouble.HANGS_UP, "socks5h", "unreachable", "what_answers_is_no_such_proxy"),
    (Trouble.HANGS_UP_LATER, "socks5h", "unreachable", "what_answers_is_no_such_proxy"),
    (Trouble.SPEAKS_ELSE, "socks5h", "unreachable", "what_answers_is_no_such_proxy"),
    (Trouble.REFUSES, "socks4a", "proxy_login", "the_proxy_does_not_take_this_user_and_password"),
    (Trouble.DOES_NOT_REACH, "socks4a", "unreachable", "the_proxy_does_not_reach_host"),
    (Trouble.REFUSES, "http", "unreachable", "the_proxy_lets_nobody_through_to_host"),
    (Trouble.DOES_NOT_REACH, "http", "unreachable", "the_proxy_does_not_reach_host"),
]


@pytest.mark.parametrize(("trouble", "scheme", "code", "key"), TROUBLES)
async def test_what_is_wrong_with_it_is_told(trouble: Trouble, scheme: str, code: str, key: str) -> None:
    """People would look at the platform where their own proxy is the trouble."""
    async with proxy_server(trouble=trouble) as proxy:
        assert await failed(f"{scheme}://{proxy.place}", "https://bell.test") == (code, key)


@pytest.mark.parametrize("target", ["http", "https"])
@pytest.mark.parametrize("scheme", ["socks5h", "http"])
async def test_a_password_that_is_wrong_or_lacks(scheme: str, target: str) -> None:
    """It would read as if the platform refused a token, which is right."""
    async with proxy_server(login="bob:builder") as proxy:
        url = f"{target}://bell.test"
        wrong, lacks = "the_proxy_does_not_take_this_user_and_password", "the_proxy_wants_a_user_and_a_password"
        assert await failed(f"{scheme}://{proxy.place}", url) == ("proxy_login", wrong)
        assert await failed(f"{scheme}://{proxy.place}", url, {}) == ("proxy_login", lacks)
        assert proxy.asked == []


async def test_it_is_not_there() -> None:
    """A proxy that is switched off would be taken for a platform that is away."""
    address = f"socks5://127.0.0.1:{unused_port()}"
    assert await failed(address, "http://bell.test") == ("refused", "no_connection_to_hop_reason")


@pytest.mark.usefixtures("no_names")
async def test_nobody_knows_its_name() -> None:
    """A proxy that is misspelt would be taken for a platform that is away."""
    assert await failed("socks5h://proxy:1080", "http://bell.test") == ("dns", "no_connection_to_hop_reason")


async def test_one_that_hangs_holds_nobody_for_ever() -> None:
    """An alarm would wait for a proxy that never answers."""
    patiences = ClientTimeout(total=0.1), ClientTimeout(sock_connect=0.1)
    async with proxy_server(trouble=Trouble.HANGS) as proxy, session_through(proxy) as one:
        for patience in patiences:
            with pytest.raises(TimeoutError):
                await one.get("http://bell.test", timeout=patience)


async def test_who_hangs_up_in_tls() -> None:
    """The proxy would be blamed for what the platform does."""

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with proxy_server() as proxy, listening(hang_up) as port:
        code, key = await failed(f"socks5h://{proxy.place}", f"https://bell.test:{port}", {})
        assert (code, key) != ("unreachable", "what_answers_is_no_such_proxy")


async def test_without_the_package_one_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever installed the library alone would read a traceback."""
    monkeypatch.delitem(sys.modules, "bach_lib.connectors.socks", raising=False)
    monkeypatch.setitem(sys.modules, "aiohttp_socks", None)
    with pytest.raises(MissingLibraryError) as caught:
        await prepare_way({"proxy": "socks5://127.0.0.1:1"})
    assert str(caught.value) == 'The type "SOCKS proxy" needs the package aiohttp-socks. Install bach-lib[socks].'
    await prepare_way({"proxy": "http://127.0.0.1:1"})  # which needs none


async def test_a_package_that_does_not_fit_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """People would search for what is wrong with their proxy."""

    def breaks(name: str) -> None:
        raise AttributeError(name)

    monkeypatch.setattr(network_way, "import_module", breaks)
    with pytest.raises(UnusableLibraryError) as caught:
        await prepare_way({"proxy": "socks5://127.0.0.1:1"})
    assert "aiohttp-socks" in str(caught.value)


def test_nothing_secret_is_printed() -> None:
    """A password would stand in a log as soon as somebody logs what goes wrong."""
    proxy = told("socks5://proxy")
    assert repr(proxy) == "Proxy(address=URL('socks5://proxy:1080'))"
    assert PASSWORD not in f"{proxy} {proxy.place}"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("socks5://ada:hunter2@proxy:1080", ("socks5://proxy:1080", "ada", "hunter2")),
        (" SOCKS5H://proxy:1080/ ", ("socks5h://proxy:1080", None, None)),
        ("http://ada:hunter2%3A%40%2F%25@proxy:3128", ("http://proxy:3128", USER, PASSWORD)),
        ("http://ada:p@ss:w/rd@proxy:3128", ("http://proxy:3128", "ada", "p@ss:w/rd")),
        ("socks5://ada@[::1]:1080", ("socks5://[::1]:1080", "ada", None)),
        ("socks5://@proxy", ("socks5://proxy", None, None)),
        ("proxy", ("proxy", None, None)),
    ],
)
def test_what_a_provider_gives_is_taken_apart(typed: str, expected: tuple[str, str | None, str | None]) -> None:
    """People would have to know which part goes where, or the password be stored in the clear."""
    assert apart(typed) == expected


@pytest.mark.parametrize(
    ("other", "is_same"),
    [("socks5h://proxy:1080", True), ("socks5://proxy:1081", False), ("http://other:1080", False), ("", False)],
)
def test_a_password_is_for_one_proxy(other: str, is_same: bool) -> None:
    """Whoever tries another proxy would hand it the password of the first."""
    assert is_same_place("socks5://proxy:1080", other) is is_same


@pytest.mark.parametrize(
    "secrets",
    [{"proxy_user": "ada:b"}, {"proxy_user": "Ädä"}, {"proxy_user": "ada", "proxy_password": "x" * 256}],
)
async def test_what_no_proxy_can_be_shown(secrets: dict[str, str], make: Callable[[], ClientSession]) -> None:
    """It would end in an error from inside, with the password in it."""
    with pytest.raises(InvalidValueError) as caught:
        await opened_network({"proxy": "socks5://proxy"}, secrets, make())
    assert not set(secrets.values()) & set(caught.value.placeholders.values())


@pytest.fixture
async def make() -> AsyncIterator[Callable[[], ClientSession]]:
    """Makes the session of all."""
    async with ClientSession() as session:
        yield lambda: session


@pytest.mark.parametrize("category", [Category.CONNECTOR, Category.API])
async def test_a_connection_at_work_is_told_another_proxy(category: Category) -> None:
    """A changed password would count after a restart only, or the bot be blamed for a proxy that refuses."""
    known = {"user": "ada", "old": "hunter1", "new": "hunter2"}
    async with proxy_server(login="ada:hunter2") as proxy, NtfyServer() as ntfy:
        row = Connection(
            name="bell",
            type="ntfy" if category is Category.CONNECTOR else "http",
            category=category,
            endpoint=ntfy.url.replace(HOST, "bell.test") + ("/v1/health" if category is Category.API else ""),
            auth_config={"proxy_user": "test:user", "proxy_password": "test:old"},
            settings={"proxy": f"socks5h://{proxy.place}"},
        )
        async with Bach(":memory:", secrets={"test": known.get}) as bach:
            await bach.registry.add(row)
            refused = await bach.check("bell")
            assert isinstance(refused, Fault)
            assert refused.code == "proxy_login"
            assert bach.health("bell", Direction.SENDING).state is ConnectionState.DISCONNECTED
            hops = await bach.hops("bell", refused)
            assert [(hop.name, hop.fault and hop.fault.code) for hop in hops[-1:]] == [(HopName.PROXY, "proxy_login")]
            await bach.registry.update("bell", auth_config={**row.auth_config, "proxy_password": "test:new"})
            answer = await bach.check("bell")
            assert not isinstance(answer, Fault)
            hops = await bach.hops("bell", answer)
            assert [hop.name for hop in hops[:3]] == [HopName.TCP, HopName.PROXY, HopName.HTTP]
            with pytest.raises(InvalidValueError) as caught:
                await bach.registry.update("bell", auth_config={"proxy_password": "test:new"})
            assert "proxy_user" in str(caught.value)
            assert "hunter" not in repr(bach.registry.get("bell"))


async def test_a_connection_that_lacks_the_package_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would look like a token that is refused, and somebody make a new one."""
    monkeypatch.delitem(sys.modules, "bach_lib.connectors.socks", raising=False)
    monkeypatch.setitem(sys.modules, "aiohttp_socks", None)
    row = Connection(name="bell", type="ntfy", settings={"proxy": "socks5h://proxy"})
    async with Bach(":memory:") as bach:
        await bach.registry.add(row)
        fault = await bach.check("bell")
        assert isinstance(fault, Fault)
        assert fault.code == "missing_library"
        assert await bach.hops("bell", fault) == []


def test_nobody_else_imports_it() -> None:
    """Every home would need a package that few do."""
    words = "import sys, bach_lib.connectors.network_way, bach_lib.bach; print('python_socks' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", words], capture_output=True, check=True, text=True)
    assert found.stdout.strip() == "False"


async def test_no_connector_gets_what_is_the_proxys(platform: FakePlatform) -> None:
    """A connector that shows all it is given, as of a header each, would show the platform the proxy's password."""
    seen = list[Mapping[str, str]]()
    kind = fake_connector(platform)

    class Curious(kind):  # type: ignore[misc,valid-type]  # made by a function
        """Looks at what it is given."""

        def __init__(self, setup: Setup) -> None:
            seen.append(setup.secrets)
            super().__init__(setup)

    secrets = {"user": USER, "password": PASSWORD, "own": "sesame"}
    row = Connection(
        name="home",
        type="fake",
        auth_config={"proxy_user": "test:user", "proxy_password": "test:password", "own": "test:own"},
        settings={"proxy": "http://127.0.0.1:9"},
    )
    async with Bach(":memory:", connectors={"fake": Curious}, secrets={"test": secrets.get}) as bach:
        await bach.registry.add(row)
        await bach.check("home")
    async with ClientSession() as session:
        known = {"test": secrets.get}
        await check_connection(row, session=session, connectors={"fake": Curious}, secrets=known)
    assert seen == [{"own": "sesame"}, {"own": "sesame"}]
