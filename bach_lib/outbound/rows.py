"""Row mapping of messages: what is written for a draft, and how a row becomes a `Message`."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from operator import attrgetter
from typing import cast

from bach_lib.models import (
    NO_EXTRAS,
    Buttons,
    Delivery,
    Extras,
    Fault,
    File,
    Format,
    Loss,
    Message,
    Operation,
    Status,
)
from bach_lib.models.fast_frozen import maker
from bach_lib.outbound import proof_summary
from bach_lib.outbound.cells import buttons_read, buttons_written, extras_read, files_read, files_written
from bach_lib.outbound.reasons import fault_of, losses_of, losses_written
from bach_lib.registry.gathering import Gathering
from bach_lib.said import Sentence
from bach_lib.storage import Row, Value
from bach_lib.storage.columns import UNREADABLE, Columns
from bach_lib.storage.values import integer, real, text


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A message before it has an id: checked, with its recipient in the one form. The fields are columns."""

    connection: str
    recipient: str
    text: str
    title: str | None
    format: Format
    silent: bool
    reply_to: str | None
    priority: int
    tag: str | None
    delivery: Delivery
    context: str | None
    created_at: float
    expires_at: float | None
    max_retries: int
    operation: Operation = Operation.SEND
    target: str | None = None
    buttons: Buttons = ()
    files: tuple[File, ...] = ()
    next_retry_at: float | None = field(default=None, repr=False)  # when it is scheduled; `make_request` has the wish
    lost: tuple[Loss, ...] = field(default=(), repr=False)  # a caller's key stands for what was asked, whatever can go
    began: float | None = field(default=None, repr=False)  # no column: monotonic, since when it lives; None: now
    why: Fault | None = field(default=None, repr=False)  # it waits, though nobody asked for that
    asked_at: float | None = field(default=None, repr=False)  # and was meant for this moment
    awake: bool = field(default=False, repr=False)
    confidential: bool = field(default=False, repr=False)
    gathering: tuple[Gathering, ...] = field(default=(), repr=False)  # what is set of its recipient
    extras: Extras = field(default=NO_EXTRAS, repr=False)  # which `make_request` adds, if there are any


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What tells that a caller asks for the same message again: its key, and a digest of all it said."""

    key: str
    digest: str


_ALIKE = (
    *("connection", "recipient", "text", "title", "format", "silent", "reply_to", "priority", "tag", "delivery"),
    *("context", "operation", "target"),
)
"""What a draft, a message and `put_message` have in the same order: read from the draft in one go."""
_alike = attrgetter(*_ALIKE)
_TIMES = ("attempted_at", "created_at", "expires_at")
_PUT = (*_ALIKE, "status", *_TIMES, "max_retries", "buttons", "files", "lost", "next_retry_at")
_make = cast("Callable[..., Message]", maker(Message))


def draft_row(draft: Draft, status: Status, attempted_at: float | None = None) -> tuple[Value, ...]:
    """The values of a new row, in the order of `put_message`."""
    return (
        *_alike(draft),
        status,
        attempted_at,
        draft.created_at,
        draft.expires_at,
        draft.max_retries,
        buttons_written(draft.buttons) if draft.buttons else None,
        files_written(draft.files) if draft.files else None,
        losses_written(draft.lost),
        draft.next_retry_at,
    )


def draft_values(draft: Draft, status: Status, attempted_at: float | None = None) -> dict[str, Value]:
    """The same by name."""
    return dict(zip(_PUT, draft_row(draft, status, attempted_at), strict=True))


def without_contents[T: (Draft, Message)](message: T) -> T:
    """The same, knowing of its files what they are called, but not what is in them."""
    files = tuple(replace(file, content=b"") for file in message.files)
    return replace(message, files=files) if files else message


def message_from_draft(
    draft: Draft, message_id: int, instance: str, status: Status, attempted_at: float | None
) -> Message:
    """The message that a draft became when it was stored; reading its row back would cost more than writing it."""
    return _make(
        message_id,
        _nonce(message_id, instance),
        *_alike(draft),
        draft.buttons,
        draft.files,
        status,
        draft.created_at,
        draft.expires_at,
        draft.next_retry_at,
        0,  # retry_count
        draft.max_retries,
        0.0,  # waited
        attempted_at,
        lost=draft.lost,
        error=draft.why,
        awake=draft.awake,
        asked_at=draft.asked_at,
        confidential=draft.confidential,
        extras=draft.extras,
    )


class UnreadableRowError(Exception):
    """A row holds what this program has never written. `fault` names the columns, and not what stands in them."""

    def __init__(self, columns: Iterable[str]) -> None:
        super().__init__(*columns)
        self.fault: Fault = Fault(
            code="unreadable",
            text=Sentence(
                "the_database_is_damaged_here_this_cannot",
                "The database is damaged here; this cannot be read: {names}.",
                names=", ".join(self.args),
            ),
        )


def message_from_row(row: Row, instance: str) -> Message:
    """The message a row holds. `instance` tells this database from every other. Raises `UnreadableRowError`."""
    try:
        return _message(row, instance)
    except UNREADABLE as error:
        raise UnreadableRowError(COLUMNS.damaged(row)) from error


def plain_message(values: tuple[Value, ...], instance: str, now: float) -> Message | None:
    """The claimed message of a row of `claimed_message`, if each value may be taken as it stands; most are such."""
    if not _are_plain(tuple(map(type, values))):
        return None
    made: list[object] = [*values]
    try:
        for name, known in _KNOWN:
            made[name] = known[values[name]]
    except KeyError:
        return None
    made[_SILENT] = bool(made[_SILENT])
    number, *alike, created_at, expires_at, max_retries = made
    nonce = _nonce(integer(values[0]), instance)
    sending = Status.SENDING
    return _make(number, nonce, *alike, (), (), sending, created_at, expires_at, None, 0, max_retries, 0.0, now)


def readable_message(row: Row, instance: str) -> Message:
    """As `message_from_row`, for whoever only looks: what cannot be read, or not by everybody, is left out."""
    try:
        return _message(row, instance).shown()
    except UNREADABLE:
        return _message(COLUMNS.mended(row, COLUMNS.damaged(row)), instance).shown()


def oldest_first(rows: Iterable[Row], instance: str) -> list[Message]:
    """The same of rows that a statement has changed, of which no database promises an order."""
    return [readable_message(row, instance) for row in sorted(rows, key=lambda row: integer(row["id"]))]


_FORMATS: Mapping[Value, Format] = {str(member): member for member in Format}
_DELIVERIES: Mapping[Value, Delivery] = {str(member): member for member in Delivery}
_OPERATIONS: Mapping[Value, Operation] = {str(member): member for member in Operation}
_STATUSES: Mapping[Value, Status] = {str(member): member for member in Status}
"""What is looked up for every row, in a fourth of the time that the enumeration itself takes."""

CLAIMED = ("id", *_ALIKE, "created_at", "expires_at", "max_retries")
"""The columns of `claimed_message`; the others hold nothing there."""
_ENUMS = {"format": _FORMATS, "delivery": _DELIVERIES, "operation": _OPERATIONS}
_KNOWN = tuple[tuple[int, Mapping[Value, object]], ...]((CLAIMED.index(name), known) for name, known in _ENUMS.items())
_SILENT = CLAIMED.index("silent")
_WORDS, _NUMBER, _TIME, _NOTHING = frozenset({str}), frozenset({int}), frozenset({float}), frozenset({type(None)})
_PLAIN_KINDS: Mapping[str, frozenset[type]] = {
    **dict.fromkeys(CLAIMED, _WORDS | _NOTHING),
    **dict.fromkeys(("connection", "recipient", "text", "format", "delivery", "operation"), _WORDS),
    **dict.fromkeys(("id", "priority", "max_retries", "silent"), _NUMBER),
    "created_at": _TIME,
    "expires_at": _TIME | _NOTHING,
}
"""What each of them holds in a row that needs no reading."""


@lru_cache(maxsize=256)
def _are_plain(kinds: tuple[type, ...]) -> bool:
    return all(kind in plain for kind, plain in zip(kinds, _PLAIN_KINDS.values(), strict=True))


COLUMNS = Columns(
    {
        "format": (lambda value: Format(str(value)), Format.PLAIN),
        "delivery": (lambda value: Delivery(str(value)), Delivery.AT_MOST_ONCE),
        "operation": (lambda value: Operation(str(value)), Operation.SEND),
        "status": (lambda value: Status(str(value)), Status.DEAD),
        "buttons": (lambda value: buttons_read(text(value)), None),
        "files": (lambda value: files_read(text(value)), None),
        "extras": (lambda value: extras_read(text(value)), None),
        "lost": (lambda value: losses_of(text(value)), None),
        "proven": (proof_summary.read, None),
        **dict.fromkeys(("priority", "retry_count", "max_retries", "amended"), (integer, 0)),
        **dict.fromkeys(("created_at", "expires_at", "next_retry_at", "waited"), (real, None)),
        **dict.fromkeys(("attempted_at", "finished_at", "asked_at"), (real, None)),
    }
)
"""How each column is read that may be damaged, and what is shown instead."""


def _message(row: Row, instance: str) -> Message:
    return Message(
        id=integer(row["id"]),
        nonce=_nonce(integer(row["id"]), instance, integer(row["amended"])),
        connection=str(row["connection"]),
        recipient=str(row["recipient"]),
        text=str(row["text"]),
        title=text(row["title"]),
        format=_FORMATS[row["format"]],
        silent=bool(row["silent"]),
        reply_to=text(row["reply_to"]),
        priority=integer(row["priority"]),
        tag=text(row["tag"]),
        delivery=_DELIVERIES[row["delivery"]],
        context=text(row["context"]),
        operation=_OPERATIONS[row["operation"]],
        target=text(row["target"]),
        buttons=() if row["buttons"] is None else buttons_read(text(row["buttons"])),
        files=() if row["files"] is None else files_read(text(row["files"])),
        status=_STATUSES[row["status"]],
        created_at=real(row["created_at"]) or 0.0,
        expires_at=real(row["expires_at"]),
        next_retry_at=real(row["next_retry_at"]),
        retry_count=integer(row["retry_count"]),
        max_retries=integer(row["max_retries"]),
        waited=real(row["waited"]) or 0.0,
        attempted_at=real(row["attempted_at"]),
        finished_at=real(row["finished_at"]),
        remote_id=text(row["remote_id"]),
        degraded=bool(row["degraded"]),
        held=bool(row["held"]),
        lost=losses_of(text(row["lost"])),
        progress=text(row["progress"]),
        error=fault_of(row),
        proven=() if row["proven"] is None else proof_summary.read(row["proven"]),
        awake=bool(row["awake"]),
        asked_at=real(row["asked_at"]),
        confidential=bool(row["confidential"]),
        extras=extras_read(text(row["extras"])),
    )


def _nonce(message_id: int, instance: str, amended: int = 0) -> str:
    """At most 8 + 1 + 16 = `MAX_NONCE` characters, as ids take far less. `inbound.presses` reads it back.

    What was amended is another message to whoever recognises what comes again, and keeps the first one.
    """
    return f"{instance}-{message_id:x}-{amended:x}" if amended else f"{instance}-{message_id:x}"
