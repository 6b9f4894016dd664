"""What will be taken and what will be left, and why; decided before anything is written."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from bach_lib.connectors import Connectors
from bach_lib.drafting import make_draft
from bach_lib.errors import BachError, InvalidValueError
from bach_lib.incoming import InboxStatus
from bach_lib.legacy.meaning import CHANNEL, NUMBER, OWNER, owner_of, translated
from bach_lib.legacy.reading import Old, OldConnection, OldMessage
from bach_lib.models import Category, Connection
from bach_lib.outbound.records import Draft
from bach_lib.policy import RetryPolicy
from bach_lib.probes.kinds import AS_USUAL, KINDS, NEEDED, Auth
from bach_lib.registry import Registry

type Keep = Callable[[str, str, str], str]
"""Writes a secret of a connection (name, field, secret) where only its owner can read it; returns the reference."""

_OTHER_NAMES: Mapping[str, tuple[str, ...]] = {
    "api_key": ("api_key", "token"),
    "bot_token": ("bot_token", "token"),
    "token": ("token", "access_token", "bot_token", "api_key"),
}
"""What the original called our secrets."""
_UNDERSTOOD = {OWNER, CHANNEL, NUMBER, "last_update_id", "poll_interval"}
"""Options that have become something else here, or nothing anybody has to set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """Something that is not taken, and why."""

    what: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What will be taken: connections, messages that go out (with what the original said), messages that came."""

    connections: tuple[tuple[Connection, OldConnection], ...]
    outgoing: tuple[tuple[Draft, OldMessage], ...]
    incoming: tuple[OldMessage, ...]
    left: tuple[Left, ...]


async def plan(old: Old, registry: Registry, connectors: Connectors, keep: Keep, *, now: float, enable: bool) -> Plan:
    """Decide. Secrets are written by `keep` on the way, for only with them a connection can be examined."""
    left: list[Left] = []
    made: list[tuple[Connection, OldConnection]] = []
    known = {row.name: row for row in registry.list(category=Category.CONNECTOR)}
    for one in map(translated, old.connections):
        try:
            registry.check_vacant(one.name)  # before a file is named after it
            row = await registry.examine(_connection(one, keep, enable=enable))
        except BachError as error:
            left.append(Left(what=f"connection {one.name}", reason=str(error)))
            continue
        made.append((row, one))
        left += _left_of(one)
        if row.category is Category.CONNECTOR:
            known[row.name] = row
    owners = {one.name: owner_of(one) for one in old.connections}
    outgoing: list[tuple[Draft, OldMessage]] = []
    for message in old.outgoing:
        try:
            outgoing.append((await _draft(message, known, owners, connectors, now), message))
        except (BachError, KeyError) as error:
            left.append(Left(what=f"outgoing message {message.id}", reason=_reason(error, message)))
            continue
        if message.has_attachments:
            left.append(Left(what=f"files of outgoing message {message.id}", reason="Only its text is taken."))
    incoming = tuple(message for message in old.incoming if message.connection in known)
    left += [
        Left(what=f"incoming message {message.id}", reason=f"There is no connector {message.connection}.")
        for message in old.incoming
        if message.connection not in known
    ]
    if old.internal:
        left.append(
            Left(what=f"{old.internal} messages between programs", reason="They never came through a connector.")
        )
    return Plan(connections=tuple(made), outgoing=tuple(outgoing), incoming=incoming, left=tuple(left))


def _left_of(one: OldConnection) -> list[Left]:
    """What does not come along of a connection that does."""
    options = sorted(one.options.keys() - _UNDERSTOOD)
    hint = f"A secret that lies in the key ring. Give it: bach connector configure {one.name}"
    return [
        *(Left(what=f"{field} of {one.name}", reason=f"{hint} {field}") for field in one.elsewhere),
        *(Left(what=f"{option} of {one.name}", reason="Nothing here is set by it.") for option in options),
    ]


def inbox_status(message: OldMessage) -> InboxStatus:
    """The same three words as in the original."""
    return InboxStatus(message.status) if message.status in set(InboxStatus) else InboxStatus.UNREAD


def _connection(old: OldConnection, keep: Keep, *, enable: bool) -> Connection:
    """Raises `InvalidValueError` for a category there is not."""
    if old.category not in set(Category):
        expected = f"one of {', '.join(Category)}; add it anew: bach connections add TYPE NAME"
        raise InvalidValueError(field="category", value=old.category, expected=expected)
    category = Category(old.category)
    auth_type = old.auth_type if category is not Category.CONNECTOR and old.auth_type in set(Auth) else AS_USUAL
    owner = owner_of(old)
    number = old.options.get(NUMBER)
    secrets = {_our_name(field, old, auth_type): secret for field, secret in old.secrets.items()}
    return Connection(
        name=old.name,
        type=old.type,
        category=category,
        endpoint=old.endpoint,
        is_active=old.is_active and enable,
        auth_type=auth_type,
        auth_config={field: keep(old.name, field, secret) for field, secret in secrets.items()},
        allowed=frozenset({owner} if owner else ()),
        settings={"number": str(number)} if old.type == "signal" and number else {},
    )


def _our_name(field: str, old: OldConnection, auth_type: str) -> str:
    kind = KINDS.get(old.type)
    needed = ("bot_token",) if kind is None else NEEDED[kind.usual if auth_type == AS_USUAL else Auth(auth_type)]
    return next((name for name in needed if field in _OTHER_NAMES.get(name, ())), _plain(field))


async def _draft(
    message: OldMessage, known: Mapping[str, Connection], owners: Mapping[str, str], connectors: Connectors, now: float
) -> Draft:
    """Checked as every message is, and as old as it is. Raises KeyError if its connector is not there."""
    row = known[message.connection]
    connector = await connectors.load(row.type)
    recipient = message.other or owners.get(row.name, "")
    draft = make_draft(row, connector, recipient, message.text, {}, now=now, max_retries=RetryPolicy().max_retries)
    return replace(draft, created_at=min(message.created_at or now, now))


def _reason(error: Exception, message: OldMessage) -> str:
    return f"There is no connector {message.connection}." if isinstance(error, KeyError) else str(error)


def _plain(field: str) -> str:
    """A name that a file can have."""
    return re.sub(r"[^a-z0-9_]", "_", field.lower())[:40].lstrip("_0123456789") or "secret"
