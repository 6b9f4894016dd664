"""The old file as it is: three tables and the one with the secrets, whose columns differ between its versions."""

import asyncio
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bach_lib.errors import StoreDamagedError
from bach_lib.storage.sqlite import Row, read_foreign
from bach_lib.storage.values import text

_TABLES = ("connections", "connector_messages", "messages", "secrets")
_SECRET_ENDINGS = ("key", "password", "secret", "token")
_REFERENCES = "_secret_refs"


@dataclass(frozen=True, slots=True, kw_only=True)
class OldConnection:
    """A row of the old registry, its `auth_config` taken apart into secrets and the rest.

    `elsewhere`: secrets that the file only refers to; the original's wizard kept them in the system's key ring.
    """

    name: str
    type: str
    category: str
    endpoint: str | None
    is_active: bool
    auth_type: str
    secrets: Mapping[str, str] = field(repr=False)
    options: Mapping[str, object]
    success_count: int
    error_count: int
    last_used: float | None
    elsewhere: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OldMessage:
    """A message, whichever way it went. `digest` tells it from all others, wherever the file lies."""

    id: int
    connection: str
    other: str
    text: str
    status: str
    created_at: float | None
    digest: str
    error: str | None = None
    has_attachments: bool = False
    metadata: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Old:
    """All that there is to take. `internal` counts messages that never came through a connector."""

    connections: tuple[OldConnection, ...]
    outgoing: tuple[OldMessage, ...]
    incoming: tuple[OldMessage, ...]
    internal: int


async def read(path: Path) -> Old:
    """Read an old database, without changing it. Raises a `StorageError` if it is none."""
    tables = await asyncio.to_thread(read_foreign, path, _TABLES)
    if "connections" not in tables:
        raise StoreDamagedError(path=path)
    vault = {str(row["key"]): str(row["value"]) for row in tables.get("secrets", ())}
    routed = list(_routed(tables.get("messages", ())))
    return Old(
        connections=tuple(_connection(row, vault) for row in tables["connections"]),
        outgoing=tuple(_undelivered(tables.get("connector_messages", ()))),
        incoming=(*(one for one in routed if one), *_unrouted(tables.get("connector_messages", ()))),
        internal=routed.count(None),
    )


def seconds(written: str | None) -> float | None:
    """A time of the original: ISO 8601 without a zone, meaning that of the machine."""
    try:
        return datetime.fromisoformat(written or "").astimezone().timestamp()
    except OSError, OverflowError, ValueError:
        return None


def _connection(row: Row, vault: Mapping[str, str]) -> OldConnection:
    config = _object(text(row.get("auth_config")))
    references = config.pop(_REFERENCES, None)
    found = {key: str(value) for key, value in config.items() if key.endswith(_SECRET_ENDINGS) and value}
    elsewhere: list[str] = []
    for name, key in references.items() if isinstance(references, dict) else ():
        if secret := vault.get(str(key)):
            found[str(name)] = secret
        elif str(name) not in found:
            elsewhere.append(str(name))
    return OldConnection(
        name=str(row["name"]),
        type=str(row.get("type") or ""),
        category=str(row.get("category") or "connector"),
        endpoint=text(row.get("endpoint")) or None,
        is_active=bool(row.get("is_active", 1)),
        auth_type=str(row.get("auth_type") or ""),
        secrets=found,
        options={key: value for key, value in config.items() if key not in found},
        elsewhere=tuple(elsewhere),
        success_count=_number(row.get("success_count")),
        error_count=_number(row.get("error_count")),
        last_used=seconds(text(row.get("last_used"))),
    )


def _undelivered(rows: tuple[Row, ...] | list[Row]) -> Iterator[OldMessage]:
    """What was going out and did not get there. Its `dispatch` command wrote `processed` only."""
    for row in rows:
        status = str(row.get("status") or "pending")
        if row.get("direction") == "out" and not row.get("processed") and status in {"pending", "failed", "dead"}:
            yield OldMessage(
                id=_number(row.get("id")),
                connection=str(row.get("connector_name") or ""),
                other=str(row.get("recipient") or ""),
                text=str(row.get("content") or ""),
                status=status,
                created_at=seconds(text(row.get("created_at"))),
                digest=_digest("out", row, "connector_name", "recipient", "content"),
                error=text(row.get("error")),
                has_attachments=str(row.get("attachments_json") or "[]") not in {"[]", "null"},
            )


def _unrouted(rows: tuple[Row, ...] | list[Row]) -> Iterator[OldMessage]:
    """What had come in and was not in the inbox yet."""
    for row in rows:
        if row.get("direction") == "in" and not row.get("processed"):
            yield OldMessage(
                id=_number(row.get("id")),
                connection=str(row.get("connector_name") or ""),
                other=str(row.get("sender") or ""),
                text=str(row.get("content") or ""),
                status="unread",
                created_at=seconds(text(row.get("created_at"))),
                digest=_digest("in", row, "connector_name", "sender", "content"),
            )


def _routed(rows: tuple[Row, ...] | list[Row]) -> Iterator[OldMessage | None]:
    """The inbox; None for what programs and AI partners wrote to each other."""
    for row in rows:
        connection, colon, sender = str(row.get("sender") or "").partition(":")
        if row.get("direction") != "inbox" or row.get("status") == "deleted":
            continue
        if not colon or not sender:
            yield None
            continue
        yield OldMessage(
            id=_number(row.get("id")),
            connection=connection,
            other=sender,
            text=str(row.get("body") or ""),
            status=str(row.get("status") or "unread"),
            created_at=seconds(text(row.get("created_at"))),
            digest=_digest("inbox", row, "sender", "recipient", "body"),
            metadata=_object(text(row.get("metadata"))),
        )


def _digest(table: str, row: Row, *fields: str) -> str:
    told = [table, row.get("id"), row.get("created_at"), *(row.get(name) for name in fields)]
    return hashlib.sha256(json.dumps(told, default=repr).encode("utf-8", "replace")).hexdigest()


def _object(written: str | None) -> dict[str, object]:
    try:
        found = json.loads(written or "{}")
    except ValueError:
        return {}
    return {str(key): value for key, value in found.items()} if isinstance(found, dict) else {}


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
