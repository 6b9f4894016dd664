"""Settles messages: written to disk, then published; nobody hears of what the disk does not know.

A disk that is full takes nothing. Then a write is repeated until it does: what was sent must not be forgotten. Only
where others have taken over the connection nothing can be written any more; then whoever wanted to is cancelled.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from functools import partial

from bach_lib.errors import BachError, SessionEndedError, StorageError, StoreLostError
from bach_lib.events import MessageExpired
from bach_lib.field_logger import FieldLogger
from bach_lib.models import Message, Status
from bach_lib.outbound.advancing import Advance
from bach_lib.outbound.putting import Put
from bach_lib.outbound.retry import INTERRUPTED, Settlement, untried
from bach_lib.outbound.services import DispatchServices
from bach_lib.outbound.settlement import settled_event, settled_events
from bach_lib.outbound.uncancellable import Uncancellable

_LOGGER = FieldLogger(__name__)
_STORE_RETRY = 5.0
"""Seconds until a failed write (a full disk) is tried again; until then nothing more is sent."""
_PORTION = 50
"""Messages that are ended in one transaction."""
_SET = 1.0
"""Seconds; a smaller change of the wall clock is not followed until more of it has added up."""


class Ledger:
    """Writes and publishes what became of the messages of one connection.

    `spawn` lets something go on for as long as it is at work; `settle_in` is told of messages that were not sent.
    """

    def __init__(
        self,
        connection: str,
        services: DispatchServices,
        spawn: Callable[[Coroutine[object, object, None]], None],
        settle_in: Callable[[Message], None],
    ) -> None:
        self._name = connection
        self._services = services
        self._spawn = spawn
        self._over: deque[int] = deque()
        self._settle_in = settle_in
        self._ahead: float | None = None
        """What the disk goes by, or is about to: seconds from the clock that never jumps to the one on the wall."""
        self._following: dict[asyncio.Future[int], float] = {}
        self._unfollowed: StorageError | None = None
        self._is_ending = self._is_behind = False
        self.unsettled: dict[int, asyncio.Event] = {}
        """Messages whose attempts have ended, until what came of these is on disk and told."""
        self.leaving: set[asyncio.Future[Advance]] = set()
        """What workers that were stopped have left to be written."""

    @property
    def _wall_is_ahead(self) -> float:
        """Seconds from the clock that never jumps to the one on the wall."""
        return self._services.clock.now() - self._services.clock.monotonic()

    @property
    def _untold(self) -> float:
        """Seconds by which the wall was set since the disk heard of it, or was about to; none before it was read."""
        return 0.0 if self._ahead is None else self._wall_is_ahead - self._ahead

    def begin(self) -> None:
        """What is read from the disk from now on is by the time that the wall shows, also if that was set meanwhile."""
        if self._ahead is None:
            self._ahead = self._wall_is_ahead
        self.look_at_the_wall()

    def look_at_the_wall(self) -> None:
        """A clock that was set makes nothing older or younger: what waits on disk ends when it would have ended.

        The disk hears of it before anything that is put by the new time.
        """
        if self._ahead is not None and abs(seconds := self._untold) > _SET:
            self._ahead += seconds
            written = self._services.queue.follow_the_wall(self._name, seconds)
            self._following[written] = seconds
            written.add_done_callback(self._followed)
            self._spawn(self._follow_the_wall(written))

    def disk_time(self) -> float:
        """What the wall would show, had it not been set since the disk last heard of it: rows just read go by that."""
        seconds = self._untold + sum(self._following.values())
        return self._services.clock.now() - (seconds if abs(seconds) > _SET else 0.0)

    async def read[T](self, read: Callable[[], Awaitable[T]]) -> tuple[T, float]:
        """Rows, and what the wall would show if it had not been set since. Again, if it is set while they are read.

        Raises a `StorageError`.
        """
        while True:
            await self.has_followed()
            ahead = self._ahead
            found = await read()
            if self._ahead == ahead:
                return found, self.disk_time()

    async def has_followed(self) -> None:
        """Wait until the disk goes by the clock on the wall. Raises a `StorageError` if it could not be told."""
        while self._following:
            await asyncio.wait(self._following)
        if self._unfollowed and abs(self._untold) > _SET:  # else it was set back again
            raise self._unfollowed

    def _followed(self, written: asyncio.Future[int]) -> None:
        """The disk was told. What it did not hear is owed to it, whoever is cancelled meanwhile."""
        seconds = self._following.pop(written)
        error = None if written.cancelled() else written.exception()
        self._unfollowed = error if isinstance(error, StorageError) else None
        if (written.cancelled() or error) and self._ahead is not None:
            self._ahead -= seconds

    async def _follow_the_wall(self, written: asyncio.Future[int]) -> None:
        try:
            await asyncio.shield(written)  # a task that is cancelled takes along what it waits for
        except SessionEndedError:
            raise asyncio.CancelledError from None
        except StorageError as error:
            if not self._is_behind:  # else somebody waits already
                self._is_behind = True
                try:
                    self._say(error)
                    await self._services.clock.sleep(_STORE_RETRY)
                finally:
                    self._is_behind = False
                self.look_at_the_wall()

    async def keep(self, message_id: int, progress: str) -> None:
        """What has arrived of a message. A disk that does not take it costs a repetition after a crash, no more."""
        try:
            await self._services.queue.keep_progress(message_id, progress)
        except SessionEndedError:
            raise asyncio.CancelledError from None
        except StorageError as error:
            _LOGGER.warning(
                "How far message %s has come is not kept: %s",
                message_id,
                error,
                connection=self._name,
                message_id=message_id,
            )

    async def advance(self, settlement: Settlement | None, claim: int | None, to: str = "") -> Message | None:
        """Settle one message and claim the next, `to` whom it goes; the claimed one, if it still waits."""
        told = asyncio.Event() if settlement is None else self.unsettled.setdefault(settlement.id, asyncio.Event())
        try:
            claimed = await self._advance(settlement, claim, to)
        finally:
            told.set()
            if settlement:
                self.unsettled.pop(settlement.id, None)
        if claimed and (last := self.unsettled.get(claimed.id)):  # behind a full disk both may be written at once
            try:
                await last.wait()
            except asyncio.CancelledError:
                self.give_back(claimed)
                raise
        return claimed

    async def _advance(self, settlement: Settlement | None, claim: int | None, to: str) -> Message | None:
        forms = self._services.directory.spellings(self._name, to) if to else []
        try:
            advance = await self._step(settlement, claim, forms)
        except SessionEndedError:
            raise asyncio.CancelledError from None
        except StorageError as error:
            is_full = error.__cause__ is None and not isinstance(error, StoreLostError)
            if settlement and claim is not None and not is_full:  # what has happened is kept; the next may be the fault
                await self.advance(settlement, None)
                settlement = None
            advance = await self.until_stored(partial(self._step, settlement, claim, forms), settlement)
        while advance.is_unsettled:  # the disk was full when its last attempt ended, and learns of that any moment
            await self._services.clock.sleep(_STORE_RETRY)
            advance = await self.until_stored(partial(self._step, None, claim, forms))
        return advance.claimed

    async def _step(self, settlement: Settlement | None, claim: int | None, forms: Sequence[str]) -> Advance:
        """One step on disk, which is told of. Who is cancelled meanwhile gives back what was claimed."""
        written = self._services.queue.advance(settlement, claim, self._name, forms)
        try:
            advance = await Uncancellable(written)
            self._tell(settlement, advance)
        except BaseException as error:  # cancelled, or the program ends over what is told
            if not written.cancelled() and not written.exception():
                self.give_back(written.result().claimed)
                if isinstance(error, asyncio.CancelledError):
                    self._tell(settlement, written.result())
            raise
        return advance

    def recovered(self, message: Message) -> None:
        """A message was settled, or set aside, while the disk was read after a start."""
        if message.status is Status.CANCELLED or (message.error and message.error.code == INTERRUPTED):
            self._services.count(self._name, False)
        self._services.bus.publish(settled_event(message))

    def leave(self, settlement: Settlement) -> None:
        """Settle a message for a worker that is being stopped and cannot wait."""
        written = self._services.queue.advance(settlement, None)
        self.leaving.add(written)
        written.add_done_callback(partial(self._left, settlement))

    def give_back(self, claimed: Message | None) -> None:
        """The same for what was to be sent next, of which nothing was written to the platform: it waits as before."""
        if claimed is not None:
            self.leave(untried(claimed))

    async def expire(self, message_ids: list[int]) -> None:
        """End those of these messages that still wait."""
        self._over.extend(message_ids)
        if self._is_ending:  # in turn, as many at once would share one long transaction
            return
        self._is_ending = True
        try:
            while self._over:  # a full disk may come between, and all shall be told
                some = [self._over.popleft() for _ in range(min(_PORTION, len(self._over)))]
                await self._expire(some)
        finally:
            self._is_ending = False

    async def _expire(self, message_ids: Sequence[int], nonces: Mapping[int, str] | None = None) -> None:
        found = await self.until_stored(partial(self._services.queue.expire, message_ids, nonces))
        for message in found:
            if message.status is Status.EXPIRED:
                self._services.bus.publish(MessageExpired(connection=self._name, message=message))
        if behind := {message.id: message.nonce for message in found if message.status is Status.SENDING}:
            self._spawn(self._expire_again(behind))

    async def _expire_again(self, nonces: Mapping[int, str]) -> None:
        """End what the disk took for being sent: memory has let it go, and nobody else would."""
        await self._services.clock.sleep(_STORE_RETRY)
        await self._expire([*nonces], nonces)

    def replaced(self, put: Put, forget: Callable[[Message], None]) -> None:
        """A new message took the place of others: of those that it replaced itself, and, if there are more, of them."""
        for message in put.replaced:
            forget(message)
        if put.has_more:
            self._spawn(self._replace_rest(put.message, forget))

    async def _replace_rest(self, newer: Message, forget: Callable[[Message], None]) -> None:
        """End the others of a new message's tag. A disk that fails leaves them: they end when they are to be sent."""
        with suppress(StorageError):
            async for message in self._services.queue.replace_rest(newer):
                forget(message)

    def _left(self, settlement: Settlement, future: asyncio.Future[Advance]) -> None:
        self.leaving.discard(future)
        if not future.cancelled() and not future.exception():
            self._tell(settlement, future.result())

    def _tell(self, settlement: Settlement | None, advance: Advance) -> None:
        if settlement and advance.settled:
            if settlement.outcome is not None:
                self._services.attempted(self._name, settlement.outcome, settlement.seconds or 0.0)
            if settlement.delivered is not None:
                self._services.count(self._name, settlement.delivered)
            for event in settled_events(settlement, advance.settled):
                self._services.bus.publish(event)
            if advance.settled.status is not Status.SENT:  # nobody may want it any more, or it may belong elsewhere
                self._settle_in(advance.settled)
            if settlement.lesson is not None:
                self._services.directory.tell(settlement.lesson)
        if advance.ended:
            self._services.bus.publish(settled_event(advance.ended))
        for replaced in advance.replaced:
            self._settle_in(replaced)
            self._services.bus.publish(settled_event(replaced))

    async def follow(self, old: str, new: str, *, is_move: bool) -> None:
        """Let what waits have the new address on disk, too."""
        with suppress(BachError):  # what stays behind gets it when it is tried
            await self._services.queue.follow(self._name, old, new, is_move=is_move)

    async def until_stored[T](self, write: Callable[[], Awaitable[T]], settlement: Settlement | None = None) -> T:
        """Do this again and again until the disk lets it. `settlement`: in it; left by who is cancelled meanwhile."""
        while True:
            try:
                return await write()
            except StorageError as error:
                self._say(error)
            try:
                await self._services.clock.sleep(_STORE_RETRY)
            except asyncio.CancelledError:  # it may have room again
                if settlement is not None:
                    self.leave(settlement)
                raise

    def _say(self, error: StorageError) -> None:
        if not isinstance(error, StoreLostError):  # which was said
            _LOGGER.error("The queue of %s stands still: %s", self._name, error, connection=self._name)
