"""The double of another Home Assistant is held to what a real one does, as far as the connector can see."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, override

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestClient
from homeassistant.const import MATCH_ALL
from homeassistant.core import Event, HomeAssistant, ServiceCall
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from bach_lib.clock import SystemClock
from bach_lib.connectors.base import Batch, Setup
from bach_lib.connectors.homeassistant import HomeAssistantConnector
from bach_lib.models import Connection, Fault, Identity, Message
from bach_lib.outcomes import Dead, Sent, Wait
from bach_lib.testing.homeassistant import HomeAssistantServer

# of Home Assistant's own making
pytestmark = pytest.mark.filterwarnings("ignore::aiohttp.web_exceptions.NotAppKeyWarning")

BELL = "event:doorbell"
PHONE = "action:notify.mobile_app_phone"

type Fields = Mapping[str, object]


class Home(ABC):
    """A Home Assistant without a BACH, and with a kitchen, a phone and a doorbell."""

    url: str
    token: str

    @abstractmethod
    def called(self) -> list[tuple[str, Fields]]:
        """The actions that were called."""

    @abstractmethod
    def fired(self) -> list[Fields]:
        """The data of the doorbell's events that came from outside."""

    @abstractmethod
    def ring(self, data: Fields) -> None:
        """Somebody rings."""


class Double(Home):
    """Ours."""

    def __init__(self, server: HomeAssistantServer) -> None:
        self._server = server
        self.url, self.token = server.url, server.key or ""

    @override
    def called(self) -> list[tuple[str, Fields]]:
        entity = {"notify.send_message": "notify.kitchen"}
        return [
            (call.action, {**call.data, **({"entity_id": call.entity_id} if call.action in entity else {})})
            for call in self._server.called
        ]

    @override
    def fired(self) -> list[Fields]:
        return [data for _, data in self._server.fired]

    @override
    def ring(self, data: Fields) -> None:
        self._server.fire("doorbell", data)


class Real(Home):
    """The real one."""

    def __init__(self, hass: HomeAssistant, url: str, token: str) -> None:
        self._hass = hass
        self.url, self.token = url, token
        self._called: list[tuple[str, Fields]] = []
        self._fired: list[Event] = []
        self._rung: list[str] = []
        hass.states.async_set("notify.kitchen", "unknown")
        for action in ("send_message", "mobile_app_phone"):
            hass.services.async_register("notify", action, self._call)
        hass.bus.async_listen(MATCH_ALL, self._hear)

    async def _call(self, call: ServiceCall) -> None:
        self._called.append((f"{call.domain}.{call.service}", dict(call.data)))

    async def _hear(self, event: Event) -> None:
        if event.event_type == "doorbell" and event.context.user_id:
            self._fired.append(event)

    @override
    def called(self) -> list[tuple[str, Fields]]:
        flat: list[tuple[str, Fields]] = []
        for action, data in self._called:
            match data.get("entity_id"):
                case [one]:
                    flat.append((action, {**data, "entity_id": one}))
                case _:
                    flat.append((action, data))
        return flat

    @override
    def fired(self) -> list[Fields]:
        return [event.data for event in self._fired]

    @override
    def ring(self, data: Fields) -> None:
        self._hass.bus.async_fire("doorbell", dict(data))


@pytest.fixture
def real(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, hass_access_token: str
) -> Callable[[], Awaitable[Home]]:
    """Begin a real one."""

    async def begin() -> Home:
        for component in ("api", "auth", "websocket_api"):
            assert await async_setup_component(hass, component, {})
        client: TestClient[Any, Any] = await hass_client_no_auth()
        return Real(hass, str(client.make_url("/")), hass_access_token)

    return begin


@pytest.fixture(params=["double", "real"])
async def home(
    request: pytest.FixtureRequest, socket_enabled: None, real: Callable[[], Awaitable[Home]]
) -> AsyncIterator[Home]:
    """Each in turn."""
    if request.param == "real":
        yield await real()
        return
    async with HomeAssistantServer(bach=None) as server:
        yield Double(server)


@pytest.fixture
async def connect(home: Home) -> AsyncIterator[Callable[..., HomeAssistantConnector]]:
    """Make connectors to it."""
    made: list[HomeAssistantConnector] = []
    async with ClientSession() as session:

        def make(token: str = home.token) -> HomeAssistantConnector:
            made.append(
                HomeAssistantConnector(
                    Setup(
                        connection=Connection(name="home", type="homeassistant", endpoint=home.url),
                        secrets={"token": token},
                        session=session,
                        new_session=ClientSession,
                        clock=SystemClock(),
                        allowed=lambda: frozenset({BELL}),
                    )
                )
            )
            return made[-1]

        yield make
        for connector in made:
            await connector.close()


type Connect = Callable[..., HomeAssistantConnector]


def a_message(recipient: str, text: str = "Hello") -> Message:
    """A message from the queue."""
    return Message(id=1, nonce="0a1b2c3d-1", connection="home", recipient=recipient, text=text)


async def polled(connector: HomeAssistantConnector) -> list[str]:
    """The texts of the next poll that brings some."""
    async with asyncio.timeout(60):
        while True:
            answer = await connector.receive(None)
            assert isinstance(answer, Batch), answer
            if answer.messages:
                return [message.text for message in answer.messages]


async def test_who_answers(connect: Connect) -> None:
    """The dialog would refuse the right address, or the double be right about nothing."""
    answer = await connect().check()
    assert isinstance(answer, Identity)
    assert len(answer.id) == 32
    assert answer.name
    assert answer.version
    assert answer.version.startswith("20")
    assert "BACH" not in answer.version


# aiohttp forgets the timer of its heartbeat where the server closes first; it finds nothing to do later
@pytest.mark.parametrize("expected_lingering_timers", [True])
async def test_a_refused_token(connect: Connect) -> None:
    """A deleted token would look like an outage."""
    answer = await connect("of-somebody-else").check()
    assert isinstance(answer, Fault)
    assert answer.code == "auth_failed"


async def test_an_action_and_an_entity(home: Home, connect: Connect) -> None:
    """Notifications would be called with what the real one does not understand."""
    connector = connect()
    assert isinstance(await connector.send(a_message(PHONE)), Sent)
    assert isinstance(await connector.send(a_message("notify.kitchen")), Sent)
    assert home.called() == [
        ("notify.mobile_app_phone", {"message": "Hello"}),
        ("notify.send_message", {"message": "Hello", "entity_id": "notify.kitchen"}),
    ]


@pytest.mark.parametrize("recipient", ["action:notify.mobile_app_tablet", "notify.cellar"])
async def test_what_is_not_there(home: Home, connect: Connect, recipient: str) -> None:
    """A message to nobody would count as sent, or wait for ever."""
    outcome = await connect().send(a_message(recipient))
    assert isinstance(outcome, Dead), outcome
    assert outcome.fault.code == "chat_not_found"
    assert home.called() == []


async def test_a_letter_where_nobody_reads(connect: Connect) -> None:
    """A letter would be dead because BACH over there starts later than Home Assistant."""
    outcome = await connect().send(a_message("bach"))
    assert isinstance(outcome, Wait), outcome
    assert outcome.fault.code == "no_bach"


async def test_events_both_ways(home: Home, connect: Connect) -> None:
    """Events would not come, or our own come back."""
    connector = connect()
    await connector.receive(None)
    sent = await connector.send(a_message(BELL, "from here"))
    assert isinstance(sent, Sent)
    assert sent.remote_id
    home.ring({"message": "from there"})
    assert await polled(connector) == ["from there"]
    assert home.fired() == [{"message": "from here"}]
