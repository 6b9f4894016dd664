"""Fires an event for each message that was not delivered, and keeps the issues about dead and held messages.

A message must not be lost in silence: events serve automations and the Activity, issues serve people.
"""

import time
from collections.abc import Callable, Coroutine
from typing import Final

from homeassistant.components.notify import DOMAIN as NOTIFY_DOMAIN
from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import issue_registry as ir
from homeassistant.util.json import JsonObjectType

from bach_lib import Bach, BachError, Message, QueueStatus, Status
from bach_lib.events import MessageCancelled, MessageDead, MessageExpired, MessageFinished, MessageUncertain
from bach_lib.redact import readable
from custom_components.bach.const import DOMAIN, EVENT_ENDED, EVENT_UNDELIVERED
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.entity import connection_device_id, recipient_device_id
from custom_components.bach.home.entry import connection_name, notify_unique_id
from custom_components.bach.home.language import in_home_language
from custom_components.bach.home.loop_prevention import LOOP_PREVENTION
from custom_components.bach.home.origin import context_id
from custom_components.bach.home.roles import place
from custom_components.bach.kinds.markdown_escape import escape_links, with_escaped
from custom_components.bach.web.message_page import message_page

from .outgoing_payload import outgoing_payload

HELD: Final = "held"
"""The key of the repair about a restored database, and the beginning of its id."""

_MAX_LINES = 60
"""Events a minute and connection: ten thousand messages may expire together."""
_MINUTE = 60.0
_MAX_REASON = 200
_SAID = frozenset({"replaced", "told_in"})
"""The library's codes of what ended because another message says it: a newer one of its tag, or a list."""
_SECRET = frozenset({"text", "title"})
"""What people wrote stands in no Activity."""


@callback
def async_tell_of_undelivered(hass: HomeAssistant, entry: BachConfigEntry, bach: Bach) -> None:
    """Fire an event for each message that ended unsent, until the entry is unloaded.

    Cancelled messages, and those that automations sent because of such an event, get another event type, so that no
    automation triggers itself. What another message says, a newer one of its tag or a list, gets none.
    """
    connection, may_tell = connection_name(entry), limited()

    @callback
    def ended(event: MessageFinished) -> None:
        message = event.message
        if event.connection != connection or (message.error and message.error.code in _SAID) or not may_tell():
            return
        shown = shown_payload(hass, entry, message)
        sent_in = context_id(message)
        loop_prevention, context = hass.data[LOOP_PREVENTION], Context(parent_id=sent_in)
        is_alarm = message.status is not Status.CANCELLED and not loop_prevention.is_from_dead_letter(sent_in)
        loop_prevention.register_notice(context, message)
        hass.bus.async_fire(EVENT_UNDELIVERED if is_alarm else EVENT_ENDED, shown, context=context)

    for kind in (MessageDead, MessageUncertain, MessageExpired, MessageCancelled):
        entry.async_on_unload(bach.subscribe(kind, ended))


@callback
def async_report_dead_letters(hass: HomeAssistant, entry: BachConfigEntry, bach: Bach) -> None:
    """Keep an issue while the entry has dead letters, until it is unloaded."""
    connection = entry.runtime_data.connection

    async def report(count: int) -> None:
        try:
            newest = await bach.messages(connection=connection, status=(Status.DEAD,), limit=1)
        except BachError:  # the disk, which has other ways to tell
            return
        if newest and count == entry.runtime_data.data.queue.dead:  # else some were discarded meanwhile
            placeholders = {
                "recipient": recipient_name(entry, newest[0]),
                "reason": escape_links(reason_of(hass, newest[0])),
                "url": message_page(newest[0].id),
            }
            _create_repair(hass, entry, "dead_letters", count, placeholders)

    _while_counted(hass, entry, "dead_letters", lambda queue: queue.dead, report)


@callback
def async_report_held(hass: HomeAssistant, entry: BachConfigEntry) -> None:
    """Keep an issue while a restored database holds messages of the entry, until it is unloaded."""

    async def report(count: int) -> None:
        _create_repair(hass, entry, HELD, count, {"url": f"/{DOMAIN}"})

    _while_counted(hass, entry, HELD, lambda queue: queue.held, report)


@callback
def _while_counted(
    hass: HomeAssistant,
    entry: BachConfigEntry,
    key: str,
    count_of: Callable[[QueueStatus], int],
    report: Callable[[int], Coroutine[None, None, None]],
) -> None:
    """Call `report` whenever the count changes, and delete the issue when it is zero."""
    coordinator, issue_id, known = entry.runtime_data, f"{key}_{entry.entry_id}", 0

    @callback
    def look() -> None:
        nonlocal known
        count = count_of(coordinator.data.queue)
        if count == known:
            return
        known = count
        if count:
            entry.async_create_task(hass, report(count), f"bach: report {key}")
        else:
            ir.async_delete_issue(hass, DOMAIN, issue_id)

    entry.async_on_unload(coordinator.async_add_listener(look))
    entry.async_on_unload(lambda: ir.async_delete_issue(hass, DOMAIN, issue_id))
    look()


@callback
def _create_repair(
    hass: HomeAssistant, entry: BachConfigEntry, key: str, count: int, placeholders: dict[str, str]
) -> None:
    ir.async_create_issue(
        hass,
        DOMAIN,
        f"{key}_{entry.entry_id}",
        data={"entry_id": entry.entry_id},
        is_fixable=True,
        severity=ir.IssueSeverity.WARNING,
        translation_key=key,
        translation_placeholders=with_escaped({"name": entry.title, "count": str(count), **placeholders}),
    )


def shown_payload(hass: HomeAssistant, entry: BachConfigEntry, message: Message) -> JsonObjectType:
    """What an event tells of a message: all that automations are told, but nothing that people wrote."""
    recipient = place(entry.subentries.values(), message.recipient)
    entity_id, device_id = None, connection_device_id(hass, entry)  # whom nobody added has no device
    if recipient:
        unique_id = notify_unique_id(entry, recipient.subentry_id)
        entity_id = er.async_get(hass).async_get_entity_id(NOTIFY_DOMAIN, DOMAIN, unique_id)
        device_id = recipient_device_id(hass, entry, recipient.subentry_id)
    data = outgoing_payload(
        hass, message, entry_id=entry.entry_id, recipient_name=recipient_name(entry, message), entity_id=entity_id
    )
    return {key: value for key, value in data.items() if key not in _SECRET} | {"device_id": device_id}


def recipient_name(entry: BachConfigEntry, message: Message) -> str:
    """The recipient's title, or the address if it is no recipient here."""
    recipient = place(entry.subentries.values(), message.recipient)
    return recipient.title if recipient else readable(message.recipient)


def reason_of(hass: HomeAssistant, message: Message) -> str:
    """The error's text, shortened."""
    return in_home_language(hass, message.error.text)[:_MAX_REASON] if message.error else ""


def limited() -> Callable[[], bool]:
    """Return a rate limiter for events: true at most so many times a minute."""
    began, told = time.monotonic(), 0

    def may_tell() -> bool:
        nonlocal began, told
        if time.monotonic() - began >= _MINUTE:
            began, told = time.monotonic(), 0
        told += 1
        return told <= _MAX_LINES

    return may_tell
