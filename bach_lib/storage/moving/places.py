"""Places of a database: a file or an address, and what the two engines say differently when all of it moves."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import override

from bach_lib.storage.database import Database
from bach_lib.storage.moved import Opening
from bach_lib.storage.postgresql.address import Address, is_address
from bach_lib.storage.postgresql.server_database import ServerDatabase
from bach_lib.storage.store import Store
from bach_lib.storage.transaction import Transaction
from bach_lib.storage.values import integer

_SEQUENCES = "SELECT name, seq FROM sqlite_sequence"
_FORGET_SEQUENCE = "DELETE FROM sqlite_sequence WHERE name = ?1"
_NOTE_SEQUENCE = "INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)"
_LAST = "SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence(:name, 'id')), 0) AS seq"
_SET_LAST = "SELECT setval(pg_get_serial_sequence(:name, 'id'), :number)"
_KNOWN = "SELECT id FROM messages WHERE id IN (SELECT value FROM json_each(:ids))"
_KNOWN_THERE = "SELECT id FROM messages WHERE id = ANY (CAST(translate(:ids, '[]', '{}') AS bigint[]))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a database is. `path`: of a file; `address`: on a server; `runs_file`: see `Bach`."""

    path: Path | None = None
    address: Address | None = None
    runs_file: Path | None = None

    @override
    def __str__(self) -> str:
        """For people; without a password."""
        return str(self.path or self.address)

    @property
    def is_server(self) -> bool:
        """Whether several machines may use it."""
        return self.address is not None

    def is_same(self, other: Place) -> bool:
        """Whether both are one database, as far as can be told before they are opened."""
        if self.path and other.path:
            return os.path.realpath(self.path) == os.path.realpath(other.path)
        return self.address is not None and other.address is not None and self.address.which == other.address.which

    def store(self, opening: Opening) -> Store:
        """Its database, to be opened for this."""
        if self.address:
            return ServerDatabase(self.address.full, runs_file=self.runs_file, opening=opening)
        return Database(self.path or Path(), runs_file=self.runs_file, opening=opening)

    def last_ids(self, tx: Transaction, tables: Iterable[str]) -> dict[str, int]:
        """The highest id that each of these has given to a row."""
        if not self.is_server:
            return {str(row["name"]): integer(row["seq"]) for row in tx.ask(_SEQUENCES)}
        return {name: integer(tx.ask(_LAST, name=f"bach.{name}")[0]["seq"]) for name in tables}

    def go_on_after(self, tx: Transaction, last: dict[str, int]) -> None:
        """Give none of the ids up to these to another row."""
        for name, number in last.items():
            if self.is_server:
                if number > 0:
                    tx.ask(_SET_LAST, name=f"bach.{name}", number=number)
            else:
                tx.change(_FORGET_SEQUENCE, [(name,)])
                tx.change(_NOTE_SEQUENCE, [(name, number)])

    def known_messages(self, tx: Transaction, ids: Iterable[int]) -> set[int]:
        """Those of these messages that are there."""
        query = _KNOWN_THERE if self.is_server else _KNOWN
        return {integer(row["id"]) for row in tx.ask(query, ids=json.dumps(sorted({*ids})))}


def place(word: str, runs_file: Path | None = None) -> Place:
    """The place that somebody names, by an address or a path."""
    if is_address(word):
        return Place(address=Address(word), runs_file=runs_file)
    return Place(path=Path(word).expanduser().absolute(), runs_file=runs_file)
