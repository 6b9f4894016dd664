"""Carries over what comes in. Whether and how is decided in `judging`, purely.

What is carried and how far that has come are one commit (`bridge_book`), so that a crash neither loses nor doubles a
message; at the next start each bridge goes on from what is on disk. Nothing polls: what came in wakes the bridges that
lead from there. Of several processes that share the database, the one carries that works on the connection.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from bach_lib.bridges.bridge_book import Kept, Passing
from bach_lib.bridges.bridge_services import BridgeServices
from bach_lib.bridges.copying import Copying, Made, NotYetError, ids_of, refused
from bach_lib.bridges.judging import Carry, Edit, End, Facts, Verdict, held_back, judge, left_out, passed, taken_up
from bach_lib.clock import Cancel
from bach_lib.errors import BachError, BridgeChangedError, NotFetchedError, StorageError
from bach_lib.events import MessageReceived
from bach_lib.field_logger import FieldLogger
from bach_lib.models.bridge import Bridge, LeftOut
from bach_lib.models.incoming import IncomingMessage
from bach_lib.models.route import Place

_LOGGER = FieldLogger(__name__)
_AGAIN: Final = 5.0
"""Seconds until the next try."""
_MOST_TRIES: Final = 4
"""Of one message, before it goes without its file, or is given up."""
_MOST_HELD: Final = 50
"""Changes that were held back, of one connection."""
_MOST_WAITS: Final = 120
"""Tries of a change, while what it is about is on its way."""


@dataclass(slots=True, kw_only=True)
class _AtWork:
    """A bridge that carries. `ends`: as they stand on disk, by connection. `tries`: of messages, by their numbers.

    `resting`: connections at which all waits for its next try, each with its timer, and `holding` those at which
    changes do that were held back; `held`: which message each of these is about.
    """

    kept: Kept
    ends: dict[str, End]
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    tries: Counter[int] = field(default_factory=Counter)
    resting: dict[str, Cancel] = field(default_factory=dict)
    holding: dict[str, Cancel] = field(default_factory=dict)
    held: dict[int, tuple[str, ...]] = field(default_factory=dict)
    task: asyncio.Task[None] | None = None

    @property
    def bridge(self) -> Bridge:
        """What it is."""
        return self.kept.bridge

    def is_as(self, kept: Kept | None) -> bool:
        """Whether that is what it does; how far it has come since makes no difference."""
        if kept is None:
            return False
        here = self.kept
        return (here.bridge, here.since, here.ends.keys()) == (kept.bridge, kept.since, kept.ends.keys())


class BridgeRunner:
    """Carries for the bridges of one database while it is open."""

    def __init__(self, services: BridgeServices) -> None:
        self._services, self._copying = services, Copying(services)
        self._at_work: dict[str, _AtWork] = {}
        self._lock = asyncio.Lock()
        self._unsubscribe: Callable[[], None] = lambda: None
        self.is_open: bool = False

    async def open(self) -> None:
        """Go on with all of them. Raises a `StorageError`."""
        if not self.is_open:
            self.is_open = True
            self._unsubscribe = self._services.bus.subscribe(MessageReceived, self._came)
            await self.follow()

    async def follow(self) -> None:
        """Read all anew: some were set or removed, here or by another process. Raises a `StorageError`."""
        async with self._lock:
            if not self.is_open:
                return
            kept = await self._services.book.read(self._services.clock.now())
            for name in [name for name, one in self._at_work.items() if not one.is_as(kept.get(name))]:
                await self._end(name)
            for name, one in kept.items():
                if name not in self._at_work and one.bridge.is_active:
                    work = self._at_work[name] = _AtWork(kept=one, ends=dict(one.ends))
                    work.task = asyncio.create_task(self._run(work), name="bach-bridge")

    async def close(self) -> None:
        """Carry nothing more. What is under way is on disk."""
        self.is_open = False
        self._unsubscribe()
        async with self._lock:
            for name in list(self._at_work):
                await self._end(name)

    def wake(self) -> None:
        """There may be more to carry: this process works on other connections than before."""
        for work in self._at_work.values():
            work.woken.set()

    async def _end(self, name: str) -> None:
        work = self._at_work.pop(name)
        for cancel in (*work.resting.values(), *work.holding.values()):
            cancel()
        if (task := work.task) is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def _came(self, event: MessageReceived) -> None:
        for work in self._at_work.values():
            if event.connection in work.ends:
                work.woken.set()

    async def _run(self, work: _AtWork) -> None:
        work.woken.set()
        while True:
            await work.woken.wait()
            work.woken.clear()
            for connection in work.kept.ends:
                if connection not in work.resting and not await self._is_through(work, connection):
                    self._rest(work, work.resting, connection)
                if work.ends[connection].held and connection not in work.holding:
                    self._rest(work, work.holding, connection)

    def _rest(self, work: _AtWork, those: dict[str, Cancel], connection: str) -> None:
        """What came in through one connection waits for its next try; the others go on."""

        def again() -> None:
            those.pop(connection, None)
            work.woken.set()

        those[connection] = self._services.clock.call_later(_AGAIN, again)

    async def _is_through(self, work: _AtWork, connection: str) -> bool:
        """Whether all that came in there is dealt with; else it has to be tried again."""
        name = work.bridge.name
        try:
            if self._services.owns(connection) and connection not in work.holding:
                await self._take_up(work, connection)
            while self._services.owns(connection) and await self._carry(work, connection):
                pass
        except BridgeChangedError:  # by another process, which has carried it
            with suppress(BachError):
                kept = (await self._services.book.read(self._services.clock.now())).get(name)
                work.ends |= kept.ends if kept else {}
        except (NotYetError, NotFetchedError):
            pass
        except BachError as error:
            _LOGGER.warning('The bridge "%s" could not go on, and tries again: %s', name, error)
        except Exception:  # one bridge costs no other
            _LOGGER.exception('The bridge "%s" could not go on, and tries again', name)
        else:
            return True
        return False

    async def _carry(self, work: _AtWork, connection: str) -> bool:
        """A page of what came in; whether there was one."""
        bridge, book = work.bridge, self._services.book
        end = work.ends[connection]
        messages = await book.page(connection, end.upto)
        accounts = await self._accounts(connection) if messages else frozenset[str]()
        for message in messages:
            way = self._way(bridge, message)
            if way is None:
                end = passed(end, message)
                continue
            verdict, after = judge(bridge, end, message, await self._facts(work, message, accounts))
            if verdict is None:
                end = after
                continue
            try:
                self._check_turn(work, end, message, verdict)
                made, after = await self._made(work, way, message, verdict, after=after, without=passed(end, message))
            except NotYetError:
                if isinstance(verdict, Carry) or len(end.held) >= _MOST_HELD:
                    raise
                work.held[message.id] = _about(message)
                end = held_back(end, message)
                continue
            end = work.ends[connection] = await self._put(bridge, message.id, made, (work.ends[connection], after))
            del work.tries[message.id]
        if end != work.ends[connection]:
            await book.save(bridge.name, work.ends[connection], end)
            work.ends[connection] = end
        return bool(messages)

    async def _take_up(self, work: _AtWork, connection: str) -> None:
        """Try the changes again that were held back, each behind those of the same message."""
        accounts = await self._accounts(connection) if work.ends[connection].held else frozenset[str]()
        for number in work.ends[connection].held:
            before = work.ends[connection]
            message = await self._services.book.came_in(number)
            way = self._way(work.bridge, message) if message else None
            made, after = Made(), before
            if message is not None and way is not None:
                work.held[number] = _about(message)
                verdict, after = judge(work.bridge, before, message, await self._facts(work, message, accounts))
                if verdict is not None:
                    try:
                        self._check_turn(work, before, message, verdict)
                        made, after = await self._made(work, way, message, verdict, after=after, without=before)
                    except NotYetError:
                        continue
            ends = (before, taken_up(after, before, number))
            work.ends[connection] = await self._put(work.bridge, number, made, ends)
            work.held.pop(number, None)
            work.tries.pop(number, None)

    def _check_turn(self, work: _AtWork, end: End, message: IncomingMessage, verdict: Verdict) -> None:
        """Raise `NotYetError` for a change of a message of which an earlier change was held back."""
        earlier = (work.held.get(number) for number in end.held if number < message.id)
        if not isinstance(verdict, Carry) and _about(message) in earlier:
            raise NotYetError

    async def _facts(self, work: _AtWork, message: IncomingMessage, accounts: frozenset[str]) -> Facts:
        return Facts(
            now=self._services.clock.now(),
            since=work.kept.since,
            is_ours=message.sender_id in accounts,
            is_answer=await self._services.is_answer(message),
        )

    async def _made(
        self,
        work: _AtWork,
        way: tuple[Place, ...],
        message: IncomingMessage,
        verdict: Verdict,
        *,
        after: End,
        without: End,
    ) -> tuple[Made, End]:
        """What goes out, and how the end stands then: `after`, or `without` if nothing was made of the message."""
        work.tries[message.id] += 1
        tries = work.tries[message.id]
        try:
            made = await self._tried(work.bridge, way, message, verdict, last=tries >= _MOST_TRIES)
        except NotYetError:
            if tries < _MOST_WAITS:
                raise
            return Made(), without
        except (StorageError, NotFetchedError):
            raise
        except Exception:  # whatever it is: one message that cannot be carried would stop all behind it for ever
            if tries < _MOST_TRIES:
                raise
            _LOGGER.exception('Message %s could not be carried by the bridge "%s"', message.id, work.bridge.name)
            return Made(), left_out(without, LeftOut.REFUSED, self._services.clock.now())
        return made, after if made.letters or made.is_done else without

    async def _put(self, bridge: Bridge, number: int, made: Made, ends: tuple[End, End]) -> End:
        """Write what goes out; how the end stands then. `ends`: as it stands on disk, and then."""
        passing = Passing(bridge.name, ends, made.of, made.are_copies, self._services.clock.now())
        puts = await self._services.sender.letters.put(made.letters, passing)
        for error in refused(puts):
            _LOGGER.warning('The bridge "%s" could not carry message %s: %s', bridge.name, number, error)
        return passing.end

    async def _tried(
        self, bridge: Bridge, targets: tuple[Place, ...], message: IncomingMessage, verdict: Verdict, *, last: bool
    ) -> Made:
        match verdict:
            case Carry():
                return await self._copying.carry(bridge, targets, message, verdict, last=last)
            case Edit():
                return await self._copying.edit(bridge, message)
            case _:
                return await self._copying.take_back(bridge, message)

    def _way(self, bridge: Bridge, message: IncomingMessage) -> tuple[Place, ...] | None:
        """Where a message goes; None if it is from none of the places."""
        normal, connection = self._services.normal, message.connection
        here = normal(connection, message.recipient)
        for place, targets in bridge.ways():
            if place.connection == connection and normal(connection, place.recipient) == here:
                return targets
        return None

    async def _accounts(self, connection: str) -> frozenset[str]:
        """What writes there and is ours."""
        row = self._services.registry.get(connection)
        found = await self._services.book.accounts(row.type)
        return frozenset(form for account in found for form in (account, self._services.normal(connection, account)))


def _about(message: IncomingMessage) -> tuple[str, ...]:
    return tuple(ids_of(message))
