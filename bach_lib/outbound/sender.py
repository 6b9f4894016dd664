"""Sends: makes of a caller's wish a message on disk; edits, deletions and reactions, too.

A change is a message of its own in the lane of the first one, so it is as durable and comes in order.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from bach_lib.clock import Clock
from bach_lib.connectors import Connectors
from bach_lib.connectors.base import Connector
from bach_lib.errors import InvalidValueError, UnknownConnectionError
from bach_lib.models import Connection, Fault, Message, Operation, Receipt
from bach_lib.outbound.bundle import Bundle
from bach_lib.outbound.bystander import Bystander
from bach_lib.outbound.dispatcher import Dispatcher
from bach_lib.outbound.draft import SendOptions, make_change, make_draft, make_reaction, make_request
from bach_lib.outbound.file_keeper import Keeping
from bach_lib.outbound.going_together import gatherable
from bach_lib.outbound.letters import Letter, Letters
from bach_lib.outbound.putting import Put
from bach_lib.outbound.putting_off import with_tag
from bach_lib.outbound.queue import Queue
from bach_lib.outbound.quieting import quietly
from bach_lib.outbound.rows import Draft, Request
from bach_lib.outbound.tagged import Tagged, id_there
from bach_lib.outbound.turnstile import Turnstile
from bach_lib.registry import Registry
from bach_lib.registry.directory import Directory
from bach_lib.said import Sentence

_SHORT = 1_000
"""Characters of what may change another message. Telegram shows 1,024 below a picture, no platform less in a message
(https://core.telegram.org/bots/api#editmessagecaption)."""


class Sender:
    """Door of the queue: checks messages and puts them.

    `dispatcher_of(name)` finds the dispatcher of a connection at work, or raises an `InputError`. `max_retries(name)`:
    what a message of it gets whose caller says nothing. `file_bytes(name)`: what files of its messages may take on the
    disk.
    """

    def __init__(
        self,
        *,
        registry: Registry,
        directory: Directory,
        connectors: Connectors,
        queue: Queue,
        dispatcher_of: Callable[[str], Dispatcher | Bystander],
        clock: Clock,
        max_retries: Callable[[str], int],
        file_bytes: Callable[[str], int],
        tagged: Tagged,
    ) -> None:
        self._registry = registry
        self._directory = directory
        self._connectors = connectors
        self._queue = queue
        self._dispatcher_of = dispatcher_of
        self._clock = clock
        self._max_retries = max_retries
        self._file_bytes = file_bytes
        self.tagged: Tagged = tagged
        self._turnstile = Turnstile()
        self.letters: Letters = Letters(queue, self._checked, self._keep, self._place)

    async def send(
        self,
        connection: str,
        recipient: str | int,
        text: str,
        options: SendOptions,
        *,
        is_awake: bool = False,
        is_own: bool = False,
        why: Fault | None = None,
    ) -> Receipt:
        """Put a message on disk; `is_awake`: in quiet hours, too; `is_own`: never together with others.

        `why` one that is scheduled waits, where its sender has not chosen that.

        Raises an `InputError`, `QueueFullError` or `StorageError`.
        """
        row = self._registry.get(connection)
        connector = await self._connectors.load(row.type)
        async with self._turnstile:
            asked = self._draft(row, connector, recipient, text, options, is_awake=is_awake, is_own=is_own)
            if why is not None and asked.why is None and asked.next_retry_at is not None:
                asked = replace(asked, why=why, asked_at=asked.next_retry_at)
            return await self._put(await self._in_place(asked, connector), options, asked)

    async def send_all(
        self, targets: Sequence[tuple[str, str | int]], text: str, options: SendOptions
    ) -> list[Message]:
        """Put the same message for several on disk, all of them or none. Raises as `send` does."""
        drafts = list[tuple[Draft, type[Connector]]]()
        for connection, recipient in targets:
            row = self._registry.get(connection)
            connector = await self._connectors.load(row.type)
            async with self._turnstile:
                drafts.append((self._draft(row, connector, recipient, text, options), connector))
        bundle, kept = Bundle(self._queue), list[Keeping]()
        try:
            for asked, type_ in drafts:
                draft = await self._in_place(asked, type_)
                one = await self._queue.files.keep(draft, self._file_bytes(draft.connection))
                kept.append(one if draft is asked else replace(one, asked=asked))
        except BaseException:  # raised again: nothing holds their files
            for one in kept:
                one.release(False)
            raise
        try:
            places = [self._place_kept(one, options, bundle, number) for number, one in enumerate(kept, 1)]
        except BaseException:  # raised again: what stood ready for the others must be free
            bundle.abandon()
            raise
        bundle.store()
        return [put.message for put in await asyncio.shield(asyncio.gather(*places))]

    async def change(self, message_id: int, operation: Operation, text: str, options: SendOptions) -> Receipt:
        """Put a change of a sent message on disk. Raises as `send` does."""
        return await self._change(await self._queue.get(message_id), operation, text, options)

    async def change_there(self, message: Message, operation: Operation, text: str, options: SendOptions) -> Receipt:
        """The same for what stands there of a message, which may have changed an older one. Raises as `send` does."""
        there = replace(message, operation=Operation.SEND, remote_id=id_there(message))
        return await self._change(there, operation, text, options)

    async def _change(self, message: Message, operation: Operation, text: str, options: SendOptions) -> Receipt:
        through = await self._changing(message)
        async with self._turnstile:
            return await self._put(self._changed(message, operation, through, text, options), options)

    async def _changing(self, message: Message) -> tuple[Connection, type[Connector]]:
        """Through what a message is changed. Raises `InvalidValueError` if another account has sent it."""
        row = self._registry.get(message.connection)
        connector = await self._connectors.load(row.type)
        if await self._is_of_another_account(message, connector):
            raise InvalidValueError(
                field=Sentence("a_message_to_change", "a message to change"),
                value=message.id,
                expected=Sentence(
                    "one_that_name_present_account_has_sent",
                    "one that {name}'s present account has sent",
                    name=row.name,
                ),
            )
        return row, connector

    def _changed(
        self,
        message: Message,
        operation: Operation,
        through: tuple[Connection, type[Connector]],
        text: str,
        options: SendOptions,
    ) -> Draft:
        now, retries = self._clock.now(), self._max_retries(through[0].name)
        return make_change(message, operation, *through, text, options=options, now=now, max_retries=retries)

    async def react_to(self, connection: str, recipient: str, target: str, emoji: str, options: SendOptions) -> Receipt:
        """Put a reaction to somebody's message, `target` at the platform, on disk. Raises as `send` does."""
        row = self._registry.get(connection)
        connector = await self._connectors.load(row.type)
        async with self._turnstile:
            now, retries = self._clock.now(), self._max_retries(row.name)
            place = (row, recipient)
            draft = make_reaction(place, connector, target, emoji, options=options, now=now, max_retries=retries)
            return await self._put(draft, options)

    def replaces_by_tag(self, connection: str) -> bool:
        """Whether the platform shows a newer message of a tag in place of the older one by itself."""
        try:
            type_ = self._connectors.loaded(self._registry.get(connection).type)
        except UnknownConnectionError:
            return True  # it is gone, and nobody can take anything away
        return type_ is None or type_.capabilities.replaces_by_tag

    async def _in_place(self, draft: Draft, connector: type[Connector]) -> Draft:
        """The draft, or the change that it makes to what was sent with its tag.

        A change makes no sound, so only what is silent may be one. What has files, or may be several messages, goes
        anew, and so does what goes later: nobody knows what will be there then.
        """
        able, draft = connector.capabilities, with_tag(draft)
        is_short = len(draft.text) + len(draft.title or "") <= _SHORT
        if (
            draft.tag is None
            or able.replaces_by_tag
            or not draft.silent
            or draft.next_retry_at is not None
            or draft.files
            or not is_short
            or Operation.EDIT not in able.operations
        ):
            return draft
        forms = self._directory.spellings(draft.connection, draft.recipient)
        there = next(iter(await self.tagged.of_tag(draft.connection, forms, draft.tag)), None)
        if there is None or there.files or await self._is_of_another_account(there, connector):
            return draft
        return replace(draft, recipient=there.recipient, operation=Operation.EDIT, target=id_there(there))

    async def _is_of_another_account(self, message: Message, connector: type[Connector]) -> bool:
        """Whether somebody else was behind the connection when it was sent: to this one, its id there is another's."""
        if not connector.capabilities.own_ids:
            return False
        newest_before, at = await self._queue.handed_over(message.connection)
        return message.id <= newest_before and (message.attempted_at or message.created_at) <= at

    async def _checked(self, letter: Letter) -> Draft:
        """That somebody is answered in it wakes nobody: it is told of what others write."""
        if letter.about is not None:
            through = await self._changing(letter.about)
            async with self._turnstile:
                return self._changed(letter.about, letter.operation, through, letter.text, letter.options)
        row = self._registry.get(letter.connection)
        connector = await self._connectors.load(row.type)
        async with self._turnstile:
            draft = self._draft(row, connector, letter.recipient, letter.text, letter.options, is_own=True)
            if draft.reply_to is None:
                return draft
            quiet = quietly(replace(draft, reply_to=None), row, connector, self._directory.normal)
            return replace(quiet, reply_to=draft.reply_to)

    def _keep(self, draft: Draft) -> Awaitable[Keeping]:
        return self._queue.files.keep(draft, self._file_bytes(draft.connection))

    def _draft(
        self,
        row: Connection,
        connector: type[Connector],
        recipient: str | int,
        text: str,
        options: SendOptions,
        *,
        is_awake: bool = False,
        is_own: bool = False,
    ) -> Draft:
        now, retries = self._clock.now(), self._max_retries(row.name)
        began = self._clock.monotonic()
        draft = make_draft(row, connector, recipient, text, options, now=now, max_retries=retries, began=began)
        if is_awake:
            return replace(draft, awake=True)
        draft = quietly(draft, row, connector, self._directory.normal)
        return draft if is_own else gatherable(draft, row, connector, self._directory.normal)

    async def _put(self, draft: Draft, options: SendOptions, asked: Draft | None = None) -> Receipt:
        """Cancelling the caller does not take the message back, once its files are on the disk.

        `asked`: what was asked for, if it is another one that is put for that.
        """
        if not draft.files:
            request = make_request(asked or draft, options)
            return receipt_of((await asyncio.shield(self._place(draft, request))).message)
        kept = await self._queue.files.keep(draft, self._file_bytes(draft.connection))
        return receipt_of((await asyncio.shield(self._place_kept(kept, options))).message)

    def _place_kept(
        self, kept: Keeping, options: SendOptions, bundle: Bundle | None = None, number: int = 1
    ) -> asyncio.Future[Put]:
        """Put a message whose files nobody takes away before they are named."""
        try:
            future = self._place(kept.draft, make_request(kept.asked, options, number), bundle)
        except BaseException:  # raised again
            kept.release(False)
            raise
        future.add_done_callback(lambda put: kept.release(_is_new(put)))
        return future

    def _place(self, draft: Draft, request: Request | None, bundle: Bundle | None = None) -> asyncio.Future[Put]:
        """`request`: of what was asked for, whatever is learned of the place since."""
        is_send = draft.operation is Operation.SEND  # what changes a message stays where that has its id
        recipient = self._directory.normal(draft.connection, draft.recipient, through_moves=is_send)
        draft = draft if recipient == draft.recipient else replace(draft, recipient=recipient)
        return self._dispatcher_of(draft.connection).put(draft, request, bundle)


def _is_new(put: asyncio.Future[Put]) -> bool:
    """Whether there is a message now that names the files; not what was put again under its key."""
    return not put.cancelled() and put.exception() is None and put.result().is_new


def receipt_of(message: Message) -> Receipt:
    """What a caller is told of a message that is on disk."""
    return Receipt(
        id=message.id,
        connection=message.connection,
        recipient=message.recipient,
        status=message.status,
        degraded=bool(message.lost),
        lost=message.lost,
    )
