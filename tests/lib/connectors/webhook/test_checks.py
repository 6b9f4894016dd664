"""What a check of an address proves: that somebody is there. Whether messages are taken only messages can show."""

from collections.abc import Callable
from http import HTTPMethod

import pytest
from aiohttp import ClientSession

from bach_lib import Bach
from bach_lib.connectors.base import Setup
from bach_lib.connectors.webhook import WebhookConnector
from bach_lib.connectors.webhook.errors import reachable
from bach_lib.models import BreakerState, Connection, ConnectionState, Direction, Identity, Message, Status
from bach_lib.storage import MemoryDatabase
from bach_lib.testing import FakeClock
from tests.contracts.answering import Answer, AnsweringServer, Asked

HOUR = 3600.0
REFUSES_HEAD = [401, 403, 404, 405]


@pytest.fixture(autouse=True)
def loopback(socket_enabled: None) -> None:
    """Allow sockets; Home Assistant's test plugin has already limited them to 127.0.0.1."""


@pytest.mark.parametrize("status", range(100, 600))
def test_only_a_failure_of_the_other_side_is_one(status: int) -> None:
    """An address that knows only POST would count as down, and everything sent to it wait for ever."""
    fault = reachable(status, "example.org")
    is_down = status == 410 or (status >= 500 and status != 501)
    assert (fault is not None) == is_down
    assert fault is None or fault.code != "auth_failed"


def answers(head: int, post: Callable[[Asked], int]) -> Callable[[Asked], Answer]:
    """An address that answers HEAD in one way and messages in another."""
    return lambda asked: Answer(status=head if asked.method == HTTPMethod.HEAD else post(asked))


@pytest.mark.parametrize("status", [200, 204, 302, 400, *REFUSES_HEAD, 429, 501])
async def test_nobody_says_that_credentials_are_right(status: int) -> None:
    """A person would look for the fault everywhere but in the token that is wrong."""
    async with AnsweringServer(lambda _: Answer(status=status)) as server, ClientSession() as session:
        found = await connector(server.url, session).check()
        assert isinstance(found, Identity)
        assert found.accepted is None
        assert [asked.method for asked in server.asked] == ["HEAD"]


@pytest.mark.parametrize("status", [200, 401, 500, 503])
async def test_what_acts_on_get_is_never_asked(status: int) -> None:
    """Every check would ring the bell: many devices act on HEAD as they do on GET."""
    async with AnsweringServer(lambda _: Answer(status=status)) as server, ClientSession() as session:
        found = await connector(f"{server.url}/ring?by=bach", session, method="GET").check()
        assert isinstance(found, Identity), "any answer shows that the device is there"
        assert [(asked.method, asked.path) for asked in server.asked] == [("HEAD", "/")]


def connector(url: str, session: ClientSession, **settings: object) -> WebhookConnector:
    """One to this address."""
    connection = Connection(name="hook", type="webhook", endpoint=url, settings=settings)
    return WebhookConnector(
        Setup(connection=connection, secrets={}, session=session, new_session=ClientSession, clock=FakeClock())
    )


async def test_two_refusals_in_the_same_words_are_one_of_us() -> None:
    """A revoked token would use up the attempts of all messages; or an address that refuses HEAD stand still."""
    post = 403
    async with AnsweringServer(answers(403, lambda _: post)) as server, ClientSession() as session:
        one = connector(f"{server.url}/hook", session)
        assert isinstance(await one.check(), Identity)
        await one.send(a_message())
        assert getattr(await one.check(), "code", None) == "auth_failed"
        server.answer = answers(405, lambda _: post)
        assert isinstance(await one.check(), Identity)
        post = 204
        server.answer = answers(403, lambda _: post)
        await one.send(a_message())
        assert isinstance(await one.check(), Identity), "a message was taken"


def a_message() -> Message:
    """A message from the queue."""
    return Message(id=1, nonce="0a1b2c3d-1", connection="hook", recipient="default", text="x")


@pytest.mark.parametrize("head", REFUSES_HEAD)
async def test_an_address_that_refuses_head_is_no_outage(head: int) -> None:
    """Every webhook that knows only POST would be reported as broken, or ask for other credentials."""
    async with AnsweringServer(answers(head, lambda _: 204)) as server:
        clock = FakeClock()
        async with Bach(MemoryDatabase(), clock=clock) as bach:
            await bach.registry.add(Connection(name="hook", type="webhook", endpoint=f"{server.url}/hook"))
            receipt = await bach.send("hook", "default", "hi")
            await bach.wait(receipt.id)
            assert isinstance(await bach.check("hook"), Identity)
            assert bach.health("hook", Direction.SENDING).state is ConnectionState.CONNECTED
            assert bach.breaker("hook") is BreakerState.CLOSED


@pytest.mark.parametrize(
    ("head", "poison"),
    [
        pytest.param(head, poison, marks=() if head == 405 or head == poison == 401 else pytest.mark.slow)
        for head in REFUSES_HEAD
        for poison in (401, 403, 404, 405, 500)
    ],
)
async def test_one_message_stops_nothing_where_head_is_refused(head: int, poison: int) -> None:
    """One message that is never taken would keep the alarm behind it waiting, for the check looks like an outage."""

    def post(asked: Asked) -> int:
        return poison if b"poison" in asked.body else 204

    clock = FakeClock()
    async with AnsweringServer(answers(head, post)) as server, Bach(MemoryDatabase(), clock=clock) as bach:
        await bach.registry.add(Connection(name="hook", type="webhook", endpoint=f"{server.url}/hook"))
        first, alarm = await bach.send("hook", "default", "poison"), await bach.send("hook", "default", "FIRE")
        for _ in range(int(HOUR / 15)):
            await clock.advance(15)
            for _ in range(4):
                await clock.settle()
            if (await bach.get(alarm.id)).status.is_final:
                break
        assert (await bach.get(alarm.id)).status is Status.SENT
        assert (await bach.get(first.id)).status is not Status.SENT
