"""Stores on disk who the recipients of each entry are, to detect removals while the entry is not loaded.

The database alone cannot tell: messages may also wait for addresses that never were recipients. A removal stays noted
until the queued messages are withdrawn, whatever fails or stops in between.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store
from homeassistant.util.hass_dict import HassKey

from custom_components.bach.const import CONF_RECIPIENT, DOMAIN
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.recipient_subentries import recipient_subentries

type Recipients = dict[str, tuple[str, str]]
"""Address and name of recipients, by sub-entry."""


def recipients_of(entry: BachConfigEntry) -> Recipients:
    """The present recipients of an entry."""
    return {one.subentry_id: (one.data[CONF_RECIPIENT], one.title) for one in recipient_subentries(entry)}


@dataclass(slots=True)
class Known:
    """The stored state of one entry: its recipients, and `leaving`, removed ones that are not settled yet.

    Messages to those may still wait or be under way.
    """

    here: Recipients = field(default_factory=dict)
    leaving: dict[str, str] = field(default_factory=dict)


class RemovedRecipients:
    """Persistent store of the recipients of all entries."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._store = Store[dict[str, dict[str, object]]](hass, 1, f"{DOMAIN}.recipients", private=True)
        self._entries: dict[str, Known] = {}
        self.lock = asyncio.Lock()
        """Held by whoever takes back what waits for somebody, so that two never count what the other changes."""

    async def load(self) -> None:
        """Load the file; an unreadable entry counts as empty."""
        stored: object = await self._store.async_load()
        for entry_id, known in stored.items() if isinstance(stored, dict) else ():
            self._entries[str(entry_id)] = _read(known)

    def knows(self, entry_id: str) -> bool:
        """Whether this entry was ever loaded."""
        return entry_id in self._entries

    def leaving(self, entry_id: str) -> Mapping[str, str]:
        """Address and name of removed recipients that are not settled."""
        known = self._entries.get(entry_id)
        return dict(known.leaving) if known else {}

    async def compare(self, entry: BachConfigEntry, believed: Iterable[str] = ()) -> dict[str, str]:
        """Store the present recipients; return changed addresses, old to new. `believed` stands in for no past."""
        now = recipients_of(entry)
        known = self._entries.get(entry.entry_id) or Known(here={f"?{one}": (one, one) for one in believed})
        addresses = {address for address, _ in now.values()}
        gone = {key: before for key, before in known.here.items() if before[0] not in addresses}
        moved = {before[0]: now[key][0] for key, before in gone.items() if key in now}
        leaving = known.leaving | {address: title for key, (address, title) in gone.items() if key not in now}
        new = Known(here=now, leaving={key: title for key, title in leaving.items() if key not in addresses})
        if self._entries.get(entry.entry_id) != new:
            self._entries[entry.entry_id] = new
            await self._save()
        return moved

    async def done(self, entry_id: str, address: str) -> None:
        """Mark a removed recipient as settled."""
        if (known := self._entries.get(entry_id)) and known.leaving.pop(address, None) is not None:
            await self._save()

    async def forget(self, entry_id: str) -> None:
        """Delete the state of a removed entry."""
        if self._entries.pop(entry_id, None):
            await self._save()

    async def _save(self) -> None:
        if not self._entries:
            await self._store.async_remove()
            return
        await self._store.async_save(
            {entry_id: {"here": known.here, "leaving": known.leaving} for entry_id, known in self._entries.items()}
        )


def _read(stored: object) -> Known:
    """Parse the stored state of one entry, skipping what is malformed."""
    found = stored if isinstance(stored, dict) else {}
    here, leaving = found.get("here"), found.get("leaving")
    known = Known()
    for key, value in here.items() if isinstance(here, dict) else ():
        match value:
            case [str(address), str(title)]:
                known.here[str(key)] = (address, title)
    for address, title in leaving.items() if isinstance(leaving, dict) else ():
        known.leaving[str(address)] = str(title)
    return known


REMOVED_RECIPIENTS: HassKey[RemovedRecipients] = HassKey(f"{DOMAIN}_departed")


async def async_load_removed_recipients(hass: HomeAssistant) -> None:
    """Load the store, before any entry is set up."""
    hass.data[REMOVED_RECIPIENTS] = departed = RemovedRecipients(hass)
    await departed.load()
