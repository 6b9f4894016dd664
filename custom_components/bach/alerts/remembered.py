"""Keeps on disk since when which alert is on, and which run tells of it: what ends while nobody looks is told of too.

Written at once with each change, before anybody is told: changes are rare.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store

from bach_lib import Place
from custom_components.bach.const import DOMAIN

_KEY: Final = f"{DOMAIN}.alerts"
_VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """What an alert watches has been so since then; `run` tells of it, unless it was called off.

    `caused_by`: who made it so, where that is known.
    """

    since: float
    run: int | None = None
    is_called_off: bool = False
    caused_by: tuple[Place, ...] = ()


class Episodes:
    """The alerts that are on, by the ids of their sub-entries."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._store: Store[dict[str, dict[str, object]]] = Store(hass, _VERSION, _KEY, atomic_writes=True)
        self._known: dict[str, Episode] = {}

    async def load(self) -> None:
        """Read them; what is damaged is forgotten."""
        found = await self._store.async_load()
        self._known = {key: one for key, stored in (found or {}).items() if (one := _read(stored))}

    def of(self, alert_id: str) -> Episode | None:
        """The one of an alert."""
        return self._known.get(alert_id)

    async def put(self, alert_id: str, episode: Episode | None) -> None:
        """Write one down, or that it is over."""
        self._known.pop(alert_id, None)
        if episode:
            self._known[alert_id] = episode
        await self._store.async_save({key: asdict(one) for key, one in self._known.items()})

    async def remove(self) -> None:
        """Forget all."""
        self._known.clear()
        await self._store.async_remove()


def _read(stored: object) -> Episode | None:
    if not isinstance(stored, dict):
        return None
    since, run = stored.get("since"), stored.get("run")
    if not isinstance(since, int | float):
        return None
    is_called_off = stored.get("is_called_off") is True
    caused_by = stored.get("caused_by")
    return Episode(
        since=since,
        run=run if isinstance(run, int) else None,
        is_called_off=is_called_off,
        caused_by=tuple(_places(caused_by)) if isinstance(caused_by, list) else (),
    )


def _places(stored: Iterable[object]) -> Iterator[Place]:
    for one in stored:
        if isinstance(one, dict):
            connection, recipient = one.get("connection"), one.get("recipient")
            if isinstance(connection, str) and isinstance(recipient, str):
                yield Place(connection=connection, recipient=recipient)
