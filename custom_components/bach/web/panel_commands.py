"""WebSocket commands of the panel: the library's, asked by a user of Home Assistant.

A user may see and do what concerns recipients that they may control, as with the actions; an administrator everything.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import voluptuous as vol
from homeassistant.auth.models import User
from homeassistant.components import websocket_api
from homeassistant.components.notify import DOMAIN as NOTIFY_DOMAIN
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import Unauthorized
from homeassistant.helpers import entity_registry as er
from homeassistant.util.hass_dict import HassKey

from bach_lib import BachError
from bach_lib.clock import SystemClock
from bach_lib.control.sentences import SentenceError
from bach_lib.events import Event
from bach_lib.said import Sentence
from bach_lib.web.app_commands import COMMANDS, WATCH
from bach_lib.web.change_signal import Changes
from bach_lib.web.shared_answers import SharedAnswers
from bach_lib.web.viewer import Aim, ForbiddenError, Known, Origin, Right, Visit
from custom_components.bach.const import (
    CONF_KIND,
    CONF_RECIPIENT,
    CONF_USER_ID,
    DOMAIN,
    KIND_PRIVATE,
    SUBENTRY_PERSON,
    SUBENTRY_RECIPIENT,
)
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.entry import connection_name, connections, notify_unique_id, titles
from custom_components.bach.home.errors import translated_errors
from custom_components.bach.home.heard import heard_as
from custom_components.bach.home.hub import HUB
from custom_components.bach.home.origin import aim_of, async_origin, user_to_keep
from custom_components.bach.home.permissions import may_control
from custom_components.bach.home.recipient_subentries import is_alarm, recipient_subentries
from custom_components.bach.home.roles import place
from custom_components.bach.kinds.partners import is_partner
from custom_components.bach.kinds.stored_data import damage_of
from custom_components.bach.kinds.webhook import sends

from .panel_bridges import HomeBridges

_PANELS: HassKey[Changes] = HassKey(f"{DOMAIN}_panel_changes")
_CARDS: HassKey[Changes] = HassKey(f"{DOMAIN}_card_changes")
PANEL_ANSWERS: HassKey[SharedAnswers] = HassKey(f"{DOMAIN}_panel_answers")
_WITH_ROLE: Final = frozenset({SUBENTRY_PERSON, SUBENTRY_RECIPIENT})
_OF_THE_SOCKET: Final = frozenset({"id", "type"})


@callback
def async_register_panel_commands(hass: HomeAssistant) -> None:
    """Register the commands. They answer that nothing is loaded while there is no connection."""
    for those in (_PANELS, _CARDS):
        hass.data[those] = changes = Changes(SystemClock())
        hass.data[HUB].follow(Event, changes.note)
    hass.data[PANEL_ANSWERS] = SharedAnswers(hass.data[_PANELS], hass.data[_CARDS], clock=SystemClock())
    for name in COMMANDS:
        schema = websocket_api.BASE_COMMAND_MESSAGE_SCHEMA.extend({vol.Required("type"): name}, extra=vol.ALLOW_EXTRA)
        websocket_api.async_register_command(hass, name, _perform, schema)
    websocket_api.async_register_command(hass, _watch)


@callback
def is_panel_open(hass: HomeAssistant) -> bool:
    """Whether somebody looks at it now, or has it in a tab; a card on a dashboard is not it."""
    return hass.data[_PANELS].is_followed


@callback
@websocket_api.websocket_command({vol.Required("type"): WATCH, vol.Optional("on_card", default=False): bool})
def _watch(hass: HomeAssistant, connection: websocket_api.ActiveConnection, msg: dict[str, Any]) -> None:
    """Handle `bach/panel/watch`: send an empty event when something may look different."""
    viewer = HomeViewer(hass, connection.user)
    if not viewer.sees_all and not any(
        viewer.may(place.id, one.id) for place in viewer.places() for one in place.recipients
    ):
        raise Unauthorized
    changes = hass.data[_CARDS if msg["on_card"] else _PANELS]
    connection.subscriptions[msg["id"]] = changes.follow(partial(connection.send_event, msg["id"]))
    connection.send_result(msg["id"])


@websocket_api.async_response
async def _perform(hass: HomeAssistant, connection: websocket_api.ActiveConnection, msg: dict[str, Any]) -> None:
    """Handle a command of the web app."""
    arguments = {name: value for name, value in msg.items() if name not in _OF_THE_SOCKET}
    try:
        with translated_errors(hass):
            visit = Visit(hass.data[HUB].bach, HomeViewer(hass, connection.user))
            answer = await hass.data[PANEL_ANSWERS].perform(connection.user.id, visit, msg["type"], arguments)
    except ForbiddenError as error:
        raise Unauthorized from error
    except SentenceError as error:
        connection.send_error(msg["id"], websocket_api.ERR_INVALID_FORMAT, str(error))
    else:
        connection.send_result(msg["id"], answer)


class HomeViewer:
    """A user of Home Assistant who looks at the panel, for the time of one question."""

    def __init__(self, hass: HomeAssistant, user: User) -> None:
        self._hass = hass
        self._user = user
        self._judged: dict[tuple[str, str], bool] = {}

    @property
    def sees_all(self) -> bool:
        """Whether they are an administrator."""
        return self._user.is_admin

    @property
    def name(self) -> str:
        """The user's, else the home's."""
        return self._user.name or self._hass.config.location_name

    def may(self, connection: str, recipient: str) -> bool:
        """Whether they may control the recipient; an address that is none is for administrators."""
        if self.sees_all:
            return True
        place = (connection, recipient)
        if place not in self._judged:
            self._judged[place] = may_control(self._hass, self._user, connection, recipient)
        return self._judged[place]

    def places(self) -> Sequence[Known]:
        """The entries that send, with their recipients."""
        return [
            Known(
                id=connection_name(entry),
                title=entry.title,
                recipients=[
                    Known(id=one.data[CONF_RECIPIENT], title=one.title, entity=self._notify_entity(entry, one))
                    for one in recipient_subentries(entry)
                ],
            )
            for entry in connections(self._hass)
            if not is_partner(entry) and sends(entry.data) and damage_of(entry) is None
        ]

    def _notify_entity(self, entry: BachConfigEntry, recipient: ConfigSubentry) -> str | None:
        unique_id = notify_unique_id(entry, recipient.subentry_id)
        return er.async_get(self._hass).async_get_entity_id(NOTIFY_DOMAIN, DOMAIN, unique_id)

    def title(self, connection: str) -> str:
        """The title of its entry."""
        return entry.title if (entry := self._entry(connection)) else connection

    def alarm(self, route: str) -> str:
        """The title of a route or an alert."""
        alarms = (one for entry in connections(self._hass) for one in entry.subentries.values() if is_alarm(one))
        return next((one.title for one in alarms if one.data.get(CONF_RECIPIENT) == route), route)

    def link(self, connection: str) -> str | None:
        """The page of its entry."""
        entry = self._entry(connection)
        return f"/config/integrations/integration/{DOMAIN}#config_entry={entry.entry_id}" if entry else None

    async def origin(self, context: str | None) -> Origin | None:
        """The automation, script or user; only administrators may see what these did."""
        return await async_origin(self._hass, context) if self.sees_all else None

    def aim(self, context: str | None) -> Aim | None:
        """The person; only administrators may see where somebody was."""
        return aim_of(self._hass, context) if self.sees_all else None

    @property
    def bridges(self) -> HomeBridges:
        """The sub-entries of its connections."""
        return HomeBridges(self._hass, self._hass.data[HUB].bach)

    @property
    def context(self) -> str:
        """The user."""
        return user_to_keep(self._user.id)

    async def rights(self) -> Sequence[Right]:
        """The roles of recipients and of the people in them, and the users for whom they count."""
        entries = [entry for entry in connections(self._hass) if damage_of(entry) is None]
        return [
            await self._right(entry, one)
            for entry in entries
            for one in entry.subentries.values()
            if one.subentry_type in _WITH_ROLE
        ]

    async def _right(self, entry: BachConfigEntry, subentry: ConfigSubentry) -> Right:
        user = await self._hass.auth.async_get_user(subentry.data.get(CONF_USER_ID) or "")
        is_person = subentry.subentry_type == SUBENTRY_PERSON
        where = place(entry.subentries.values(), subentry.data[CONF_RECIPIENT]) if is_person else subentry
        return Right(
            connection=entry.title,
            place=where.title if where else subentry.data[CONF_RECIPIENT],
            person=subentry.title if is_person or subentry.data.get(CONF_KIND) == KIND_PRIVATE else None,
            role=heard_as(entry, subentry),
            user=user.name if user else None,
        )

    def _entry(self, connection: str) -> BachConfigEntry | None:
        entries = connections(self._hass)
        return next(
            (entry for entry in entries if damage_of(entry) is None and connection_name(entry) == connection), None
        )

    def sentence(self, error: BachError) -> str:
        """The error with the titles of this home."""
        known, said = titles(self._hass), error.sentence
        return said.changed(lambda word: known.get(word, word)) if isinstance(said, Sentence) else said
