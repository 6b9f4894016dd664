"""Requests to a storage, for tests: functions of an open transaction."""

from collections.abc import Callable
from typing import TypedDict

from bach_lib.storage import Transaction


class How(TypedDict, total=False):
    """What `Store.submit` may be told beside the work, for tests that stand in its place."""

    writes: bool
    ends: bool
    as_owner: bool


def add(name: str) -> Callable[[Transaction], int]:
    """Work that writes a connection and returns how many there are then."""

    def work(tx: Transaction) -> int:
        tx.run(
            "add_connection",
            name=name,
            type="fake",
            category="connector",
            endpoint=None,
            is_active=True,
            auth_type="token",
            auth_config="{}",
            allowed="[]",
            settings="{}",
        )
        return len(names(tx))

    return work


def names(tx: Transaction) -> list[str]:
    """Work that reads the names of all connections."""
    return [str(row["name"]) for row in tx.rows("list_connections")]


def fail(tx: Transaction) -> None:
    """Work that writes and then finds that it must not."""
    add("half done")(tx)
    raise LookupError("no such thing")
