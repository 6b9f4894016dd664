"""A bad network: what was certainly not sent, what perhaps was, and what the answer came from."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from socket import AddressFamily
from typing import override

import orjson
import pytest
from aiohttp import ClientSession, TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.web import BaseRequest, Response, Server, StreamResponse

from bach_lib.connectors.telegram import TelegramConnector, Timeouts
from bach_lib.models import Fault as Reason
from bach_lib.outcomes import Outcome, Retry, Scope, Sent, Uncertain, Wait
from bach_lib.testing.telegram_server import Fault, TelegramServer
from tests.lib.connectors.telegram.conftest import HASTE, TOKEN, Connect, a_message


def retry_code(outcome: Outcome) -> str:
    """The code of an outcome that says: the connection, not the message."""
    assert isinstance(outcome, Retry), outcome
    assert outcome.scope is Scope.CONNECTION
    return outcome.fault.code


class NoNames(AbstractResolver):
    """A name service that knows nothing."""

    @override
    async def resolve(
        self, host: str, port: int = 0, family: AddressFamily = AddressFamily.AF_INET
    ) -> list[ResolveResult]:
        raise OSError(-2, "Name or service not known")

    @override
    async def close(self) -> None:
        pass


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
@pytest.mark.parametrize("timeouts", [HASTE, Timeouts(connect=60, read=60, total=0.2)], ids=["read", "total"])
async def test_silence(connect: Connect, server: TelegramServer, fault: Fault, timeouts: Timeouts) -> None:
    """A send would hang without limit, or be repeated blindly although it may have arrived."""
    server.fail(fault)
    async with asyncio.timeout(60):
        outcome = await connect(timeouts=timeouts).send(a_message())
    assert isinstance(outcome, Uncertain)
    assert outcome.fault.code == "uncertain"


@pytest.mark.parametrize("fault", [Fault.drop_before_read(), Fault.drop_after_store()])
async def test_a_dropped_connection(connector: TelegramConnector, server: TelegramServer, fault: Fault) -> None:
    """A message that perhaps arrived would be called unsent, and come twice to people who asked for at most once."""
    server.fail(fault)
    assert isinstance(await connector.send(a_message()), Uncertain)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault.unauthorized(), "auth_failed"),
        (Fault.server_error(500), "server_error"),
        (Fault.server_error(502), "server_error"),
        (Fault.server_error(504), "server_error"),
        (Fault.proxy_page(), "server_error"),
        (Fault.garbage(), "bad_answer"),
    ],
)
async def test_trouble_on_the_other_side(
    connector: TelegramConnector, server: TelegramServer, fault: Fault, code: str
) -> None:
    """An outage of the platform, a captive portal or a revoked token would kill messages."""
    server.fail(fault)
    assert retry_code(await connector.send(a_message())) == code
    assert not server.sent


@pytest.mark.parametrize("token", ["123:unknown-bot", "no token at all", "../../etc/passwd", "1:é\n?#"])
async def test_a_wrong_token(connect: Connect, token: str) -> None:
    """A token that is refused, or was pasted wrongly, would not lead to signing in anew."""
    assert retry_code(await connect(token=token).send(a_message())) == "auth_failed"


@dataclass(slots=True)
class Stranger:
    """A web server that is no Bot API, and what it answers."""

    url: str = ""
    status: int = 200
    body: str = ""
    paths: list[str] = field(default_factory=list)

    async def handle(self, request: BaseRequest) -> StreamResponse:
        """Give the answer, whatever was asked."""
        await request.read()
        self.paths.append(request.raw_path)
        headers = {"Content-Type": "text/html", "Location": "http://portal.invalid/login"}
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
    ("status", "body", "code"),
    [
        (302, "", "bad_answer"),
        (204, "", "bad_answer"),
        (200, "[]", "bad_answer"),
        (200, refused(), "bad_answer"),
        (200, LONG, "bad_answer"),
        (400, '{"ok": false}', "bad_answer"),
        (400, '{"ok": false, "description": 7}', "bad_answer"),
        (400, refused(parameters=[]), "bad_answer"),
        (400, refused(parameters={"retry_after": "soon"}), "bad_answer"),
        (400, refused(parameters={"migrate_to_chat_id": {}}), "bad_answer"),
        (401, "<html>Proxy authentication</html>", "bad_answer"),
        (403, '{"error": "blocked by the firewall"}', "bad_answer"),
        (404, "no such page", "bad_answer"),
        (503, '{"ok": false, "description": []}', "server_error"),
        (599, "", "server_error"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_something_else_answers(connect: Connect, stranger: Stranger, status: int, body: str, code: str) -> None:
    """A portal, firewall or wrong address would count as a refusal by Telegram, and messages would die of it."""
    stranger.status, stranger.body = status, body
    assert retry_code(await connect(endpoint=stranger.url).send(a_message())) == code


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


async def test_a_refusal_nobody_knows(connect: Connect, stranger: Stranger) -> None:
    """A new refusal would kill the message, or open the breaker for everybody."""
    stranger.status, stranger.body = 413, '{"ok": false, "description": "Request Entity Too Large"}'
    outcome = await connect(endpoint=stranger.url).send(a_message())
    assert outcome == Retry(scope=Scope.MESSAGE, fault=Reason(code="platform_error", text="Request Entity Too Large"))


@pytest.mark.parametrize(("body", "seconds"), [("slow down", 30), (refused(parameters={"retry_after": 10**9}), 86_400)])
async def test_told_to_wait_oddly(connect: Connect, stranger: Stranger, body: str, seconds: float) -> None:
    """A proxy's 429 would be a failure and be repeated at once, or one absurd number would silence the bot for ever."""
    stranger.status, stranger.body = 429, body
    outcome = await connect(endpoint=stranger.url).send(a_message())
    assert isinstance(outcome, Wait)
    assert outcome.seconds == seconds


async def test_an_endpoint_with_a_path(connect: Connect, stranger: Stranger) -> None:
    """An own Bot API server behind a proxy's path could not be reached."""
    stranger.body = '{"ok":true,"result":{"message_id":1}}'
    assert await connect(endpoint=f"{stranger.url}/telegram/").send(a_message()) == Sent(remote_id="1")
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
