"""Matches button presses, reactions and replies to the outgoing message they are about.

What a press brings along is what the client says: anybody can send any bytes for any message
(https://core.telegram.org/bots/api#callbackquery, data). The platform vouches only for the place, and for the number of
the message there. So those have to be where the message went, and the value is looked up among the buttons that were
stored with it; a press that fits nothing has no value, and is about no message.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from bach_lib.connectors.base import Incoming
from bach_lib.models.incoming import Kind
from bach_lib.models.spellings import Spellings
from bach_lib.storage import Transaction, Value
from bach_lib.storage.values import integer, real, text, upper_bound

LABEL = "label"
"""The key in `metadata` for what stood on the button that was pressed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchedMessage:
    """An incoming message without claims that do not fit; `number` and `asked_at` of the outgoing one it is about."""

    message: Incoming
    number: int | None = None
    asked_at: float | None = None


def match_outgoing(
    tx: Transaction, connection: str, instance: str, message: Incoming, spellings: Spellings
) -> MatchedMessage:
    """Match what came in to the outgoing message that it names, if that is one of this `instance`."""
    number = _number(message.origin, instance)
    row = tx.row("get_asked", id=number, connection=connection) if number else None
    if row is not None and _is_there(message, text(row["recipient"]), spellings) and _is_of(message, row):
        return MatchedMessage(message=_named(message, row), number=number, asked_at=real(row["attempted_at"]))
    if message.kind is Kind.BUTTON:
        message = replace(message, content=replace(message.content, value=None))
    return MatchedMessage(message=message)


def _is_there(message: Incoming, recipient: str | None, spellings: Spellings) -> bool:
    """Whether it comes from the chat to which ours went; in which topic of it, its number there tells."""
    here, there = (spellings.normal(one).partition("/")[0] for one in (message.recipient, recipient or ""))
    return here == there


def _number(origin: str | None, instance: str) -> int | None:
    """The id in a nonce of ours (see `outbound.rows`), if it is one; how often it was amended stands behind it."""
    begin = f"{instance}-"
    if origin is None or not origin.startswith(begin):
        return None
    try:
        return upper_bound(int(origin.removeprefix(begin).partition("-")[0], 16))
    except ValueError:
        return None


def _is_of(message: Incoming, row: Mapping[str, Value]) -> bool:
    """Whether it can be about this message; for a press, whether the button is one of its."""
    return message.kind is not Kind.BUTTON or (_is_below(message, row) and message.content.value in _labels(row))


def _is_below(message: Incoming, row: Mapping[str, Value]) -> bool:
    """Whether it has the number that ours got there; of one that went several times, only the last is known."""
    ours = text(row["remote_id"])
    return ours is None or _last(ours) == _last(message.reply_to or "") or integer(row["retry_count"]) > 0


def _last(remote_id: str) -> str:
    """A message's number, without its chat and without what belongs to it."""
    return remote_id.partition("#")[0].rpartition(":")[2]


def _named(message: Incoming, row: Mapping[str, Value]) -> Incoming:
    """With what stood on the button that was pressed: its value may be a number that says nothing to people."""
    if message.kind is not Kind.BUTTON:
        return message
    return replace(message, metadata={**message.metadata, LABEL: _labels(row)[message.content.value or ""]})


def _labels(row: Mapping[str, Value]) -> dict[str, str]:
    """What stands on each button, by its value."""
    written = text(row["buttons"])
    buttons = [one for line in json.loads(written) for one in line] if written else []
    return {str(value): str(label) for label, value, *_ in buttons if value}  # one that opens something brings nothing
