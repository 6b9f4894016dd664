"""Offers a recipient as an action `notify.<name>` too, for what can call nothing else.

Home Assistant's alerts, its login codes, notify groups in YAML, Alarmo and many blueprints know no entities. The action
is there as soon as Home Assistant is: an alert that is on already calls before any connection is set up. Its name is
kept with the recipient, so that another title takes it from no automation.
"""

from collections.abc import Iterator
from typing import Final

from homeassistant.components.notify import (
    ATTR_DATA,
    ATTR_MESSAGE,
    ATTR_TITLE,
    NOTIFY_SERVICE_SCHEMA,
)
from homeassistant.components.notify import DOMAIN as NOTIFY
from homeassistant.config_entries import SIGNAL_CONFIG_ENTRY_CHANGED, ConfigEntry, ConfigEntryChange, ConfigSubentry
from homeassistant.const import ATTR_CONFIG_ENTRY_ID, ATTR_ENTITY_ID
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.service import async_set_service_schema
from homeassistant.util import slugify
from homeassistant.util.hass_dict import HassKey

from bach_lib import Loss
from custom_components.bach.const import CONF_NOTIFY_ACTION, CONF_RECIPIENT, DOMAIN
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.entry import connection_name, connections
from custom_components.bach.home.errors import translated_errors
from custom_components.bach.home.hub import HUB
from custom_components.bach.home.permissions import require_recipient_control
from custom_components.bach.home.recipient_subentries import is_people, people_subentries, recipient_subentries
from custom_components.bach.home.target_recipients import notify_entity_id
from custom_components.bach.home.whom import told_of_people

from .legacy_fields import LegacyFields, lesser, read_legacy
from .login_codes import OF_A_CODE, is_login_code
from .send_message import ATTR_TAG, async_send_message
from .send_message import SCHEMA as SEND_SCHEMA
from .targets import ATTR_RECIPIENT

_OURS: Final[HassKey[set[str]]] = HassKey("bach_notify_actions")
_CLEAR: Final = "clear_notification"
_SPEAK: Final = "TTS"
_COMMANDS: Final = frozenset(
    {
        *("clear_badge", "delete_alert", "remove_channel", "request_location_update"),
        *("update_complications", "update_widgets"),
    }
)
_COMMAND_BEGINS: Final = ("command_", "kiosk_")
"""What the phone app does when it is all that a message says; as words it would only puzzle people."""
_NO_NAME: Final = "unknown"
"""What Home Assistant makes of a title without letters."""


@callback
def async_setup_legacy_notify(hass: HomeAssistant) -> None:
    """Register the actions of all recipients that have one, and follow how recipients change."""
    hass.data[_OURS] = set()

    @callback
    def follow(_: ConfigEntryChange, entry: ConfigEntry) -> None:
        if entry.domain == DOMAIN:
            _follow(hass)

    async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, follow)
    _follow(hass)


def free_name(hass: HomeAssistant, title: str) -> str | None:
    """The name of an action for a new recipient; None if another action has it, or the title makes none."""
    name = slugify(title)
    return None if name == _NO_NAME or name.replace("_", "").isdigit() or is_taken(hass, name) else name


def is_taken(hass: HomeAssistant, name: str, *, besides: str | None = None) -> bool:
    """Whether an action has this name already, that of another recipient or of another integration.

    `besides`: the sub-entry that may have it.
    """
    mine = {one.data[CONF_NOTIFY_ACTION]: one.subentry_id for _, one in _recipients(hass)}
    return mine[name] != besides if name in mine else hass.services.has_service(NOTIFY, name)


def _recipients(hass: HomeAssistant) -> Iterator[tuple[BachConfigEntry, ConfigSubentry]]:
    """The recipients and people that have an action."""
    for entry in connections(hass, include_disabled=False):
        for subentry in (*recipient_subentries(entry), *people_subentries(entry)):
            if subentry.data.get(CONF_NOTIFY_ACTION):
                yield entry, subentry


@callback
def _follow(hass: HomeAssistant) -> None:
    """Register what is missing and remove what is of nobody any more."""
    ours, wanted = hass.data[_OURS], {one.data[CONF_NOTIFY_ACTION]: one.title for _, one in _recipients(hass)}
    for name in ours - wanted.keys():
        hass.services.async_remove(NOTIFY, name)
        ours.discard(name)
    for name, title in wanted.items():
        if name not in ours:
            if hass.services.has_service(NOTIFY, name):  # somebody else has come first: theirs must go on
                continue
            hass.services.async_register(
                NOTIFY, name, _notify, NOTIFY_SERVICE_SCHEMA, supports_response=SupportsResponse.OPTIONAL
            )
            ours.add(name)
        async_set_service_schema(hass, NOTIFY, name, {"name": title, "description": "BACH", "fields": _FIELDS})


_FIELDS: Final = {
    ATTR_MESSAGE: {"required": True, "selector": {"text": {"multiline": True}}},
    ATTR_TITLE: {"selector": {"text": {}}},
    ATTR_DATA: {"selector": {"object": {}}},
}


async def _notify(call: ServiceCall) -> ServiceResponse:
    """Handle any of the actions: queue the message as `bach.send_message` does."""
    entry, subentry = next(
        ((entry, one) for entry, one in _recipients(call.hass) if one.data[CONF_NOTIFY_ACTION] == call.service),
        (None, None),
    )
    if entry is None or subentry is None:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_recipients")
    legacy, message = read_legacy(call.hass, call.data.get(ATTR_DATA) or {}), call.data[ATTR_MESSAGE]
    if message == _CLEAR:
        return await _clear(call, entry, subentry, legacy)
    if message == _SPEAK:
        message = str((call.data.get(ATTR_DATA) or {}).get("tts_text") or "")
    if message in _COMMANDS or message.startswith(_COMMAND_BEGINS):
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="only_for_the_phone_app",
            translation_placeholders={"command": message, "name": subentry.title},
        )
    tried, lost = legacy, legacy.lost
    for less in lesser(legacy):
        try:
            return await async_send_message(_as_ours(call, entry, subentry, tried, message), lost)
        except ServiceValidationError as error:  # nothing was queued; what a field says is not worth an alarm
            tried, lost = less, [*legacy.lost, Loss(what="data", reason=str(error))]
    return await async_send_message(_as_ours(call, entry, subentry, tried, message), lost)


def _as_ours(
    call: ServiceCall, entry: BachConfigEntry, subentry: ConfigSubentry, legacy: LegacyFields, message: str
) -> ServiceCall:
    """The same as a call of `bach.send_message`. It is not made as a call: the recorder would keep the words twice."""
    entity_id = notify_entity_id(call.hass, (entry, subentry))
    by_address = {ATTR_CONFIG_ENTRY_ID: entry.entry_id, ATTR_RECIPIENT: subentry.data[CONF_RECIPIENT]}
    data: dict[str, object] = {
        **({ATTR_ENTITY_ID: entity_id} if entity_id else by_address),
        ATTR_MESSAGE: "\n".join(part for part in (message, *legacy.lines) if part),
        **legacy.fields,
        **(OF_A_CODE if is_login_code(call.hass, message) else {}),
    }
    if call.data.get(ATTR_TITLE):
        data[ATTR_TITLE] = call.data[ATTR_TITLE]
    return ServiceCall(
        call.hass, DOMAIN, "send_message", SEND_SCHEMA(data), call.context, return_response=call.return_response
    )


async def _clear(
    call: ServiceCall, entry: BachConfigEntry, subentry: ConfigSubentry, legacy: LegacyFields
) -> ServiceResponse:
    """Clear the tag for the recipient, as `clear_notification` does on a phone; for people, wherever they are told."""
    those, tag = [(entry, subentry)], legacy.fields.get(ATTR_TAG)
    if is_people(subentry):
        those = [told.recipient for told in told_of_people(call.hass, subentry, wherever=True)]
    for one, place in those:
        await require_recipient_control(call.hass, call.context, one, place.data[CONF_RECIPIENT])
    with translated_errors(call.hass):
        for one, place in those if isinstance(tag, str) and tag else ():
            await call.hass.data[HUB].bach.clear(connection_name(one), place.data[CONF_RECIPIENT], str(tag))
    return {"messages": []} if call.return_response else None
