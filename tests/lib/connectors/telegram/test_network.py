"""A bad network: what was certainly not sent, what perhaps was, and what the answer came from."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import orjson
import pytest
from aiohttp import ClientSession, TCPConnector
from aiohttp.web import BaseRequest, Response, Server, StreamResponse

from bach_lib.connectors.telegram import TelegramConnector, Timeouts
from bach_lib.connectors.telegram import http_request as request
from bach_lib.models import Fault as Reason
from bach_lib.models import File
from bach_lib.outcomes import Dead, Outcome, Retry, Scope, Sent, Uncertain, Wait
from bach_lib.testing.telegram.errors import ApiError
from bach_lib.testing.telegram_server import Fault, TelegramServer
from tests.contracts.names import NoNames
from tests.lib.connectors.telegram.conftest import HASTE, TOKEN, Connect, a_message


def retry_code(outcome: Outcome, *, written: bool = False) -> str:
    """The code of an outcome that says: the connection, not the message."""
    assert isinstance(outcome, Retry), outcome
    assert (outcome.scope, outcome.written) == (Scope.CONNECTION, written)
    return outcome.fault.code


def why_nobody_knows(outcome: Outcome) -> str:
    """The sentence of an outcome that says: it may have arrived."""
    assert isinstance(outcome, Uncertain), outcome
    assert outcome.fault.code == "uncertain"
    return outcome.fault.text


async def test_nothing_listens(connector: TelegramConnector, server: TelegramServer) -> None:
    """An outage would use up the message's attempts."""
    await server.pause()
    outcome = await connector.send(a_message())
    assert retry_code(outcome) == "refused"
    await server.resume()
    assert isinstance(await connector.send(a_message()), Sent)


async def test_no_name_service(connect: Connect) -> None:
    """No internet at boot would count against the message, and nobody would know which hop fails."""
    async with ClientSession(connector=TCPConnector(resolver=NoNames())) as session:
        outcome = await connect(session=session, endpoint="http://nowhere.invalid").send(a_message())
    assert retry_code(outcome) == "dns"
    assert isinstance(outcome, Retry)
    assert outcome.fault.text == "No connection to nowhere.invalid: the name cannot be resolved."


async def test_a_proxy_nobody_knows(connect: Connect, server: TelegramServer) -> None:
    """People would search at Telegram for what is wrong with their proxy."""
    async with ClientSession(connector=TCPConnector(resolver=NoNames()), proxy="http://proxy.invalid:3128") as session:
        outcome = await connect(session=session).send(a_message())
    assert retry_code(outcome) == "dns"
    assert "proxy.invalid" in repr(outcome)


async def test_a_dead_proxy(connect: Connect, server: TelegramServer) -> None:
    """People would search at Telegram for what is wrong with their proxy."""
    async with TelegramServer() as proxy, ClientSession(proxy=proxy.url) as session:
        await proxy.pause()
        outcome = await connect(session=session).send(a_message())
    assert retry_code(outcome) == "unreachable"
    assert "proxy" in repr(outcome)


async def test_no_tls(connect: Connect, server: TelegramServer) -> None:
    """A wrong certificate or protocol would look like a message problem."""
    outcome = await connect(endpoint=server.url.replace("http:", "https:")).send(a_message())
    assert retry_code(outcome) == "tls"


async def test_no_way_in_time(connect: Connect, silent_port: str) -> None:
    """A blocked address would hold an attempt for minutes, and then pretend it may have arrived."""
    connector = connect(
        endpoint=silent_port.replace("http:", "https:"), timeouts=Timeouts(connect=0.1, read=60, total=60)
    )
    assert retry_code(await connector.send(a_message())) == "timeout"


async def test_a_full_pool(connect: Connect, server: TelegramServer) -> None:
    """Waiting for a free connection would have no end, or count as written."""
    server.fail(Fault.hang())
    async with ClientSession(connector=TCPConnector(limit=1)) as session:
        connector = connect(session=session, timeouts=Timeouts(connect=0.1, read=60, total=60))
        async with asyncio.TaskGroup() as tasks:
            first = tasks.create_task(connector.send(a_message()))
            await server.wait_until(lambda: server.calls["sendMessage"] == 1)
            second = await connector.send(a_message())
            server.clear_faults()
    assert retry_code(second) == "timeout"
    assert isinstance(first.result(), Sent)


async def test_a_closed_session(connect: Connect) -> None:
    """A program that closes its session too early would lose messages to an unexpected error."""
    async with ClientSession() as session:
        connector = connect(session=session)
    assert retry_code(await connector.send(a_message())) == "unreachable"


@pytest.mark.parametrize("fault", [Fault.hang(), Fault.hang(store=True)])
@pytest.mark.parametrize(
    "timeouts",
    [HASTE, Timeouts(connect=60, read=60, total=0.2), Timeouts(connect=60, total=0.2)],
    ids=["read", "total", "total alone"],
)
async def test_silence(connect: Connect, server: TelegramServer, fault: Fault, timeouts: Timeouts) -> None:
    """A send would hang without limit, or be repeated blindly although it may have arrived."""
    server.fail(fault)
    async with asyncio.timeout(60):
        outcome = await connect(timeouts=timeouts).send(a_message())
    assert isinstance(outcome, Uncertain)
    assert outcome.fault.code == "uncertain"


async def test_silence_after_a_file(connect: Connect, server: TelegramServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that took a file and died would hold its lane for a minute: a short call has no bound of silence."""
    monkeypatch.setattr(request, "_SILENCE", 0.2)
    server.fail(Fault.hang())
    message = replace(a_message(), files=(File(name="cat.jpg", content=b"\xff\xd8cat", mime_type="image/jpeg"),))
    async with asyncio.timeout(30):  # half of what a file has in all
        outcome = await connect(timeouts=Timeouts(connect=60, total=60)).send(message)
    assert isinstance(outcome, Uncertain)


@pytest.mark.parametrize("fault", [Fault.drop_before_read(), Fault.drop_after_store()])
async def test_a_dropped_connection(connector: TelegramConnector, server: TelegramServer, fault: Fault) -> None:
    """A message that perhaps arrived would be called unsent, and come twice to people who asked for at most once."""
    server.fail(fault)
    assert isinstance(await connector.send(a_message()), Uncertain)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault.server_error(500), "Internal Server Error"),
        (Fault.server_error(502), "Bad Gateway"),
        (Fault.server_error(504), "Gateway Timeout"),
        (Fault.proxy_page(), "HTTP status 502"),
        (Fault.garbage(), "is no Bot API"),
    ],
)
async def test_trouble_on_the_other_side(
    connector: TelegramConnector, server: TelegramServer, fault: Fault, words: str
) -> None:
    """A door would be opened again because what stands before Telegram lost patience after Telegram had the message."""
    server.fail(fault)
    assert words in why_nobody_knows(await connector.send(a_message()))


async def test_a_refused_token(connector: TelegramConnector, server: TelegramServer) -> None:
    """A revoked token would kill messages."""
    server.fail(Fault.unauthorized())
    assert retry_code(await connector.send(a_message()), written=True) == "auth_failed"
    assert not server.sent


@pytest.mark.parametrize("token", ["123:unknown-bot", "no token at all", "../../etc/passwd", "1:é\n?#"])
async def test_a_wrong_token(connect: Connect, token: str) -> None:
    """A token that is refused, or was pasted wrongly, would not lead to signing in anew."""
    assert retry_code(await connect(token=token).send(a_message()), written=True) == "auth_failed"


@dataclass(slots=True)
class Stranger:
    """A web server that is no Bot API, and what it answers."""

    url: str = ""
    status: int = 200
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)

    async def handle(self, request: BaseRequest) -> StreamResponse:
        """Give the answer, whatever was asked."""
        await request.read()
        self.paths.append(request.raw_path)
        headers = {"Content-Type": "text/html", "Location": "http://portal.invalid/login", **self.headers}
        return Response(status=self.status, text=self.body, headers=headers)


@pytest.fixture
async def stranger() -> AsyncIterator[Stranger]:
    """Something else than Telegram, listening."""
    stranger = Stranger()
    web = Server(stranger.handle, access_log=None)
    listener = await asyncio.get_running_loop().create_server(web, "127.0.0.1", 0)
    stranger.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    yield stranger
    listener.close()
    for connection in web.connections:
        if connection.transport is not None:
            connection.transport.abort()
    await web.shutdown(1)


@pytest.fixture
async def silent_port() -> AsyncIterator[str]:
    """A server that accepts connections and says nothing."""
    held: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: held.append(writer), "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()
    for writer in held:
        writer.close()


def refused(**more: object) -> str:
    """A refusal in the form of the Bot API."""
    return orjson.dumps({"ok": False, "description": "x", **more}).decode()


LONG = "x" * (2 << 20)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (302, ""),
        (204, ""),
        (200, "[]"),
        (200, refused()),
        (200, LONG),
        (400, '{"ok": false}'),
        (400, '{"ok": false, "description": 7}'),
        (400, refused(parameters=[])),
        (400, refused(parameters={"retry_after": "soon"})),
        (400, refused(parameters={"migrate_to_chat_id": {}})),
        (401, "<html>Proxy authentication</html>"),
        (403, '{"error": "blocked by the firewall"}'),
        (404, "no such page"),
        (413, "<html>Request Entity Too Large</html>"),
        (429, "slow down"),
        (499, "<html>Client Closed Request</html>"),
        (503, '{"ok": false, "description": []}'),
        (599, ""),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_something_else_answers(connect: Connect, stranger: Stranger, status: int, body: str) -> None:
    """A portal, firewall or wrong address would count as a refusal by Telegram, or what is behind it do it again."""
    stranger.status, stranger.body = status, body
    assert why_nobody_knows(await connect(endpoint=stranger.url).send(a_message()))


@pytest.mark.parametrize(
    "body",
    ['{"ok":true,"resul', '{"ok": true}', f'{{"ok":true,"result":"{LONG}"}}'],
    ids=["cut off", "empty", "too long"],
)
async def test_a_damaged_confirmation(connect: Connect, stranger: Stranger, body: str) -> None:
    """A message that Telegram has taken would be called unsent because the end of its answer is missing."""
    stranger.body = body
    assert isinstance(await connect(endpoint=stranger.url).send(a_message()), Uncertain)


async def test_a_confirmation_of_another_kind(connect: Connect, stranger: Stranger) -> None:
    """A new form of answer would make sent messages look failed, and they would come again and again."""
    stranger.body = '{"ok":true,"result":{"surprise":1}}'
    assert await connect(endpoint=stranger.url).send(a_message()) == Sent()


async def test_a_file_that_is_too_much(connector: TelegramConnector, server: TelegramServer) -> None:
    """What the platform itself does not take would be uploaded again and again."""
    server.fail(Fault.refusal("too large", ApiError(413, "Request Entity Too Large")))
    outcome = await connector.send(a_message())
    assert outcome == Dead(fault=Reason(code="too_large", text="Request Entity Too Large"))


@pytest.mark.parametrize(
    ("status", "words", "code"),
    [
        (400, "Logged out", "logged_out"),
        (400, "Something about this bot", "platform_error"),
        (403, "Something about this bot", "platform_error"),
        (400, "Bad Request: something about this bot", "bad_request"),
        (403, "Forbidden: something about this bot", "forbidden"),
        (405, "Method Not Allowed", "platform_error"),
    ],
)
async def test_a_refusal_of_everything(
    connect: Connect, stranger: Stranger, status: int, words: str, code: str
) -> None:
    """Every message that waits would be dead within seconds, though nothing is wrong with any of them."""
    stranger.status, stranger.body = status, refused(error_code=status, description=words)
    connector = connect(endpoint=stranger.url)
    assert retry_code(await connector.send(a_message()), written=True) == code
    assert isinstance(await connector.check(), Reason)


@pytest.mark.parametrize(
    ("body", "headers", "seconds"),
    [
        ("slow down", {"Retry-After": "7"}, 7),
        (refused(), {}, 30),
        (refused(parameters={"retry_after": 0}), {}, 30),
        (refused(parameters={"retry_after": 1.5}), {}, 1.5),
        (refused(parameters={"retry_after": 10**9}), {}, 86_400),
        ('{"ok": false, "description": "x", "parameters": {"retry_after": 1' + "0" * 400 + "}}", {}, 86_400),
    ],
)
async def test_told_to_wait_oddly(
    connect: Connect, stranger: Stranger, body: str, headers: dict[str, str], seconds: float
) -> None:
    """A proxy's 429 would be a failure and be repeated at once, or one absurd number would silence the bot for ever."""
    stranger.status, stranger.body, stranger.headers = 429, body, headers
    outcome = await connect(endpoint=stranger.url).send(a_message())
    assert isinstance(outcome, Wait)
    assert outcome.seconds == seconds


async def test_an_endpoint_with_a_path(connect: Connect, stranger: Stranger) -> None:
    """An own Bot API server behind a proxy's path could not be reached."""
    stranger.body = '{"ok":true,"result":{"message_id":1}}'
    assert await connect(endpoint=f"{stranger.url}/telegram/").send(a_message()) == Sent(remote_id="1")
    assert stranger.paths == [f"/telegram/bot{TOKEN}/sendMessage"]


@pytest.mark.parametrize("behind", ["/bot", "/bot/", "/", ""])
async def test_an_endpoint_as_other_programs_want_it(connect: Connect, stranger: Stranger, behind: str) -> None:
    """The address with "/bot" behind it means the same server; "the token is wrong" would send people astray."""
    stranger.body = '{"ok":true,"result":{"message_id":1}}'
    assert await connect(endpoint=f"{stranger.url}/telegram{behind}").send(a_message()) == Sent(remote_id="1")
    assert stranger.paths == [f"/telegram/bot{TOKEN}/sendMessage"]


async def test_a_token_stays_in_its_place(connect: Connect, stranger: Stranger) -> None:
    """A token pasted wrongly could call another address of the server."""
    await connect(endpoint=stranger.url, token="../../other?x=#").send(a_message())
    assert stranger.paths == ["/bot..%2F..%2Fother%3Fx=%23/sendMessage"]


async def test_cancelling_a_send(connector: TelegramConnector, server: TelegramServer) -> None:
    """Shutting down would wait for a server that never answers."""
    server.fail(Fault.hang())
    task = asyncio.create_task(connector.send(a_message()))
    await server.wait_until(lambda: server.calls["sendMessage"] == 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
