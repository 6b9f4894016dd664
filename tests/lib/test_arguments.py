"""Callers without a type checker: what they give is refused with a sentence that names it, or works."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from math import inf, nan
from typing import cast
from unittest.mock import AsyncMock

import pytest

from bach_lib import Bach, BreakerPolicy, Connection, InboxStatus, Policy, ReceivePolicy, RetryPolicy
from bach_lib.bus import Bus
from bach_lib.errors import InvalidTimeToLiveError, InvalidValueError
from bach_lib.events import Event
from bach_lib.models import Button, Fault, Status
from bach_lib.outcomes import Dead
from bach_lib.policy import ProbePolicy
from bach_lib.questions import Place, Question
from bach_lib.testing import FakeClock, FakePlatform


async def test_a_word_is_as_good_as_its_status(bach: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """Dead letters would seem not to exist, which looks like good news."""
    await bach.registry.add(Connection(name="home", type="fake"))
    platform.outcomes.append(Dead(fault=Fault(code="refused", text="no")))
    await bach.send("home", "ada", "text")
    await clock.settle()
    for status in ("dead", Status.DEAD, ["dead"], [Status.DEAD]):
        assert [message.id for message in await bach.messages(status=status)] == [1]  # type: ignore[arg-type]
    assert await bach.messages(status=[]) == []
    assert await bach.purge(0, "dead") in {0, 1}  # type: ignore[arg-type]


@pytest.mark.parametrize("status", ["ded", ["dead", "ded"], 5, [None], b"dead"])
async def test_a_misspelt_status_is_refused(bach: Bach, status: object) -> None:
    """It would find nothing, or be written."""
    for call in (
        lambda: bach.messages(status=status),  # type: ignore[arg-type]
        lambda: bach.purge(0, status),  # type: ignore[arg-type]
        lambda: bach.inbox(status=status),  # type: ignore[arg-type]
        lambda: bach.count_inbox(status=status),  # type: ignore[arg-type]
        lambda: bach.mark([1], status),  # type: ignore[arg-type]
    ):
        with pytest.raises(InvalidValueError, match="stat"):
            await call()
    assert await bach.inbox(status="unread") == await bach.inbox(status=InboxStatus.UNREAD)  # type: ignore[arg-type]


@pytest.mark.parametrize("age", [-1, nan, "5", None, True])
async def test_an_age_that_is_none_is_refused(bach: Bach, age: object) -> None:
    """A slip of a sign would remove everything there is."""
    with pytest.raises(InvalidValueError, match="older_than"):
        await bach.purge(age)  # type: ignore[arg-type]


NO_TIMES: dict[str, object] = {
    "a second ago": -1,
    "a moment ago": -0.5,
    "no number": nan,
    "for ever": inf,
    "since ever": -inf,
    "true": True,
    "false": False,
    "a text": "5",
    "bytes": b"5",
    "400 digits": 10**400,
    "5000 digits": 10**5000,
    "a date without a zone": datetime(2027, 1, 15),  # noqa: DTZ001 - that is what is tried
    "a date": datetime(2027, 1, 15, tzinfo=UTC),
    "a span": timedelta(seconds=5),
}


@pytest.mark.parametrize("value", NO_TIMES.values(), ids=NO_TIMES)
async def test_a_time_that_is_none_is_refused_before_anything_happens(
    bach: Bach, platform: FakePlatform, clock: FakeClock, value: object
) -> None:
    """It would wait for ever or not at all, or an error of asyncio come out of it when half of it is done."""
    await bach.registry.add(Connection(name="home", type="fake"))
    platform.outcomes.append(Dead(fault=Fault(code="refused", text="no")))
    await bach.send("home", "ada", "text")
    await clock.settle()
    wrong = cast("float", value)
    places = (Place(connection="home", recipient="ada"),)
    question = Question(text="?", places=places, answers=((Button(text="Yes", value="1"),),), timeout=wrong)
    for call in (
        lambda: bach.wait(1, wrong),
        lambda: bach.retry(1, wait=wrong),
        lambda: bach.amend(1, wait=wrong, text="other"),
        lambda: bach.retry_and_follow(wait=wrong),
        lambda: bach.purge(wrong),
        lambda: bach.close(wrong),
        lambda: bach.ask(question),
        lambda: bach.send("home", "ada", "text", time_to_live=wrong),
        lambda: bach.amend(1, time_to_live=wrong),
    ):
        with pytest.raises((InvalidValueError, InvalidTimeToLiveError), match="seconds"):
            await call()
    [message] = await bach.messages()
    assert (message.status, message.text) == (Status.DEAD, "text")


class Later:
    """Something that is called, and is asynchronous."""

    async def __call__(self, event: Event, *others: object) -> None:
        """Nothing."""

    async def method(self, event: Event) -> None:
        """Nothing."""

    async def many(self, event: Event) -> AsyncIterator[Event]:
        """Nothing."""
        yield event


LATER: dict[str, object] = {
    "called": Later(),
    "a function": partial(Later.__call__, Later()),
    "a method": Later().method,
    "a part": partial(Later().method),
    "a double": AsyncMock(),
}


@pytest.mark.parametrize("callback", LATER.values(), ids=LATER)
async def test_an_asynchronous_subscriber_is_awaited_by_bach_and_refused_by_its_parts(
    bach: Bach, callback: object
) -> None:
    """It would never run, and nothing would say so."""
    with pytest.raises(InvalidValueError, match="a plain one"):
        Bus().subscribe(Event, callback)  # type: ignore[arg-type] # that is the point
    bach.subscribe(Event, callback)  # type: ignore[arg-type] # that is the point


async def test_a_subscriber_that_yields_is_refused(bach: Bach) -> None:
    """Nobody would take what it yields."""
    with pytest.raises(InvalidValueError, match="a plain one"):
        bach.subscribe(Event, Later().many)  # type: ignore[arg-type] # that is the point


@pytest.mark.parametrize("limit", [0, 501, "5", None, True, 2.0])
async def test_a_page_of_no_length_is_refused(bach: Bach, limit: object) -> None:
    """An error of the database would come out of it."""
    with pytest.raises(InvalidValueError, match="limit"):
        await bach.messages(limit=limit)  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError, match="limit"):
        await bach.inbox(limit=limit)  # type: ignore[arg-type]


POLICIES: dict[str, Callable[[], object]] = {
    "no pause at all": lambda: BreakerPolicy(backoff=()),
    "no delay": lambda: RetryPolicy(delays=()),
    "a delay that is no number": lambda: RetryPolicy(delays=(nan,)),
    "a delay before now": lambda: RetryPolicy(delays=(30, -1)),
    "nobody works": lambda: Policy(parallel=0),
    "words": lambda: Policy(max_waiting="many"),  # type: ignore[arg-type]
    "receiving without a pause": lambda: ReceivePolicy(backoff=()),
    "always anew": lambda: ReceivePolicy(stall_seconds=0),
    "half a span": lambda: BreakerPolicy(check_seconds=(15,)),  # type: ignore[arg-type]
    "no failure": lambda: BreakerPolicy(failures=0),
    "always asking": lambda: ProbePolicy(seconds=0),
    "a span that ends before it begins": lambda: BreakerPolicy(check_seconds=(30, 15)),
    "a delay without an end": lambda: RetryPolicy(delays=(inf,)),
    "a list that somebody may change": lambda: RetryPolicy(delays=[30]),  # type: ignore[arg-type] # that is the point
    "half a worker": lambda: Policy(parallel=0.5),  # type: ignore[arg-type] # that is the point
    "pauses below nothing": lambda: RetryPolicy(jitter=2),
    "more retries than a message may have": lambda: RetryPolicy(max_retries=101),
    "open before it began": lambda: BreakerPolicy(open_seconds=-1),
    "a truth": lambda: BreakerPolicy(failures=True),
    "another policy": lambda: Policy(retry=BreakerPolicy()),  # type: ignore[arg-type] # that is the point
    "another kind": lambda: Policy(retry=5),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("make", POLICIES.values(), ids=POLICIES)
def test_a_policy_that_cannot_work_is_refused(make: Callable[[], object]) -> None:
    """Messages would wait for ever without a line that says so."""
    with pytest.raises(InvalidValueError, match=r"is not possible for \w*Policy\.\w+\. Use "):
        make()


def test_a_policy_at_its_limits_works() -> None:
    """Who wants to keep everything could not say so."""
    Policy(keep_seconds=inf, max_waiting=0, retry=RetryPolicy(max_retries=0, jitter=0, delays=(0,)))


async def test_another_loop_is_told_before_anything_is_written(bach: Bach) -> None:
    """Who hears of a failure repeats, and it would go twice."""
    await bach.registry.add(Connection(name="home", type="fake"))

    def elsewhere() -> None:
        with pytest.raises(RuntimeError, match="event loop"):
            asyncio.run(bach.send("home", "ada", "text"))

    await asyncio.to_thread(elsewhere)
    assert await bach.messages() == []
