"""Letters from another home: who may bring them, what is answered, and that each is stored once."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from functools import partial
from typing import Any, Final

import pytest
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.typing import MockHAClientWebSocket, WebSocketGenerator

from bach_lib.connectors.base import Incoming
from bach_lib.errors import StoreFailedError
from bach_lib.testing.homeassistant import HomeAssistantServer
from custom_components.bach.home.attribution import Received, Role
from custom_components.bach.web.peer import letter_box, takes_letters
from tests.component.conftest import set_up, the_bach, until_state
from tests.component.homes import CONNECTION, LETTER, TOKEN, add_home, letters
from tests.holes import Hole, holes, is_missed

PARENTS = "user-of-the-parents"

type Ask = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
async def there(socket_enabled: None) -> AsyncGenerator[HomeAssistantServer]:
    """The other home."""
    async with HomeAssistantServer(key=TOKEN) as server:
        yield server


@pytest.fixture
async def ask(hass: HomeAssistant, hass_ws_client: WebSocketGenerator, hass_read_only_access_token: str) -> Ask:
    """One command of somebody who is logged in and may do next to nothing here."""
    assert await async_setup_component(hass, "bach", {})
    clients: list[MockHAClientWebSocket] = []  # the web server takes no more addresses once somebody has asked

    async def ask(type_: str, **fields: object) -> dict[str, Any]:
        if not clients:
            clients.append(await hass_ws_client(hass, hass_read_only_access_token))
        await clients[0].send_json_auto_id({"type": f"bach/{type_}", **fields})
        answer: dict[str, Any] = await clients[0].receive_json()
        return answer

    return ask


@pytest.fixture
async def loaded(
    hass: HomeAssistant, there: HomeAssistantServer, hass_read_only_user: MockUser
) -> AsyncGenerator[MockConfigEntry]:
    """A connection to the other home, which logs in here as a user without rights, at work."""
    entry = add_home(hass, there, [letters(user_id=hass_read_only_user.id)])
    await set_up(hass, entry)
    await until_state(hass, "binary_sensor.summer_house_receiving", "on")
    yield entry
    await hass.config_entries.async_unload(entry.entry_id)


def code(answer: dict[str, Any]) -> str:
    """Why a command was refused."""
    assert not answer["success"]
    return str(answer["error"]["code"])


async def test_a_letter_is_on_disk_before_it_is_acknowledged(
    hass: HomeAssistant,
    ask: Ask,
    loaded: MockConfigEntry,
    hass_read_only_user: MockUser,
    heard: list[Received],
) -> None:
    """A letter would be lost with the power after its sender had forgotten it; or nobody would know whose it is."""
    answer = await ask("deliver", letter=LETTER)
    assert answer["result"] == {"id": LETTER["id"]}
    [message] = await the_bach(hass).inbox(connection=CONNECTION)
    assert (message.text, message.remote_id) == (LETTER["text"], LETTER["id"])
    await hass.async_block_till_done()
    [received] = heard
    assert (received.person, received.role) == ("BACH in Summer house", Role.USER)
    assert received.context.user_id == hass_read_only_user.id


async def test_a_repeated_letter_is_acknowledged_and_has_no_effect(
    hass: HomeAssistant, ask: Ask, loaded: MockConfigEntry, heard: list[Received]
) -> None:
    """The line breaks before the answer: the letter would arrive twice, or be sent for ever."""
    for _ in range(3):
        assert (await ask("deliver", letter=LETTER))["result"] == {"id": LETTER["id"]}
    [message] = await the_bach(hass).inbox()
    await the_bach(hass).discard([message.id])  # an automation threw it away
    assert (await ask("deliver", letter=LETTER))["result"] == {"id": LETTER["id"]}
    await hass.async_block_till_done()
    assert len(heard) == 1
    assert await the_bach(hass).inbox() == []


@pytest.mark.parametrize(
    "mapping",
    [{}, {"user_id": "somebody-else"}, {"role": "notify_only"}, None],
    ids=["no user", "another user", "may only be notified", "no BACH there"],
)
async def test_a_user_who_is_no_home_brings_nothing(
    hass: HomeAssistant,
    there: HomeAssistantServer,
    ask: Ask,
    hass_read_only_user: MockUser,
    mapping: dict[str, str] | None,
) -> None:
    """Everybody who can log in could write in the name of another home."""
    user = {"user_id": hass_read_only_user.id} if mapping == {"role": "notify_only"} else {}
    entry = add_home(hass, there, [] if mapping is None else [letters(**(mapping | user))])
    await set_up(hass, entry)
    assert code(await ask("deliver", letter=LETTER)) == "not_accepted"
    assert (await ask("hello"))["result"]["accepts"] is False
    assert await the_bach(hass).inbox() == []
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_home_cannot_pose_as_another(
    hass: HomeAssistant,
    there: HomeAssistantServer,
    ask: Ask,
    loaded: MockConfigEntry,
    heard: list[Received],
) -> None:
    """The summer house could unlock what only the parents' home may, by naming it in a letter."""
    parents = add_home(hass, there, [letters(user_id=PARENTS, role="admin")], user_there="parents")
    await set_up(hass, parents)
    forged = {**LETTER, "sender_id": "parents", "recipient": "bach", "connection": "homeassistant_parents"}
    assert (await ask("deliver", letter=forged, user_id=PARENTS)).get("success") is False
    assert (await ask("deliver", letter=forged))["success"]
    await hass.async_block_till_done()
    assert [(one.entry_id, one.role) for one in heard] == [(loaded.entry_id, Role.USER)]
    await hass.config_entries.async_unload(parents.entry_id)


async def test_a_user_who_was_disabled_brings_nothing_more(
    hass: HomeAssistant, loaded: MockConfigEntry, hass_read_only_user: MockUser
) -> None:
    """Who is thrown out could go on over a line that is being closed."""
    assert letter_box(hass, hass_read_only_user.id) is loaded
    hass_read_only_user.is_active = False
    assert letter_box(hass, hass_read_only_user.id) is None


async def test_letters_wait_while_nobody_can_store_them(
    hass: HomeAssistant, ask: Ask, loaded: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other home would give a letter up because this one is being set up, switched off or out of disk."""
    bach = the_bach(hass)
    await bach.registry.update(CONNECTION, allowed=frozenset())  # the row has not heard of a change of the entry yet
    assert code(await ask("deliver", letter=LETTER)) == "not_ready"
    assert bach.registry.get(CONNECTION).blocked_count == 0
    await bach.registry.update(CONNECTION, allowed=frozenset({"bach"}))

    async def fail(*_: object) -> None:
        raise StoreFailedError(path="bach.db", reason="disk full")

    with monkeypatch.context() as patch:
        patch.setattr(bach, "take", fail)
        assert code(await ask("deliver", letter=LETTER)) == "not_ready"

    await bach.registry.update(CONNECTION, is_active=False)
    assert code(await ask("deliver", letter=LETTER)) == "not_ready"
    await bach.registry.update(CONNECTION, is_active=True)
    assert (await ask("deliver", letter=LETTER))["success"]


async def test_a_letter_that_becomes_a_strangers_on_its_way_is_not_acknowledged(
    hass: HomeAssistant, ask: Ask, loaded: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was not stored, and its sender would forget it."""
    bach = the_bach(hass)
    take = bach.take

    async def change_and_take(connection: str, letter: Incoming) -> object:
        await bach.registry.update(connection, allowed=frozenset())
        return await take(connection, letter)

    monkeypatch.setattr(bach, "take", change_and_take)
    assert code(await ask("deliver", letter=LETTER)) == "not_ready"


async def test_letters_wait_while_the_connection_is_disabled(
    hass: HomeAssistant, ask: Ask, loaded: MockConfigEntry, there: HomeAssistantServer
) -> None:
    """A person disables a connection for an hour, and what was written meanwhile would be dead."""
    other = add_home(hass, there, user_there="another")
    for keep_open in (False, True):  # the database is closed, and open for somebody else
        if keep_open:
            await set_up(hass, other)
        else:
            await hass.config_entries.async_set_disabled_by(loaded.entry_id, ConfigEntryDisabler.USER)
        assert (await ask("hello"))["result"]["accepts"] is True
        assert code(await ask("deliver", letter=LETTER)) == "not_ready"
    await hass.config_entries.async_set_disabled_by(loaded.entry_id, None)
    await hass.async_block_till_done()
    assert (await ask("deliver", letter=LETTER))["success"]
    await hass.config_entries.async_unload(other.entry_id)


async def test_a_home_that_cannot_be_reached_can_still_write(
    hass: HomeAssistant, ask: Ask, loaded: MockConfigEntry, there: HomeAssistantServer
) -> None:
    """A home behind a router that lets nobody in would lose its voice as soon as we notice."""
    await there.pause()
    await until_state(hass, "binary_sensor.summer_house_receiving", "off")
    assert (await ask("deliver", letter=LETTER))["success"]


@pytest.mark.parametrize(
    "letter",
    [
        None,
        [],
        "text",
        {},
        {**LETTER, "v": 2},
        {**LETTER, "id": "../x"},
        {**LETTER, "text": " "},
        {**LETTER, "text": 5},
    ],
)
async def test_what_is_no_letter_is_refused(
    hass: HomeAssistant, ask: Ask, loaded: MockConfigEntry, letter: object
) -> None:
    """A newer BACH, or a program with a mistake, would put rubbish into the inbox or hear that all is well."""
    assert code(await ask("deliver", letter=letter)) == "invalid_format"
    assert await the_bach(hass).inbox() == []


async def test_a_letter_that_is_too_long_is_refused(hass: HomeAssistant, ask: Ask, loaded: MockConfigEntry) -> None:
    """One home could fill the disk of another, or find its letter cut."""
    assert code(await ask("deliver", letter={**LETTER, "text": "x" * 70_000})) == "invalid_format"
    assert code(await ask("deliver")) == "invalid_format"


async def test_bach_says_that_it_is_there(hass: HomeAssistant, ask: Ask) -> None:
    """The other home could not tell whether letters are of any use."""
    assert (await ask("hello"))["result"] == {"version": "0.1.0", "accepts": False}


async def test_bach_says_whose_letters_it_takes(ask: Ask, loaded: MockConfigEntry) -> None:
    """The other home would say "not accepted" only after the first letter is dead."""
    assert (await ask("hello"))["result"]["accepts"] is True


_PEER: Final = "custom_components.bach.web.peer"


@pytest.mark.slow  # a home for each check
@pytest.mark.parametrize(
    "hole",
    holes(*(f"{_PEER}:{name}" for name in ("letter_box", "takes_letters", "_deliver", "_stored", "_lets_in"))),
    ids=str,
)
async def test_each_check_is_missed(
    hass: HomeAssistant, loaded: MockConfigEntry, ask: Ask, hass_read_only_user: MockUser, hole: Hole | None
) -> None:
    """Whoever takes one out would see all tests pass, and anybody with a login would write as another home."""
    [box] = loaded.subentries.values()
    data, user_id = dict(box.data), hass_read_only_user.id

    async def mapped_otherwise() -> None:
        chat = MockConfigEntry(domain="bach", data={"type": "telegram"}, subentries_data=[letters(user_id=user_id)])
        assert not takes_letters(chat, user_id)
        assert letter_box(hass, user_id) is loaded
        for other in ({"user_id": PARENTS}, {"role": "notify_only"}, {"recipient": "event:x"}):
            hass.config_entries.async_update_subentry(loaded, box, data=data | other)
            assert code(await ask("deliver", letter=LETTER)) == "not_accepted"
        hass.config_entries.async_update_subentry(loaded, box, data=data)
        await hass.async_block_till_done()

    async def not_ready() -> None:
        await the_bach(hass).registry.update(CONNECTION, allowed=frozenset({"bach"}))
        with pytest.MonkeyPatch.context() as patch:
            await test_letters_wait_while_nobody_can_store_them(hass, ask, loaded, patch)
        with pytest.MonkeyPatch.context() as patch:
            await test_a_letter_that_becomes_a_strangers_on_its_way_is_not_acknowledged(hass, ask, loaded, patch)

    disabled = partial(test_a_user_who_was_disabled_brings_nothing_more, hass, loaded, hass_read_only_user)
    assert await is_missed(hole, mapped_otherwise, not_ready, disabled) == (hole is not None)
