"""Finds the poll of ours that somebody votes in: its place, and the words of what they chose.

A platform names the poll and the numbers of the options. Telegram does not even say in which chat that was
(https://core.telegram.org/bots/api#pollanswer), so the place is that to which ours went. As a poll may have been passed
on from there, that place lets nobody in: such a vote counts only of people who are let in themselves. A vote in any
other poll is left out: nobody could tell what it is about.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from bach_lib.connectors.base import Batch, Incoming
from bach_lib.models import Poll, extras_of
from bach_lib.models.incoming import Kind
from bach_lib.models.spellings import Spellings
from bach_lib.storage import Store, Value
from bach_lib.storage.values import integer, text


async def with_polls(
    store: Store, connection: str, batch: Batch, spellings: Spellings, *, instance: str, allowed: frozenset[str]
) -> Batch:
    """The same, with what is known of the polls that are voted in. `allowed`: who is let in."""
    polls = [message.poll for message in batch.messages if message.kind is Kind.VOTE]
    if not polls:
        return batch
    asked = {"connection": connection, "polls": json.dumps(polls)}
    rows = await store.submit(lambda tx: tx.rows("polls_named", **asked), writes=False)
    known = {text(row["poll"]): (f"{instance}-{integer(row['id']):x}", row) for row in rows}
    return replace(batch, messages=tuple(_placed(batch.messages, known, spellings, allowed)))


def _placed(
    messages: Sequence[Incoming],
    polls: Mapping[str | None, tuple[str, Mapping[str, Value]]],
    spellings: Spellings,
    allowed: frozenset[str],
) -> Iterator[Incoming]:
    for message in messages:
        if message.kind is not Kind.VOTE:
            yield message
        elif message.poll in polls:
            nonce, row = polls[message.poll]
            place, person = _chat(str(row["recipient"]), spellings), spellings.normal(message.sender_id)
            is_there = bool(message.recipient) and _chat(message.recipient, spellings) == place
            if is_there or not (message.recipient or allowed.isdisjoint({person, f"{place}#{person}"})):
                yield replace(_told(message, row, str(row["recipient"])), origin=nonce)


def _chat(recipient: str, spellings: Spellings) -> str:
    """The chat of a place, whichever topic of it that is."""
    return spellings.normal(recipient).partition("/")[0]


def _told(message: Incoming, row: Mapping[str, Value], recipient: str) -> Incoming:
    options = () if (poll := _poll_in(text(row["extras"]))) is None else poll.options
    chosen = [options[number] for number in message.content.choices if number < len(options)]
    return replace(
        message,
        recipient=message.recipient or recipient,
        recipient_title=message.recipient_title or recipient,
        text=", ".join(chosen),
        reply_to=text(row["remote_id"]),
    )


def _poll_in(written: str | None) -> Poll | None:
    """The poll of a message; None for one whose words are gone, or damaged."""
    try:
        return None if written is None else extras_of(json.loads(written)).poll
    except (TypeError, ValueError):
        return None
