"""What handlers may do to BACH: it costs their own message, or one clear sentence before anything runs."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import cast, override

import pytest

from bach_lib import BachError, InboxStatus, InvalidValueError, ReceivedMessage
from bach_lib.errors import StoreFailedError
from bach_lib.testing import World
from tests.lib.handling.patience import until


class OddError(BaseException):
    """No `Exception`, as some libraries have."""


def cancels_itself() -> None:
    """As a library does whose own time is over."""
    task = asyncio.current_task()
    assert task
    task.cancel()


def raising(error: BaseException) -> Callable[[], None]:
    """Something that raises it."""

    def work() -> None:
        raise error

    return work


FAILING: dict[str, tuple[Callable[[], object], str]] = {
    "an error": (raising(LookupError("secret")), "LookupError"),
    "no text": (raising(Exception()), "Exception"),
    "a BaseException": (raising(OddError("secret")), "OddError"),
    "the end of a generator": (raising(GeneratorExit()), "GeneratorExit"),
    "the end of an iteration": (raising(StopIteration("secret")), "RuntimeError"),
    "a group": (raising(BaseExceptionGroup("secret", [OddError()])), "BaseExceptionGroup"),
    "somebody else's cancellation": (raising(asyncio.CancelledError("secret")), "CancelledError"),
    "its own cancellation": (cancels_itself, "CancelledError"),
    "an error of BACH": (raising(StoreFailedError(path="secret", reason="full")), "StoreFailedError"),
    "a very long name": (raising(type("E" * 500, (Exception,), {})()), "E" * 50),
}


@pytest.mark.parametrize("case", FAILING)
async def test_whatever_a_handler_raises_costs_its_own_message(
    here: World, caplog: pytest.LogCaptureFixture, case: str
) -> None:
    """What the same person writes next would never be dealt with, and nobody would read why."""
    bach, platform, clock = here
    work, named = FAILING[case]
    seen: list[str] = []

    @bach.on_command("do")
    async def do(message: ReceivedMessage, what: str) -> None:
        seen.append(what)
        if what == "bad":
            work()
            await asyncio.sleep(0)

    platform.says("/do bad")
    platform.says("/do good")
    await clock.advance(120)
    assert seen == [*["bad"] * 5, "good"]
    [aside] = await bach.inbox(status=InboxStatus.UNREAD)
    assert (aside.is_set_aside, aside.handling["error"]) == (True, named)
    assert f"failed, try 5: {named}\n" in caplog.text
    assert "secret" not in caplog.text


async def test_a_handler_that_hangs_holds_up_its_own_person_only(here: World, caplog: pytest.LogCaptureFixture) -> None:
    """Ten of them would stop every command of everybody, without a word."""
    bach, platform, clock = here
    people = frozenset(str(number) for number in range(42, 55))
    await bach.registry.update("home", allowed=people)
    seen: list[str] = []

    @bach.on_command("hang")
    async def hang(message: ReceivedMessage) -> None:
        seen.append(message.sender_id)
        await asyncio.Event().wait()

    @bach.on_command("do")
    async def do(message: ReceivedMessage) -> None:
        seen.append(f"{message.sender_id} does")

    for person in sorted(people)[:10]:
        platform.says("/hang", sender=person)
        platform.says("/do", sender=person)
    platform.says("/do", sender="54")
    await until(clock, lambda: len(seen) == 10)
    await clock.advance(61)
    assert seen[10:] == ["54 does"]
    assert caplog.text.count("has been running for a minute; what the same person writes there waits for it") == 10
    platform.says("/hang", sender="53")
    await until(clock, lambda: seen[11:] == ["53"])


@pytest.mark.parametrize("returned", ["Good evening", 0, False, ["a"]])
async def test_what_a_handler_returns_is_nobodys_and_the_log_says_so(
    here: World, caplog: pytest.LogCaptureFixture, returned: object
) -> None:
    """Somebody would wait for an answer that was returned and not sent."""
    bach, platform, clock = here

    async def light(message: ReceivedMessage) -> object:
        return returned

    bach.on_command("light")(light)  # type: ignore[arg-type] # that is the point
    platform.says("/light")
    await clock.settle()
    assert f"returned {type(returned).__name__}, which nobody gets; only message.answer answers" in caplog.text
    assert await bach.inbox(status=InboxStatus.UNREAD) == []


async def test_what_promised_to_be_awaited_and_is_not_costs_its_message(here: World) -> None:
    """A wrapper that lost an `async` would stop what its person writes."""
    bach, platform, clock = here
    lost = cast("Callable[[ReceivedMessage], Awaitable[None]]", lambda _: None)
    bach.on_command("light")(inspect.markcoroutinefunction(lost))
    platform.says("/light")
    await clock.advance(120)
    [aside] = await bach.inbox()
    assert (aside.is_set_aside, aside.handling["error"]) == (True, "TypeError")


class Hook:
    """Things that are handlers, and things that look like it."""

    async def method(self, message: ReceivedMessage) -> None:
        """A handler."""

    async def __call__(self, message: ReceivedMessage) -> None:
        """A handler as well."""

    @override
    def __str__(self) -> str:
        raise ZeroDivisionError


async def free(message: ReceivedMessage, word: str = "") -> None:
    """A handler."""


def plain(message: ReceivedMessage) -> Awaitable[None]:
    """None, as far as anybody can see: what it returns shows only when it is called."""
    return free(message)


async def generator(message: ReceivedMessage) -> object:
    """None."""
    yield message


@pytest.mark.parametrize("handler", [Hook().method, Hook(), partial(free, word="x"), free])
async def test_each_way_to_write_a_handler_is_one(here: World, handler: Callable[..., Awaitable[None]]) -> None:
    """A method of somebody's class, or what a partial makes of a function, would be refused."""
    here.bach.on_command("do")(handler)
    here.platform.says("/do")
    await here.clock.settle()
    assert await here.bach.inbox(status=InboxStatus.UNREAD) == []


@pytest.mark.parametrize("handler", [None, 5, "do", plain, generator, Hook])
async def test_what_is_none_is_said_in_one_sentence(here: World, handler: Callable[..., Awaitable[None]]) -> None:
    """The first command would find it out, and its sender would wait."""
    with pytest.raises(InvalidValueError, match=r"is not possible for a handler\. Use an asynchronous function\.$"):
        here.bach.on_command("do")(handler)
    here.bach.on_command("do")(free)  # nothing is half registered


@pytest.mark.parametrize(
    "name",
    [
        "ä",
        "two words",
        "../a",
        "a@bot",
        "//a",
        "/",
        "a" * 65,
        "light!",
        "\u202elight",
        "a\0",
        b"light",
        ["a"],
        Hook(),
        free,
    ],
)
async def test_an_odd_name_is_refused_with_all_others(here: World, name: str) -> None:
    """Nobody could ever write it; and of two names one would be there."""
    with pytest.raises(InvalidValueError, match=r'Use a word of .*, as in @bach\.on_command\("light"\)\.$'):
        here.bach.on_command("good", name)
    here.bach.on_command("good")(free)


@pytest.mark.parametrize("name", [" Light ", "/light", "LIGHT", "__class__", "0", "-", "a" * 64])
async def test_a_name_that_can_be_written_is_one(here: World, name: str) -> None:
    """A command that a platform takes would have no handler."""
    here.bach.on_command(name)(free)
    here.platform.says(f"/{name.strip().removeprefix('/')}")
    await here.clock.settle()
    assert await here.bach.inbox(status=InboxStatus.UNREAD) == []


async def test_a_loop_that_was_not_waited_for_loses_nothing(here: World) -> None:
    """Who looks for a message for a moment, again and again, would never be given the one that came just then."""
    bach, platform, clock = here
    loop = bach.received()
    for waited in (*range(1, 40), *range(40, 8_000, 80)):  # a server takes longer
        platform.says(f"message {waited}")
        await clock.settle()
        asking = asyncio.ensure_future(anext(loop))
        for _ in range(waited):
            await asyncio.sleep(0)
        asking.cancel()
        with suppress(asyncio.CancelledError):
            await asking
        message = asking.result() if not asking.cancelled() else await anext(loop)
        assert (message.text, message.tries) == (f"message {waited}", 1)
        await message.done()
        if not asking.cancelled():
            return
    pytest.fail("it takes more than 8,000 turns")


async def test_a_disk_that_fails_in_a_loop_costs_no_message(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message whose try could not be counted would be passed over by the same loop."""
    bach, platform, clock = here
    unhandled = bach._open_parts.inbox.unhandled
    begin, failures = unhandled.begin, [StoreFailedError(path="bach.db", reason="full")]

    async def failing(incoming_id: int) -> object:
        if failures:
            raise failures.pop()
        return await begin(incoming_id)

    monkeypatch.setattr(unhandled, "begin", failing)
    loop = bach.received()
    platform.says("one")
    platform.says("two")
    await clock.settle()
    with pytest.raises(StoreFailedError):
        await anext(loop)
    assert [(await anext(loop)).text for _ in range(2)] == ["one", "two"]


WRONG_ANSWERS: dict[str, Callable[[ReceivedMessage], Awaitable[object]]] = {
    "a number": lambda message: message.answer(42),  # type: ignore[arg-type] # that is the point
    "nothing": lambda message: message.answer(""),
    "no text": lambda message: message.answer(None),  # type: ignore[arg-type] # that is the point
    "a priority of words": lambda message: message.answer("x", priority="high"),  # type: ignore[arg-type] # that is the point
    "a key of numbers": lambda message: message.answer("x", idempotency_key=5),  # type: ignore[arg-type] # that is the point
    "a list for buttons": lambda message: message.answer("x", buttons=["Yes"]),  # type: ignore[list-item] # that is the point
    "a path for a file": lambda message: message.answer("x", files=["a.txt"]),  # type: ignore[list-item] # that is the point
    "an emoji that is none": lambda message: message.react(5),  # type: ignore[arg-type] # that is the point
    "another text for nothing": lambda message: message.edit("x"),
}


@pytest.mark.parametrize("case", WRONG_ANSWERS)
async def test_a_wrong_answer_is_said_and_nothing_goes(here: World, case: str) -> None:
    """An AttributeError from inside would be all that somebody reads; or half an answer would go."""
    here.platform.says("hello")
    await here.clock.settle()
    message = await anext(aiter(here.bach.received()))
    with pytest.raises(BachError):
        await WRONG_ANSWERS[case](message)
    await here.clock.settle()
    assert here.platform.sent == []
    await message.answer("good")  # under the key of the first that went
    await here.clock.settle()
    assert here.platform.texts == ["good"]


async def test_what_is_called_after_bach_is_closed_says_so(here: World) -> None:
    """A handler that goes on would end in an error from inside, or its answer vanish."""
    here.platform.says("hello")
    await here.clock.settle()
    message = await anext(aiter(here.bach.received()))
    await here.bach.close()
    for call in (lambda: message.answer("x"), message.done):
        with pytest.raises(BachError, match="BACH is not open"):
            await call()
