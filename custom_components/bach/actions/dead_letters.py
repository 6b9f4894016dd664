"""The actions for single messages: `bach.retry`, `bach.send_now`, `bach.amend`, `bach.discard` and `bach.get_message`.

A dead letter waits until a person, or an automation of theirs, decides about it; what is scheduled may go before.
"""

from typing import Final, cast

import voluptuous as vol
from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import service
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonObjectType

from bach_lib import Amendment, Attempt, Message, PersonProof
from custom_components.bach.const import DOMAIN
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.entry import connection_name
from custom_components.bach.home.errors import translated_errors
from custom_components.bach.home.hub import HUB
from custom_components.bach.home.language import in_home_language
from custom_components.bach.home.loop_prevention import LOOP_PREVENTION
from custom_components.bach.home.permissions import (
    require_connection_control,
    require_message_control,
    require_place_control,
)
from custom_components.bach.messages.incoming_payload import iso_time

from .choices import FORMATS, MESSAGE_ID
from .moments import next_moment

ATTR_FORMAT: Final = "format"
ATTR_MESSAGE: Final = "message"
ATTR_MESSAGE_ID: Final = "message_id"
ATTR_RECIPIENT: Final = "recipient"
ATTR_TIME_TO_LIVE: Final = "time_to_live"
ATTR_TITLE: Final = "title"
ATTR_WAIT: Final = "wait"

RETRY_SECONDS: Final = 10
"""How long to wait for what becomes of a message that is sent again."""
_MAX_WAIT = 300
_MAX_IDS = 500

_WAIT = {
    vol.Optional(ATTR_WAIT, default=RETRY_SECONDS): vol.All(vol.Coerce(float), vol.Range(min=0, max=_MAX_WAIT)),
}
RETRY_SCHEMA: Final = vol.Schema(
    {
        vol.Exclusive(ATTR_MESSAGE_ID, "what"): MESSAGE_ID,
        vol.Exclusive(ATTR_CONFIG_ENTRY_ID, "what"): cv.string,
        **_WAIT,
    }
)
SEND_NOW_SCHEMA: Final = vol.Schema({vol.Required(ATTR_MESSAGE_ID): MESSAGE_ID, **_WAIT})
ATTR_AT: Final = "at"
AMEND_SCHEMA: Final = vol.Schema(
    {
        vol.Required(ATTR_MESSAGE_ID): MESSAGE_ID,
        vol.Optional(ATTR_MESSAGE): cv.string,
        vol.Optional(ATTR_TITLE): cv.string,
        vol.Optional(ATTR_FORMAT): vol.In(FORMATS),
        vol.Optional(ATTR_CONFIG_ENTRY_ID): cv.string,
        vol.Optional(ATTR_RECIPIENT): cv.string,
        vol.Optional(ATTR_AT): vol.Any(cv.time, cv.datetime),
        vol.Optional(ATTR_TIME_TO_LIVE): cv.positive_time_period,
        **_WAIT,
    }
)
DISCARD_SCHEMA: Final = vol.Schema(
    {
        vol.Exclusive(ATTR_MESSAGE_ID, "what"): vol.All(cv.ensure_list, [MESSAGE_ID], vol.Length(min=1, max=_MAX_IDS)),
        vol.Exclusive(ATTR_CONFIG_ENTRY_ID, "what"): cv.string,
    }
)
GET_MESSAGE_SCHEMA: Final = vol.Schema({vol.Required(ATTR_MESSAGE_ID): MESSAGE_ID})


async def async_retry(call: ServiceCall) -> ServiceResponse:
    """Handle the action that retries one message, or all dead letters of a connection, and return the results."""
    with translated_errors(call.hass):
        bach, loops = call.hass.data[HUB].bach, call.hass.data[LOOP_PREVENTION]
        if (message_id := call.data.get(ATTR_MESSAGE_ID)) is not None:
            await require_message_control(call, message_id)
            loops.require_pause(call.context, message_id)
            message = await bach.retry(message_id, wait=call.data[ATTR_WAIT])
            answer: JsonObjectType = {"retried": 1, **_became(call.hass, message)}
        else:
            connection = await _connection(call)
            loops.require_pause(call.context, connection)
            retried = await bach.retry_and_follow(connection, wait=call.data[ATTR_WAIT])
            answer = {
                "retried": retried.retried,
                "sent": retried.sent,
                "waiting": retried.waiting,
                "dead": retried.dead,
                "uncertain": retried.uncertain,
                "reasons": [in_home_language(call.hass, one) for one in retried.reasons],
            }
    return answer if call.return_response else None


async def async_send_now(call: ServiceCall) -> ServiceResponse:
    """Handle the action that sends what is scheduled, or rests, or is gathered, before its time."""
    with translated_errors(call.hass):
        message_id = call.data[ATTR_MESSAGE_ID]
        await require_message_control(call, message_id)
        call.hass.data[LOOP_PREVENTION].require_pause(call.context, message_id)
        message = await call.hass.data[HUB].bach.send_now(message_id, wait=call.data[ATTR_WAIT])
    return _became(call.hass, message) if call.return_response else None


async def async_amend(call: ServiceCall) -> ServiceResponse:
    """Handle the action that corrects an undelivered message, and sends it again under its id."""
    data = call.data
    names = {ATTR_MESSAGE: "text", ATTR_TITLE: "title", ATTR_FORMAT: "format", ATTR_RECIPIENT: "recipient"}
    amendment = {ours: data[field] for field, ours in names.items() if field in data}
    if ATTR_TIME_TO_LIVE in data:
        amendment["time_to_live"] = data[ATTR_TIME_TO_LIVE].total_seconds()
    if ATTR_AT in data:
        amendment["not_before"] = next_moment(data[ATTR_AT], dt_util.now())
    with translated_errors(call.hass):
        bach = call.hass.data[HUB].bach
        await require_message_control(call, data[ATTR_MESSAGE_ID])
        if ATTR_CONFIG_ENTRY_ID in data:
            amendment["connection"] = connection_name(_entry(call))
        if ATTR_CONFIG_ENTRY_ID in data or ATTR_RECIPIENT in data:
            message = await bach.get(data[ATTR_MESSAGE_ID])
            place = amendment.get("connection", message.connection), data.get(ATTR_RECIPIENT, message.recipient)
            await require_place_control(call, *place)
        call.hass.data[LOOP_PREVENTION].require_pause(call.context, data[ATTR_MESSAGE_ID])
        changes = cast(Amendment, amendment)
        message = await bach.amend(data[ATTR_MESSAGE_ID], wait=data[ATTR_WAIT], **changes)
    return _became(call.hass, message) if call.return_response else None


async def async_discard(call: ServiceCall) -> ServiceResponse:
    """Handle the action that discards dead letters: some by id, or all of a connection."""
    with translated_errors(call.hass):
        bach = call.hass.data[HUB].bach
        if (message_ids := call.data.get(ATTR_MESSAGE_ID)) is not None:
            for message_id in message_ids:
                await require_message_control(call, message_id)
            discarded = await bach.discard_messages(message_ids)
        else:
            discarded = await bach.discard_all(await _connection(call))
    return {"discarded": discarded} if call.return_response else None


async def async_get_message(call: ServiceCall) -> ServiceResponse:
    """Handle the action that returns a message with its attempts and proofs."""
    with translated_errors(call.hass):
        bach = call.hass.data[HUB].bach
        message, attempts = await bach.history(call.data[ATTR_MESSAGE_ID])
        proofs = await bach.proofs(message.id)
    return {
        **_became(call.hass, message),
        "recipient": message.recipient,
        "title": message.title,
        "message": message.text,
        "retry_count": message.retry_count,
        "created_at": iso_time(message.created_at),
        "expires_at": iso_time(message.expires_at),
        "finished_at": iso_time(message.finished_at),
        "attempts": [_attempt(call.hass, attempt) for attempt in attempts],
        "proofs": [_proof(proof) for proof in proofs],
    }


async def _connection(call: ServiceCall) -> str:
    """The connection the call names, or the only one. Raises if the user may not control all of it."""
    entry = _entry(call)
    await require_connection_control(call.hass, call.context, entry)
    return connection_name(entry)


def _entry(call: ServiceCall) -> BachConfigEntry:
    return service.async_get_config_entry(call.hass, DOMAIN, call.data.get(ATTR_CONFIG_ENTRY_ID))


def _became(hass: HomeAssistant, message: Message) -> JsonObjectType:
    return {
        "id": message.id,
        "status": message.status.value,
        "error": in_home_language(hass, message.error.text) if message.error else None,
        "next_retry_at": iso_time(message.next_retry_at),
    }


def _proof(proof: PersonProof) -> JsonObjectType:
    return {"kind": proof.kind.value, "name": proof.name, "person": proof.person, "at": iso_time(proof.at)}


def _attempt(hass: HomeAssistant, attempt: Attempt) -> JsonObjectType:
    return {
        "number": attempt.number,
        "started_at": iso_time(attempt.started_at),
        "seconds": attempt.seconds,
        "recipient": attempt.recipient,
        "outcome": attempt.outcome,
        "error": in_home_language(hass, attempt.error.text) if attempt.error else None,
    }
