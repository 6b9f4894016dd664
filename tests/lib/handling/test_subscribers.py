"""Asynchronous subscribers and streams of events: in order, bounded, and over when BACH is."""

import asyncio
import gc

import pytest

from bach_lib import Event, EventsLostError, InvalidValueError, MessageFinished, MessageQueued, MessageSent
from bach_lib.testing import World


async def test_an_asynchronous_subscriber_gets_all_in_order_and_holds_up_nobody(here: World) -> None:
    """Who awaits something would need a set of tasks of its own, and get events in another order."""
    bach, platform, clock = here
    told: list[str] = []
    door = asyncio.Event()

    async def slow(event: MessageSent) -> None:
        await door.wait()
        told.append(event.message.text)

    stop = bach.subscribe(MessageSent, slow)
    for text in ("one", "two", "three"):
        await bach.send("home", "ada", text)
    await clock.settle()
    assert platform.texts == ["one", "two", "three"]
    assert told == []
    door.set()
    await clock.settle()
    assert told == ["one", "two", "three"]
    stop()
    await bach.send("home", "ada", "four")
    await clock.settle()
    assert told == ["one", "two", "three"]


async def test_one_that_raises_is_logged_without_what_it_says(here: World, caplog: pytest.LogCaptureFixture) -> None:
    """A fault would be lost with its task, or a secret stand in the log."""
    bach, _, clock = here
    told: list[str] = []

    async def broken(event: MessageSent) -> None:
        told.append(event.message.text)
        raise LookupError("the key is 1234")

    bach.subscribe(MessageSent, broken)
    for text in ("one", "two"):
        await bach.send("home", "ada", text)
    await clock.settle()
    assert told == ["one", "two"]
    assert "LookupError" in caplog.text
    assert "test_subscribers.py" in caplog.text
    assert "1234" not in caplog.text


async def test_one_that_is_too_slow_loses_the_oldest_and_the_log_says_so(
    here: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory would grow without end, or events vanish without a word."""
    monkeypatch.setattr("bach_lib.handling.subscribers.LIMIT", 2)
    bach, _, clock = here
    told: list[str] = []
    door = asyncio.Event()

    async def slow(event: MessageSent) -> None:
        await door.wait()
        told.append(event.message.text)

    bach.subscribe(MessageSent, slow)
    for text in ("one", "two", "three", "four"):
        await bach.send("home", "ada", text)
        await clock.settle()
    door.set()
    await clock.settle()
    assert told == ["one", "three", "four"]
    assert "it lost 1 of them" in caplog.text


async def test_close_breaks_off_what_does_not_end(here: World) -> None:
    """A program could not end, or would leave tasks behind."""
    bach, _, clock = here
    ended: list[str] = []

    async def endless(event: MessageSent) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(event.message.text)

    bach.subscribe(MessageSent, endless)
    await bach.send("home", "ada", "one")
    await clock.settle()
    await bach.close(grace=0)
    assert ended == ["one"]
    assert [task.get_name() for task in asyncio.all_tasks() if task.get_name() == "bach-subscriber"] == []


async def test_a_stream_has_what_happens_from_its_call_on(here: World) -> None:
    """What happens between the call and the loop would be missed."""
    bach, _, clock = here
    events = bach.events(MessageQueued, MessageSent, MessageFinished)
    await bach.send("home", "ada", "one")
    await clock.settle()
    found = [type(await anext(events)) for _ in range(2)]
    assert found == [MessageQueued, MessageSent]
    await bach.close(grace=0)
    assert [event async for event in events] == []


async def test_a_stream_says_where_it_lost_something_and_goes_on(here: World) -> None:
    """Who counts events would count wrongly and not know it."""
    bach = here.bach
    events = bach.events(MessageQueued, limit=2)
    for text in ("one", "two", "three", "four"):
        await bach.send("home", "ada", text)
    with pytest.raises(EventsLostError, match="2 events are lost"):
        await anext(events)
    assert [(await anext(events)).message.text for _ in range(2)] == ["three", "four"]


async def test_a_stream_that_was_let_go_is_gone(here: World) -> None:
    """Each loop that was left would keep a thousand events for ever."""
    bach = here.bach
    before = sum(map(len, bach._base.bus._subscribers.values()))
    events = bach.events()
    assert sum(map(len, bach._base.bus._subscribers.values())) == before + 1
    del events
    gc.collect()
    assert sum(map(len, bach._base.bus._subscribers.values())) == before


@pytest.mark.parametrize("limit", [0, True, "5", 10**9])
async def test_a_limit_that_is_none_is_refused(here: World, limit: int) -> None:
    """It would lose everything, or nothing ever."""
    with pytest.raises(InvalidValueError):
        here.bach.events(Event, limit=limit)


async def test_what_is_no_event_is_refused(here: World) -> None:
    """The loop would wait for ever."""
    with pytest.raises(InvalidValueError):
        here.bach.events(str)  # type: ignore[type-var] # that is the point
