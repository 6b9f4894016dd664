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
from bach_lib.outbound.draft import SendOptions, make_change, make_change_of_other, make_draft, make_request
from bach_lib.outbound.file_keeper import Keeping
from bach_lib.outbound.going_together import gatherable
from bach_lib.outbound.letters import Letter, Letters
from bach_lib.outbound.passing_on import Original, make_forward, original_sent
from bach_lib.outbound.putting import Put, receipt_of
from bach_lib.outbound.queue import Queue
from bach_lib.outbound.quieting import quietly
from bach_lib.outbound.rows import Draft, Request
from bach_lib.outbound.sent_before import SentBefore
from bach_lib.outbound.tagged import Tagged, id_there
from bach_lib.outbound.turnstile import Turnstile
from bach_lib.registry import Registry
from bach_lib.registry.directory import Directory
from bach_lib.said import Sentence

type Quoting = Callable[[Connection, str | int, SendOptions], Awaitable[SendOptions]]


class Sender:
    """Door of the queue: checks messages and puts them.

    `dispatcher_of(name)` finds the dispatcher of a connection at work, or raises an `InputError`. `max_retries(name)`:
    what a message of it gets whose caller says nothing. `file_bytes(name)`: what files of its messages may take on the
    disk. `quoting`: names at the platform what is answered, where a
    caller says our number of it.
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
        quoting: Quoting,
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
        self.before: SentBefore = SentBefore(directory, queue, tagged)
        self._quoting = quoting
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
        options = await self._quoting(row, recipient, options)
        async with self._turnstile:
            asked = self._draft(row, connector, recipient, text, options, is_awake=is_awake, is_own=is_own)
            if why is not None and asked.why is None and asked.next_retry_at is not None:
                asked = replace(asked, why=why, asked_at=asked.next_retry_at)
            return await self._put(await self.before.in_place(asked, connector), options, asked)

    async def send_all(
        self, targets: Sequence[tuple[str, str | int]], text: str, options: SendOptions
    ) -> list[Message]:
        """Put the same message for several on disk, all of them or none. Raises as `send` does."""
        drafts = list[tuple[Draft, type[Connector]]]()
        for connection, recipient in targets:
            row = self._registry.get(connection)
            connector = await self._connectors.load(row.type)
            own = await self._quoting(row, recipient, options)
            async with self._turnstile:
                drafts.append((self._draft(row, connector, recipient, text, own), connector))
        bundle, kept = Bundle(self._queue), list[Keeping]()
        try:
            for asked, type_ in drafts:
                draft = await self.before.in_place(asked, type_)
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
        if await self.before.is_of_another_account(message, connector):
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
        return await self.change_other((connection, recipient), Operation.REACT, target, emoji, options)

    async def change_other(
        self, place: tuple[str, str], operation: Operation, target: str, emoji: str, options: SendOptions
    ) -> Receipt:
        """Put what is done to somebody's message in a place, `target` there, on disk. Raises as `send` does."""
        connection, recipient = place
        row = self._registry.get(connection)
        connector = await self._connectors.load(row.type)
        async with self._turnstile:
            now, retries = self._clock.now(), self._max_retries(row.name)
            draft = make_change_of_other(
                (row, recipient), operation, connector, target, emoji, options=options, now=now, max_retries=retries
            )
            return await self._put(draft, options)

    def replaces_by_tag(self, connection: str) -> bool:
        """Whether the platform shows a newer message of a tag in place of the older one by itself."""
        try:
            type_ = self._connectors.loaded(self._registry.get(connection).type)
        except UnknownConnectionError:
            return True  # it is gone, and nobody can take anything away
        return type_ is None or type_.capabilities.replaces_by_tag

    async def forward(
        self, place: tuple[str, str | int], original: Original, options: SendOptions, *, is_copy: bool
    ) -> Receipt:
        """Put a message on disk that passes another one on. Raises as `send` does."""
        row = self._registry.get(place[0])
        connector = await self._connectors.load(row.type)
        async with self._turnstile:
            now, retries = self._clock.now(), self._max_retries(row.name)
            draft = make_forward(
                row, connector, place[1], original, is_copy=is_copy, options=options, now=now, max_retries=retries
            )
            return await self._put(quietly(draft, row, connector, self._directory.normal), options)

    async def original(self, message_id: int) -> Original:
        """A sent message, to be passed on. Raises `UnknownMessageError`, `NotSentError` or a `StorageError`."""
        message = await self._queue.get(message_id)
        original = original_sent(message, (message.remote_id or "",))
        connector = await self._connectors.load(self._registry.get(message.connection).type)
        if await self.before.is_of_another_account(message, connector):
            return replace(original, remote_ids=())
        forms = self._directory.spellings(message.connection, message.recipient)
        all_ids = await self.tagged.ids_of(replace(message, target=message.remote_id), forms)
        return replace(original, remote_ids=all_ids or original.remote_ids)

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
