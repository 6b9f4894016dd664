"""Row mapping of connections: what is written for one, and how a row becomes a `Connection`, also a damaged one."""

import json
from dataclasses import replace

from bach_lib.models import Category, Connection
from bach_lib.storage import Row, Value
from bach_lib.storage.columns import Columns
from bach_lib.storage.values import fields, integer, real, text, word, words


def _references(value: Value) -> dict[str, str]:
    return {name: word(found) for name, found in fields(value).items()}


_COLUMNS = Columns(
    {
        "category": (lambda value: Category(str(value)), Category.CONNECTOR),
        "auth_config": (_references, "{}"),
        "allowed": (words, "[]"),
        "settings": (fields, "{}"),
        **dict.fromkeys(("success_count", "error_count", "blocked_count", "consecutive_failures"), (integer, 0)),
        **dict.fromkeys(("last_used", "disabled_until"), (real, None)),
    }
)
_NEEDED = frozenset({"category", "auth_config", "allowed", "settings"})
"""Without one of those it would be another connection: one that nobody set up, or that hears nobody."""
DAMAGED = "%s is damaged in the database: this cannot be read: %s%s"
RESTS = ". It rests until somebody changes it and switches it on, or restores the database"


def connection_values(connection: Connection) -> dict[str, Value]:
    """The columns of a row."""
    return {
        "name": connection.name,
        "type": connection.type,
        "category": connection.category,
        "endpoint": connection.endpoint,
        "is_active": connection.is_active,
        "auth_type": connection.auth_type,
        "auth_config": json.dumps(dict(connection.auth_config)),
        "allowed": json.dumps(sorted(connection.allowed)),
        "settings": json.dumps(connection.settings),
    }


def connection_of(row: Row) -> tuple[Connection, list[str]]:
    """A row as it was read, and its columns that cannot be; without what it needs, the connection rests."""
    if not (damaged := _COLUMNS.damaged(row)):
        return _whole(row), damaged
    connection = _whole(_COLUMNS.mended(row, damaged))
    return (connection if _NEEDED.isdisjoint(damaged) else replace(connection, is_active=False)), damaged


def _whole(row: Row) -> Connection:
    return Connection(
        name=str(row["name"]),
        type=str(row["type"]),
        category=Category(str(row["category"])),
        endpoint=text(row["endpoint"]),
        is_active=bool(row["is_active"]),
        auth_type=str(row["auth_type"]),
        auth_config=_references(row["auth_config"]),
        allowed=frozenset(words(row["allowed"])),
        settings=fields(row["settings"]),
        success_count=integer(row["success_count"]),
        error_count=integer(row["error_count"]),
        blocked_count=integer(row["blocked_count"]),
        last_used=real(row["last_used"]),
        consecutive_failures=integer(row["consecutive_failures"]),
        disabled_until=real(row["disabled_until"]),
    )
