"""The action `bach.send_message`: queues a message for many recipients, each with its own result.

It can do what `notify.send_message` cannot: files, buttons, priority, a later time, time to live, and waiting.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import voluptuous as vol
from homeassistant.const import ATTR_CONFIG_ENTRY_ID, ATTR_ENTITY_ID, CONF_TYPE
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.json import json_dumps
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonObjectType

from bach_lib import Delivery, File, Format, Loss, Message, Receipt, Snooze, Status
from custom_components.bach.const import DOMAIN, RECIPIENT_BACH, TYPE_HOMEASSISTANT
from custom_components.bach.home.errors import translated_errors
from custom_components.bach.home.hub import HUB
from custom_components.bach.home.language import common_texts, in_home_language, language_of
from custom_components.bach.home.loop_prevention import LOOP_PREVENTION
from custom_components.bach.home.route_drawing import spelled
from custom_components.bach.home.run_causes import kept_for
from custom_components.bach.messages.undelivered_error import undelivered_error
from custom_components.bach.web.message_page import message_page

from .choices import FORMATS, MESSAGE_ID, buttons
from .extra_fields import EXTRA_FIELDS, NOT_PASSED_ON, extras_in
from .file_sources import ATTR_MESSAGE, CARRIED, FILE_FIELDS, take_files
from .incoming_targets import ATTR_REPLY_TO, targets_or_writer
from .moments import next_moment
from .other_notify import async_pass_on
from .targets import ATTR_RECIPIENT, TARGET_FIELDS, Target

_LOGGER = logging.getLogger(__name__)

ATTR_AT: Final = "at"
ATTR_BUTTONS: Final = "buttons"
ATTR_DATA: Final = "data"
ATTR_DELIVERY: Final = "delivery"
ATTR_FORMAT: Final = "format"
ATTR_PRIORITY: Final = "priority"
ATTR_SILENT: Final = "silent"
ATTR_CONFIDENTIAL: Final = "confidential"
ATTR_SNOOZE: Final = "snooze"
ATTR_TAG: Final = "tag"
ATTR_TIME_TO_LIVE: Final = "time_to_live"
ATTR_TITLE: Final = "title"
ATTR_WAIT: Final = "wait"

MAX_WAIT: Final = 300
"""Seconds; an automation that waits longer than that is better served by an event."""

SHORTEST_SNOOZE: Final = timedelta(seconds=1)
LONGEST_SNOOZE: Final = timedelta(days=7)

_NOT_PASSED_ON: Final = (
    *(ATTR_BUTTONS, ATTR_SNOOZE, ATTR_DATA, ATTR_REPLY_TO, ATTR_CONFIDENTIAL),
    *CARRIED,
    *NOT_PASSED_ON,
)
"""What others than our recipients get nothing of."""

SCHEMA = vol.Schema(
    {
        **TARGET_FIELDS,
        vol.Required(ATTR_MESSAGE): cv.string,
        **FILE_FIELDS,
        vol.Optional(ATTR_TITLE): cv.string,
        vol.Optional(ATTR_DATA): {cv.string: object},
        vol.Optional(ATTR_BUTTONS, default=[]): buttons,
        vol.Optional(ATTR_FORMAT, default=Format.PLAIN.value): vol.In(FORMATS),
        vol.Optional(ATTR_SILENT, default=False): cv.boolean,
        vol.Optional(ATTR_CONFIDENTIAL, default=False): cv.boolean,
        vol.Optional(ATTR_REPLY_TO): MESSAGE_ID,
        **EXTRA_FIELDS,
        vol.Optional(ATTR_PRIORITY, default=0): vol.Coerce(int),
        vol.Optional(ATTR_TAG): cv.string,
        vol.Optional(ATTR_AT): vol.Any(cv.time, cv.datetime),
        vol.Optional(ATTR_TIME_TO_LIVE): cv.time_period,
        vol.Optional(ATTR_SNOOZE): vol.All(cv.positive_time_period, vol.Range(min=SHORTEST_SNOOZE, max=LONGEST_SNOOZE)),
        vol.Optional(ATTR_DELIVERY, default=Delivery.AT_LEAST_ONCE.value): vol.In([item.value for item in Delivery]),
        vol.Optional(ATTR_WAIT, default=0): vol.All(vol.Coerce(float), vol.Range(min=0, max=MAX_WAIT)),
    }
)


@dataclass(frozen=True, slots=True)
class _Result:
    """The result for one recipient. `error`: it was refused, or not delivered while the caller waited."""

    row: JsonObjectType
    queued: bool
    error: HomeAssistantError | None = None


async def async_send_message(call: ServiceCall, lost: Sequence[Loss] = ()) -> ServiceResponse:
    """Handle the action: queue one message per recipient; a failing one does not stop the others.

    `lost`: what it goes without already. Raises if nothing could be queued, and, when nobody reads the response, for
    every recipient that got nothing.
    """
    found = await targets_or_writer(call)
    files, unread = await take_files(call)
    results = [_refused(entity_id, error) for entity_id, error in found.refused.items()]
    results += await asyncio.gather(*(_send(call, target, files, [*lost, *unread]) for target in found.targets))
    results += await asyncio.gather(*(_pass_on(call, entity_id) for entity_id in found.others))
    if not call.return_response or not any(result.queued for result in results):
        _raise_errors([result.error for result in results if result.error])
    return {"messages": [result.row for result in results]} if call.return_response else None


def _refused(entity_id: str, error: HomeAssistantError) -> _Result:
    return _Result({ATTR_ENTITY_ID: entity_id, "status": "refused", "error": str(error)}, queued=False, error=error)


async def _pass_on(call: ServiceCall, entity_id: str) -> _Result:
    """Forward the text to a group member of another integration."""
    if ATTR_AT in call.data:
        named = {ATTR_ENTITY_ID: entity_id}
        return _refused(
            entity_id,
            ServiceValidationError(
                translation_domain=DOMAIN, translation_key="not_later", translation_placeholders=named
            ),
        )
    lost = [key for key in _NOT_PASSED_ON if call.data.get(key)]
    try:
        return _Result(await async_pass_on(call, entity_id, lost), queued=True)
    except HomeAssistantError as error:
        return _refused(entity_id, error)
    except Exception as error:  # another integration's code: ours have their message all the same
        _LOGGER.exception("%s took no message", entity_id)
        return _refused(entity_id, HomeAssistantError(f"{entity_id}: {type(error).__name__}"))


async def _send(call: ServiceCall, target: Target, files: Sequence[File], lost: Sequence[Loss]) -> _Result:
    row: JsonObjectType = {ATTR_RECIPIENT: target.recipient, ATTR_CONFIG_ENTRY_ID: target.entry.entry_id}
    if target.entity_id:
        row[ATTR_ENTITY_ID] = target.entity_id
    if target.person:
        row |= {"person": target.person.entity_id, "is_home": target.person.is_home}
    try:
        call.hass.data[LOOP_PREVENTION].require_no_loop(call.context, target.connection, target.recipient)
        with translated_errors(call.hass):
            receipt = await _queue(call, target, files, lost)
            message = await _follow(call, target, receipt)
    except HomeAssistantError as error:
        return _Result(row | {"status": "refused", "error": str(error)}, queued=False, error=error)
    row |= {
        "id": message.id,
        "url": message_page(message.id),
        ATTR_RECIPIENT: message.recipient,
        "status": message.status.value,
    }
    if message.degraded or message.lost:
        row |= {
            "degraded": True,
            "lost": [{"what": loss.what, "reason": in_home_language(call.hass, loss.reason)} for loss in message.lost],
        }
    if isinstance(message, Message) and message.error and message.status is not Status.SENT:
        row["error"] = in_home_language(call.hass, message.error.text)
    return _Result(row, queued=True, error=_undelivered(call.hass, message, target))


async def _queue(call: ServiceCall, target: Target, files: Sequence[File], lost: Sequence[Loss]) -> Receipt:
    """Queue the message for one recipient."""
    data = call.data
    time_to_live = data.get(ATTR_TIME_TO_LIVE)
    words, snooze = _words(call, target), await _snooze(call, target)
    target.note_call(call.context)
    return await call.hass.data[HUB].bach.send(
        target.connection,
        target.recipient,
        words.text,
        title=words.title,
        format=words.format,
        silent=data[ATTR_SILENT],
        confidential=data[ATTR_CONFIDENTIAL],
        reply_to=data.get(ATTR_REPLY_TO),
        priority=data[ATTR_PRIORITY],
        tag=data.get(ATTR_TAG),
        not_before=next_moment(data[ATTR_AT], dt_util.now()) if ATTR_AT in data else None,
        time_to_live=None if time_to_live is None else time_to_live.total_seconds(),
        delivery=data[ATTR_DELIVERY],
        context=kept_for(call.hass, call.context, target.entry, target.person),
        buttons=data[ATTR_BUTTONS],
        extras=extras_in(data),
        files=files,
        lost=[*lost, *words.lost],
        snooze=snooze,
    )


async def _snooze(call: ServiceCall, target: Target) -> Snooze | None:
    """The button that puts it off, in the language of whoever reads it."""
    if ATTR_SNOOZE not in call.data:
        return None
    seconds = call.data[ATTR_SNOOZE].total_seconds()
    texts = await common_texts(call.hass, language_of(call.hass, target.entry, target.recipient))
    return Snooze(seconds=seconds, button=texts["put_off"].format(time=spelled(seconds)))


@dataclass(frozen=True, slots=True)
class _Words:
    """Text, title and format of the message; for an action in another home, its data as JSON."""

    text: str
    title: str | None
    format: str
    lost: tuple[Loss, ...] = ()


def _words(call: ServiceCall, target: Target) -> _Words:
    """Use `data` as fields where another home takes them; text is never parsed into fields."""
    message, title, given = call.data[ATTR_MESSAGE], call.data.get(ATTR_TITLE), call.data.get(ATTR_DATA)
    if given is None:
        return _Words(message, title, call.data[ATTR_FORMAT])
    if target.entry.data[CONF_TYPE] != TYPE_HOMEASSISTANT or target.recipient == RECIPIENT_BACH:
        lost = Loss(what=ATTR_DATA, reason="Only actions, events and notify entities of another home take data.")
        return _Words(message, title, call.data[ATTR_FORMAT], (lost,))
    named = {ATTR_MESSAGE: message, ATTR_TITLE: title}
    fields = {key: value for key, value in named.items() if value} | given
    try:
        return _Words(json_dumps(fields), None, Format.JSON)
    except (TypeError, ValueError) as error:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="data_not_json") from error


async def _follow(call: ServiceCall, target: Target, receipt: Receipt) -> Receipt | Message:
    """Wait as long as the caller wants, and return the message as it is then."""
    seconds = call.data[ATTR_WAIT]
    return await call.hass.data[HUB].bach.wait(receipt.id, seconds) if seconds else receipt


def _undelivered(hass: HomeAssistant, message: Receipt | Message, target: Target) -> HomeAssistantError | None:
    """The error for a message that ended undelivered while the caller waited."""
    if not message.status.is_final or message.status is Status.SENT:
        return None
    fault = message.error if isinstance(message, Message) else None
    return undelivered_error(
        target.name, message.id, message.status, in_home_language(hass, fault.text) if fault else None
    )


def _raise_errors(errors: Sequence[HomeAssistantError]) -> None:
    """Raise the only error as it is, several as one that lists them."""
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="several_errors",
            translation_placeholders={"errors": " ".join(str(error) for error in errors)},
        )
