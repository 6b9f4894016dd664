"""A database's thread by itself: who opens and closes it, who is told what, and what is left when it does not open."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import cast

import pytest

from bach_lib.errors import NotOpenError, StoreFailedError, StoreInUseError
from bach_lib.storage import Transaction
from bach_lib.storage.request import Request
from bach_lib.storage.request_loop import Batch, RequestLoop, Requests
from bach_lib.storage.store_thread import StoreThread
from bach_lib.threads import counter_of

NOTHING = cast("Transaction", None)
FILES = Path("/proc/self/fd")
"""What this process has open."""


class Engine:
    """What a thread opens, runs and closes. `fault`: what opening ends with. `breaks`: what the next batch does."""

    def __init__(self) -> None:
        self.fault: BaseException | None = None
        self.breaks: BaseException | None = None
        self.began = threading.Event()
        self.may_open = threading.Event()
        self.may_open.set()
        self.may_run = threading.Event()
        self.may_run.set()
        self.done: list[object] = []
        self.threads: list[threading.Thread] = []
        self.thread = StoreThread("home", self.begin, self.end)

    def begin(self, requests: Requests) -> RequestLoop:
        """Open it."""
        self.threads.append(threading.current_thread())
        self.began.set()
        assert self.may_open.wait(60)
        if self.fault:
            raise self.fault
        self.done.append("open")
        return RequestLoop(requests, self.transact, lambda: 60.0, self.thread.give_up)

    def transact(self, batch: Batch) -> None:
        """Run a batch."""
        assert self.may_run.wait(60)
        self.done.append(len(batch))
        for request in batch:
            request.result = request.work(NOTHING)
        if self.breaks:
            error, self.breaks = self.breaks, None
            self.thread.answer(batch[:1])
            raise error
        self.thread.answer(batch)

    def end(self) -> None:
        """Close it."""
        assert threading.current_thread() is self.threads[-1]
        self.done.append("closed")
        if self.fault:
            raise self.fault

    def ask(self, text: str) -> asyncio.Future[str]:
        """Submit a request whose result this is."""
        request, future = self.thread.request(lambda _: text, writes=True)
        self.thread.submit(request)
        return future

    @property
    def is_quiet(self) -> bool:
        """Whether nobody waits for anything, and no thread is left."""
        is_at_work = counter_of(asyncio.get_running_loop()).is_at_work
        return not (is_at_work or self.thread.waiting or any(thread.is_alive() for thread in self.threads))


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    """One that is not open yet, and is closed at the end."""
    engine = Engine()
    yield engine
    engine.may_open.set()
    engine.may_run.set()
    await engine.thread.close()
    assert engine.is_quiet


async def test_what_one_turn_asks_goes_together_and_each_gets_its_own(engine: Engine) -> None:
    """A commit would be made for each of a hundred callers, or one get the answer of another."""
    await engine.thread.open()
    assert await asyncio.gather(*(engine.ask(text) for text in "abc")) == ["a", "b", "c"]
    assert await engine.ask("d") == "d"
    assert engine.done == ["open", 3, 1]
    [thread] = engine.threads
    assert (thread.name, thread.daemon) == ("bach-store-home", True)


async def test_who_waits_is_counted_until_he_is_told(engine: Engine) -> None:
    """A clock of tests would go on before the disk has answered, and a full queue take no end."""
    await engine.thread.open()
    counter = counter_of(asyncio.get_running_loop())
    assert (engine.thread.waiting, counter.is_at_work) == (0, False)
    engine.may_run.clear()
    asked = [engine.ask(text) for text in "abc"]
    assert (engine.thread.waiting, counter.is_at_work) == (3, True)
    engine.may_run.set()
    await asyncio.gather(*asked)
    assert (engine.thread.waiting, counter.is_at_work) == (0, False)


@pytest.mark.parametrize(("writes", "ends", "session"), [(True, False, None), (False, False, 7), (True, True, None)])
async def test_a_request_is_what_it_was_asked_to_be(
    engine: Engine, writes: bool, ends: bool, session: int | None
) -> None:
    """What only reads would wait for the disk, or somebody who owns nothing any more write all the same."""
    await engine.thread.open()

    def work(_: Transaction) -> str:
        return "done"

    request, future = engine.thread.request(work, writes=writes, ends=ends, session=session)
    assert request == Request(work, writes, cast("asyncio.Future[object]", future), ends, session)
    [other, _] = engine.thread.request(work, writes=True)
    assert (other.ends, other.session) == (False, None)
    engine.thread.submit(other)
    engine.thread.submit(request)
    assert await future == "done"


@pytest.mark.parametrize("fault", [ValueError("no"), KeyboardInterrupt()])
async def test_what_does_not_open_says_why_and_leaves_nothing(engine: Engine, fault: BaseException) -> None:
    """The set-up would wait for ever, or the next try find the file in use by the last one."""
    engine.fault = fault
    with pytest.raises(ValueError if isinstance(fault, ValueError) else RuntimeError):
        await engine.thread.open()
    assert (engine.done, engine.is_quiet) == ([], True)
    with pytest.raises(NotOpenError):
        engine.ask("a")
    engine.fault = None
    await engine.thread.open()
    assert await engine.ask("a") == "a"


async def test_an_opening_that_is_cancelled_is_closed_again(engine: Engine) -> None:
    """A set-up that is cancelled in the middle would keep the database locked until the process ends."""
    engine.may_open.clear()
    opening = asyncio.create_task(engine.thread.open())
    assert await asyncio.to_thread(engine.began.wait, 60)
    opening.cancel()
    engine.may_open.set()
    with pytest.raises(asyncio.CancelledError):
        await opening
    assert (engine.done, engine.is_quiet) == (["open", "closed"], True)
    with pytest.raises(NotOpenError):
        engine.ask("a")


async def test_who_was_not_told_hears_of_the_error_and_nobody_hears_twice(engine: Engine) -> None:
    """Whoever was told that a message is on disk would be told that it is not, or nobody else be told anything."""
    await engine.thread.open()
    unhandled: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unhandled.append(context))
    engine.breaks = OSError(5, "Input/output error")
    answers = await asyncio.gather(*(engine.ask(text) for text in "abc"), return_exceptions=True)
    assert answers[0] == "a"
    for answer in answers[1:]:
        assert isinstance(answer, StoreFailedError)
        assert answer.placeholders == {"path": "home", "reason": "Input/output error"}
    assert engine.thread.waiting == 0
    assert not counter_of(asyncio.get_running_loop()).is_at_work
    assert await engine.ask("d") == "d"
    assert unhandled == []


async def test_what_was_asked_before_the_end_is_done_and_nothing_after_it(engine: Engine) -> None:
    """What was asked in the last moment would be lost; or a request after the end be waited for without one."""
    await engine.thread.close()  # of what is not open
    await engine.thread.open()
    engine.may_run.clear()
    asked = [engine.ask(text) for text in "ab"]

    def before() -> None:
        with pytest.raises(NotOpenError):
            engine.ask("c")
        engine.done.append("before")
        engine.may_run.set()

    await engine.thread.close(before)
    assert [future.result() for future in asked] == ["a", "b"]
    assert engine.done == ["open", "before", 2, "closed"]
    assert engine.is_quiet
    with pytest.raises(NotOpenError):
        engine.ask("c")
    await engine.thread.close(before)  # a second time, it does nothing
    await engine.thread.open()
    assert await engine.ask("d") == "d"


async def test_the_event_loop_calls_what_the_thread_wants_in_order(engine: Engine) -> None:
    """A repair would be shown after it is over, or in a thread in which nothing may be shown."""
    await engine.thread.open()
    called: list[object] = []
    is_done = asyncio.Event()

    def call(*args: object) -> None:
        called.append((args, threading.current_thread() is threading.main_thread()))

    def work(_: Transaction) -> None:
        engine.thread.call(call, 1, "two")
        engine.thread.call(call)
        engine.thread.call(is_done.set)

    request, future = engine.thread.request(work, writes=False)
    engine.thread.submit(request)
    await asyncio.gather(future, is_done.wait())
    assert called == [((1, "two"), True), ((), True)]


async def test_an_errand_comes_between_two_transactions_and_says_how_it_went(engine: Engine) -> None:
    """A copy would be made of half of what was asked, or whoever wants one wait for ever, or end with the thread."""
    with pytest.raises(NotOpenError):
        engine.thread.run(lambda: None)
    await engine.thread.open()

    def slip() -> None:
        raise KeyboardInterrupt

    first = engine.ask("a")
    errand = engine.thread.run(lambda: engine.done.append("errand"))
    unwanted = engine.thread.run(lambda: None)
    unwanted.cancel()
    with pytest.raises(RuntimeError, match="ended with KeyboardInterrupt"):
        await engine.thread.run(slip)
    await asyncio.gather(first, errand, engine.ask("b"))
    assert engine.done == ["open", 1, "errand", 1]


@pytest.mark.parametrize("fault", [OSError(5, "Input/output error"), KeyboardInterrupt()])
async def test_a_closing_that_fails_ends_all_the_same_and_is_in_the_log(
    engine: Engine, fault: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    """The end of the program would be a traceback of a thread, or nobody ever learn that the disk is broken."""
    await engine.thread.open()
    asked = engine.ask("a")
    engine.fault = fault
    await engine.thread.close()
    assert asked.result() == "a"
    [record] = caplog.records
    assert (record.message, record.exc_info and record.exc_info[1]) == ("Closing home failed", fault)


async def test_one_that_is_open_is_not_opened_again(engine: Engine) -> None:
    """What was asked would go to the one thread, and the other never end."""
    await engine.thread.open()
    with pytest.raises(StoreInUseError, match="home"):
        await engine.thread.open()
    assert (len(engine.threads), engine.thread.is_open) == (1, True)
    assert await engine.ask("a") == "a"


async def test_one_that_is_being_opened_is_not_opened_a_second_time(engine: Engine) -> None:
    """Two links to a server would be made, and one of them never be closed."""
    engine.may_open.clear()
    opening = asyncio.create_task(engine.thread.open())
    await asyncio.to_thread(engine.began.wait, 60)
    with pytest.raises(StoreInUseError, match="home"):
        await engine.thread.open()
    engine.may_open.set()
    await opening
    assert len(engine.threads) == 1
    assert await engine.ask("a") == "a"


async def test_one_that_was_refused_is_opened_later(engine: Engine) -> None:
    """Whoever corrects what was wrong would have to start the whole program anew."""
    engine.fault = StoreFailedError(path="home", reason="away")
    with pytest.raises(StoreFailedError):
        await engine.thread.open()
    engine.fault = None
    await engine.thread.open()
    assert await engine.ask("a") == "a"


@pytest.mark.skipif(not FILES.exists(), reason="the system does not list a process's open files")
@pytest.mark.parametrize("is_opening", [True, False])
async def test_who_is_cancelled_while_the_thread_ends_leaves_nothing_open(engine: Engine, is_opening: bool) -> None:
    """Each reload that is given up would cost a descriptor, until the home has none left."""
    before = len(list(FILES.iterdir()))
    engine.may_open.clear()
    engine.may_run.clear()
    waiting = asyncio.create_task(engine.thread.open())
    assert await asyncio.to_thread(engine.began.wait, 60)
    if not is_opening:
        engine.may_open.set()
        await waiting
        engine.ask("a")
        waiting = asyncio.create_task(engine.thread.close())
    for _ in range(3):  # once more while it waits for the thread
        await asyncio.sleep(0)
        waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    engine.may_open.set()
    engine.may_run.set()
    await asyncio.to_thread(engine.threads[0].join)
    assert engine.done[-1] == "closed"
    async with asyncio.timeout(60):
        while True:
            if len(list(FILES.iterdir())) == before:
                break
            await asyncio.sleep(0)  # what the thread has left to the loop


def test_before_it_was_opened_nobody_is_told_anything() -> None:
    """An error on the way would hide the one it comes from."""
    engine = Engine()
    nobody = Request[Transaction](lambda _: None, True, cast("asyncio.Future[object]", None))
    tell: tuple[Callable[[], None], ...]
    tell = (
        lambda: engine.thread.answer([nobody]),
        lambda: engine.thread.give_up([nobody], ValueError()),
        lambda: engine.thread.submit(nobody),
    )
    for one in tell:
        one()
    assert (nobody.error, nobody.is_answered) == (None, False)
