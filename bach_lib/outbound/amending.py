"""Amending: an ended message gets another recipient, text or connection, and waits again.

It is checked as a new one would be, and stays the same message: its id, its files and its history.
"""

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import TypedDict

from bach_lib.arguments import recipient_text
from bach_lib.clock import Clock
from bach_lib.connectors import Connectors
from bach_lib.errors import InvalidValueError, WordsNotKeptError
from bach_lib.models import Connection, Format, Message, Operation
from bach_lib.outbound.by_hand import ByHand
from bach_lib.outbound.corrections import WAITING, Corrections
from bach_lib.outbound.draft import SendOptions, make_draft
from bach_lib.outbound.fitting import text_of
from bach_lib.outbound.rows import Draft
from bach_lib.registry import Registry
from bach_lib.registry.directory import Directory
from bach_lib.registry.sender_tag import without
from bach_lib.said import Sentence


class Amendment(TypedDict, total=False):
    """What may become different about a message; the rest stays as it is. `time_to_live` in seconds, from now."""

    connection: str
    """Another one to go through."""
    recipient: str
    """Another place to go to."""
    text: str
    """Other words."""
    title: str | None
    """Another line above them; None: none."""
    format: Format | str
    """How the words are marked up."""
    time_to_live: float | None
    not_before: datetime | str | None
    """Another time at which it is sent, as `send` takes it; None: at once."""


class Amender:
    """Amends messages, and moves those of a recipient."""

    def __init__(
        self,
        *,
        registry: Registry,
        directory: Directory,
        connectors: Connectors,
        corrections: Corrections,
        by_hand: ByHand,
        clock: Clock,
    ) -> None:
        self._registry = registry
        self._directory = directory
        self._connectors = connectors
        self._corrections = corrections
        self._by_hand = by_hand
        self._clock = clock

    async def amend(self, message_id: int, amendment: Amendment) -> Message:
        """Check completely, then write. Raises an `InputError` or `StorageError`; nothing is written then."""
        if unknown := amendment.keys() - Amendment.__annotations__.keys():
            raise TypeError(f"amend() got an unexpected keyword argument {min(unknown)!r}")
        while True:  # what somebody else amends meanwhile stays as they want it, where nothing else is asked here
            message = await self._corrections.amendable(message_id)
            if message.confidential and "text" not in amendment:
                raise WordsNotKeptError(id=message_id)
            draft = await self._draft(message, amendment)
            draft = replace(draft, expires_at=_expiry(message, draft, amendment))
            is_moved = "not_before" in amendment
            if (amended := await asyncio.shield(self._write(message, draft, is_moved=is_moved))) is not None:
                return amended

    async def move(self, connection: str, old: str, new: str) -> int:
        """Let what is unsent to one address have another one; how many messages. Raises an `InputError`."""
        connector = await self._connectors.load(self._registry.get(connection).type)
        forms = self._directory.spellings(connection, connector.normalize_recipient(old))  # as for `withdraw`
        new = self._directory.normal(connection, connector.normalize_recipient(new))
        return sum([await self._by_hand.move(connection, old, new) for old in forms if old != new])

    async def withdraw(self, connection: str, recipient: str) -> int:
        """Cancel what waits for a recipient; how many. Raises an `InputError`."""
        connector = await self._connectors.load(self._registry.get(connection).type)
        recipient = connector.normalize_recipient(recipient)
        forms = self._directory.spellings(connection, recipient)  # what waits may still have another on disk
        return sum([await self._by_hand.withdraw(connection, form) for form in forms])

    async def _draft(self, message: Message, amendment: Amendment) -> Draft:
        row = self._registry.get(amendment.get("connection", message.connection))
        connector = await self._connectors.load(row.type)
        is_send = message.operation is Operation.SEND
        wanted = recipient_text(amendment.get("recipient", message.recipient))
        recipient = connector.normalize_recipient(text_of("recipient", wanted))
        recipient = self._directory.normal(row.name, recipient, through_moves=is_send)
        before = self._directory.normal(message.connection, message.recipient, through_moves=is_send)
        is_elsewhere = (row.name, recipient) != (message.connection, before)
        title, text = _words(message, amendment, self._registry.get(message.connection))
        if not is_send:
            _check_change(message, amendment, is_elsewhere=is_elsewhere)
        options = SendOptions(  # the rest is not written: it stays as it is in the message's row
            title=title,
            format=amendment.get("format", message.format),
            reply_to=None if is_elsewhere else message.reply_to,  # what it answers is not there
            time_to_live=amendment.get("time_to_live"),
            not_before=amendment.get("not_before"),
            buttons=message.buttons,
            extras=message.extras,
            files=message.files,
        )
        said = text if message.operation.has_words else "-"
        if not message.operation.has_words or message.operation is Operation.REACT:
            row = replace(row, settings={})  # no words that could have a sender
        draft = make_draft(
            row, connector, recipient, said, options, now=self._clock.now(), max_retries=message.max_retries
        )
        return draft if message.operation.has_words else replace(draft, text=message.text)

    async def _write(self, message: Message, draft: Draft, *, is_moved: bool) -> Message | None:
        self._registry.get(draft.connection)  # it may have been removed meanwhile, and would take nothing with it
        return await self._by_hand.amend(message, draft, is_moved=is_moved)


def _expiry(message: Message, draft: Draft, amendment: Amendment) -> float | None:
    """When it is no longer sent: its time goes on, or begins when it is due; with another time it begins then."""
    given, due = draft.expires_at, message.scheduled_for
    if message.status in WAITING and "time_to_live" not in amendment:
        if message.expires_at is None or "not_before" not in amendment:
            return message.expires_at
        lives = message.expires_at - (message.created_at if due is None else due)
        return (draft.next_retry_at or draft.created_at) + lives
    if given is None or due is None or "not_before" in amendment:
        return given
    return max(due, draft.created_at) + given - draft.created_at


def _words(message: Message, amendment: Amendment, before: Connection) -> tuple[str | None, str]:
    """Title and text without the tag that the message has of its connection, for the draft gets one anew."""
    title = amendment.get("title", without(before, message.title) if message.title else None)
    return title, amendment.get("text", without(before, message.text))


def _check_change(message: Message, amendment: Amendment, *, is_elsewhere: bool) -> None:
    """A change belongs to a message that is on the platform. Raises `InvalidValueError`."""
    if is_elsewhere:
        raise InvalidValueError(
            field=Sentence("a_new_recipient", "a new recipient"),
            value=amendment.get("recipient", message.recipient)[:50],
            expected=Sentence(
                "the_one_that_message_id_has_which_changes",
                "the one that message {id} has, which changes a message there",
                id=message.id,
            ),
        )
    if not message.operation.has_words and "text" in amendment:
        raise InvalidValueError(
            field="text",
            value=amendment["text"][:50],
            expected=Sentence("none_to_take_a_message_away", "none to take a message away"),
        )
