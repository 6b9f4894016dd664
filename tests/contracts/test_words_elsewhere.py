"""The words arrive also where a platform is what somebody has made: an action in another home, an address."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession

from bach_lib.clock import SystemClock
from bach_lib.connectors.base import Connector, Setup
from bach_lib.connectors.homeassistant import HomeAssistantConnector
from bach_lib.connectors.webhook import WebhookConnector
from bach_lib.models import Connection, Format, Message
from bach_lib.outcomes import Dead, Sent, Uncertain
from bach_lib.testing import Told
from bach_lib.testing.homeassistant import HomeAssistantServer
from tests.contracts.webhook import Hook

WORDS = "Water in the cellar"
TOKEN = "the-long-lived-token-of-the-contract-tests"
HOME_SAYS = [("invalid_format", "extra keys not allowed @ data['title']"), ("invalid_format", "")]


@pytest.fixture(autouse=True)
def loopback(socket_enabled: None) -> None:
    """Allow sockets; Home Assistant's test plugin has already limited them to 127.0.0.1."""


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    """The caller's."""
    async with ClientSession() as found:
        yield found


def everything(recipient: str, *, reply_to: str | None = "5") -> Message:
    """A message with all that such a place can be told."""
    return Message(
        id=1,
        nonce="0a1b2c3d-1",
        connection="home",
        recipient=recipient,
        text=WORDS,
        title="House",
        format=Format.MARKDOWN,
        silent=True,
        reply_to=reply_to,
    )


def setup(connection: Connection, session: ClientSession) -> Setup:
    """What a connector is made from."""
    return Setup(
        connection=connection,
        secrets={"token": TOKEN} if connection.type == "homeassistant" else {},
        session=session,
        new_session=ClientSession,
        clock=SystemClock(),
    )


@pytest.fixture
async def server() -> AsyncIterator[HomeAssistantServer]:
    """Another home."""
    async with HomeAssistantServer(key=TOKEN) as running:
        yield running


@pytest.fixture
async def home(server: HomeAssistantServer, session: ClientSession) -> AsyncIterator[Connector]:
    """A connector to it."""
    made = HomeAssistantConnector(setup(Connection(name="home", type="homeassistant", endpoint=server.url), session))
    yield made
    await made.close()


def said(server: HomeAssistantServer) -> list[str]:
    """The words that were taken."""
    return [str(call.data.get("message")) for call in server.called]


@pytest.mark.parametrize("refusal", HOME_SAYS, ids=str)
async def test_the_words_arrive_in_another_home(
    server: HomeAssistantServer, home: Connector, refusal: tuple[str, str]
) -> None:
    """An alarm would die of a title that some action over there does not take; or nobody hear what is missing of it."""
    server.refusals.append(refusal)
    outcome = await home.send(everything("action:notify.mobile_app_phone"))
    assert isinstance(outcome, Sent), outcome
    assert sum(WORDS in one for one in said(server)) == 1
    assert outcome.degraded
    assert {"reply"} < {loss.what for loss in outcome.losses}
    assert all(loss.reason for loss in outcome.losses)


async def test_what_nobody_minds_goes_whole_to_another_home(server: HomeAssistantServer, home: Connector) -> None:
    """A message would lose what the action would have taken."""
    outcome = await home.send(everything("action:notify.mobile_app_phone", reply_to=None))
    assert isinstance(outcome, Sent)
    assert not outcome.degraded
    assert (len(said(server)), server.called[0].data.get("title")) == (1, "House")


async def test_a_refusal_of_everything_ends_in_another_home(server: HomeAssistantServer, home: Connector) -> None:
    """A message that no action takes would be tried without end."""
    server.refusals.extend(HOME_SAYS * 5)
    assert isinstance(await home.send(everything("action:notify.mobile_app_phone")), Dead)
    assert len(HOME_SAYS * 5) - len(server.refusals) <= 3


async def test_nothing_less_is_tried_where_another_home_failed(server: HomeAssistantServer, home: Connector) -> None:
    """A script that failed in its third step would ring twice."""
    server.refusals.extend([("home_assistant_error", "It broke.")] * 3)
    assert isinstance(await home.send(everything("action:notify.mobile_app_phone")), Uncertain)
    assert len(server.refusals) == 2


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    """Somebody's address."""
    async with Hook("/hook") as running:
        yield running


@pytest.fixture
def address(hook: Hook, session: ClientSession) -> WebhookConnector:
    """A connector to it. Its template is the person's; nothing can be left out of it that BACH knows of."""
    return WebhookConnector(setup(Connection(name="home", type="webhook", endpoint=f"{hook.url}/hook"), session))


async def test_what_goes_to_an_address_goes_whole(hook: Hook, address: WebhookConnector) -> None:
    """A message would lose its title or its format; or nobody hear that it answers nothing there."""
    outcome = await address.send(everything("porter"))
    assert isinstance(outcome, Sent)
    assert [loss.what for loss in outcome.losses] == ["reply"]
    [asked] = hook.taken
    body = {"id": "0a1b2c3d-1", "recipient": "porter", "title": "House", "text": WORDS, "format": "markdown"}
    assert asked.body == body


@pytest.mark.parametrize(
    ("status", "outcome"), [(400, Dead), (413, Dead), (422, Dead), (500, Uncertain), (502, Uncertain)]
)
async def test_what_an_address_refuses_is_tried_once(
    hook: Hook, address: WebhookConnector, status: int, outcome: type[object]
) -> None:
    """What arrived would arrive once more with less in it, though it was the template that did not fit."""
    hook.told.append(Told(status=status))
    assert isinstance(await address.send(everything("porter")), outcome)
    assert len(hook.asked) == 1
