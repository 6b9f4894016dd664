"""Carries over what comes in. Whether and how is decided in `judging`, purely.

What is carried and how far that has come are one commit (`bridge_book`), so that a crash neither loses nor doubles a
message; at the next start each bridge goes on from what is on disk. Nothing polls: what came in wakes the bridges that
lead from there. Of several processes that share the database, the one carries that works on the connection.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

from bach_lib.bridges.bridge_book import Kept, Passing
from bach_lib.bridges.bridge_services import BridgeServices
from bach_lib.bridges.copying import Copying, Made, NotYetError, refused
from bach_lib.bridges.judging import Carry, Edit, End, Facts, Verdict, judge, left_out
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
_MOST_WAITS: Final = 120
"""Tries of a change, while what it is about is on its way."""


class BridgeRunner:
    """Carries for the bridges of one database while it is open."""

    def __init__(self, services: BridgeServices) -> None:
        self._services, self._copying = services, Copying(services)
        self._kept: Mapping[str, Kept] = {}
        self._ends: dict[tuple[str, str], End] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._woken: dict[str, asyncio.Event] = {}
        self._tries: dict[tuple[str, int], int] = {}
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
            for name in [one for one in self._tasks if kept.get(one) != self._kept.get(one)]:
                await self._end(name)
            self._kept = kept
            for name, one in kept.items():
                if name not in self._tasks and one.bridge.is_active:
                    self._ends |= {(name, connection): end for connection, end in one.ends.items()}
                    self._woken[name] = asyncio.Event()
                    self._tasks[name] = asyncio.create_task(self._run(one), name="bach-bridge")

    async def close(self) -> None:
        """Carry nothing more. What is under way is on disk."""
        self.is_open = False
        self._unsubscribe()
        async with self._lock:
            for name in list(self._tasks):
                await self._end(name)

    def wake(self) -> None:
        """There may be more to carry: this process works on other connections than before."""
        for event in self._woken.values():
            event.set()

    async def _end(self, name: str) -> None:
        task = self._tasks.pop(name)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    def _came(self, event: MessageReceived) -> None:
        for name, woken in self._woken.items():
            if (name, event.connection) in self._ends:
                woken.set()

    async def _run(self, kept: Kept) -> None:
        name, woken = kept.bridge.name, self._woken[kept.bridge.name]
        woken.set()
        while True:
            await woken.wait()
            woken.clear()
            try:
                for connection in kept.ends:
                    while self._services.owns(connection) and await self._carry(kept, connection):
                        pass
                continue
            except BridgeChangedError:  # by another process, which has carried it
                with suppress(BachError):
                    ends = (await self._services.book.read(self._services.clock.now()))[name].ends
                    self._ends |= {(name, connection): end for connection, end in ends.items()}
            except (NotYetError, NotFetchedError):
                pass
            except BachError as error:
                _LOGGER.warning('The bridge "%s" could not go on, and tries again: %s', name, error)
            except Exception:  # one bridge costs no other
                _LOGGER.exception('The bridge "%s" could not go on, and tries again', name)
            await self._services.clock.sleep(_AGAIN)
            woken.set()

    async def _carry(self, kept: Kept, connection: str) -> bool:
        """A page of what came in; whether there was one."""
        bridge, place = kept.bridge, (kept.bridge.name, connection)
        before = self._ends[place]
        messages = await self._services.book.page(connection, before.upto)
        accounts = await self._accounts(connection) if messages else frozenset[str]()
        end = before
        for message in messages:
            way = self._way(bridge, message)
            if way is None:
                end = _passed(end, message)
                continue
            facts = Facts(
                now=self._services.clock.now(),
                since=kept.since,
                is_ours=message.sender_id in accounts,
                is_answer=self._services.is_answer(message.id),
            )
            verdict, after = judge(bridge, end, message, facts)
            if verdict is None:
                end = after
                continue
            self._ends[place] = await self._put(bridge, way, message, verdict, ends=(self._ends[place], end, after))
            end = self._ends[place]
        if end != self._ends[place]:
            await self._services.book.save(bridge.name, self._ends[place], end)
            self._ends[place] = end
        return bool(messages)

    async def _put(
        self,
        bridge: Bridge,
        targets: tuple[Place, ...],
        message: IncomingMessage,
        verdict: Verdict,
        *,
        ends: tuple[End, End, End],
    ) -> End:
        """Write what goes out; how the end stands then. `ends`: on disk, before this message, and after it."""
        stored, before, after = ends
        tries = self._tries[bridge.name, message.id] = self._tries.get((bridge.name, message.id), 0) + 1
        try:
            made = await self._made(bridge, targets, message, verdict, last=tries >= _MOST_TRIES)
        except NotYetError:
            if tries < _MOST_WAITS:
                raise
            made = Made()
        except (StorageError, NotFetchedError):
            raise
        except Exception:
            if tries < _MOST_TRIES:
                raise
            _LOGGER.exception('Message %s could not be carried by the bridge "%s"', message.id, bridge.name)
            made, after = (
                Made(is_done=True),
                left_out(_passed(before, message), LeftOut.REFUSED, self._services.clock.now()),
            )
        if not made.letters and not made.is_done:  # nothing was made of what it is about
            after = _passed(before, message)
        passing = Passing(bridge.name, (stored, after), made.of, made.are_copies, self._services.clock.now())
        puts = await self._services.sender.letters.put(made.letters, passing)
        for error in refused(puts):
            _LOGGER.warning('The bridge "%s" could not carry message %s: %s', bridge.name, message.id, error)
        self._tries.pop((bridge.name, message.id), None)
        return passing.end

    async def _made(
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
        return frozenset(form for _, account in found for form in (account, self._services.normal(connection, account)))


def _passed(end: End, message: IncomingMessage) -> End:
    return End(end.side, message.id, end.missed, end.minute, end.within)
