"""Reads the original's database: tables whose columns differ between versions, and secrets wherever they lie."""

import asyncio
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bach_lib.errors import BachError, MissingLibraryError, StoreDamagedError
from bach_lib.registry.secrets import Secrets
from bach_lib.storage import Row
from bach_lib.storage.sqlite import read_foreign
from bach_lib.storage.values import text
from bach_lib.threads import read_regular

_TABLES = ("connections", "connector_messages", "messages", "secrets", "context_triggers", "system_config")
_SECRET_ENDINGS = ("key", "password", "secret", "token")
_REFERENCES = "_secret_refs"
_SECRETS = "bach_secrets.json"
_IN_RING = "keyring://"
"""How the value of a secret begins that lies in the key ring; behind it stands the service, its key is the user."""
_RING = "ellmos-bach"
_MAX_SECRETS = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class OldConnection:
    """A row of the old registry, its `auth_config` taken apart into secrets and the rest.

    `elsewhere`: secrets that are only referred to, and lie in no file; the original keeps them in the system's key
    ring. `is_ring_shut`: it could not be asked, for the package is missing.
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
    is_ring_shut: bool = False
    help_text: str | None = None
    patterns: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OldTrigger:
    """Words to look for in what comes in, and what is to be done about it."""

    id: int
    phrase: str
    hint: str
    is_active: bool


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
    """Contents of an old database. `internal` counts messages that never came through a connector."""

    connections: tuple[OldConnection, ...]
    outgoing: tuple[OldMessage, ...]
    incoming: tuple[OldMessage, ...]
    internal: int
    triggers: tuple[OldTrigger, ...] = ()


async def read(path: Path) -> Old:
    """Read an old database, without changing it. Raises a `StorageError` if it is none."""
    tables = {
        name: [_as_text(row) for row in rows]
        for name, rows in (await asyncio.to_thread(read_foreign, path, _TABLES)).items()
    }
    if "connections" not in tables:
        raise StoreDamagedError(path=path)
    vault = await asyncio.to_thread(_vault, path, tables)
    routed = list(_routed(tables.get("messages", ())))
    return Old(
        connections=tuple([await _connection(row, vault) for row in tables["connections"]]),
        outgoing=tuple(_undelivered(tables.get("connector_messages", ()))),
        incoming=(*(one for one in routed if one), *_unrouted(tables.get("connector_messages", ()))),
        internal=routed.count(None),
        triggers=tuple(_triggers(tables.get("context_triggers", ()))),
    )


def _as_text(row: Row) -> Row:
    """A row whose bytes are the text that they were meant to be; its columns' names come in small letters."""
    return {
        name.lower(): value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        for name, value in row.items()
    }


def seconds(written: str | None) -> float | None:
    """A time of the original: ISO 8601 without a zone, meaning that of the machine."""
    try:
        return datetime.fromisoformat(written or "").astimezone().timestamp()
    except (OSError, OverflowError, ValueError):
        return None


def _vault(path: Path, tables: Mapping[str, Sequence[Row]]) -> dict[str, str]:
    """All secrets by their keys. Beside the table the original keeps a file, which counts more."""
    named = [text(row.get("value")) for row in tables.get("system_config", ()) if row.get("key") == "secrets_file_path"]
    places = [*(one for one in named if one), path.with_name(_SECRETS), f"~/.bach/{_SECRETS}"]
    found = {str(row.get("key")): str(row.get("value")) for row in tables.get("secrets", ()) if row.get("value")}
    for place in map(str, places):
        with suppress(AttributeError, OSError, RuntimeError, TypeError, ValueError):  # it is in no form of the original
            content = read_regular(Path(place).expanduser(), _MAX_SECRETS).decode("utf-8-sig")
            kept = {str(key): _value(one) for key, one in json.loads(content).get("secrets", {}).items()}
            return found | {key: value for key, value in kept.items() if value}
    return found


def _value(kept: object) -> str:
    """A secret as the file has it: by itself, or with what else is known of it."""
    value = kept.get("value") if isinstance(kept, dict) else kept
    return str(value) if isinstance(value, str | int) else ""


def _triggers(rows: Iterable[Row]) -> Iterator[OldTrigger]:
    for row in rows:
        yield OldTrigger(
            id=_number(row.get("id")),
            phrase=" ".join(str(row.get("trigger_phrase") or "").split()),
            hint=str(row.get("hint_text") or "").strip(),
            is_active=bool(row.get("is_active", 1)),
        )


async def _connection(row: Row, vault: Mapping[str, str]) -> OldConnection:
    config = _object(text(row.get("auth_config")))
    references = config.pop(_REFERENCES, None)
    wanted = {key: str(value) for key, value in config.items() if key.endswith(_SECRET_ENDINGS) and value}
    found = {name: _filled(value, vault) for name, value in wanted.items() if not _is_in_ring(value, vault)}
    elsewhere = {name: _in_ring(value.strip("${}"), vault) for name, value in wanted.items() if name not in found}
    for name, key in references.items() if isinstance(references, dict) else ():
        secret = vault.get(str(key), "")
        if secret and not secret.startswith(_IN_RING):
            found[str(name)] = secret
        elif str(name) not in found:
            elsewhere[str(name)] = _in_ring(str(key), vault)
    fetched, is_ring_shut = await _fetched(elsewhere)
    found |= fetched
    return OldConnection(
        name=str(row.get("name") or ""),
        type=str(row.get("type") or ""),
        category=str(row.get("category") or "connector"),
        endpoint=text(row.get("endpoint")) or None,
        is_active=bool(row.get("is_active", 1)),
        auth_type=str(row.get("auth_type") or ""),
        secrets=found,
        options={key: value for key, value in config.items() if key not in {*found, *elsewhere}},
        elsewhere=tuple(name for name in elsewhere if name not in fetched),
        is_ring_shut=is_ring_shut,
        success_count=_number(row.get("success_count")),
        error_count=_number(row.get("error_count")),
        last_used=seconds(text(row.get("last_used"))),
        help_text=text(row.get("help_text")) or None,
        patterns=text(row.get("trigger_patterns")) or None,
    )


def _is_in_ring(value: str, vault: Mapping[str, str]) -> bool:
    """Whether it is no secret, but says that the key ring has it."""
    key = re.fullmatch(r"\$\{([^}]+)\}", value)
    return (vault.get(key[1], "") if key else value).startswith(_IN_RING)


def _in_ring(key: str, vault: Mapping[str, str]) -> str:
    """The reference to what the original put into the key ring under its own name."""
    return f"keyring:{vault.get(key, '').removeprefix(_IN_RING) or _RING}/{key}"


async def _fetched(references: Mapping[str, str]) -> tuple[dict[str, str], bool]:
    """What the key ring has of these, and whether the package that asks it is missing."""
    found: dict[str, str] = {}
    for name, reference in references.items():
        try:
            found |= await Secrets().resolve({name: reference})
        except MissingLibraryError:
            return found, True
        except BachError:
            continue
    return found, False


def _filled(value: str, vault: Mapping[str, str]) -> str:
    """With what `${KEY}` stands for."""
    return re.sub(r"\$\{([^}]+)\}", lambda match: vault.get(match[1], match[0]), value)


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
    except (RecursionError, ValueError):
        return {}
    return {str(key): value for key, value in found.items()} if isinstance(found, dict) else {}


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
