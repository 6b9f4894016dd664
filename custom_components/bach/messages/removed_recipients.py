"""Remembers on disk who the recipients of each entry were, to find those that were removed while it was not loaded.

Messages may also wait for places that nobody ever added, by an id in an action: the database alone does not tell those
from somebody who was removed. A removal stays noted until all that waited is taken back, whatever fails or stops in
between.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store
from homeassistant.util.hass_dict import HassKey

from custom_components.bach.const import CONF_RECIPIENT, DOMAIN, SUBENTRY_RECIPIENT

type Recipients = dict[str, tuple[str, str]]
"""Address and name of recipients, by sub-entry."""


def recipients_of(entry: ConfigEntry) -> Recipients:
    """Who is there now."""
    return {
        one.subentry_id: (one.data[CONF_RECIPIENT], one.title)
        for one in entry.get_subentries_of_type(SUBENTRY_RECIPIENT)
    }


@dataclass(slots=True)
class Known:
    """What is known of one entry: who was `here`, and who is `leaving`, address and name.

    Whoever is leaving has been removed, but something may still wait for them or be under way.
    """

    here: Recipients = field(default_factory=dict)
    leaving: dict[str, str] = field(default_factory=dict)


class RemovedRecipients:
    """The recipients of all entries, kept over restarts."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._store = Store[dict[str, dict[str, object]]](hass, 1, f"{DOMAIN}.recipients", private=True)
        self._entries: dict[str, Known] = {}
        self.lock = asyncio.Lock()
        """Held by whoever takes back what waits for somebody, so that two never count what the other changes."""

    async def load(self) -> None:
        """Learn who was there. What cannot be read is as if nobody had been."""
        stored: object = await self._store.async_load()
        for entry_id, known in stored.items() if isinstance(stored, dict) else ():
            self._entries[str(entry_id)] = _read(known)

    def knows(self, entry_id: str) -> bool:
        """Whether this entry was ever at work."""
        return entry_id in self._entries

    def leaving(self, entry_id: str) -> Mapping[str, str]:
        """Address and name of those who were removed and are not done with."""
        known = self._entries.get(entry_id)
        return dict(known.leaving) if known else {}

    async def compare(self, entry: ConfigEntry, believed: Iterable[str] = ()) -> dict[str, str]:
        """Note who is there; old and new addresses of those who have another one. `believed`: if nothing is known."""
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
        """Nothing waits for somebody any more, and nothing is under way."""
        if (known := self._entries.get(entry_id)) and known.leaving.pop(address, None) is not None:
            await self._save()

    async def forget(self, entry_id: str) -> None:
        """An entry was removed."""
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
    """What is written of one entry, without what is not of its form."""
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
    """Learn who was there before any entry is set up."""
    hass.data[REMOVED_RECIPIENTS] = departed = RemovedRecipients(hass)
    await departed.load()
