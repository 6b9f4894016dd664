"""Adding a person in a group by clicking, and changing what that person may do."""

import pytest
from homeassistant.config_entries import SOURCE_RECONFIGURE, SOURCE_USER, SubentryFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser, async_capture_events

from bach_lib.errors import StoreFailedError
from bach_lib.testing.telegram_server import Bot, TelegramServer
from custom_components.bach.const import EVENT_MESSAGE
from custom_components.bach.home.attribution import Received, Role
from custom_components.bach.home.users import USERS
from tests.component.conftest import (
    ADA,
    CONNECTION,
    add_entry,
    arrive,
    incoming,
    person,
    recipient,
    set_up,
    the_bach,
    until,
)
from tests.component.dialogs import go_on
from tests.component.test_recipient_flow import suggested

FAMILY, BOARD = -1001, -1002
DORA, CARL = 46, 47


@pytest.fixture
async def home(hass: HomeAssistant, telegram: TelegramServer) -> MockConfigEntry:
    """A connection with a group in which everybody is a user, one that is only told, and Ada."""
    groups = [
        recipient("Ada", str(ADA)),
        recipient("Family", str(FAMILY), kind="supergroup"),
        recipient("Board", str(BOARD), kind="", role="notify_only"),
        person("Carl", str(FAMILY), str(CARL)),
    ]
    entry = add_entry(hass, telegram, recipients={}, more=groups)
    await set_up(hass, entry)
    return entry


async def start(hass: HomeAssistant, entry: MockConfigEntry) -> SubentryFlowResult:
    """Open the dialog."""
    return await hass.config_entries.subentries.async_init((entry.entry_id, "person"), context={"source": SOURCE_USER})


async def reconfigure(hass: HomeAssistant, entry: MockConfigEntry, title: str) -> SubentryFlowResult:
    """Open the dialog of a person who exists."""
    [found] = [key for key, subentry in entry.subentries.items() if subentry.title == title]
    return await hass.config_entries.subentries.async_init(
        (entry.entry_id, "person"), context={"source": SOURCE_RECONFIGURE, "subentry_id": found}
    )


def options(result: SubentryFlowResult, field: str) -> dict[str, str]:
    """What can be picked, as value and label."""
    schema = result["data_schema"]
    assert schema
    return {option["value"]: option["label"] for option in schema.schema[field].config["options"]}


async def test_somebody_who_wrote_is_picked(
    hass: HomeAssistant, hass_admin_user: MockUser, telegram: TelegramServer, bot: Bot, home: MockConfigEntry
) -> None:
    """Nobody should have to find out the id of a person: it is in the messages of the group."""
    telegram.add_chat(FAMILY, type="supergroup", title="Family")
    events = async_capture_events(hass, EVENT_MESSAGE)
    for sender, name in ((DORA, "Dora"), (CARL, "Carl"), (DORA, "Dora")):
        telegram.says("hello", bot=bot, chat_id=FAMILY, from_id=sender, first_name=name)
    telegram.says("hello", bot=bot, chat_id=ADA, first_name="Ada")  # who has never written in the group
    await until(hass, lambda: len(events) == 4)

    result = await start(hass, home)
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "user")
    assert options(result, "recipient") == {str(FAMILY): "Family", str(BOARD): "Board"}
    result = await go_on(hass, result, recipient=str(FAMILY))
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "who")
    assert result["description_placeholders"] == {"name": "Family", "name_text": "Family"}
    assert options(result, "sender_id") == {str(DORA): f"Dora ({DORA})", str(ADA): f"Ada ({ADA})"}

    result = await go_on(hass, result, sender_id=str(DORA), role="admin", user_id=hass_admin_user.id)
    assert (result["type"], result["title"]) == (FlowResultType.CREATE_ENTRY, "Dora")
    assert result["unique_id"] == f"person_{FAMILY}_{DORA}"
    assert result["data"] == {
        "recipient": str(FAMILY),
        "sender_id": str(DORA),
        "role": "admin",
        "user_id": hass_admin_user.id,
    }


async def test_a_person_to_send_to_can_be_picked_as_one_who_writes(
    hass: HomeAssistant, telegram: TelegramServer
) -> None:
    """Where the address of a private chat is not the id of the person, the choice could not be saved."""
    groups = [recipient("Ada", f"@{ADA}"), recipient("Family", str(FAMILY), kind="channel")]
    entry = add_entry(hass, telegram, recipients={}, more=groups)
    await set_up(hass, entry)
    result = await go_on(hass, await start(hass, entry), recipient=str(FAMILY))
    assert options(result, "sender_id") == {str(ADA): f"Ada ({ADA})"}
    result = await go_on(hass, result, sender_id=str(ADA))
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_an_id_can_be_typed_for_a_group_that_is_only_told(
    hass: HomeAssistant, telegram: TelegramServer, bot: Bot, home: MockConfigEntry
) -> None:
    """One person of a group that nobody listens to must be heard at once, and nobody else in it."""
    telegram.add_chat(BOARD, type="supergroup", title="Board")
    events = async_capture_events(hass, EVENT_MESSAGE)
    result = await go_on(hass, await start(hass, home), recipient=str(BOARD))
    result = await go_on(hass, result, sender_id="not an id", role="user")
    assert result["errors"] == {"sender_id": "invalid_sender"}
    result = await go_on(hass, result, sender_id=f" {DORA} ", title=" Dora the chair ", role="user")
    assert (result["type"], result["title"]) == (FlowResultType.CREATE_ENTRY, "Dora the chair")
    assert f"{BOARD}#{DORA}" in the_bach(hass).registry.get(CONNECTION).allowed

    telegram.says("and me?", bot=bot, chat_id=BOARD, from_id=CARL)
    telegram.says("hello", bot=bot, chat_id=BOARD, from_id=DORA)
    await until(hass, lambda: bool(events))
    assert [(event.data["person"], event.data["text"]) for event in events] == [("Dora the chair", "hello")]


@pytest.mark.parametrize(
    "sender_id",
    ["", " ", "4#6", "4/6", "4:6", "x" * 101, "\u0664\u0666", "ada", "@ada", "-1001", str(BOARD), "+491701234567"],
)
async def test_what_cannot_be_an_id_is_refused(hass: HomeAssistant, home: MockConfigEntry, sender_id: str) -> None:
    """A person would be stored whom no message can ever come from, or several at once."""
    result = await go_on(hass, await start(hass, home), recipient=str(FAMILY))
    result = await go_on(hass, result, sender_id=sender_id)
    assert result["errors"] == {"sender_id": "invalid_sender"}


async def test_a_person_is_added_once_to_a_group_and_may_be_in_another(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    """Two roles of one person in one place would leave open which one counts."""
    result = await go_on(hass, await start(hass, home), recipient=str(FAMILY))
    assert str(CARL) not in options(result, "sender_id")
    result = await go_on(hass, result, sender_id=str(CARL), title="Carl the chair")
    assert result["errors"] == {"sender_id": "person_taken"}
    assert suggested(result)["title"] == "Carl the chair", "nothing that was typed is lost"
    result = await go_on(hass, await start(hass, home), recipient=str(BOARD))
    result = await go_on(hass, result, sender_id=str(CARL))
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_without_a_group_there_is_nobody_to_add(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """People who have a chat of their own are recipients; the dialog must say so instead of showing an empty list."""
    result = await start(hass, entry)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "no_groups")


async def test_role_user_and_name_of_a_person_are_changed(
    hass: HomeAssistant, hass_admin_user: MockUser, home: MockConfigEntry, heard: list[Received]
) -> None:
    """Who loses the right to command must lose it now."""
    result = await reconfigure(hass, home, "Carl")
    assert suggested(result) == {"title": "Carl", "role": "user"}
    assert (result["description_placeholders"] or {}).items() >= {"name": "Family", "sender_text": str(CARL)}.items()
    result = await go_on(hass, result, title="Carl C.", role="admin", user_id=hass_admin_user.id)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    await arrive(hass, incoming(FAMILY, CARL))
    [received] = heard
    assert (received.person, received.role, received.context.user_id) == ("Carl C.", Role.ADMIN, hass_admin_user.id)

    result = await reconfigure(hass, home, "Carl C.")
    await go_on(hass, result, role="notify_only")
    carl = next(subentry for subentry in home.subentries.values() if subentry.subentry_type == "person")
    assert carl.title == str(CARL)
    assert carl.data == {"recipient": str(FAMILY), "sender_id": str(CARL), "role": "notify_only"}
    await arrive(hass, incoming(FAMILY, CARL))
    assert len(heard) == 1


async def test_a_person_can_be_typed_while_the_inbox_cannot_be_read(
    hass: HomeAssistant, home: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk in trouble, or a disabled connection, must not keep somebody from changing who may do what."""

    async def fail(**_: object) -> None:
        raise StoreFailedError(path="bach.db", reason="broken")

    monkeypatch.setattr(the_bach(hass), "inbox", fail)
    result = await go_on(hass, await start(hass, home), recipient=str(FAMILY))
    assert options(result, "sender_id") == {str(ADA): f"Ada ({ADA})"}
    await hass.config_entries.async_unload(home.entry_id)
    result = await go_on(hass, await start(hass, home), recipient=str(FAMILY))
    result = await go_on(hass, result, sender_id=str(DORA))
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_before_any_connection_is_enabled_the_dialog_works(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """At a start with all connections disabled nothing of ours has run yet."""
    ada = next(key for key, subentry in entry.subentries.items() if subentry.title == "Ada")
    assert USERS not in hass.data
    result = await hass.config_entries.subentries.async_init(
        (entry.entry_id, "recipient"), context={"source": SOURCE_RECONFIGURE, "subentry_id": ada}
    )
    assert result["type"] is FlowResultType.FORM
