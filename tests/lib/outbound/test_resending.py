"""Sending dead letters again: until when one waits for what becomes of them, and what is said of it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import cast

import pytest

from bach_lib.bus import Bus
from bach_lib.errors import UnknownMessageError
from bach_lib.events import (
    ConnectionRemoved,
    Event,
    MessageCancelled,
    MessageDead,
    MessageEvent,
    MessageRetrying,
    MessageSent,
)
from bach_lib.models import Fault, Message, Status
from bach_lib.outbound.by_hand import ByHand, Places
from bach_lib.outbound.resending import Retried, Retrier
from bach_lib.testing import FakeClock
from tests.lib.outbound.make import message

ALL: Places = {"home": None}


class Bench:
    """A queue that says at once that messages wait again, and what the bus tells meanwhile."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock, self.bus = clock, Bus()
        self.ids: set[int] = {7}
        self.at_once: list[Event] = []
        """What is told before the queue has answered."""
        self.asked: list[Places] = []
        self.retrier = Retrier(self.bus, clock, cast("ByHand", self), self.get)

    async def retry_all(self, places: Places) -> set[int]:
        """As `ByHand` does."""
        self.asked.append(places)
        for event in self.at_once:
            self.bus.publish(event)
        return self.ids

    async def begin(self) -> Message:
        """One waits again."""
        await self.retry_all(ALL)
        return message(id=7, status=Status.PENDING)

    async def get(self, message_id: int) -> Message:
        """As it is on disk."""
        return message(id=message_id, status=Status.SENT)

    async def running[T](self, work: Awaitable[T]) -> asyncio.Future[T]:
        """It has begun to wait."""
        future = asyncio.ensure_future(work)
        await self.clock.settle()
        return future

    def end(self, number: int = 7, status: Status = Status.SENT, words: str | None = None) -> None:
        """Something becomes of a message."""
        self.bus.publish(ended(number, status, words))


def ended(number: int = 7, status: Status = Status.SENT, words: str | None = None) -> Event:
    """The news that something became of it."""
    kinds: dict[Status, type[MessageEvent]]
    kinds = {Status.SENT: MessageSent, Status.CANCELLED: MessageCancelled, Status.FAILED: MessageRetrying}
    kind = kinds.get(status, MessageDead)
    error = Fault(code="refused", text=words) if words is not None else None
    return kind(connection="home", message=message(id=number, status=status, error=error))


@pytest.fixture
def bench(clock: FakeClock) -> Bench:
    """One dead letter."""
    return Bench(clock)


@pytest.mark.parametrize("seconds", [0, -1])
async def test_who_has_no_time_hears_at_once_that_it_waits(bench: Bench, seconds: float) -> None:
    """An automation would hang until a platform is back."""
    one = await bench.running(bench.retrier.retry_one(7, bench.begin, seconds))
    assert one.result().status is Status.PENDING
    assert (await bench.running(bench.retrier.retry_all(ALL, seconds))).result() == Retried(retried=1, waiting=1)


@pytest.mark.parametrize("status", [Status.SENT, Status.FAILED, Status.DEAD, Status.CANCELLED])
async def test_who_waits_gets_the_message_as_it_is_when_something_became_of_it(bench: Bench, status: Status) -> None:
    """A person would look at a spinning wheel although the answer is there, or be told of another message."""
    one = await bench.running(bench.retrier.retry_one(7, bench.begin, 10))
    bench.end(8, status)
    await bench.clock.settle()
    assert not one.done()
    bench.end(7, status)
    await bench.clock.settle()
    assert (one.result().id, one.result().status) == (7, Status.SENT)
    assert bench.clock._callbacks == {}, "nothing wakes any more"


async def test_what_is_told_before_the_queue_has_answered_counts(bench: Bench) -> None:
    """What went at once would be waited for until the time is over."""
    bench.at_once = [ended(7)]
    one = await bench.running(bench.retrier.retry_one(7, bench.begin, 10))
    assert one.done()
    bench.at_once = [ended(7), ended(8)]
    assert (await bench.running(bench.retrier.retry_all(ALL, 10))).result() == Retried(retried=1, sent=1)


@pytest.mark.parametrize("all_of_them", [True, False])
@pytest.mark.parametrize("seconds", [0.5, 10])
async def test_nobody_waits_longer_than_they_want(bench: Bench, all_of_them: bool, seconds: float) -> None:
    """A page would be open until a platform is back."""
    work: Awaitable[object]
    work = bench.retrier.retry_all(ALL, seconds) if all_of_them else bench.retrier.retry_one(7, bench.begin, seconds)
    waiting = await bench.running(work)
    await bench.clock.advance(seconds - 0.1)
    assert not waiting.done()
    await bench.clock.advance(0.1)
    assert waiting.result() == (Retried(retried=1, waiting=1) if all_of_them else await bench.get(7))


@pytest.mark.parametrize("is_early", [True, False])
async def test_what_goes_with_its_connection_is_waited_for_no_longer(bench: Bench, is_early: bool) -> None:
    """Who removes a connection would leave others waiting for what is no more, or for an error of the disk."""
    away, home = ConnectionRemoved(connection="away"), ConnectionRemoved(connection="home")
    bench.at_once = [away, *([home] if is_early else [])]
    one = await bench.running(bench.retrier.retry_one(7, bench.begin, 10))
    every = await bench.running(bench.retrier.retry_all({"home": None, "work": ["ada"]}, 10))
    assert (one.done(), every.done()) == (is_early, is_early)
    if not is_early:
        bench.bus.publish(home)
        await bench.clock.settle()
    error = one.exception()
    assert isinstance(error, UnknownMessageError)
    assert error.placeholders == {"id": "7"}
    assert every.result() == Retried(retried=1, waiting=1)
    assert bench.asked[-1] == {"home": None, "work": ["ada"]}


async def test_who_has_stopped_waiting_hears_nothing_more(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each retry would leave something in memory that looks at all messages to come."""
    left = list[Callable[[Event], None]]()
    subscribe = bench.bus.subscribe

    def noted(kind: type[Event], callback: Callable[[Event], None]) -> Callable[[], None]:
        left.append(callback)
        stop = subscribe(kind, callback)

        def unsubscribe() -> None:
            left.remove(callback)
            stop()

        return unsubscribe

    monkeypatch.setattr(bench.bus, "subscribe", noted)
    waiting = await bench.running(bench.retrier.retry_one(7, bench.begin, 10))
    assert len(left) == 3
    waiting.cancel()
    await asyncio.wait([waiting])
    assert (left, bench.clock._callbacks) == ([], {})


async def test_what_became_of_many_is_summed_up_with_the_first_reasons(bench: Bench) -> None:
    """A person who sent forty letters again would not learn how many arrived, or read one reason forty times."""
    bench.ids = set(range(1, 11))
    every = await bench.running(bench.retrier.retry_all(ALL, 10))
    for number, status, words in (
        (9, Status.DEAD, "e"),
        (1, Status.SENT, "went without its markup"),
        (2, Status.DEAD, "a" * 301),
        (3, Status.FAILED, "b"),
        (4, Status.DEAD, None),
        (5, Status.UNCERTAIN, "c"),
        (6, Status.CANCELLED, "b"),
        (7, Status.UNCERTAIN, "d"),
        (8, Status.DEAD, ""),
        (99, Status.SENT, None),
    ):
        bench.end(number, status, words)
    bench.end(3)  # of each the first that is told
    await bench.clock.settle()
    assert not every.done()
    bench.end(10)
    await bench.clock.settle()
    assert every.result() == Retried(retried=10, sent=2, waiting=1, dead=4, uncertain=2, reasons=("a" * 300, "b", "c"))
