"""What the suite's tests are made of: a test runs in an event loop of its own, against a platform that is running.

pytest needs no plugin for that, and none that is there gets in the way. What is wrong is said in a sentence, whoever
runs the suite and without the help of pytest.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import ClassVar, Protocol, override

from bach_lib.connecting import (
    Batch,
    Connector,
    Dead,
    Fault,
    Identity,
    Message,
    Outcome,
    Retry,
    Scope,
    Sent,
    Uncertain,
    Wait,
)
from bach_lib.testing.contract.platform import Platform

_PATIENCE = 60.0
"""Seconds for one test; what hangs is a fault as well."""


class Suite(Protocol):
    """A class of tests about one platform."""

    platform: ClassVar[type[Platform]]


type Test[S: Suite] = Callable[[S, Platform], Awaitable[None]]


def scenario[S: Suite](test: Test[S]) -> Callable[[S], None]:
    """Make a test of this: the platform is started for it, and stopped."""

    def run(self: S) -> None:
        async def work() -> None:
            async with asyncio.timeout(_PATIENCE), self.platform() as platform:
                await test(self, platform)

        loop = asyncio.new_event_loop()
        try:
            loop.run_until_complete(work())
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.run_until_complete(loop.shutdown_default_executor())  # `close` would not wait for its threads
            loop.close()

    # not `functools.wraps`, by which pytest would take the platform for a fixture
    run.__name__, run.__qualname__, run.__doc__ = test.__name__, test.__qualname__, test.__doc__
    run.__module__ = test.__module__
    return run


def expect(kept: bool, words: str, seen: object = None) -> None:
    """Raise `AssertionError` where a promise is broken."""
    if not kept:
        raise AssertionError(f"{words} (seen: {seen!r})")


def a_message(platform: Platform, text: str = "The garage door is open", number: int = 1) -> Message:
    """A message to the platform's person."""
    return Message(id=number, nonce=f"0a1b2c3d-{number}", connection="home", recipient=platform.recipient, text=text)


async def send(connector: Connector, message: Message) -> Outcome:
    """The outcome of an attempt, which is one of five, whatever happens outside of the process."""
    try:
        outcome = await connector.send(message)
    except Exception as error:
        raise AssertionError(f"send raised {type(error).__name__}; what a platform does is an outcome") from error
    said: object = outcome  # somebody may have forgotten to return it
    expect(isinstance(said, Sent | Retry | Wait | Dead | Uncertain), "send returns an outcome, always", said)
    return outcome


def sent(outcome: Outcome) -> Sent:
    """The outcome, if it arrived."""
    if not isinstance(outcome, Sent):
        raise AssertionError(f"the message did not arrive: {outcome!r}")
    return outcome


def code_of(outcome: Outcome) -> str:
    """The code of an outcome that blames the connection and costs the message nothing."""
    if not (isinstance(outcome, Retry) and outcome.scope is Scope.CONNECTION):
        raise AssertionError(f"this is the connection's fault, so it is Retry(scope=CONNECTION), not {outcome!r}")
    return outcome.fault.code


async def check(connector: Connector) -> Identity | Fault:
    """What a check answers, which is one of two."""
    try:
        answer: object = await connector.check()
    except Exception as error:
        raise AssertionError(f"check raised {type(error).__name__}; what a platform does is a Fault") from error
    if not isinstance(answer, Identity | Fault):
        raise AssertionError(f"check returned {answer!r}, neither an Identity nor a Fault")
    return answer


async def poll(connector: Connector, cursor: str | None) -> Batch:
    """The next poll that brings something."""
    while True:
        answer: object = await connector.receive(cursor)
        if not isinstance(answer, Batch):
            raise AssertionError(f"receive returned {answer!r}, though all is well")
        if answer.messages or answer.unreadable:
            return answer
        cursor = answer.cursor


class _Heard(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(logging.Formatter().format(record))


@contextmanager
def log() -> Iterator[list[str]]:
    """Every line that anybody logs meanwhile, of any level."""
    root, heard = logging.getLogger(), _Heard()
    level = root.level
    root.addHandler(heard)
    root.setLevel(logging.DEBUG)
    try:
        yield heard.lines
    finally:
        root.removeHandler(heard)
        root.setLevel(level)
