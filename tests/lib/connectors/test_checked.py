"""Whatever the code of a connector does, what comes over the border keeps to the contract, and the mistake is named."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from enum import StrEnum
from typing import cast, override

import pytest

from bach_lib import foreign
from bach_lib.connectors import checked as border
from bach_lib.connectors.base import Batch, Incoming, Setup, Unreadable
from bach_lib.connectors.capabilities import Rate
from bach_lib.connectors.checked import Checked, checked_class
from bach_lib.connectors.mistakes import WrongAnswerError
from bach_lib.errors import BachError, ConnectorFailedError, InvalidRecipientError
from bach_lib.models import Candidate, Connection, Fault, Identity, Loss
from bach_lib.models.incoming import Media
from bach_lib.outcomes import Dead, Retry, Scope, Sent, Uncertain, Wait
from bach_lib.testing import FakeClock
from tests.lib.connectors.sloppy import Sloppy, sloppy
from tests.lib.inbound.make import incoming
from tests.lib.outbound.make import message

TEXTLESS = Unreadable(raw=cast("str", 1), reason="")
WHY = Fault(code="refused", text="no")
MEDIA = Media(type="photo", reference="1")


class Word(StrEnum):
    """A text that is of another type."""

    ID = "17"


def wrong[T](made: T, **fields: object) -> T:
    """With values that its type does not allow."""
    for name, value in fields.items():
        object.__setattr__(made, name, value)
    return made


def returns(value: object) -> Callable[..., object]:
    """An asynchronous method that returns it."""

    async def method(*_: object) -> object:
        return value

    return method


def raises(error: BaseException) -> Callable[..., object]:
    """An asynchronous method that raises it."""

    async def method(*_: object) -> object:
        raise error

    return method


def at_once(value: object) -> Callable[..., object]:
    """A method that should be asynchronous, and is not."""
    return lambda *_: value


def fails_at_once(error: BaseException) -> Callable[..., object]:
    """A method that raises before anybody can wait for it."""

    def method(*_: object) -> object:
        raise error

    return method


async def hangs(*_: object) -> None:
    """Never ends by itself."""
    await asyncio.Event().wait()


async def stays(*_: object) -> None:
    """Does not even end when it is cancelled, for as long as anybody here would wait."""
    for _turn in range(2):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            continue


async def generated(*_: object) -> AsyncIterator[int]:
    """Somebody confused yielding with returning."""
    yield 1


def yielding(*_: object) -> Iterator[int]:
    """The same without waiting for anything."""
    yield 1


class Lazy:
    """What can be looked at only once somebody needs it, and then fails."""

    def __get__(self, instance: object, owner: object) -> object:
        raise LookupError("lazily")


def cancelled(*_: object) -> asyncio.Future[object]:
    """A log-in that several share, and that somebody has cancelled."""
    future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
    future.cancel()
    return future


class Odd(Exception):  # noqa: N818 - as others name theirs
    """It cannot even say what it is."""

    @override
    def __repr__(self) -> str:
        raise ValueError


ANYWHERE: dict[str, object] = {
    "an exception": raises(LookupError("id")),
    "one that is none": raises(BaseException("odd")),
    "one that says nothing": raises(Odd()),
    "a cancellation that nobody asked for": raises(asyncio.CancelledError()),
    "a cancelled future": cancelled,
    "an end of iteration": raises(StopAsyncIteration()),
    "an exit of a generator": raises(GeneratorExit()),
    "it raises before it begins": fails_at_once(LookupError("id")),
    "it is not asynchronous": at_once(None),
    "a generator": yielding,
    "an asynchronous generator": generated,
    "no function": "text",
    "nothing at all": None,
    "a property that fails": Lazy(),
    "it wants other arguments": lambda: None,
}
"""What any method can do wrong."""

SEND: dict[str, object] = {
    "nothing": None,
    "True": True,
    "a class": Sent,
    "a text": "sent",
    "another's class": Fault,
    "a fault": WHY,
    "an exception that is returned": LookupError(),
    "a Fault without a text": Dead(fault=wrong(Fault(code="c", text=""), text=None)),
    "a Fault without a code": Dead(fault=wrong(Fault(code="c", text=""), code=7)),
    "a Fault with a wish in words": Dead(fault=wrong(Fault(code="c", text=""), retry_after="soon")),
    "Dead without a Fault": wrong(Dead(fault=WHY), fault=None),
    "Dead with the class": wrong(Dead(fault=WHY), fault=Fault),
    "Wait in words": Wait(seconds=cast("float", "3"), fault=WHY, scope=Scope.MESSAGE),
    "Wait for a truth": Wait(seconds=True, fault=WHY, scope=Scope.MESSAGE),
    "Wait for nothing": Wait(seconds=cast("float", None), fault=WHY, scope=Scope.MESSAGE),
    "Wait of no scope": Wait(seconds=3, fault=WHY, scope=cast("Scope", "all")),
    "Retry of no scope": Retry(fault=WHY, scope=cast("Scope", None)),
    "Retry written in words": Retry(fault=WHY, scope=Scope.MESSAGE, written=cast("bool", "no")),
    "Uncertain in words": Uncertain(fault=WHY, repeatable=cast("bool", "no")),
    "an id in a mapping": Sent(remote_id=cast("str", {"id": 1})),
    "an id that is a number": Sent(remote_id=cast("str", 17)),
    "an id of bytes": Sent(remote_id=cast("str", b"17")),
    "an id without end": Sent(remote_id="9" * 100_000),
    "an id with half a character": Sent(remote_id="\ud800"),
    "moved to a number": Sent(moved_to=cast("str", -100)),
    "degraded in words": Sent(degraded=cast("bool", "yes")),
    "losses that are a text": Sent(losses=cast("tuple[Loss, ...]", "file")),
    "losses of texts": Sent(losses=cast("tuple[Loss, ...]", ("file",))),
    "a loss without a reason": Sent(losses=(wrong(Loss(what="file", reason=""), reason=None),)),
    "too many losses": Sent(losses=(Loss(what="file", reason=""),) * 1000),
    "sightings that are none": Sent(sightings=cast("tuple[()]", None)),
    "sightings of texts": Sent(sightings=cast("tuple[()]", ("-100",))),
}

CHECK: dict[str, object] = {
    "nothing": None,
    "True": True,
    "the class": Identity,
    "an id that is a number": Identity(id=cast("str", 1), name="ours"),
    "no name": Identity(id="1", name=cast("str", None)),
    "a version that is a number": Identity(id="1", name="ours", version=cast("str", 7)),
    "a notice in words": Identity(id="1", name="ours", notice=cast("Fault", "slow")),
    "accepted in words": Identity(id="1", name="ours", accepted=cast("bool", "yes")),
}

RECEIVE: dict[str, object] = {
    "nothing": None,
    "a list": [],
    "the class": Batch,
    "messages that are none": wrong(Batch(messages=(), cursor=None), messages=None),
    "messages that are a text": wrong(Batch(messages=(), cursor=None), messages="hi"),
    "messages that somebody still generates": wrong(Batch(messages=(), cursor=None), messages=(x for x in "a")),
    "a cursor that is a number": Batch(messages=(), cursor=cast("str", 9)),
    "a cursor without end": Batch(messages=(), cursor="9" * 100_000),
    "a time in words": Batch(messages=(), cursor=None, told_at=cast("float", "now")),
    "a time that is a truth": Batch(messages=(), cursor=None, told_at=True),
    "a time that is no number": Batch(messages=(), cursor=None, told_at=float("nan")),
    "complete in words": Batch(messages=(), cursor=None, is_complete=cast("bool", "yes")),
    "a notice in words": Batch(messages=(), cursor=None, notice=cast("Fault", "slow")),
    "a text set aside": Batch(messages=(), cursor=None, unreadable=cast("tuple[Unreadable, ...]", ("bad",))),
    "set aside without a text": Batch(
        messages=(), cursor=None, unreadable=(wrong(Unreadable(raw="", reason=""), raw=1),)
    ),
    "sightings that are none": Batch(messages=(), cursor=None, sightings=cast("tuple[()]", 5)),
}

FETCH: dict[str, object] = {"nothing": None, "a text": "bytes", "too much": b"12345678901", "a list": [1, 2]}
FIND: dict[str, object] = {
    "nothing": None,
    "a place": Candidate(recipient="1", title="t", kind="k"),
    "texts": ["42"],
    "a number": [Candidate(recipient=cast("str", 42), title="t", kind="k")],
    "a generator": iter([]),
}
WHOSE: dict[str, object] = {"a number": 17, "bytes": b"17", "too much": "9" * 1000, "the class": Fault}
PREVIEW: dict[str, object] = {"nothing": None, "a number": 1, "a text": "yes"}
WRONG = {
    "send": SEND,
    "check": CHECK,
    "receive": RECEIVE,
    "fetch": FETCH,
    "find": FIND,
    "whose": WHOSE,
    "preview": PREVIEW,
}
GIVEN: dict[str, tuple[object, ...]] = {
    "send": (message(),),
    "check": (),
    "receive": (None,),
    "fetch": (MEDIA, 10),
    "find": ("",),
    "whose": (),
    "acknowledge": (incoming(),),
    "typing": ("42",),
    "preview": ("42", 1, "so far"),
    "reset": (),
    "close": (),
}
SILENT = frozenset({"acknowledge", "typing", "preview", "reset", "close"})
"""What has no answer that could be a fault."""


@pytest.fixture(autouse=True)
async def quick(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Nobody has minutes for what hangs, and nothing of it goes on after the test."""
    monkeypatch.setattr(border, "_SECONDS", dict.fromkeys(border._SECONDS, 0.02))
    monkeypatch.setattr(foreign, "_UNWINDING", 0.02)
    yield
    while left := tuple(foreign._left_behind):
        for task in left:
            task.cancel()
        await asyncio.wait(left)


async def call(connector: Checked, method: str) -> object:
    """One call of an asynchronous method."""
    return await getattr(connector, method)(*GIVEN[method])


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was logged as such."""
    return [one.getMessage() for one in caplog.records if one.levelno >= logging.ERROR]


def fault_in(answer: object) -> Fault:
    """The fault that an answer is, or has."""
    fault = answer.fault if isinstance(answer, Uncertain) else answer
    assert isinstance(fault, Fault), answer
    return fault


async def test_every_mistake_of_a_method_is_a_fault_with_the_connectors_name(
    setup: Setup, caplog: pytest.LogCaptureFixture, subtests: pytest.Subtests
) -> None:
    """A message would be on its way for ever, health be good, or the error end what carries everybody's messages."""
    rows = [(method, name, what) for method in GIVEN for name, what in ANYWHERE.items()]
    rows += [(method, name, returns(answer)) for method, answers in WRONG.items() for name, answer in answers.items()]
    assert len(rows) > 200
    for method, name, what in rows:
        with subtests.test(method=method, mistake=name):
            caplog.clear()
            connector = checked_class("ours", sloppy(**{method: what}))(setup)
            answer = await call(connector, method)
            [said] = errors(caplog)
            assert said.startswith(f'The connector "ours" of home made a mistake: {method} ')
            assert answer in (None, False) or method not in SILENT
            if method not in SILENT:
                fault = fault_in(answer)
                assert fault.code == "internal"
                assert fault.text.startswith(f'The connector "ours" made a mistake: {method} ')


async def test_whatever_hangs_is_given_up(
    setup: Setup, caplog: pytest.LogCaptureFixture, subtests: pytest.Subtests
) -> None:
    """BACH could never be closed, and a lane would wait for ever; also for what does not listen."""
    for method in GIVEN:
        for hanging in (hangs, stays):
            with subtests.test(method=method, how=hanging.__name__):
                caplog.clear()
                connector = checked_class("ours", sloppy(**{method: hanging}))(setup)
                answer = await call(connector, method)
                if method not in SILENT:
                    assert fault_in(answer).code == "timeout"
                is_told = any(f"{method} of home goes on" in line for line in caplog.messages)
                assert is_told == (hanging is stays)


async def test_who_is_cancelled_waits_for_nobody(setup: Setup) -> None:
    """A shutdown would wait for a connector that no longer listens."""
    for hanging in (hangs, stays):
        connector = checked_class("ours", sloppy(receive=hanging))(setup)
        task = asyncio.create_task(connector.receive(None))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_what_comes_although_it_was_cancelled_is_not_lost(setup: Setup) -> None:
    """It has arrived, and would be sent again after the next start."""

    async def send(*_: object) -> Sent:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return Sent(remote_id="17")
        raise AssertionError

    connector = checked_class("ours", sloppy(send=send))(setup)
    task = asyncio.create_task(connector.send(message()))
    await asyncio.sleep(0)
    task.cancel()
    assert await task == Sent(remote_id="17")
    assert await connector.send(message()) == Sent(remote_id="17")  # after its time, too


EMPTY = Batch(messages=(), cursor=None)
RIGHT: dict[str, tuple[str, object, object]] = {
    "sent": ("send", Sent(remote_id="17", degraded=True), Sent(remote_id="17", degraded=True)),
    "an id that is a word": ("send", Sent(remote_id=Word.ID), Sent(remote_id="17")),
    "a scope that is a word": (
        "send",
        Retry(fault=WHY, scope=cast("Scope", "message")),
        Retry(fault=WHY, scope=Scope.MESSAGE),
    ),
    **{
        f"wait {asked}": (
            "send",
            Wait(seconds=asked, fault=WHY, scope=Scope.CONNECTION),
            Wait(seconds=granted, fault=WHY, scope=Scope.CONNECTION),
        )
        for asked, granted in (
            *((3, 3), (0.001, 1), (0, 1), (-5, 1), (1e9, 86_400), (10**400, 86_400)),
            *((float("inf"), 86_400), (float("nan"), 1)),
        )
    },
    **{
        f"retry after {asked}": (
            "check",
            Fault(code="c", text="t", retry_after=asked),
            Fault(code="c", text="t", retry_after=granted),
        )
        for asked, granted in ((None, None), (0, 0), (-1, None), (float("nan"), None), (float("inf"), 86_400))
    },
    "a text without end": (
        "check",
        Fault(code="c", text="a" * 100_000),
        Fault(code="c", text="(a text of 100000 characters)"),
    ),
    "who we are": ("check", Identity(id="1", name="\x1bours"), Identity(id="1", name="\ufffdours")),
    "a file in a buffer": ("fetch", bytearray(b"abc"), b"abc"),
    "a file in a view": ("fetch", memoryview(b"abc"), b"abc"),
    "a preview that is shown": ("preview", True, True),
    "a preview that is not": ("preview", False, False),
    "no account": ("whose", None, None),
    "an account": ("whose", "17", "17"),
    "places": (
        "find",
        (Candidate(recipient="1", title="t", kind="k"),),
        [Candidate(recipient="1", title="t", kind="k")],
    ),
    "a batch": ("receive", Batch(messages=(incoming(),), cursor="9"), Batch(messages=(incoming(),), cursor="9")),
    "a list of messages": ("receive", wrong(replace(EMPTY), messages=[]), EMPTY),
}


async def test_what_is_right_passes(setup: Setup, caplog: pytest.LogCaptureFixture, subtests: pytest.Subtests) -> None:
    """The platform's id would be lost, or a server with a mistake in it silence a connection for years."""
    for name, (method, given, expected) in RIGHT.items():
        with subtests.test(what=name):
            found = await call(checked_class("ours", sloppy(**{method: returns(given)}))(setup), method)
            assert found == expected or [*found.messages] == [*expected.messages]  # type: ignore[attr-defined] # of batches
            assert type(getattr(found, "remote_id", None)) in (str, type(None))
    assert errors(caplog) == []


SECRET = "s3cr3t-t0k3n"
LEAK = Fault(code="unreachable", text=f"GET https://example.org/bot{SECRET}/send failed")


async def test_nothing_that_is_told_holds_a_secret(setup: Setup, caplog: pytest.LogCaptureFixture) -> None:
    """A library that quotes the address would put the token on disk, into events, the log and on the dashboard."""
    setup = wrong(setup, secrets={"token": SECRET})
    answers: list[object] = [
        *(("send", one) for one in (Dead(fault=LEAK), Uncertain(fault=LEAK), Retry(fault=LEAK, scope=Scope.MESSAGE))),
        ("send", Wait(seconds=1, fault=LEAK, scope=Scope.MESSAGE)),
        ("send", Sent(losses=(Loss(what="file", reason=LEAK.text),))),
        *((method, LEAK) for method in ("check", "receive", "fetch", "find", "whose")),
        ("receive", Batch(messages=(), cursor=None, notice=LEAK)),
        ("check", Identity(id="1", name=LEAK.text, notice=LEAK)),
        ("find", [Candidate(recipient="1", title=LEAK.text, kind="k")]),
    ]
    with caplog.at_level(logging.DEBUG):
        for method, answer in cast("list[tuple[str, object]]", answers):
            found = await call(checked_class("ours", sloppy(**{method: returns(answer)}))(setup), method)
            assert SECRET not in repr(found)
            assert "***" in repr(found)
        for method in GIVEN:
            found = await call(checked_class("ours", sloppy(**{method: raises(LookupError(LEAK.text))}))(setup), method)
            assert SECRET not in repr(found)
    assert SECRET not in caplog.text
    assert (
        "made a mistake: send raised LookupError: LookupError('GET https://example.org/bot***/send failed')"
        in caplog.text
    )


async def test_who_wrote_it_learns_where(setup: Setup, caplog: pytest.LogCaptureFixture) -> None:
    """A bug in a connector would be looked for in all of it; and no value may stand there, for it may be a secret."""

    async def send(*_: object) -> object:
        words = {"private": "words"}
        return words["id"]

    connector = checked_class("ours", sloppy(send=send))(setup)
    with caplog.at_level(logging.DEBUG):
        await connector.send(message())
    place = next(one for one in caplog.messages if one.startswith("Where send of home raised KeyError('id'):"))
    assert f'File "{__file__}", line {send.__code__.co_firstlineno + 2}, in send' in place
    assert "private" not in place
    assert "return words" not in place


async def test_the_same_mistake_is_an_error_once_an_hour(
    setup: Setup, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """A thousand messages would write a thousand lines, or a second kind of mistake none."""
    connector = checked_class("ours", sloppy(rates=at_once(None), send=returns(None)))(setup)
    for _ in range(3):
        connector.rates("42")
        await connector.send(message())
    assert len(errors(caplog)) == 2
    await clock.advance(3600)
    connector.rates("42")
    assert len(errors(caplog)) == 3


RATES: dict[str, object] = {
    "it raises": fails_at_once(LookupError("id")),
    "it raises a cancellation": fails_at_once(asyncio.CancelledError()),
    "it is asynchronous": returns({}),
    "nothing": at_once(None),
    "a list": at_once([Rate(count=1, per=1)]),
    "a number": at_once({"account": 5}),
    "under a number": at_once({5: Rate(count=1, per=1)}),
    "nothing ever": lambda *_: {"account": Rate(count=0, per=1)},
    "in no time": lambda *_: {"account": Rate(count=1, per=0)},
    "no number": lambda *_: {"account": Rate(count=1, per=float("nan"))},
    "in words": lambda *_: {"account": Rate(count=cast("int", "1"), per=1)},
    "a property that fails": Lazy(),
}


async def test_limits_that_cannot_be_told_are_none(
    setup: Setup, caplog: pytest.LogCaptureFixture, subtests: pytest.Subtests
) -> None:
    """All messages would wait for ever, with a good health and no word in the log."""
    for name, what in RATES.items():
        with subtests.test(mistake=name):
            caplog.clear()
            assert checked_class("ours", sloppy(rates=what))(setup).rates("42") == {}
            [said] = errors(caplog)
            assert said.startswith('The connector "ours" of home made a mistake: rates ')
    limits = {"account": Rate(count=1, per=1)}
    assert checked_class("ours", sloppy(rates=at_once(limits)))(setup).rates("42") == limits


FORMS: dict[str, object] = {
    "a number": at_once(42),
    "nothing": at_once(None),
    "it raises": fails_at_once(AttributeError("strip")),
    "it raises something else": fails_at_once(BaseException("odd")),
    "it raises an error of BACH without its words": lambda *_: InvalidRecipientError(recipient="42"),  # type: ignore[call-arg] # that is the point
    "it is asynchronous": returns("42"),
    "half a character": at_once("\ud800"),
    "without end": at_once("9" * 100_000),
    "no function": 5,
    "a property that fails": Lazy(),
}


async def test_an_address_that_cannot_be_brought_to_its_form_names_the_connector(subtests: pytest.Subtests) -> None:
    """`send` would raise an AttributeError from the inside, for which nobody looks in the connector."""
    for name, what in FORMS.items():
        made = staticmethod(what) if callable(what) else what
        for method in ("normalize_recipient", "normalize_sender"):
            with subtests.test(mistake=name, method=method):
                kind = checked_class("ours", sloppy(**{method: made}))
                with pytest.raises(ConnectorFailedError, match=f'^The connector "ours" made a mistake: {method} '):
                    getattr(kind, method)("42")
    refused = InvalidRecipientError(recipient="42", type="ours", expected="one word")
    kind = checked_class("ours", sloppy(normalize_recipient=staticmethod(fails_at_once(refused))))
    with pytest.raises(InvalidRecipientError):
        kind.normalize_recipient("42")
    with pytest.raises(InvalidRecipientError):
        kind.normalize_sender("42")


async def test_what_may_be_missing_is_done_without(setup: Setup) -> None:
    """A connector from before there was something new would fail with it."""
    kind = checked_class("ours", sloppy())
    connector, row = kind(setup), Connection(name="home", type="ours")
    assert await connector.whose() is None
    assert (kind.normalize_sender("42"), kind.account(row, {}), connector.is_open) == ("42", None, False)
    invitation = kind.invitation("123", None)
    assert invitation
    assert invitation.code == "123"
    with pytest.raises(BachError, match="nothing is taken here"):
        connector.pushed({}, b"")


UNFIT: dict[str, object] = {
    "none": None,
    "a text": "all",
    "the class": type(Sloppy.capabilities),
    "a mapping": {"receives": True},
    "a property": property(lambda _: Sloppy.capabilities),
    "a property that fails": Lazy(),
}


async def test_a_class_that_cannot_be_used_is_refused(subtests: pytest.Subtests) -> None:
    """It would fail with every message, somewhere inside."""
    for name, what in UNFIT.items():
        with (
            subtests.test(mistake=name),
            pytest.raises(ConnectorFailedError, match='"ours" made a mistake: capabilities'),
        ):
            checked_class("ours", sloppy(capabilities=what))
    for nothing in (None, object(), lambda _: None, "ours"):
        with pytest.raises(ConnectorFailedError, match="capabilities"):
            checked_class("ours", nothing)  # type: ignore[arg-type] # as people do


async def test_one_that_cannot_even_be_made_says_so(setup: Setup) -> None:
    """Its connection would not begin, and nobody know why."""
    for error in (LookupError("id"), asyncio.CancelledError(), BaseException("odd")):
        kind = checked_class("ours", sloppy(__init__=fails_at_once(error)))
        with pytest.raises(ConnectorFailedError, match=f"__init__ raised {type(error).__name__}"):
            kind(setup)
    refused = InvalidRecipientError(recipient="42", type="ours", expected="one word")
    with pytest.raises(InvalidRecipientError):
        checked_class("ours", sloppy(__init__=fails_at_once(refused)))(setup)


async def test_what_is_open_or_brought_is_looked_at_too(setup: Setup) -> None:
    """A request from outside would bring an error out, or a connection not begin."""
    for what in (Lazy(), "yes", None):
        assert checked_class("ours", sloppy(is_open=what))(setup).is_open is False
    for pushed in (fails_at_once(LookupError("id")), at_once(None), at_once("text"), returns([])):
        with pytest.raises((LookupError, WrongAnswerError)):
            checked_class("ours", sloppy(pushed=pushed))(setup).pushed({}, b"")
    brought = incoming()
    assert checked_class("ours", sloppy(pushed=at_once(brought)))(setup).pushed({}, b"") == brought
    assert checked_class("ours", sloppy(pushed=at_once([brought])))(setup).pushed({}, b"") == [brought]


async def test_who_polls_without_a_pause_is_given_one(
    setup: Setup, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """A connector that waits for nobody would ask its platform, and our disk, as fast as they can."""
    polls: list[str | None] = []
    news = Batch(messages=(incoming(),), cursor="9")

    def receive(answer: Batch) -> Callable[..., object]:
        async def method(_: object, cursor: str | None) -> Batch:
            polls.append(cursor)
            return answer

        return method

    async def poll(connector: Checked) -> None:
        while len(polls) < 500:
            await connector.receive("9")

    for answer in (Batch(messages=(), cursor="9"), news):
        polls.clear()
        task = asyncio.create_task(poll(checked_class("ours", sloppy(receive=receive(answer)))(setup)))
        await clock.advance(10)
        assert 10 < len(polls) < 30
        task.cancel()
        await asyncio.wait([task])
    assert "made a mistake" not in caplog.text, "a line that breaks again and again is no mistake of the connector"
    assert isinstance(news.messages[0], Incoming)
