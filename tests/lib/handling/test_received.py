"""The durable loop: what is not called done comes again, in order, whatever ended the program."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bach_lib import Bach, InboxStatus, Kind
from bach_lib.errors import NotOpenError, ReceivedElsewhereError, UnknownConnectionError
from bach_lib.events import MessageSetAside
from bach_lib.handling.inbox_walk import InboxWalk
from bach_lib.inbound.unhandled import Page
from bach_lib.storage import Transaction
from bach_lib.testing import FakeClock, FakePlatform, World, world


async def taken(bach: Bach, clock: FakeClock, number: int, *, done: bool = True) -> list[str]:
    """The texts of the next messages of a new loop."""
    found: list[str] = []
    if not number:
        return found
    async with asyncio.timeout(60):  # what never comes would only end with the whole run
        async for message in bach.received():
            found.append(message.text or message.content.args)
            if done:
                await message.done()
            if len(found) == number:
                break
    return found


async def said(platform: FakePlatform, clock: FakeClock, *texts: str) -> None:
    """Somebody writes these."""
    for text in texts:
        platform.says(text)
        await clock.settle()


async def test_what_is_done_does_not_come_again(tmp_path: Path) -> None:
    """A door would be opened at each start."""
    async with world(path=tmp_path / "bach.db") as (bach, platform, clock):
        await said(platform, clock, "one", "two", "three")
        assert await taken(bach, clock, 2) == ["one", "two"]
    async with world(path=tmp_path / "bach.db") as (bach, platform, clock):
        assert await taken(bach, clock, 1) == ["three"]
        assert [message.status for message in await bach.inbox()] == [InboxStatus.READ] * 3


async def test_what_is_not_done_comes_again_in_order(here: World) -> None:
    """An error in the program would lose what somebody wrote."""
    bach, platform, clock = here
    await said(platform, clock, "one", "two", "three")

    async def program() -> None:
        async for message in bach.received():
            if message.text == "two":
                raise LookupError
            await message.done()

    with pytest.raises(LookupError):
        await program()
    assert await taken(bach, clock, 2) == ["two", "three"]


async def test_a_loop_that_passes_a_message_does_not_get_it_again(here: World) -> None:
    """A loop without `done` would turn in a circle."""
    bach, platform, clock = here
    await said(platform, clock, "one", "two")
    assert await taken(bach, clock, 2, done=False) == ["one", "two"]
    assert await taken(bach, clock, 2, done=False) == ["one", "two"]


async def test_what_comes_while_the_loop_waits_is_given(here: World) -> None:
    """Messages would come only at the next start."""
    bach, platform, clock = here
    waiting = asyncio.create_task(taken(bach, clock, 2))
    await clock.settle()
    await said(platform, clock, "one")
    await said(platform, clock, "two")
    assert await waiting == ["one", "two"]


async def test_more_than_a_page_comes_in_order(here: World) -> None:
    """What waits behind the first page would be forgotten, or come in another order."""
    bach, platform, clock = here
    texts = [str(number) for number in range(50)]
    await said(platform, clock, *texts)
    assert await taken(bach, clock, 50) == texts


async def test_a_message_that_ends_the_program_each_time_is_set_aside(tmp_path: Path) -> None:
    """One message would keep a program from ever working again."""
    told: list[MessageSetAside] = []
    async with world(path=tmp_path / "bach.db") as (bach, platform, clock):
        await said(platform, clock, "bad", "good")
    for _ in range(5):
        async with world(path=tmp_path / "bach.db") as (bach, platform, clock):
            assert await taken(bach, clock, 1, done=False) == ["bad"]
    async with world(path=tmp_path / "bach.db") as (bach, platform, clock):
        bach.subscribe(MessageSetAside, told.append)
        assert await taken(bach, clock, 1) == ["good"]
        [aside] = await bach.inbox(status=InboxStatus.UNREAD)
        assert (aside.text, aside.is_set_aside, aside.tries) == ("bad", True, 5)
        assert [event.message.id for event in told] == [aside.id]
        await bach.mark([aside.id], InboxStatus.UNREAD)
        assert await taken(bach, clock, 1) == ["bad"]


async def test_what_is_marked_unread_is_given_again_by_a_loop_that_runs(here: World) -> None:
    """Who wants something done once more would have to start the program anew."""
    bach, platform, clock = here
    await said(platform, clock, "one")
    waiting = asyncio.create_task(taken(bach, clock, 2))
    await clock.settle()
    [message] = await bach.inbox()
    assert message.status is InboxStatus.READ
    await bach.mark([message.id], InboxStatus.UNREAD)
    assert await waiting == ["one", "one"]


async def test_what_a_person_has_read_is_not_given(here: World) -> None:
    """The program would answer what somebody has dealt with by hand."""
    bach, platform, clock = here
    await said(platform, clock, "one", "two")
    oldest = (await bach.inbox())[-1]
    await bach.mark([oldest.id], InboxStatus.ARCHIVED)
    assert await taken(bach, clock, 1) == ["two"]


async def test_a_newer_loop_takes_over(here: World) -> None:
    """Each message would be dealt with twice, and nobody would know why."""
    bach, platform, clock = here
    older = asyncio.create_task(taken(bach, clock, 1))
    await clock.settle()
    newer = asyncio.create_task(taken(bach, clock, 1))
    await clock.settle()
    with pytest.raises(ReceivedElsewhereError):
        await older
    await said(platform, clock, "one")
    assert await newer == ["one"]


async def test_a_loop_ends_with_bach(here: World) -> None:
    """A program could not end."""
    bach, _, clock = here
    waiting = asyncio.create_task(taken(bach, clock, 1))
    await clock.settle()
    await bach.close(grace=0)
    assert await waiting == []
    with pytest.raises(NotOpenError):
        await taken(bach, clock, 1)
    with pytest.raises(NotOpenError):
        bach.received("home")


async def test_a_connection_that_is_not_there_is_named(here: World) -> None:
    """A misspelt name would wait for ever."""
    with pytest.raises(UnknownConnectionError):
        here.bach.received("hmoe")


async def test_a_press_or_command_of_long_ago_has_expired(here: World) -> None:
    """A program that was away would open the door hours later."""
    bach, platform, clock = here
    await said(platform, clock, "/door")
    await clock.advance(3600)
    async for message in bach.received():
        assert message.kind is Kind.EXPIRED
        break


async def test_an_answer_is_sent_once_whatever_its_words_are_by_now(here: World) -> None:
    """Who asked once would be answered at each try."""
    bach, platform, clock = here
    await said(platform, clock, "how warm is it?")
    receipts = []
    for words in ("20", "21"):
        async for message in bach.received():
            receipts += [await message.answer(f"{words} degrees"), await message.answer("Ask again")]
            break
    await clock.settle()
    assert platform.texts == ["20 degrees", "Ask again"]
    assert receipts[0].id == receipts[2].id
    assert receipts[1].id == receipts[3].id
    assert platform.sent[0].recipient == "42"


async def test_a_key_of_ones_own_counts(here: World) -> None:
    """Who wants each answer sent could not have it."""
    bach, platform, clock = here
    await said(platform, clock, "hello")
    for _ in range(2):
        async for message in bach.received():
            await message.answer("Hi", idempotency_key=None)
            break
    await clock.settle()
    assert platform.texts == ["Hi", "Hi"]


async def test_what_is_announced_late_takes_nothing_out_of_the_page(here: World) -> None:
    """What had been read from the disk and not given yet would be forgotten until the next start."""
    bach, platform, clock = here
    await said(platform, clock, "one", "two", "three", "four")
    walk = InboxWalk(lambda: bach._open_parts)
    first = await walk.next()
    assert first is not None
    walk.came(first.id + 2)  # it was stored before, and is announced now
    left = [await walk.next() for _ in range(4)]
    assert [message.text if message else None for message in left] == ["two", "three", "four", None]


@pytest.mark.parametrize("late", [1, 2])
async def test_what_is_announced_while_the_inbox_is_read_is_not_passed_over(
    here: World, monkeypatch: pytest.MonkeyPatch, late: int
) -> None:
    """A command would stay unread until the next start: stored when the page was read, and announced just after."""
    bach, platform, clock = here
    await said(platform, clock, "one", "two")
    unhandled = bach._open_parts.inbox.unhandled
    walk = InboxWalk(lambda: bach._open_parts)
    read = unhandled.page

    async def just_before(connection: str | None, after: int, limit: int) -> Page:
        page = await read(connection, after, limit)
        monkeypatch.setattr(unhandled, "page", read)
        walk.came(late)
        return replace(page, messages=[message for message in page.messages if message.id != late])

    monkeypatch.setattr(unhandled, "page", just_before)
    found = [await walk.next() for _ in range(3)]
    assert [message.text if message else None for message in found] == ["one", "two", None]


async def test_done_and_the_next_try_are_one_commit(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each message would cost the disk two, and a program that works off a backlog would take twice as long."""
    bach, platform, clock = here
    await said(platform, clock, *map(str, range(10)))
    unhandled = bach._open_parts.inbox.unhandled
    while len((await unhandled.page(None, 0, 20)).messages) < 10:
        pass  # on a server they take longer than the clock settles
    commits: list[object] = []
    submit = bach._base.store.submit

    def counting[T](work: Callable[[Transaction], T], **options: bool) -> asyncio.Future[T]:
        if options.get("writes", True):
            commits.append(work)
        return submit(work, **options)

    monkeypatch.setattr(bach._base.store, "submit", counting)
    tries = []
    async for message in bach.received():
        tries.append(message.tries)
        await message.done()
        if len(tries) == 10:
            break
    assert tries == [1] * 10
    assert len(commits) <= 11


async def test_what_was_not_given_has_no_try(tmp_path: Path) -> None:
    """A message would be set aside that no program has ever seen."""
    async with world(path=tmp_path / "bach.db") as (bach, platform, clock):
        await said(platform, clock, *map(str, range(6)))
        for number in range(2):  # each loop ends, and another goes on
            async for message in bach.received():
                assert (message.text, message.tries) == (str(number), 1)
                await message.done()
                break
    async with world(path=tmp_path / "bach.db") as (bach, platform, clock):
        assert {one.tries for one in await bach.inbox(status=InboxStatus.UNREAD)} == {0}
        async for message in bach.received():
            assert (message.text, message.tries) == ("2", 1)
            await message.done()
            break
        async for message in bach.received("home"):
            assert (message.text, message.tries) == ("3", 1)
            break


async def test_what_happens_between_done_and_the_next_counts(here: World) -> None:
    """What a person has dealt with meanwhile would be given, a door opened hours later, or a try forgotten."""
    bach, platform, clock = here
    await said(platform, clock, "one", "two", "three", "/door", "four")
    ids = {one.text: one.id for one in await bach.inbox()}
    given: list[tuple[str, Kind, int]] = []
    async for message in bach.received():
        given.append((message.text, message.kind, message.tries))
        await message.done()
        if message.text == "one":
            await bach.mark([ids["two"]], InboxStatus.ARCHIVED)
        elif message.text == "three":
            await clock.advance(3600)
        elif message.kind is Kind.EXPIRED:
            await bach.mark([ids["four"]], InboxStatus.UNREAD)
        else:
            break
    assert given == [
        ("one", Kind.TEXT, 1),
        ("three", Kind.TEXT, 1),
        ("/door", Kind.EXPIRED, 1),
        ("four", Kind.TEXT, 1),
    ]
