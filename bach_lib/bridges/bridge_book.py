"""The bridges on disk: how far each has come, and what it has made of what. Nothing here decides."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bach_lib.bridges.bridge_rows import (
    BRIDGE_COLUMNS,
    END_COLUMNS,
    bridge_from_row,
    end_from_row,
    end_values,
    write_bridge,
)
from bach_lib.bridges.judging import End, left_out
from bach_lib.errors import BridgeChangedError
from bach_lib.field_logger import FieldLogger
from bach_lib.inbound.rows import read_row
from bach_lib.models import Message
from bach_lib.models.bridge import Bridge, BridgeSide, LeftOut
from bach_lib.models.incoming import IncomingMessage
from bach_lib.models.route import Place
from bach_lib.outbound.rows import readable_message
from bach_lib.storage import Store, Transaction, Value
from bach_lib.storage.values import integer

_LOGGER = FieldLogger(__name__)
_PAGE: Final = 100
_AFTER: Final = "\U0010ffff"
"""Sorts behind all that stands behind an id."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A bridge, since when it carries, and how far it has come, by connection."""

    bridge: Bridge
    since: float
    ends: Mapping[str, End]


class BridgeBook:
    """The bridges of one database, whose `instance` tells it from every other."""

    def __init__(self, store: Store, instance: str) -> None:
        self._store, self._instance = store, instance

    async def read(self, now: float) -> dict[str, Kept]:
        """All of them. What is damaged costs itself; in a restored copy they begin anew. Raises a `StorageError`."""

        def work(tx: Transaction) -> dict[str, Kept]:
            for bridge, since in [*_bridges(tx)]:
                if since < 0:
                    write_bridge(tx, bridge, now)
                    _begin(tx, bridge)
            ends = _ends(tx)
            return {bridge.name: Kept(bridge, since, ends.get(bridge.name, {})) for bridge, since in _bridges(tx)}

        return await self._store.submit(work)

    async def write(self, bridge: Bridge, since: float) -> None:
        """Keep one; where it has not been at work, it begins with what comes in from now on."""

        def work(tx: Transaction) -> None:
            write_bridge(tx, bridge, since)
            _begin(tx, bridge)

        await self._store.submit(work)

    async def remove(self, name: str) -> None:
        """Forget one."""

        def work(tx: Transaction) -> None:
            tx.run("remove_bridge", name=name)
            tx.run("remove_ends", bridge=name, connections="[]")

        await self._store.submit(work)

    async def sides(self) -> dict[str, list[BridgeSide]]:
        """How carrying stands, by the name of the bridge. Raises a `StorageError`."""
        ends = await self._store.read(_ends)
        return {name: [end.side for end in found.values()] for name, found in ends.items()}

    async def page(self, connection: str, after: int) -> list[IncomingMessage]:
        """What came in behind a number, oldest first, as far as it was announced. Raises a `StorageError`."""
        rows = await self._store.read(lambda tx: tx.rows("to_carry", connection=connection, after=after, limit=_PAGE))
        messages = [read_row(row) for row in rows]
        ready = next((at for at, one in enumerate(messages) if one.routed_at is None), len(messages))
        return messages[:ready]

    async def came_in(self, number: int) -> IncomingMessage | None:
        """What has this number in the inbox, if it is there yet."""
        row = await self._store.read(lambda tx: tx.row("get_incoming", id=number))
        return read_row(row) if row else None

    async def accounts(self, type_: str) -> list[str]:
        """The accounts behind all connections of a type."""
        rows = await self._store.read(lambda tx: tx.rows("own_accounts", type=type_))
        return [str(row["account"]) for row in rows]

    async def copies(self, bridge: str, connection: str, remote_ids: Sequence[str], *, pieces: bool) -> list[Message]:
        """What was made of the message with one of these ids, oldest first; with `pieces` also of its other files."""

        def work(tx: Transaction) -> list[Message]:
            ids = [number for one in remote_ids for number in _pieces(tx, connection, one, pieces=pieces)]
            rows = tx.rows("copies_of", bridge=bridge, ids=json.dumps(ids)) if ids else []
            return [readable_message(row, self._instance) for row in rows]

        return await self._store.read(work)

    async def original(self, connection: str, remote_ids: Sequence[str]) -> int | None:
        """The number of the message with one of these ids in the inbox."""

        def work(tx: Transaction) -> int | None:
            found = [number for one in remote_ids for number in _pieces(tx, connection, one, pieces=False)]
            return found[0] if found else None

        return await self._store.read(work)

    async def made_of(self, bridge: str, forms: Sequence[str], place: Place, remote_id: str) -> IncomingMessage | None:
        """What a message of ours was made of, that has this id in a place."""

        def work(tx: Transaction) -> IncomingMessage | None:
            asked: dict[str, Value] = {"connection": place.connection, "remote_id": remote_id, "limit": 500, "after": 0}
            for form in forms:
                if (found := tx.row("answered_message", recipient=form, **asked)) is not None:
                    row = tx.row("copied_from", message_id=integer(found["id"]), bridge=bridge)
                    return read_row(row) if row else None
            return None

        return await self._store.read(work)

    async def save(self, bridge: str, before: End, end: End) -> None:
        """Nothing goes out of all up to there. Raises `BridgeChangedError` or a `StorageError`."""
        await self._store.submit(lambda tx: _save(tx, bridge, before, end))


class Passing:
    """Writes how far a bridge has come beside the messages that it carries; `end` is what it became.

    `ends`: as it stands on disk, and then. `of`: what they were made of. Those that only change others are no copies.
    """

    def __init__(self, bridge: str, ends: tuple[End, End], of: int, are_copies: Sequence[bool], now: float) -> None:
        self._bridge, self._now = bridge, now
        self._before, self._end = ends
        self._of, self._are_copies = of, are_copies
        self.end: End = self._end

    def __call__(self, tx: Transaction, ids: Sequence[int | None]) -> None:
        """Write it, with the ids of the messages; None for one that was refused. May run again."""
        refused = None in ids
        self.end = left_out(self._end, LeftOut.REFUSED, self._now) if refused else self._end
        _save(tx, self._bridge, self._before, self.end)
        for number, is_copy in zip(ids, self._are_copies, strict=True):
            if number is not None and is_copy:
                tx.run("add_copy", message_id=number, bridge=self._bridge, incoming_id=self._of)


def _save(tx: Transaction, bridge: str, before: End, end: End) -> None:
    if before.upto == end.upto and _ends(tx).get(bridge, {}).get(end.side.connection) != before:
        raise BridgeChangedError(name=bridge)  # the number says nothing where a change was taken up that was held back
    place = {"bridge": bridge, "connection": end.side.connection}
    if not tx.run("save_end", **place, before=before.upto, **end_values(end)):
        raise BridgeChangedError(name=bridge)


def _begin(tx: Transaction, bridge: Bridge) -> None:
    connections = list(dict.fromkeys(place.connection for place, _ in bridge.ways())) if bridge.is_active else []
    readable = [one for one in _ends(tx).get(bridge.name, {}) if one in connections]
    tx.run("remove_ends", bridge=bridge.name, connections=json.dumps(readable))
    for connection in connections:
        new = End(BridgeSide(connection=connection), upto=0)
        tx.run("begin_end", bridge=bridge.name, connection=connection, state=end_values(new)["state"])


def _bridges(tx: Transaction) -> list[tuple[Bridge, float]]:
    found = list[tuple[Bridge, float]]()
    for row in tx.rows("list_bridges"):
        if damaged := BRIDGE_COLUMNS.damaged(row):
            said = 'The bridge "%s" is damaged in the database, and rests until it is set anew: %s'
            _LOGGER.error(said, row["name"], ", ".join(damaged))
        else:
            found.append((bridge_from_row(row), float(row["since"] or 0.0)))
    return found


def _ends(tx: Transaction) -> dict[str, dict[str, End]]:
    found = dict[str, dict[str, End]]()
    for row in tx.rows("bridge_ends"):
        if END_COLUMNS.damaged(row):
            _LOGGER.error('How far the bridge "%s" has come is damaged in the database, and it rests', row["bridge"])
        else:
            found.setdefault(str(row["bridge"]), {})[str(row["connection"])] = end_from_row(row)
    return found


def _pieces(tx: Transaction, connection: str, remote_id: str, *, pieces: bool) -> list[int]:
    if not pieces:
        row = tx.row("incoming_named", connection=connection, remote_id=remote_id)
        return [] if row is None else [integer(row["id"])]
    asked = {"connection": connection, "remote_id": remote_id, "end": remote_id + _AFTER}
    return [integer(row["id"]) for row in tx.rows("pieces_of", **asked)]
