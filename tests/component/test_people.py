"""People of this home: a person is told where they are, and everybody at home means who is there now."""

from typing import Any

import pytest
from homeassistant.auth.models import User
from homeassistant.config_entries import SOURCE_RECONFIGURE, SOURCE_USER, ConfigSubentryData, SubentryFlowResult
from homeassistant.core import Context, HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import label_registry as lr
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from bach_lib import Message, RouteStatus
from bach_lib.testing.telegram_server import TelegramServer
from custom_components.bach.const import DOMAIN
from tests.component.automations import automate
from tests.component.companion import Companion
from tests.component.conftest import ADA, BOB, add_entry, incoming, recipient, set_up, the_bach, until
from tests.component.conftest import arrive as come_in
from tests.component.dialogs import close_recipient_dialogs, go_on
from tests.component.test_panel import Socket
from tests.component.test_routes import connect as connect_routes
from tests.component.test_routes import route, rows, step

HOME, AWAY = "home", "not_home"


def is_at(hass: HomeAssistant, who: str, where: str, **attributes: object) -> None:
    """A person as Home Assistant shows them."""
    known = {"id": f"id_{who}", "friendly_name": who.title(), "device_trackers": []}
    hass.states.async_set(f"person.{who}", where, {**known, **attributes})


def people(recipient: str, title: str, **data: object) -> ConfigSubentryData:
    """A person, or several, as the dialog stores them."""
    whole: dict[str, Any] = {"recipient": recipient, **data}
    return ConfigSubentryData(
        data=whole, subentry_type="people", title=title, unique_id=f"recipient_{recipient}"
    )


def ada(**data: object) -> ConfigSubentryData:
    """Ada, by recipients that are named by their sub-entries."""
    usual = {"at_home": [], "away": [], "first_at_home": False, "first_away": False}
    return people("person:id_ada", "Ada", who="person", person="id_ada", **{**usual, **data})


def everybody(who: str, title: str, **data: object) -> ConfigSubentryData:
    """Several, as the dialog stores them."""
    return people(f"people:{title}", title, who=who, **{"but_cause": False, "if_nobody": "refuse", **data})


async def this_home(hass: HomeAssistant, *subentries: ConfigSubentryData) -> MockConfigEntry:
    """The connection to this home, at work."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="This home",
        unique_id="here",
        data={"type": "this_home"},
        minor_version=2,
        subentries_data=list(subentries),
    )
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    return entry


def ids(entry: MockConfigEntry) -> dict[str, str]:
    """The sub-entries of a connection, by title."""
    return {one.title: one.subentry_id for one in entry.subentries.values()}


async def tell(hass: HomeAssistant, *entity_ids: str, **data: object) -> list[dict[str, Any]]:
    """Send a message; the rows of the response."""
    given = {"entity_id": list(entity_ids), "message": "Dinner", **data}
    answer = await hass.services.async_call("bach", "send_message", given, blocking=True, return_response=True)
    return rows(answer, "messages")


async def told(hass: HomeAssistant) -> list[str]:
    """Whom messages went to so far, in order."""
    return [one.recipient for one in reversed(await the_bach(hass).messages(limit=50))]


@pytest.fixture
async def house(hass: HomeAssistant, telegram: TelegramServer) -> MockConfigEntry:
    """Ada has two chats and Bob one, each with a user; the kitchen is nobody's."""
    for who in ("ada", "bob"):
        is_at(hass, who, HOME if who == "ada" else AWAY, user_id=f"user_{who}")
    more = [
        recipient("Ada", str(ADA), user_id="user_ada"),
        recipient("Ada at work", "500", user_id="user_ada"),
        recipient("Bob", str(BOB), user_id="user_bob"),
        recipient("Kitchen", "-600", kind="group", user_id="user_ada"),
    ]
    entry = add_entry(hass, telegram, recipients={}, more=more)
    await set_up(hass, entry)
    return entry


async def test_a_person_is_told_by_what_is_theirs_without_any_setup(hass: HomeAssistant, house: MockConfigEntry) -> None:
    """Whoever chooses person.ada would be told that it is none of BACH's, though all is known."""
    found = await tell(hass, "person.ada")
    assert [(one["recipient"], one["person"], one["is_home"]) for one in found] == [
        (str(ADA), "person.ada", True),
        ("500", "person.ada", True),
    ]


async def test_a_person_is_told_where_they_are(hass: HomeAssistant, house: MockConfigEntry) -> None:
    """The speaker at home would speak to an empty room."""
    of = ids(house)
    await this_home(hass, ada(at_home=[of["Kitchen"], of["Ada"]], away=[of["Ada at work"], of["Ada"]], first_away=True))
    await tell(hass, "person.ada")
    is_at(hass, "ada", "Office")
    await tell(hass, "notify.ada_2")
    await hass.services.async_call(
        "notify", "send_message", {"entity_id": "notify.ada_2", "message": "x"}, blocking=True
    )
    assert await told(hass) == ["-600", str(ADA), "500", "500"]
