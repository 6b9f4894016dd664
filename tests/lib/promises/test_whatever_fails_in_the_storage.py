"""A request to the storage that fails once, anywhere and of whatever, leaves no message without an end."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import cast

import pytest

from bach_lib import Bach
from bach_lib.errors import BachError
from bach_lib.events import MessageFinished
from bach_lib.models import Fault, Receipt
from bach_lib.outcomes import Retry, Scope
from bach_lib.storage import Transaction
from bach_lib.testing.clock import FakeClock
from bach_lib.testing.connector import FakePlatform
from tests.lib.promises.conftest import OpenBach, record


class Failing:
    """Stands between a transaction and SQLite; the statement of one number raises."""

    def __init__(self, transaction: Transaction, number: int, error: Callable[[], BaseException]) -> None:
        self._connection = transaction._connection
        self._number, self._error = number, error
        self.count = self.total = 0
        transaction._connection = cast("type[object]", self)  # type: ignore[assignment] # stands between it and SQLite
        transaction._added.clear()

    def execute(self, *arguments: object) -> object:
        """Run it, or raise."""
        self._count()
        return self._connection.execute(*arguments)  # type: ignore[arg-type] # as it was called

    def executemany(self, *arguments: object) -> object:
        """The same for one that is run with several rows."""
        self._count()
        return self._connection.executemany(*arguments)  # type: ignore[arg-type] # as it was called

    def _count(self) -> None:
        self.count += 1
        if self.count == self._number:
            raise self._error()

    def stop(self) -> None:
        """Nothing raises any more."""
        self.total, self._number = self.count, 0


async def scenario(bach: Bach, clock: FakeClock, platform: FakePlatform) -> list[int]:
    """Messages that go at once, wait behind another, are tried again, replaced and expire; the ids of those taken."""
    taken: list[int] = []

    async def send(recipient: str, text: str, **options: object) -> None:
        sending: asyncio.Task[Receipt] = asyncio.create_task(bach.send("home", recipient, text, **options))  # type: ignore[arg-type] # options of several kinds
        await clock.settle()
        with suppress(BachError):  # refused, so nobody counts on it
            taken.append((await sending).id)

    await send("ada", "at once")
    platform.hold = asyncio.Event()
    await send("bob", "first")
    await send("bob", "replaced", tag="t")
    await send("bob", "newer", tag="t")
    platform.hold.set()
    platform.hold = None
    platform.outcomes.append(Retry(fault=Fault(code="busy", text="busy"), scope=Scope.MESSAGE, written=True))
    await send("cid", "tried twice")
    platform.fault = Fault(code="refused", text="no")
    await send("dan", "too late", time_to_live=60)
    await clock.advance(70)
    platform.fault = None
    await clock.advance(3600)
    return taken


@pytest.mark.slow
async def test_every_message_ends_and_others_go_on(
    open_bach: OpenBach,
    clock: FakeClock,
    platform: FakePlatform,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What was sent would be on its way for ever, and all that waits for that person behind it."""
    caplog.set_level(logging.CRITICAL)
    errors = (RuntimeError, MemoryError, KeyboardInterrupt)
    number, count = 1, 1
    while number <= count:
        platform.sent.clear()
        platform.outcomes.clear()
        async with open_bach() as bach:
            ended = record(bach, MessageFinished)
            failing = Failing(bach._base.store._connection._transaction, number, errors[number % 3])  # type: ignore[attr-defined] # what a program does not see
            taken = await scenario(bach, clock, platform)
            failing.stop()
            assert [(await bach.get(one)).text for one in taken if not (await bach.get(one)).status.is_final] == []
            assert (await bach.queue_status())["home"].waiting == 0
            assert max(Counter(event.message.id for event in ended).values(), default=0) <= 1
            assert max(Counter(message.text for message in platform.sent).values(), default=0) <= 1
            number, count = number + 1, failing.total
    assert number > 40
