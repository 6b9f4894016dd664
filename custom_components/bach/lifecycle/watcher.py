"""Turns connection events of the library into reauthentication, issues and changed addresses.

Refused credentials start a reauthentication, a condition that blocks receiving becomes an issue, and a group that got
another id is followed.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from homeassistant.config_entries import SOURCE_RECONFIGURE
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_call_later

from bach_lib import Bach, ConnectionState, Direction, Fault, Health, Identity
from bach_lib.events import ConnectionChanged, ConnectionIdentified, RecipientMoved
from custom_components.bach.const import DOMAIN
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.addresses import async_follow_forms
from custom_components.bach.home.entry import connection_name
from custom_components.bach.home.language import in_home_language
from custom_components.bach.kinds.markdown_escape import escape_links, with_escaped

CONFLICT: Final = "conflict"
"""Another program receives for the same account."""

REPAIRS: Final = (CONFLICT, "intent_refused", "wrong_mode")
"""Codes of the library for what keeps messages from coming in until a person does something elsewhere."""

NOTICES: Final = ("not_accepted",)
"""The same for what a check finds although the connection works."""

type Rival = Callable[[], str | None]
"""What the other program is called, if it is one of this home's entries."""

_ABANDONED: Final = timedelta(hours=1)
"""Nobody fills in a dialog for so long. Home Assistant keeps one whose page was closed until it is restarted, and asks
for no new credentials meanwhile."""


@callback
def async_watch(hass: HomeAssistant, entry: BachConfigEntry, bach: Bach, rival: Rival) -> None:
    """Follow the connection events of an entry until it is unloaded."""
    watcher = _Watcher(hass, entry, rival)
    entry.async_on_unload(bach.subscribe(ConnectionChanged, watcher.connection_changed))
    entry.async_on_unload(bach.subscribe(ConnectionIdentified, watcher.connection_identified))
    entry.async_on_unload(bach.subscribe(RecipientMoved, watcher.recipient_moved))
    entry.async_on_unload(watcher.clear)
    entry.async_on_unload(watcher.rest)
    entry.async_on_unload(lambda: watcher.note(None))
    if not entry.runtime_data.is_partner:
        async_follow_forms(hass, entry)  # what was learned while nobody listened
        watcher.note(bach.identity(connection_name(entry)))
    for direction in Direction:
        watcher.judge(direction, bach.health(connection_name(entry), direction))


class _Watcher:
    """The event handlers of one entry."""

    def __init__(self, hass: HomeAssistant, entry: BachConfigEntry, rival: Rival) -> None:
        self._hass = hass
        self._rival = rival
        self._entry = entry
        self._connection = connection_name(entry)
        self._rest: Callable[[], None] | None = None

    @callback
    def connection_changed(self, event: ConnectionChanged) -> None:
        if event.connection == self._connection:
            self.judge(event.direction, event.health)

    @callback
    def judge(self, direction: Direction, health: Health) -> None:
        if health.state is ConnectionState.AUTH_FAILED:
            self._ask_for_credentials()
        elif direction is Direction.RECEIVING and health.fault and health.fault.code in REPAIRS:
            self._report(health.fault)
        elif direction is Direction.RECEIVING and health.state is ConnectionState.CONNECTED:
            self.clear()

    @callback
    def rest(self) -> None:
        """Stop waiting for a dialog to be abandoned."""
        if self._rest:
            self._rest()
            self._rest = None

    def _ask_for_credentials(self) -> None:
        """Begin the reauthentication; where a dialog that changes the connection is open, once it is abandoned."""
        opened = {flow["flow_id"] for flow in self._entry.async_get_active_flows(self._hass, {SOURCE_RECONFIGURE})}
        self._entry.async_start_reauth(self._hass)
        if not opened:
            return

        @callback
        def ask(_: datetime) -> None:
            self._rest = None
            bach = self._entry.runtime_data.bach
            if not any(bach.health(self._connection, one).state is ConnectionState.AUTH_FAILED for one in Direction):
                return
            for flow in list(self._entry.async_get_active_flows(self._hass, {SOURCE_RECONFIGURE})):
                if flow["flow_id"] in opened:
                    self._hass.config_entries.flow.async_abort(flow["flow_id"])
            self._ask_for_credentials()

        self.rest()
        self._rest = async_call_later(self._hass, _ABANDONED, ask)

    @callback
    def connection_identified(self, event: ConnectionIdentified) -> None:
        if event.connection == self._connection:
            self.note(event.identity)

    @callback
    def note(self, identity: Identity | None) -> None:
        """Create the issues for what the last check noticed, and delete those of earlier checks."""
        notice = identity.notice if identity else None
        for code in NOTICES:
            if notice and notice.code == code:
                self._report(notice)
            else:
                ir.async_delete_issue(self._hass, DOMAIN, self._issue_id(code))

    @callback
    def recipient_moved(self, event: RecipientMoved) -> None:
        """Update the addresses of recipients and people."""
        if event.connection == self._connection:
            async_follow_forms(self._hass, self._entry)

    @callback
    def clear(self) -> None:
        """Delete the issues about receiving."""
        for code in REPAIRS:
            ir.async_delete_issue(self._hass, DOMAIN, self._issue_id(code))

    def _report(self, fault: Fault) -> None:
        words = {"name": self._entry.title, "reason": escape_links(in_home_language(self._hass, fault.text))}
        other = self._rival() if fault.code == CONFLICT else None
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            self._issue_id(fault.code),
            data={"entry_id": self._entry.entry_id},
            is_fixable=other is not None,
            severity=ir.IssueSeverity.WARNING,
            translation_key=fault.code if other is None else "conflict_at_home",
            translation_placeholders=with_escaped(words | ({} if other is None else {"other": other})),
        )

    def _issue_id(self, code: str) -> str:
        return f"{code}_{self._entry.entry_id}"
