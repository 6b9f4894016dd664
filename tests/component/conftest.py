"""A Home Assistant with our integration and a Telegram on loopback, nothing else."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from homeassistant.auth.models import User
from homeassistant.config_entries import ConfigEntry, ConfigSubentryData
from homeassistant.const import MATCH_ALL
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from bach_lib import Bach, IncomingMessage, Kind, Status
from bach_lib.events import MessageReceived
from bach_lib.testing.telegram_server import Bot, TelegramServer

# the first `custom_components` that is imported wins, and the test plugin has one of its own
from custom_components.bach.const import DOMAIN
from custom_components.bach.home.attribution import SIGNAL_RECEIVED, Received
from custom_components.bach.home.hub import HUB
from tests.component.companion import Companion, PushGateway, cloud, register

TOKEN = "123456789:AAaaBBbbCCccDDddEEeeFFffGGggHHhhIIi"
BOT_ID = "123456789"
CONNECTION = f"telegram_{BOT_ID}"
ADA, BOB, STRANGER = 42, 43, 99
ADA_ENTITY = "notify.ada"
BOB_ENTITY = "notify.bob"
TO_ADA, TO_ANYBODY = 1, 2
"""Two dead letters of `letters`, the second to an id that nobody added."""


HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Warnings are errors, except those that Home Assistant's own components cause."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.filterwarnings("ignore::aiohttp.web_exceptions.NotAppKeyWarning"))


@pytest.fixture
def hass_config_dir(tmp_path: Path) -> str:
    """A configuration directory for each test: the database is a real file."""
    return str(tmp_path)


@pytest.fixture
async def telegram(socket_enabled: None) -> AsyncGenerator[TelegramServer]:
    """Telegram on this machine (the only one that tests may talk to), with a bot and two people."""
    async with TelegramServer() as server:
        server.add_bot(TOKEN, username="home_bot")
        server.add_chat(ADA, first_name="Ada")
        server.add_chat(BOB, first_name="Bob")
        yield server


@pytest.fixture(autouse=True)
def our_integration(telegram: TelegramServer, enable_custom_integrations: None) -> None:
    """Let Home Assistant find the integration; Telegram comes first, so that it is there until all is unloaded."""


@pytest.fixture(autouse=True)
async def all_ends(our_integration: None, hass: HomeAssistant) -> AsyncIterator[None]:
    """What a test has begun by its last line ends before Home Assistant does.

    A set-up that is cut off in the middle of an import leaves a thread behind, on a busy machine now and then.
    """
    yield
    await hass.async_block_till_done()


@pytest.fixture
def with_the_noisy_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """Enable entities that are disabled by default. Request it before the connection."""
    monkeypatch.setattr("homeassistant.helpers.entity.Entity.entity_registry_enabled_default", True)


@pytest.fixture
def bot(telegram: TelegramServer) -> Bot:
    """The bot that the entry belongs to."""
    return telegram.bots[TOKEN]


@pytest.fixture
def entry(telegram: TelegramServer, hass: HomeAssistant) -> MockConfigEntry:
    """A connection with the recipients Ada and Bob, not set up yet."""
    return add_entry(hass, telegram)


@pytest.fixture
async def loaded(hass: HomeAssistant, telegram: TelegramServer, entry: MockConfigEntry) -> MockConfigEntry:
    """The same connection, set up and connected in both directions."""
    telegram.says("hello", bot=telegram.bots[TOKEN], chat_id=STRANGER)  # so that the first poll ends at once
    await set_up(hass, entry)
    for direction in ("sending", "receiving"):
        await until_state(hass, f"binary_sensor.home_bot_{direction}", "on")
    return entry


@pytest.fixture
async def letters(hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, bot: Bot) -> MockConfigEntry:
    """A connection with two dead letters and a message that came in."""
    bach = the_bach(hass)
    telegram.chats[ADA].block()
    for number, recipient in ((TO_ADA, str(ADA)), (TO_ANYBODY, "777")):
        receipt = await bach.send(CONNECTION, recipient, "old")
        assert receipt.id == number
        assert (await bach.wait(receipt.id, 60)).status is Status.DEAD
    telegram.chats[ADA].welcome()
    telegram.says("Is the door open?", bot=bot, chat_id=ADA)
    while not await bach.inbox():
        await hass.async_block_till_done()
    return loaded


@pytest.fixture
async def gateway(socket_enabled: None) -> AsyncGenerator[PushGateway]:
    """A push service on this machine."""
    async with PushGateway() as server:
        yield server


@pytest.fixture
def ada(hass: HomeAssistant) -> User:
    """Somebody who lives here."""
    return MockUser(name="Ada").add_to_hass(hass)


@pytest.fixture
async def pixel(hass: HomeAssistant, hass_client: ClientSessionGenerator, gateway: PushGateway, ada: User) -> Companion:
    """Ada's phone, reached by the push service."""
    return await register(hass, hass_client, user=ada, app_data=cloud(gateway))


@pytest.fixture
def heard(hass: HomeAssistant) -> list[Received]:
    """All that the signal tells."""
    found: list[Received] = []

    @callback
    def hear(received: Received) -> None:
        found.append(received)

    async_dispatcher_connect(hass, SIGNAL_RECEIVED, hear)
    return found


def add_entry(
    hass: HomeAssistant,
    server: TelegramServer,
    *,
    token: str = TOKEN,
    title: str = "@home_bot",
    recipients: Mapping[str, int] | None = None,
    more: Iterable[ConfigSubentryData] = (),
) -> MockConfigEntry:
    """Add an entry for a bot of the server. Recipients are names with chat ids, `more` are sub-entries of any kind."""
    people = {"Ada": ADA, "Bob": BOB} if recipients is None else recipients
    entry = MockConfigEntry(
        domain=DOMAIN,
        title=title,
        unique_id=token.partition(":")[0],
        data={"type": "telegram", "bot_token": token, "endpoint": server.url, "link": "https://t.me/home_bot"},
        subentries_data=[*(recipient(name, str(chat_id)) for name, chat_id in people.items()), *more],
    )
    entry.add_to_hass(hass)
    return entry


def recipient(title: str, address: str, **data: str) -> ConfigSubentryData:
    """A recipient as a flow would have stored it."""
    return ConfigSubentryData(
        data={"recipient": address, "kind": "private", **data},
        subentry_type="recipient",
        title=title,
        unique_id=f"recipient_{address}",
    )


def person(title: str, address: str, sender_id: str, **data: str) -> ConfigSubentryData:
    """A person inside a group as a flow would have stored it."""
    return ConfigSubentryData(
        data={"recipient": address, "sender_id": sender_id, "role": "user", **data},
        subentry_type="person",
        title=title,
        unique_id=f"person_{address}_{sender_id}",
    )


def incoming(recipient: int | str, sender_id: int | str | None = None, **fields: object) -> IncomingMessage:
    """A message as the library tells of it, from a private chat unless there is another sender."""
    defaults: dict[str, Any] = {
        "id": 1,
        "connection": CONNECTION,
        "remote_id": "1",
        "sender_name": "Somebody",
        "kind": Kind.TEXT,
        "text": "hello",
        "sent_at": 1_800_000_000.0,
        "received_at": 1_800_000_001.0,
    }
    sender = recipient if sender_id is None else sender_id
    return IncomingMessage(recipient=str(recipient), sender_id=str(sender), **(defaults | fields))


async def arrive(hass: HomeAssistant, message: IncomingMessage) -> None:
    """Let the library say that a message came in."""
    the_bach(hass)._base.bus.publish(MessageReceived(connection=message.connection, message=message))
    await hass.async_block_till_done()


async def set_up(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Set an entry up, successfully."""
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()


def the_bach(hass: HomeAssistant) -> Bach:
    """The one Bach of this Home Assistant."""
    return hass.data[HUB].bach


async def until(hass: HomeAssistant, condition: Callable[[], bool]) -> None:
    """Wait until an event of Home Assistant makes the condition true."""
    happened = asyncio.Event()

    @callback
    def look(_: Event[Any]) -> None:
        if condition():
            happened.set()

    stop = hass.bus.async_listen(MATCH_ALL, look)
    try:
        if not condition():
            async with asyncio.timeout(60):
                while not condition():  # also without an event: what the test looks at may be somebody else's
                    with suppress(TimeoutError):
                        await asyncio.wait_for(happened.wait(), 0.2)
    finally:
        stop()


async def until_shown(hass: HomeAssistant, entity_id: str, state: str) -> None:
    """Wait until an entity shows this state by itself."""

    def has_state() -> bool:
        found = hass.states.get(entity_id)
        return found is not None and found.state == state

    try:
        await until(hass, has_state)
    except TimeoutError:
        raise AssertionError(f"{entity_id} is {hass.states.get(entity_id)}, not {state}") from None


async def until_state(hass: HomeAssistant, entity_id: str, state: str) -> None:
    """Wait until an entity has this state, where it is not the question whether it shows it by itself.

    Entities show what happened a second later, or once a second. Tests by the hundred would wait for that: here they
    are asked to show at once what they know.
    """
    for _ in range(3_000):
        found = hass.states.get(entity_id)
        if found is not None and found.state == state:
            return
        for entry in hass.config_entries.async_loaded_entries(DOMAIN):
            await entry.runtime_data.async_refresh()
        with suppress(TimeoutError):
            async with asyncio.timeout(0.02):
                await until_shown(hass, entity_id, state)
    raise AssertionError(f"{entity_id} is {hass.states.get(entity_id)}, not {state}")


def state(hass: HomeAssistant, entity_id: str) -> str | None:
    """The state of an entity, None without one."""
    found = hass.states.get(entity_id)
    return found.state if found else None


def entity_ids(hass: HomeAssistant, entry: ConfigEntry) -> set[str]:
    """All entities of an entry."""
    return {found.entity_id for found in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)}


async def send(hass: HomeAssistant, entity_id: str, message: str, **data: object) -> None:
    """Send through Home Assistant's own action."""
    await hass.services.async_call(
        "notify", "send_message", {"entity_id": entity_id, "message": message, **data}, blocking=True
    )


async def press(hass: HomeAssistant, entity_id: str) -> None:
    """Press a button."""
    await hass.services.async_call("button", "press", {"entity_id": entity_id}, blocking=True)
