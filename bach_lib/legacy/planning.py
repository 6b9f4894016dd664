"""Plans an import: what is taken and what is left, and why; decided before anything is written."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from bach_lib.connectors import Connectors
from bach_lib.connectors.declaration import Knows, Told, missing_of
from bach_lib.connectors.declared import DECLARED
from bach_lib.connectors.ours import SECRETS_OF_NETWORK
from bach_lib.errors import BachError, InvalidValueError
from bach_lib.inbound.rules import Rule
from bach_lib.legacy.meaning import BODY, CHANNEL, NUMBER, OWNER, TAG, listened_to, owner_of, settings_of, translated
from bach_lib.legacy.reading import Old, OldConnection, OldMessage
from bach_lib.legacy.triggers import Left, rules_of
from bach_lib.models import Category, Connection
from bach_lib.models.incoming import InboxStatus
from bach_lib.outbound.draft import make_draft
from bach_lib.outbound.rows import Draft
from bach_lib.policy import RetryPolicy
from bach_lib.registry import Registry
from bach_lib.registry.accounts import Beside
from bach_lib.registry.partner_types import AS_USUAL, NEEDED, PARTNER_TYPES, Auth

type Keep = Callable[[str, str, str], str]
"""Writes a secret of a connection (name, field, secret) where only its owner can read it; returns the reference."""

_OTHER_NAMES: Mapping[str, tuple[str, ...]] = {
    "api_key": ("api_key", "token"),
    "bot_token": ("bot_token", "token"),
    "token": ("token", "access_token", "bot_token", "api_key"),
}
"""What the original called our secrets."""
_NOT_IN_RING = "It lies in no file, and the key ring does not give it."
_RING_SHUT = "It lies in the system's key ring, which is asked where bach-lib[keyring] is installed."
_UNDERSTOOD = {OWNER, CHANNEL, NUMBER, TAG, BODY, "last_update_id", "poll_interval"}
"""Options that have become something else here, or nothing anybody has to set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What will be taken: connections, messages that go out (with what the original said), messages that came, rules.

    `incomplete`: the names of connections that come along and cannot work before somebody says what they lack.
    """

    connections: tuple[tuple[Connection, OldConnection], ...]
    outgoing: tuple[tuple[Draft, OldMessage], ...]
    incoming: tuple[OldMessage, ...]
    left: tuple[Left, ...]
    rules: tuple[Rule, ...] = ()
    incomplete: frozenset[str] = frozenset()


async def plan(
    old: Old,
    registry: Registry,
    connectors: Connectors,
    keep: Keep,
    *,
    rules: Sequence[Rule] = (),
    now: float,
    enable: bool,
) -> Plan:
    """Decide. Secrets are written by `keep` on the way, for only with them a connection can be examined.

    `rules`: those there are already.
    """
    made, left = await _connections(old, registry, keep, enable=enable)
    known = {row.name: row for row in [*registry.list(category=Category.CONNECTOR), *(row for row, _ in made)]}
    known = {name: row for name, row in known.items() if row.category is Category.CONNECTOR}
    owners = {one.name: owner_of(one) for one in [*old.connections, *(one for _, one in made)]}
    outgoing, unsent = await _outgoing(old, known, owners, connectors, now)
    left += unsent
    left += [
        Left(what=f"incoming message {message.id}", reason=f"There is no connector {message.connection}.")
        for message in old.incoming
        if message.connection not in known
    ]
    if old.internal:
        left.append(
            Left(what=f"{old.internal} messages between programs", reason="They never came through a connector.")
        )
    wanted, unused = rules_of(old.triggers, rules)
    return Plan(
        connections=tuple(made),
        outgoing=tuple(outgoing),
        incoming=tuple(message for message in old.incoming if message.connection in known),
        left=(*left, *unused),
        rules=wanted,
        incomplete=frozenset(row.name for row, _ in made if _missing(row)),
    )


async def _outgoing(
    old: Old,
    known: Mapping[str, Connection],
    owners: Mapping[str, str],
    connectors: Connectors,
    now: float,
) -> tuple[list[tuple[Draft, OldMessage]], list[Left]]:
    """Messages that can go, and why the others cannot."""
    left: list[Left] = []
    outgoing: list[tuple[Draft, OldMessage]] = []
    for message in old.outgoing:
        try:
            outgoing.append((await _draft(message, known, owners, connectors, now), message))
        except (BachError, KeyError) as error:
            left.append(Left(what=f"outgoing message {message.id}", reason=_reason(error, message)))
            continue
        if message.has_attachments:
            left.append(Left(what=f"files of outgoing message {message.id}", reason="Only its text is taken."))
    return outgoing, left


async def _connections(
    old: Old, registry: Registry, keep: Keep, *, enable: bool
) -> tuple[list[tuple[Connection, OldConnection]], list[Left]]:
    """Those that can come, each held against the others, too."""
    made: list[tuple[Connection, OldConnection]] = []
    left: list[Left] = []
    beside = Beside()
    for one in old.connections:
        try:
            registry.check_vacant(one.name, [row.name for row in beside])  # before a file is named after it
            ours = translated(one)
            row = _connection(ours, keep, enable=enable)
            if _missing(row):
                row = replace(row, is_active=False)  # it waits for what is still to be said
            row = await registry.examine(row, beside=beside)
        except BachError as error:
            left.append(Left(what=f"connection {one.name}", reason=f"{error} {_where(one)}".strip()))
            continue
        made.append((row, ours))
        beside.append(row)
        left += _left_of(ours, row)
    return made, left


def _missing(row: Connection) -> list[str]:
    """What it cannot work without, as `bach connector configure` calls it."""
    told = Told(secrets=row.auth_config, settings=row.settings, endpoint=row.endpoint)
    return [field.removeprefix("auth_config.") for field in missing_of(DECLARED.get(row.type, Knows()), told)]


def _left_of(one: OldConnection, row: Connection) -> list[Left]:
    """What does not come along of a connection that does."""
    missing = _missing(row)
    lost = [name for name in one.secrets if _our_name(name, one, row.auth_type) not in row.auth_config]
    options = sorted({*one.options, *lost} - _UNDERSTOOD)
    hidden = [field for field in one.elsewhere if _our_name(field, one, row.auth_type) in missing]
    return [
        *(_to_be_said(row, field, _where(one)) for field in hidden),
        *(_to_be_said(row, field, "It cannot work without.") for field in missing if field not in hidden),
        *(Left(what=f"{option} of {one.name}", reason="Nothing here is set by it.") for option in options),
        *([Left(what=f"help_text of {one.name}", reason="There are no help texts here.")] if one.help_text else []),
        *(
            [Left(what=f"trigger_patterns of {one.name}", reason="Make a rule: bach rules set.")]
            if one.patterns
            else []
        ),
    ]


def _where(one: OldConnection) -> str:
    """Where the secrets lie that could not be had, if there are some."""
    if not one.elsewhere:
        return ""
    return _RING_SHUT if one.is_ring_shut else _NOT_IN_RING


def _to_be_said(row: Connection, field: str, why: str) -> Left:
    return Left(what=f"{field} of {row.name}", reason=f"{why} Give it: bach connector configure {row.name} {field}")


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
    owner = listened_to(old)
    named = {_our_name(field, old, auth_type): secret for field, secret in old.secrets.items()}
    known = {one.name for one in DECLARED.get(old.type, Knows()).secrets if one not in SECRETS_OF_NETWORK}
    return Connection(
        name=old.name,
        type=old.type,
        category=category,
        endpoint=old.endpoint,
        is_active=old.is_active and enable,
        auth_type=auth_type,
        auth_config={field: keep(old.name, field, secret) for field, secret in named.items() if field in known},
        allowed=frozenset({owner} if owner else ()),
        settings=settings_of(old),
    )


def _our_name(field: str, old: OldConnection, auth_type: str) -> str:
    kind = PARTNER_TYPES.get(old.type)
    needed = ("bot_token",) if kind is None else NEEDED[kind.usual if auth_type == AS_USUAL else Auth(auth_type)]
    return next((name for name in needed if field in _OTHER_NAMES.get(name, ())), _plain(field))


async def _draft(
    message: OldMessage, known: Mapping[str, Connection], owners: Mapping[str, str], connectors: Connectors, now: float
) -> Draft:
    """Checked as every message is, and as old as it is. Raises KeyError if its connector is not there."""
    row = known[message.connection]
    connector = await connectors.load(row.type)
    has_one_place = row.type in {"discord_webhook", "webhook"}
    recipient = owners.get(row.name, "") if has_one_place else message.other or owners.get(row.name, "")
    row = replace(row, settings={})  # the text has its sender's tag already, if it was to have one
    draft = make_draft(row, connector, recipient, message.text, {}, now=now, max_retries=RetryPolicy().max_retries)
    return replace(draft, created_at=min(message.created_at or now, now))


def _reason(error: Exception, message: OldMessage) -> str:
    return f"There is no connector {message.connection}." if isinstance(error, KeyError) else str(error)


def _plain(field: str) -> str:
    """A name that a file can have."""
    return re.sub(r"[^a-z0-9_]", "_", field.lower())[:40].lstrip("_0123456789") or "secret"
