"""Registers all actions with their schemas, independent of loaded entries.

Automations then validate at any time. Two small actions, `bach.cancel` and `bach.get_queue`, are implemented here.
"""

from typing import Final

import voluptuous as vol
from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import service
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonObjectType

from bach_lib import Message, QueueStatus, Status
from custom_components.bach.const import DOMAIN
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.entry import connection_name
from custom_components.bach.home.errors import translated_errors
from custom_components.bach.home.hub import HUB
from custom_components.bach.home.language import in_home_language
from custom_components.bach.home.permissions import require_message_control
from custom_components.bach.kinds.partners import is_partner

from .acknowledge import ACKNOWLEDGE_SCHEMA, ALL_CLEAR_SCHEMA, async_acknowledge, async_all_clear
from .ask import SCHEMA as ASK_SCHEMA
from .ask import async_ask, async_claim_answers
from .change_message import (
    DELETE_SCHEMA,
    EDIT_SCHEMA,
    PIN_SCHEMA,
    REACT_SCHEMA,
    UNPIN_SCHEMA,
    async_delete_message,
    async_edit_message,
    async_pin,
    async_react,
    async_unpin,
)
from .check_connection import CHECK_SCHEMA, async_check
from .choices import MESSAGE_ID
from .clear import CLEAR_SCHEMA, async_clear
from .dead_letters import (
    AMEND_SCHEMA,
    DISCARD_SCHEMA,
    GET_MESSAGE_SCHEMA,
    RETRY_SCHEMA,
    SEND_NOW_SCHEMA,
    async_amend,
    async_discard,
    async_get_message,
    async_retry,
    async_send_now,
)
from .download import DOWNLOAD_SCHEMA, async_download
from .forward import FORWARD_SCHEMA, async_forward
from .inbox import GET_INBOX_SCHEMA, MARK_SCHEMA, async_get_inbox, async_mark
from .legacy_notify import async_setup_legacy_notify
from .rules import (
    GET_RULES_SCHEMA,
    REMOVE_RULE_SCHEMA,
    SET_RULE_SCHEMA,
    async_get_rules,
    async_remove_rule,
    async_set_rule,
)
from .send_message import SCHEMA as SEND_MESSAGE_SCHEMA
from .send_message import async_send_message
from .snooze import SNOOZE_SCHEMA, async_snooze

ATTR_LIMIT: Final = "limit"
ATTR_MESSAGE_ID: Final = "message_id"
ATTR_STATUS: Final = "status"

MAX_LISTED: Final = 500

CANCEL_SCHEMA = vol.Schema({vol.Required(ATTR_MESSAGE_ID): MESSAGE_ID})
GET_QUEUE_SCHEMA = vol.Schema(
    {
        vol.Optional(ATTR_CONFIG_ENTRY_ID): cv.string,
        vol.Optional(ATTR_STATUS): vol.All(cv.ensure_list, [vol.Coerce(Status)]),
        vol.Optional(ATTR_LIMIT, default=0): vol.All(vol.Coerce(int), vol.Range(min=0, max=MAX_LISTED)),
    }
)


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register all actions."""
    optional = SupportsResponse.OPTIONAL
    register = hass.services.async_register
    register(DOMAIN, "send_message", async_send_message, SEND_MESSAGE_SCHEMA, optional)
    register(DOMAIN, "ask", async_ask, ASK_SCHEMA, optional)
    async_claim_answers(hass)
    register(DOMAIN, "retry", async_retry, RETRY_SCHEMA, optional)
    register(DOMAIN, "amend", async_amend, AMEND_SCHEMA, optional)
    register(DOMAIN, "discard", async_discard, DISCARD_SCHEMA, optional)
    register(DOMAIN, "cancel", _cancel, CANCEL_SCHEMA, optional)
    register(DOMAIN, "send_now", async_send_now, SEND_NOW_SCHEMA, optional)
    register(DOMAIN, "clear", async_clear, CLEAR_SCHEMA, optional)
    register(DOMAIN, "acknowledge", async_acknowledge, ACKNOWLEDGE_SCHEMA, optional)
    register(DOMAIN, "all_clear", async_all_clear, ALL_CLEAR_SCHEMA, optional)
    register(DOMAIN, "snooze", async_snooze, SNOOZE_SCHEMA, optional)
    register(DOMAIN, "edit_message", async_edit_message, EDIT_SCHEMA, optional)
    register(DOMAIN, "delete_message", async_delete_message, DELETE_SCHEMA, optional)
    register(DOMAIN, "react", async_react, REACT_SCHEMA, optional)
    register(DOMAIN, "forward", async_forward, FORWARD_SCHEMA, optional)
    register(DOMAIN, "pin", async_pin, PIN_SCHEMA, optional)
    register(DOMAIN, "unpin", async_unpin, UNPIN_SCHEMA, optional)
    register(DOMAIN, "check", async_check, CHECK_SCHEMA, optional)
    _set_up_for_administrators(hass)
    async_setup_legacy_notify(hass)


@callback
def _set_up_for_administrators(hass: HomeAssistant) -> None:
    """Register the actions that show other people's messages or change how they are handled."""
    only, optional = SupportsResponse.ONLY, SupportsResponse.OPTIONAL
    register_admin_service = service.async_register_admin_service
    register_admin_service(hass, DOMAIN, "get_queue", _get_queue, GET_QUEUE_SCHEMA, only)
    register_admin_service(hass, DOMAIN, "get_message", async_get_message, GET_MESSAGE_SCHEMA, only)
    register_admin_service(hass, DOMAIN, "get_inbox", async_get_inbox, GET_INBOX_SCHEMA, only)
    register_admin_service(hass, DOMAIN, "mark", async_mark, MARK_SCHEMA, optional)
    register_admin_service(hass, DOMAIN, "download", async_download, DOWNLOAD_SCHEMA, optional)
    register_admin_service(hass, DOMAIN, "get_rules", async_get_rules, GET_RULES_SCHEMA, only)
    register_admin_service(hass, DOMAIN, "set_rule", async_set_rule, SET_RULE_SCHEMA, optional)
    register_admin_service(hass, DOMAIN, "remove_rule", async_remove_rule, REMOVE_RULE_SCHEMA, optional)


async def _cancel(call: ServiceCall) -> ServiceResponse:
    """Handle the action that cancels a queued message."""
    with translated_errors(call.hass):
        bach = call.hass.data[HUB].bach
        await require_message_control(call, call.data[ATTR_MESSAGE_ID])
        message = await bach.cancel(call.data[ATTR_MESSAGE_ID])
    return {"id": message.id, "status": message.status.value} if call.return_response else None


async def _get_queue(call: ServiceCall) -> ServiceResponse:
    """Handle the action that returns queue lengths, and optionally the newest messages."""
    entries = _entries(call)
    names = {connection_name(entry): entry for entry in entries}
    with translated_errors(call.hass):
        bach = call.hass.data[HUB].bach
        queues = await bach.queue_status()
        messages: list[Message] = []
        for name in names if call.data[ATTR_LIMIT] else ():
            messages += await bach.messages(
                connection=name, status=call.data.get(ATTR_STATUS), limit=call.data[ATTR_LIMIT]
            )
    messages.sort(key=lambda message: message.id, reverse=True)
    return {
        "connections": [
            _queue_row(entry, queues.get(name, QueueStatus(connection=name))) for name, entry in names.items()
        ],
        "messages": [
            _message_row(call.hass, names[message.connection], message) for message in messages[: call.data[ATTR_LIMIT]]
        ],
    }


def _entries(call: ServiceCall) -> list[BachConfigEntry]:
    """The entry the call names, or all loaded ones with a queue."""
    if entry_id := call.data.get(ATTR_CONFIG_ENTRY_ID):
        return [service.async_get_config_entry(call.hass, DOMAIN, entry_id)]
    return [entry for entry in call.hass.config_entries.async_loaded_entries(DOMAIN) if not is_partner(entry)]


def _queue_row(entry: BachConfigEntry, queue: QueueStatus) -> JsonObjectType:
    return {
        ATTR_CONFIG_ENTRY_ID: entry.entry_id,
        "name": entry.title,
        "pending": queue.pending,
        "sending": queue.sending,
        "failed": queue.failed,
        "sent": queue.sent,
        "dead": queue.dead,
        "uncertain": queue.uncertain,
        "oldest": _time(queue.oldest),
    }


def _message_row(hass: HomeAssistant, entry: BachConfigEntry, message: Message) -> JsonObjectType:
    return {
        "id": message.id,
        ATTR_CONFIG_ENTRY_ID: entry.entry_id,
        "recipient": message.recipient,
        "title": message.title,
        "message": message.text,
        "priority": message.priority,
        "tag": message.tag,
        "status": message.status.value,
        "error": in_home_language(hass, message.error.text) if message.error else None,
        "retry_count": message.retry_count,
        "created_at": _time(message.created_at),
        "expires_at": _time(message.expires_at),
        "next_retry_at": _time(message.next_retry_at),
        "finished_at": _time(message.finished_at),
    }


def _time(timestamp: float | None) -> str | None:
    return None if timestamp is None else dt_util.utc_from_timestamp(timestamp).isoformat()
