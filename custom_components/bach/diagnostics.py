"""Diagnostics of a connection for bug reports, without secrets, names or message texts.

They are needed most when nothing works, so they are available in every state of the entry: what only a loaded entry
knows is left out then, and the rest is read from the database.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_UNIQUE_ID
from homeassistant.core import HomeAssistant

from bach_lib import Attempt, Bach, BachError, Fault, Message, Status, __version__
from bach_lib.errors import UnknownConnectionError

from .const import CONF_RECIPIENT, PRIVATE_FIELDS, SECRET_FIELDS
from .coordinator import BachConfigEntry
from .home.entry import connection_name
from .home.hub import HUB
from .home.redaction import Redactor
from .kinds.partners import is_partner, type_of
from .kinds.requirements import async_versions
from .kinds.settings import OURS, whole
from .kinds.stored_data import KNOWN_FIELDS
from .messages.incoming_payload import iso_time

REDACTED_FIELDS: Final = {*SECRET_FIELDS, *PRIVATE_FIELDS, CONF_UNIQUE_ID}

_FAILED: Final = (Status.DEAD, Status.EXPIRED, Status.FAILED, Status.UNCERTAIN)
_MAX_FAILURES: Final = 10
_MAX_ATTEMPTS: Final = 5
_MOMENTS: Final = ("last_success", "oldest")
"""Unix times in a snapshot."""


async def async_get_config_entry_diagnostics(hass: HomeAssistant, entry: BachConfigEntry) -> dict[str, Any]:
    """Return the diagnostics of a connection."""
    hidden = _hidden(entry)
    redactor = Redactor(entry, hidden)
    try:
        async with hass.data[HUB].hold() as bach:
            database = {"database": await hass.data[HUB].place.called(bach.engine)}
            on_disk = database | await _on_disk(bach, entry, redactor)
    except BachError as error:
        on_disk = {"storage": error.code}
    return {
        "versions": {"bach": __version__, **await async_versions(hass, [type_of(entry.data)], whole(entry))},
        "entry": async_redact_data(entry.as_dict(), hidden),
        "state": {
            "state": entry.state.value,
            "code": entry.error_reason_translation_key,
            "field": (entry.error_reason_translation_placeholders or {}).get("field"),
            "reason": redactor.hide(entry.reason) if entry.reason else None,
        },
        **on_disk,
        **(_at_work(entry) if entry.state is ConfigEntryState.LOADED else {}),
    }


def _hidden(entry: BachConfigEntry) -> set[str]:
    """Return the fields that are not shown: the private ones, and those that this version does not know.

    Another version may have stored a secret under any name.
    """
    stored = (entry.data, entry.options, *(subentry.data for subentry in entry.subentries.values()))
    return REDACTED_FIELDS | {field for data in stored for field in data if field not in KNOWN_FIELDS}


def _at_work(entry: BachConfigEntry) -> dict[str, Any]:
    """The live state, of a loaded entry only: the last snapshot and what incoming requests were refused for."""
    coordinator = entry.runtime_data
    refused = None if is_partner(entry) else coordinator.bach.refused(coordinator.connection)
    return {
        "refused": asdict(refused) if refused else None,
        "snapshot": async_redact_data(
            _dated(asdict(coordinator.data)), {"connection", "id", "link", "name", "offers", "text"}
        ),  # a fault's text may name a host, and what a server offers may name what stands in a home
    }


def _dated(state: Mapping[str, Any]) -> dict[str, Any]:
    """The same with times that people can read."""
    return {
        name: _dated(value) if isinstance(value, Mapping) else iso_time(value) if name in _MOMENTS else value
        for name, value in state.items()
    }


async def _on_disk(bach: Bach, entry: BachConfigEntry, redactor: Redactor) -> dict[str, Any]:
    """The row in the registry, the newest failures, and why what came in could not be read, from the database."""
    try:
        row = bach.registry.get(connection_name(entry))
    except UnknownConnectionError:  # it was never set up
        return {"connection": None, "failures": [], "set_aside": {}}
    failed = await bach.messages(connection=row.name, status=_FAILED, limit=_MAX_FAILURES)
    return {
        "connection": {
            "type": row.type,
            "category": row.category.value,
            "auth_type": row.auth_type,
            "is_active": row.is_active,
            "settings": {name: value for name, value in row.settings.items() if name in OURS - REDACTED_FIELDS},
            "allowed": len(row.allowed),
            "success_count": row.success_count,
            "error_count": row.error_count,
            "blocked_count": row.blocked_count,
            "last_used": iso_time(row.last_used),
            "consecutive_failures": row.consecutive_failures,
            "disabled_until": iso_time(row.disabled_until),
        },
        "failures": [await _failure(bach, entry, message, redactor) for message in failed],
        "set_aside": Counter(redactor.hide(one.reason) for one in await bach.unreadable(row.name)),
    }


async def _failure(bach: Bach, entry: BachConfigEntry, message: Message, redactor: Redactor) -> dict[str, Any]:
    """One undelivered message with its attempts, without its text and its recipient."""
    _, attempts = await bach.history(message.id)
    ids = {subentry.data.get(CONF_RECIPIENT): key for key, subentry in entry.subentries.items()}
    return {
        "subentry_id": ids.get(message.recipient),
        "operation": message.operation.value,
        "status": message.status.value,
        **_fault(message.error, message, redactor),
        "format": message.format.value,
        "characters": len(message.text),
        "files": len(message.files),
        "lost": [loss.what for loss in message.lost],
        "retry_count": message.retry_count,
        "created_at": iso_time(message.created_at),
        "next_retry_at": iso_time(message.next_retry_at),
        "finished_at": iso_time(message.finished_at),
        "attempts": [_attempt(attempt, message, redactor) for attempt in attempts[-_MAX_ATTEMPTS:]],
    }


def _attempt(attempt: Attempt, message: Message, redactor: Redactor) -> dict[str, Any]:
    return {
        "outcome": attempt.outcome,
        **_fault(attempt.error, message, redactor),
        "started_at": iso_time(attempt.started_at),
        "seconds": attempt.seconds,
    }


def _fault(fault: Fault | None, message: Message, redactor: Redactor) -> dict[str, str | None]:
    return (
        {"code": fault.code, "reason": redactor.hide(fault.text, message)} if fault else {"code": None, "reason": None}
    )
