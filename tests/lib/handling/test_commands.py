"""Handlers of commands: their words, their order, and what becomes of a message whose handler fails."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import pytest

from bach_lib import (
    Bach,
    Connection,
    Content,
    InboxStatus,
    IncomingMessage,
    InvalidValueError,
    Kind,
    MessageSent,
    MessageSetAside,
    ReceivedMessage,
)
from bach_lib.errors import StoreFailedError
from bach_lib.handling.command_handlers import Commands
from bach_lib.testing import FakeClock, FakePlatform, World, world
from tests.lib.handling.patience import until

BOTH = (Connection(name="home", type="fake", allowed=frozenset({"42", "43"})),)


async def test_a_handler_gets_its_words_and_answers_where_they_came_from(here: World) -> None:
    """A bot would have to split texts by hand, and to know where to answer."""
    bach, platform, clock = here

    @bach.on_command("light", "/Lamp")
    async def light(message: ReceivedMessage, room: str, state: bool = True, level: float = 0.5, *more: int) -> None:
        await message.answer(f"{message.sender_name} {room} {state} {level} {more}")

    for words in ('"living room"', "hall off 21,5 1 2", "", "hall maybe", "hall on 1 x"):
        platform.says(f"/light {words}")
    platform.says("/lamp hall")
    platform.says("/other hall")
    platform.says("light hall")
    await until(clock, lambda: len(platform.sent) == 6)
    usage = "Write it like this: /light <room> [state] [level] [more …]"
    first = ["Person 42 living room True 0.5 ()", "Person 42 hall False 21.5 (1, 2)"]
    assert platform.texts == [*first, usage, usage, usage, "Person 42 hall True 0.5 ()"]
    unread = await bach.inbox(status=InboxStatus.UNREAD)
    assert [message.text for message in unread] == ["light hall", "/other hall"]


@pytest.mark.parametrize(
    "changed",
    [
        lambda one: replace(one, kind=Kind.TEXT),
        lambda one: replace(one, content=Content(command="other")),
        lambda one: replace(one, metadata={"forwarded": True}),
    ],
    ids=["words", "another command", "passed on"],
)
def test_what_is_no_command_of_a_handler_stays_for_others(
    changed: Callable[[IncomingMessage], IncomingMessage],
) -> None:
    """A stored command that Ada only passed on would be carried out, or what other programs wait for be gone."""
    commands = Commands(Mock(), FakeClock(), Mock(), Mock(), Mock())
    commands.add(("light",), Mock())
    command = IncomingMessage(
        id=1,
        connection="home",
        remote_id="1",
        recipient="42",
        sender_id="42",
        sender_name="Ada",
        kind=Kind.COMMAND,
        text="/light",
        content=Content(command="light"),
        sent_at=0.0,
        received_at=0.0,
    )
    assert commands.is_for_us(command)
    assert not commands.is_for_us(changed(command))


async def test_a_handler_that_fails_is_told_again_and_answers_once(
    here: World, caplog: pytest.LogCaptureFixture
) -> None:
    """A command would be lost with the first fault, or answered at each try."""
    bach, platform, clock = here
    tries: list[str] = []

    @bach.on_command("light")
    async def light(message: ReceivedMessage) -> None:
        tries.append(f"{message.id}.{message.tries}")
        await message.answer(f"try {message.tries}")
        if message.tries < 3:
            raise LookupError("the secret of the lamp")

    first, second = platform.says("/light"), platform.says("/light")
    assert first.remote_id != second.remote_id
    await clock.advance(30)
    assert platform.texts == ["try 1", "try 1"]
    assert tries == ["1.1", "1.2", "1.3", "2.1", "2.2", "2.3"]
    assert await bach.inbox(status=InboxStatus.UNREAD) == []
    assert "LookupError" in caplog.text
    assert "test_commands.py" in caplog.text
    assert "secret" not in caplog.text


async def test_a_command_that_ends_the_program_each_time_is_set_aside(tmp_path: Path) -> None:
    """It would be begun anew at each start, and what the same person wrote after it never have its turn."""
    told: list[MessageSetAside] = []
    async with world(path=tmp_path / "bach.db") as (bach, platform, clock):
        for words in ("/do bad", "/do good"):
            platform.says(words)
        await clock.settle()
        [_, bad] = await bach.inbox()
        for _ in range(5):
            assert await bach._open_parts.inbox.unhandled.begin(bad.id), "and nobody has written what came of it"
    done: list[str] = []
    async with world(path=tmp_path / "bach.db") as (bach, platform, clock):
        bach.subscribe(MessageSetAside, told.append)

        @bach.on_command("do")
        async def do(message: ReceivedMessage, what: str) -> None:
            done.append(what)

        await until(clock, lambda: "good" in done)
        assert done == ["good"]
        assert [event.message.id for event in told] == [bad.id]


async def test_one_that_always_fails_is_set_aside_and_the_others_go_on(caplog: pytest.LogCaptureFixture) -> None:
    """One message would hold up everything behind it, or be tried for ever, or vanish unseen."""
    told: list[MessageSetAside] = []
    dealt_with: list[str] = []
    async with world(connections=BOTH) as (bach, platform, clock):
        bach.subscribe(MessageSetAside, told.append)

        @bach.on_command("do")
        async def do(message: ReceivedMessage, what: str) -> None:
            dealt_with.append(f"{message.sender_id} {what}")
            if what == "bad":
                raise LookupError

        platform.says("/do bad")
        platform.says("/do good")
        platform.says("/do good", sender="43")
        await until(clock, lambda: len(dealt_with) == 2)
        assert dealt_with == ["42 bad", "43 good"]  # who wrote it waits for it, and nobody else
        await clock.advance(120)
        assert dealt_with == ["42 bad", "43 good", *["42 bad"] * 4, "42 good"]
        [aside] = await bach.inbox(status=InboxStatus.UNREAD)
        assert aside.is_set_aside
        assert aside.handling["error"] == "LookupError"
        assert [event.message.id for event in told] == [aside.id]
        assert "it is set aside" in caplog.text
        await clock.advance(3600)
        assert len(dealt_with) == 7


async def test_what_one_person_writes_stays_in_order(here: World) -> None:
    """On and off would be swapped."""
    bach, platform, clock = here
    seen: list[str] = []

    @bach.on_command("do")
    async def do(message: ReceivedMessage, what: str) -> None:
        await asyncio.sleep(0)
        seen.append(what)

    for number in range(25):
        platform.says(f"/do {number}")
    await until(clock, lambda: len(seen) == 25)
    assert seen == [str(number) for number in range(25)]


async def test_what_was_archived_while_it_waited_is_not_begun(here: World) -> None:
    """Somebody takes a command back while the one before it runs, and what they write later stays undone."""
    bach, platform, clock = here
    go, seen = asyncio.Event(), list[str]()

    @bach.on_command("do")
    async def do(message: ReceivedMessage, what: str) -> None:
        seen.append(what)
        await go.wait()

    platform.says("/do first")
    platform.says("/do second")
    await until(clock, lambda: seen == ["first"])
    second = next(one for one in await bach.inbox() if one.text == "/do second")
    await bach.mark([second.id], InboxStatus.ARCHIVED)
    go.set()
    platform.says("/do third")
    await until(clock, lambda: len(seen) == 2)
    assert seen == ["first", "third"]


async def test_what_close_breaks_off_comes_again_and_does_not_count(tmp_path: Path) -> None:
    """Restarts in the middle of something long would set its message aside."""
    for number in range(7):
        async with world(path=tmp_path / "bach.db") as (bach, platform, clock):
            begun: list[int] = []

            async def long(message: ReceivedMessage) -> None:
                begun.append(message.tries)  # noqa: B023 - it is called in this round
                await asyncio.Event().wait()

            bach.on_command("long")(long)
            if not number:
                platform.says("/long")
            await until(clock, lambda: bool(begun))  # noqa: B023 - as above
            assert begun == [1]


def closes_at_stop(bach: Bach) -> None:
    """Let `/stop` end it."""

    @bach.on_command("stop")
    async def stop(message: ReceivedMessage) -> None:
        await message.done()
        await bach.close(grace=0)


async def test_a_handler_may_close_bach(here: World) -> None:
    """`/stop` would wait for itself."""
    bach, platform, clock = here
    closes_at_stop(bach)
    platform.says("/stop")
    await until(clock, lambda: bach._parts is None)


async def test_a_program_whose_handler_closes_bach_ends(here: World) -> None:
    """`/stop` would end it with an AttributeError: the loop ends first, and the block around it closes BACH as well."""
    bach, platform, clock = here
    closes_at_stop(bach)

    async def program() -> None:
        async for message in bach.received():
            await message.done()
        await bach.close()  # as `async with` does

    running = asyncio.create_task(program())
    await clock.settle()
    platform.says("/stop")
    await until(clock, running.done)
    await running
    await bach.close()
    await bach.open()
    assert await bach.inbox(status=InboxStatus.UNREAD) == []


async def test_who_closes_what_is_being_closed_holds_up_nobody() -> None:
    """SIGTERM and `/stop` at once: the program would wait for the handler, and the handler for the program."""
    async with world(connections=BOTH) as (bach, platform, clock):
        await closed_by_all(bach, platform, clock)


async def closed_by_all(bach: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """The program closes it, then two handlers and a subscriber do."""
    closes, begun, ended = asyncio.Event(), list[str | None](), list[str | None]()

    @bach.on_command("stop", "halt")
    async def stop(message: ReceivedMessage) -> None:
        begun.append(message.content.command)
        await closes.wait()
        await bach.close()
        ended.append(message.content.command)

    async def listens(_: MessageSent) -> None:
        begun.append("subscriber")
        await closes.wait()
        await bach.close()
        ended.append("subscriber")

    bach.subscribe(MessageSent, listens)
    platform.says("/stop")
    platform.says("/halt", sender="43")
    await bach.send("home", "ada", "Bye")
    await until(clock, lambda: len(begun) == 3)
    closing = asyncio.create_task(bach.close(grace=30))
    await clock.settle()
    assert not closing.done(), "it waits for the handlers"
    closes.set()
    await clock.settle()
    await asyncio.wait([closing], timeout=60)  # a server's connection takes a while to be closed
    is_closed = closing.done()
    while not closing.done():
        await clock.advance(30)
    assert is_closed, "no second of its grace has passed"
    await clock.settle()
    assert set(ended) == {"stop", "halt", "subscriber"}


async def test_a_command_that_waited_too_long_is_not_acted_upon(tmp_path: Path) -> None:
    """A program that was away for a night would open the door in the morning."""
    async with world(path=tmp_path / "bach.db") as (bach, platform, clock):
        platform.says("/door")
        await clock.settle()
        await clock.advance(3600)
        opened: list[int] = []

        @bach.on_command("door")
        async def door(message: ReceivedMessage) -> None:
            opened.append(message.id)

        await clock.settle()
        assert opened == []
        async for message in bach.received():
            assert message.kind == "expired"
            break


async def test_a_disk_that_fails_for_a_moment_costs_nothing(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk would end all handlers for good, or count as their fault."""
    bach, platform, clock = here
    tries: list[int] = []

    @bach.on_command("do")
    async def do(message: ReceivedMessage) -> None:
        tries.append(message.tries)

    unhandled = bach._open_parts.inbox.unhandled
    begin, failures = unhandled.begin, [StoreFailedError(path="bach.db", reason="full")] * 3

    async def failing(incoming_id: int) -> object:
        if failures:
            raise failures.pop()
        return await begin(incoming_id)

    monkeypatch.setattr(unhandled, "begin", failing)
    platform.says("/do")
    await clock.advance(20)
    assert tries == [1]


async def no_handler(message: ReceivedMessage, when: bytes) -> None:
    """A parameter that no word can be given for."""


async def no_default(message: ReceivedMessage, *, when: str) -> None:
    """The same."""


async def nothing_taken() -> None:
    """No message."""


@pytest.mark.parametrize("handler", [no_handler, no_default, nothing_taken, print])
async def test_what_is_no_handler_is_refused_at_once(here: World, handler: object) -> None:
    """The first command would find it out, and its sender would wait."""
    with pytest.raises(InvalidValueError):
        here.bach.on_command("do")(handler)  # type: ignore[arg-type] # that is the point


@pytest.mark.parametrize("commands", [(), ("",), ("two words",), (5,)])
async def test_what_is_no_command_is_refused_at_once(here: World, commands: tuple[str, ...]) -> None:
    """Nobody could ever write it."""
    with pytest.raises(InvalidValueError):
        here.bach.on_command(*commands)


async def test_a_command_has_one_handler(here: World) -> None:
    """Which of two runs would depend on the order of imports."""
    here.bach.on_command("do")(no_words)
    with pytest.raises(InvalidValueError, match="no handler yet"):
        here.bach.on_command("do")(no_words)


async def no_words(message: ReceivedMessage) -> None:
    """A handler."""
