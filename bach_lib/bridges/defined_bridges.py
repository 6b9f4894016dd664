"""Definitions of bridges, kept in the database. What is wrong is refused now, and not found when somebody writes."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import asdict, fields, replace
from typing import Final

from bach_lib.arguments import check_text
from bach_lib.bridges.bridge_book import BridgeBook
from bach_lib.clock import Clock
from bach_lib.common_sentences import (
    A_NAME_OF_LETTERS_AND_DIGITS,
    EACH_PLACE_ONCE,
    FROM_1_TO_NUMBER,
    FROM_1_TO_NUMBER_IN_A_TUPLE,
    NAMES_WITH_VALUES,
    NONE,
    TRUE_OR_FALSE,
)
from bach_lib.connectors import Connectors
from bach_lib.errors import CannotReceiveError, InvalidValueError, UnknownBridgeError
from bach_lib.models.bridge import Bridge, BridgeSide, BridgeWords
from bach_lib.models.route import Place
from bach_lib.registry import Registry
from bach_lib.said import Sentence

_NAME: Final = re.compile(r"(?!\.+$)[\w.-]{1,100}")
_MOST: Final = 50
_MOST_TARGETS: Final = 10
_LONGEST: Final = 200


class Bridges:
    """The bridges of one database. Reading is from memory; a change is on disk when it returns.

    `check_loop` raises in another event loop than the one that opened it; `changed` lets them be at work as they are
    now.
    """

    def __init__(
        self,
        book: BridgeBook,
        clock: Clock,
        registry: Registry,
        connectors: Connectors,
        *,
        check_loop: Callable[[], None],
        changed: Callable[[], Awaitable[None]],
    ) -> None:
        self._book, self._clock, self._registry, self._connectors = book, clock, registry, connectors
        self._check_loop, self._changed = check_loop, changed
        self._bridges: dict[str, Bridge] = {}
        self._since: dict[str, float] = {}
        self._lock = asyncio.Lock()

    async def open(self) -> None:
        """Read all from the disk, also again: others may have changed them. Raises a `StorageError`."""
        kept = await self._book.read(self._clock.now())
        self._bridges = {name: one.bridge for name, one in kept.items()}
        self._since = {name: one.since for name, one in kept.items()}

    def list(self) -> list[Bridge]:
        """All, by name."""
        return [bridge for _, bridge in sorted(self._bridges.items())]

    def get(self, name: str) -> Bridge:
        """One. Raises `UnknownBridgeError`."""
        if (bridge := self._bridges.get(name)) is None:
            raise UnknownBridgeError(name=name, known=", ".join(sorted(self._bridges)) or NONE)
        return bridge

    async def sides(self, name: str) -> tuple[BridgeSide, ...]:
        """How carrying stands, for each connection through which something comes in.

        Raises `UnknownBridgeError` or a `StorageError`.
        """
        self.get(name)
        return tuple((await self._book.sides()).get(name, ()))

    async def set(self, bridge: Bridge) -> Bridge:
        """Keep a new bridge, or another of the same name; as it is kept, with addresses in their one form.

        It carries what is written from now on; one that was at work goes on from where it is. Raises an `InputError` or
        a `StorageError`.
        """
        self._check_loop()
        bridge = await self._checked(bridge)
        if bridge.name not in self._bridges and len(self._bridges) >= _MOST:
            expected = Sentence("at_most_number_bridges", "at most {number} bridges", number=_MOST)
            raise InvalidValueError(field="name", value=bridge.name, expected=expected)
        await asyncio.shield(self._set(bridge))
        return bridge

    async def remove(self, name: str) -> None:
        """Forget a bridge; what it has carried stays. Raises `UnknownBridgeError` or a `StorageError`."""
        self._check_loop()
        self.get(name)
        await asyncio.shield(self._remove(name))

    async def _set(self, bridge: Bridge) -> None:
        async with self._lock:
            before = self._bridges.get(bridge.name)
            if before == bridge:
                return
            goes_on = before is not None and before.is_active and before.places == bridge.places
            since = self._since[bridge.name] if goes_on else self._clock.now()
            await self._book.write(bridge, since)
            self._bridges, self._since = {**self._bridges, bridge.name: bridge}, {**self._since, bridge.name: since}
        await self._changed()

    async def _remove(self, name: str) -> None:
        async with self._lock:
            await self._book.remove(name)
            self._bridges = {one: bridge for one, bridge in self._bridges.items() if one != name}
        await self._changed()

    async def _checked(self, bridge: object) -> Bridge:
        if not isinstance(bridge, Bridge) or not isinstance(bridge.name, str) or not _NAME.fullmatch(bridge.name):
            raise InvalidValueError(
                field="name", value=str(getattr(bridge, "name", bridge))[:100], expected=A_NAME_OF_LETTERS_AND_DIGITS
            )
        given: object = bridge.targets
        if not isinstance(given, tuple):
            expected = FROM_1_TO_NUMBER_IN_A_TUPLE(number=_MOST_TARGETS)
            raise InvalidValueError(field="targets", value=str(given)[:50], expected=expected)
        if not 1 <= len(given) <= _MOST_TARGETS:
            raise InvalidValueError(field="targets", value=len(given), expected=FROM_1_TO_NUMBER(number=_MOST_TARGETS))
        for field in fields(Bridge):
            value = getattr(bridge, field.name)
            if field.type is bool and not isinstance(value, bool):
                raise InvalidValueError(field=field.name, value=str(value)[:20], expected=TRUE_OR_FALSE)
        _check_words(bridge.words)
        source, *targets = [await self._place(place) for place in bridge.places]
        if len({source, *targets}) <= len(targets):
            raise InvalidValueError(field="targets", value=targets[0].recipient[:50], expected=EACH_PLACE_ONCE)
        if not self._connectors.get(self._registry.get(source.connection).type).capabilities.receives:
            raise CannotReceiveError(name=source.connection)
        return replace(bridge, source=source, targets=tuple(targets))

    async def _place(self, place: object) -> Place:
        if not isinstance(place, Place):
            raise InvalidValueError(
                field="targets", value=str(place)[:50], expected=FROM_1_TO_NUMBER_IN_A_TUPLE(number=_MOST_TARGETS)
            )
        for field, value in asdict(place).items():
            check_text(field, value, _LONGEST)
        connector = await self._connectors.load(self._registry.get(place.connection).type)
        return replace(place, recipient=connector.normalize_recipient(place.recipient))


def _check_words(words: object) -> None:
    if not isinstance(words, BridgeWords):
        raise InvalidValueError(field="words", value=str(words)[:50], expected=NAMES_WITH_VALUES)
    for field, value in asdict(words).items():
        check_text(field, value, _LONGEST)
