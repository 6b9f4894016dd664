"""Sends a first ("hello") or a test message to a recipient, and waits a few seconds for the result.

It is queued like any message but expires after an hour. If it fails it is discarded, since the person who sent it has
read the reason in the dialog.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Literal

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant

from bach_lib import BachError, Format, Status
from custom_components.bach.const import TYPE_HOMEASSISTANT, TYPE_THIS_HOME, TYPE_WEBHOOK
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.entry import connection_name
from custom_components.bach.home.hub import HUB
from custom_components.bach.home.language import common_texts, in_home_language, language_of
from custom_components.bach.this_home.place_forms import PANEL, PHONE

_TIME_TO_LIVE: Final = 3600.0
_MAX_REASON: Final = 300


@dataclass(frozen=True, slots=True)
class Told:
    """The message's number, its status after the wait, and the reason if it was not sent."""

    id: int
    status: Status
    reason: str = ""


def is_harmless(type_: str, recipient: str = "") -> bool:
    """Whether a message can only be read there; webhooks and actions of another home may do anything with it.

    Without a recipient: whether that is so for all recipients of this type.
    """
    if type_ == TYPE_THIS_HOME:
        return recipient.startswith(PHONE) or recipient == PANEL
    if type_ != TYPE_HOMEASSISTANT:
        return type_ != TYPE_WEBHOOK
    return recipient.startswith(("notify.", "action:notify."))


async def async_say(
    hass: HomeAssistant,
    entry: BachConfigEntry,
    recipient: str,
    what: Literal["hello", "test_message"],
    *,
    seconds: float,
    key: str | None = None,
    context: str | None = None,
    language: str | None = None,
) -> Told:
    """Queue the message, and wait at most `seconds` for its result. The same `key` never sends twice.

    `language`: of whoever is no recipient yet. For all others it is known.
    Raises a `BachError` if it cannot be queued.
    """
    bach, connection = hass.data[HUB].bach, connection_name(entry)
    texts = await common_texts(hass, language or language_of(hass, entry, recipient))
    receipt = await bach.send(
        connection,
        recipient,
        texts[what].replace("{home}", hass.config.location_name),
        format=Format.PLAIN,
        time_to_live=_TIME_TO_LIVE,
        idempotency_key=key,
        context=context,
    )
    message = await bach.wait(receipt.id, seconds)
    if message.status is Status.DEAD:
        with suppress(BachError):  # somebody was faster
            await bach.discard_messages([message.id])
    fault = None if message.status is Status.SENT else message.error or bach.health(connection).fault
    return Told(message.id, message.status, in_home_language(hass, fault.text)[:_MAX_REASON] if fault else "")


async def async_greet(
    hass: HomeAssistant,
    entry: BachConfigEntry,
    recipient: str,
    *,
    seconds: float,
    key: str,
    language: str | None = None,
) -> tuple[str, str]:
    """Send a hello to a new recipient; return the key of the sentence about the result, and the reason."""
    if entry.state is not ConfigEntryState.LOADED:
        return "hello_not_sent", ""
    try:
        told = await async_say(hass, entry, recipient, "hello", seconds=seconds, key=key, language=language)
    except BachError as error:
        return "hello_failed", in_home_language(hass, error.sentence)
    if told.status is Status.SENT:
        return "hello_sent", ""
    if not told.status.is_final:
        return ("hello_waits" if told.reason else "hello_under_way"), told.reason
    return ("hello_uncertain" if told.status is Status.UNCERTAIN else "hello_failed"), told.reason or told.status.value
