"""Loop of the storage's thread by itself: what shares a transaction, in which order, and when it looks at the file."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import AbstractContextManager
from queue import Empty, SimpleQueue
from typing import cast, override

import pytest

from bach_lib import spans
from bach_lib.storage import Transaction, request_loop
from bach_lib.storage.request import Request
from bach_lib.storage.request_loop import QUIET, Batch, Errand, RequestLoop


class Slip(BaseException):
    """What nobody has foreseen."""


def asked(*names: str) -> Batch:
    """Requests for which nobody waits, and which are known by their results."""
    future = cast("asyncio.Future[object]", None)
    return [Request(lambda _: None, True, future, result=name) for name in names]


def named(batch: Sequence[Request[Transaction]]) -> list[object]:
    """Who is in it."""
    return [request.result for request in batch]


class Handed(SimpleQueue[Batch | Errand | None]):
    """What is handed over. `pauses`: after how many of them nothing comes for once. `waits`: how long was waited."""

    def __init__(self, *items: Batch | Errand | None, pauses: Sequence[int] = ()) -> None:
        for item in (*items, None):
            self.put(item)
        self._pauses = list(pauses)
        self._taken = 0
        self.waits: list[float | None] = []

    @override
    def get(self, block: bool = True, timeout: float | None = None) -> Batch | Errand | None:
        self.waits.append(timeout)
        if self._is_pausing and timeout is not None:
            del self._pauses[0]
            raise Empty
        self._taken += 1
        return super().get(block, timeout)

    @override
    def empty(self) -> bool:
        return self._is_pausing or super().empty()

    @property
    def _is_pausing(self) -> bool:
        return bool(self._pauses) and self._pauses[0] == self._taken


class Work:
    """What a loop has done, in its order. `breaks`: what a transaction or a look ends with, once each."""

    def __init__(self, *looks: float | BaseException, breaks: Sequence[BaseException | None] = ()) -> None:
        self.done: list[object] = []
        self._looks = list(looks)
        self._breaks = list(breaks)

    def transact(self, batch: Batch) -> None:
        """Run a batch."""
        self.done.append(named(batch))
        if self._breaks and (error := self._breaks.pop(0)):
            raise error

    def look(self) -> float:
        """Look at the file."""
        self.done.append("look")
        found = self._looks.pop(0)
        if isinstance(found, BaseException):
            raise found
        return found

    def give_up(self, batch: Batch, error: BaseException) -> None:
        """Tell those who wait."""
        self.done.append((named(batch), error))

    def errand(self, name: str) -> Errand:
        """Something between two transactions."""
        return lambda: self.done.append(name)

    def run(self, requests: Handed) -> list[object]:
        """Let a loop do all that was handed over."""
        RequestLoop(requests, self.transact, self.look, self.give_up).run()
        assert requests.empty()
        return self.done


def test_what_waits_shares_a_transaction_and_nothing_overtakes_an_errand() -> None:
    """A copy would be made with half of what was asked before it, or with what was asked after it."""
    work = Work()
    copy, leave = work.errand("copy"), work.errand("leave")
    handed = Handed(asked("a"), asked("b", "c"), copy, leave, asked("d"), asked("e"), copy, asked("f"))
    told = [["a", "b", "c"], "copy", "leave", ["d", "e"], "copy", ["f"]]
    assert work.run(handed) == told


@pytest.mark.parametrize(
    ("sizes", "told"), [((2, 1, 1), [3, 1]), ((3, 1), [3, 1]), ((1, 4, 1), [5, 1]), ((1, 1), [2]), ((4, 1), [4, 1])]
)
def test_a_batch_that_is_large_is_made_no_larger(
    monkeypatch: pytest.MonkeyPatch, sizes: Sequence[int], told: Sequence[int]
) -> None:
    """Under load the first caller would wait for everybody who came later."""
    monkeypatch.setattr(request_loop, "MAX_BATCH", 3)
    done = Work().run(Handed(*(asked(*("x" * size)) for size in sizes)))
    assert [len(cast("list[str]", one)) for one in done] == told


def test_the_end_comes_after_what_was_asked_before_it() -> None:
    """What was asked in the last moment would be lost, though somebody waits for it."""
    assert Work().run(Handed(asked("a"))) == [["a"]]
    assert Work().run(Handed()) == []


@pytest.mark.parametrize("error", [Slip(), RuntimeError("no"), KeyboardInterrupt()])
def test_whoever_waits_for_a_transaction_that_fails_is_told_and_the_next_one_runs(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    """Everybody would wait for ever, and nobody could read why."""
    work = Work(breaks=[error])
    handed = Handed(asked("a", "b"), work.errand("copy"), asked("c"))
    assert work.run(handed) == [["a", "b"], (["a", "b"], error), "copy", ["c"]]
    [record] = caplog.records
    assert record.message == f"The storage goes on after an error: {type(error).__name__}"
    assert record.levelno == logging.ERROR
    assert record.exc_info
    assert record.exc_info[1] is error


def test_while_nothing_comes_it_is_looked_as_often_as_the_last_look_said() -> None:
    """An idle house would wake its disk every second, or a lost file be noticed after a day only."""
    work = Work(7.0, 30.0, 5.0)
    handed = Handed(asked("a"), asked("b"), pauses=(0, 0, 2))
    assert work.run(handed) == ["look", "look", ["a", "b"], "look"]
    assert handed.waits == [QUIET, 7.0, 30.0, None, QUIET, 5.0]


def test_a_look_that_fails_is_tried_again_after_as_long_as_before(caplog: pytest.LogCaptureFixture) -> None:
    """A disk that answers nonsense at night would end the storage, or be asked without a pause."""
    handed = Handed(pauses=(0, 0, 0, 0))
    assert Work(Slip(), 7.0, Slip(), 9.0).run(handed) == ["look"] * 4
    assert handed.waits == [QUIET, QUIET, 7.0, 7.0, 9.0]
    assert caplog.messages == ["The storage goes on after an error: Slip"] * 2


def test_a_transaction_is_a_span_of_so_many_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who measures would take a commit of a thousand for one of one."""
    begun: list[object] = []

    def noted(name: str, attributes: dict[str, spans.Value]) -> AbstractContextManager[spans.Span]:
        begun.append((name, attributes))
        return spans.span(name, attributes)

    monkeypatch.setattr(request_loop, "span", noted)
    Work().run(Handed(asked("a", "b"), asked("c")))
    assert begun == [("bach.storage.transaction", {"bach.requests": 3})]
