"""Validators for the options of triggers and conditions, each with an error that is one sentence.

All of them work while no connection is loaded: an automation must not be refused because the internet is away.
"""

from collections.abc import Callable
from typing import Final

import voluptuous as vol
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.typing import ConfigType

from bach_lib.errors import InvalidValueError
from custom_components.bach.home.entry import connections, titles
from custom_components.bach.home.members import async_is_group, async_recipient_of

CONF_COMMAND: Final = "command"
CONF_CONTAINS: Final = "contains"
CONF_DIRECTION: Final = "direction"
CONF_KINDS: Final = "kinds"
CONF_SENDER: Final = "sender"
CONF_TO: Final = "to"
CONF_VALUE: Final = "value"


def one_of(field: str, values: list[str]) -> Callable[[object], str]:
    """Validator: one of these values."""

    def check(value: object) -> str:
        if isinstance(value, str) and value in values:
            return value
        raise refusal(value, field, "one of " + ", ".join(values))

    return check


def some(field: str, item: Callable[[object], str]) -> Callable[[object], list[str]]:
    """Validator: a non-empty list; a single value counts as one."""

    def check(value: object) -> list[str]:
        values: list[object] = cv.ensure_list(value)
        if not values:
            raise refusal("", field, "at least one, or leave it out")
        return [item(each) for each in values]

    return check


def words(field: str) -> Callable[[object], str]:
    """Validator: a non-blank text. Booleans are refused: YAML reads an unquoted yes or no as one."""

    def check(value: object) -> str:
        if isinstance(value, bool):
            raise refusal(value, field, "text in quotes")
        text = cv.string(value)
        if text.strip():
            return text
        raise refusal(value, field, "at least one visible character")

    return check


def command(value: object) -> str:
    """Validator: the name of a command, without slash and in lower case, as messages carry it."""
    name = cv.string(value).strip().removeprefix("/").lower()
    if name and not any(character.isspace() or character in "/@" for character in name):
        return name
    raise refusal(value, CONF_COMMAND, "one word such as /door; what follows it in the message comes as trigger.args")


def sender(value: object) -> str:
    """Validator: `connection:sender_id`, as messages carry it."""
    connection, _, sender_id = cv.string(value).partition(":")
    if connection and sender_id:
        return f"{connection}:{sender_id}"
    raise refusal(value, CONF_SENDER, "connection:sender_id, as in trigger.sender")


def require_connection(hass: HomeAssistant, entry_id: str | None) -> None:
    """Raise `Invalid` if this is no entry of BACH; it need not be loaded."""
    entries = {entry.entry_id: entry.title for entry in connections(hass)}
    if entry_id is not None and entry_id not in entries:
        known = ", ".join(f"{known} ({title})" for known, title in entries.items()) or "none yet"
        raise refusal(entry_id, "config_entry_id", f"the id of a connection of BACH: {known}")


def require_senders(hass: HomeAssistant, senders: list[str]) -> None:
    """Raise `Invalid` if a sender's connection does not exist."""
    known = titles(hass)
    for found in senders:
        if found.partition(":")[0] not in known:
            raise refusal(found, CONF_SENDER, f"one of the connections {', '.join(known) or '(none yet)'}")


def require_recipients(hass: HomeAssistant, target: ConfigType | None) -> None:
    """Raise `Invalid` if the target names an existing entity that is neither a recipient's nor a group.

    Removed entities are accepted, as automations outlive them.
    """
    registry = er.async_get(hass)
    for entity_id in (target or {}).get("entity_id", []):
        exists = registry.async_get(entity_id) or hass.states.get(entity_id)
        if exists and not async_is_group(hass, entity_id) and not async_recipient_of(hass, entity_id):
            raise refusal(entity_id, "target", "entities of recipients of BACH")


def refusal(value: object, field: str, expected: str) -> vol.Invalid:
    """The error, with the library's sentence for a wrong value."""
    return vol.Invalid(str(InvalidValueError(value=value, field=field, expected=expected)))
