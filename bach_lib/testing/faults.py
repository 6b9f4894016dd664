"""Faults on request: what a platform, a proxy or a network does on a bad day, in the order a test wants it.

What the doubles of all platforms have in common; each adds the refusals of its own platform.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from aiohttp.web import BaseRequest, Response

from bach_lib.clock import Clock
from bach_lib.testing.loopback import Foreign, drop

CAPTIVE_PORTAL = b"<!DOCTYPE html><html><body>Please accept the terms of use to go online.</body></html>"


class Stage(StrEnum):
    """When a fault strikes."""

    BEFORE_READ = "before_read"
    BEFORE_HANDLING = "before_handling"
    AFTER_HANDLING = "after_handling"


class Effect(StrEnum):
    """What a fault does."""

    ANSWER = "answer"
    DROP = "drop"
    WAIT = "wait"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommonFault:
    """One way to fail, as any platform can; made with the class methods."""

    name: str
    effect: Effect
    stage: Stage = Stage.BEFORE_HANDLING
    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float | None = None  # of a wait; None waits until released
    is_foreign: bool = False  # something answers in the platform's place

    @classmethod
    def garbage(cls) -> Self:
        """200 with a web page: a captive portal answers in the platform's place."""
        return cls.foreign("garbage", 200, CAPTIVE_PORTAL)

    @classmethod
    def foreign(cls, name: str, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> Self:
        """A web page of something on the way."""
        return cls(
            name=name,
            effect=Effect.ANSWER,
            status=status,
            body=body,
            content_type="text/html",
            headers=headers or {},
            is_foreign=True,
        )

    @classmethod
    def hang(cls, *, store: bool = False) -> Self:
        """Read the request and go silent until released; with `store` the call has had its effect before that."""
        return cls(name="hang", effect=Effect.WAIT, stage=Stage.AFTER_HANDLING if store else Stage.BEFORE_HANDLING)

    @classmethod
    def latency(cls, seconds: float) -> Self:
        """Do what was asked at once, but answer `seconds` later."""
        return cls(name="latency", effect=Effect.WAIT, stage=Stage.AFTER_HANDLING, seconds=seconds)

    @classmethod
    def drop_before_read(cls) -> Self:
        """Close the connection without looking at the body: nothing has happened."""
        return cls(name="drop_before_read", effect=Effect.DROP, stage=Stage.BEFORE_READ)

    @classmethod
    def drop_after_store(cls) -> Self:
        """Do what was asked, then close the connection without a word: the client cannot know."""
        return cls(name="drop_after_store", effect=Effect.DROP, stage=Stage.AFTER_HANDLING)

    def answer(self) -> Response:
        """What it says, where its effect is an answer."""
        kind = Foreign if self.is_foreign else Response
        return kind(status=self.status, body=self.body, headers=self.headers, content_type=self.content_type)


class ActiveFault:
    """A fault that waits for its calls; what `fail` of a server hands out.

    `hits` counts the calls it struck. `release` lets hanging calls go on and ends the fault, `remove` only ends it.
    """

    def __init__(self, fault: CommonFault, *, times: int | None, calls: Collection[str], place: str | None) -> None:
        self.fault = fault
        self.hits: int = 0
        self.released: asyncio.Event = asyncio.Event()
        self._left = times
        self._calls = frozenset(calls)
        self._place = place

    def remove(self) -> None:
        """Strike no further call."""
        self._left = 0

    def release(self) -> None:
        """Let the calls that hang go on, and strike no further one."""
        self.remove()
        self.released.set()

    def strike(self, call: str, place: str | None) -> bool:
        """True when this call, which is about this chat or channel, is to fail; it is counted then."""
        if self._left == 0 or (self._calls and call not in self._calls):
            return False
        if self._place is not None and self._place != place:
            return False
        self.hits += 1
        if self._left is not None:
            self._left -= 1
        return True

    async def answer(self, request: BaseRequest, run: Callable[[], Awaitable[Response]], clock: Clock) -> Response:
        """Answer a call that it struck and whose body was read; `run` does what was asked."""
        if self.fault.effect is Effect.ANSWER:
            return self.fault.answer()
        if self.fault.stage is Stage.BEFORE_HANDLING:
            await self._hold(clock)
            return await run()
        response = await run()
        if self.fault.effect is Effect.DROP:
            return drop(request)
        await self._hold(clock)
        return response

    async def _hold(self, clock: Clock) -> None:
        if self.fault.seconds is None:
            await self.released.wait()
        else:
            await clock.sleep(self.fault.seconds)


class FaultScript:
    """The faults in the order they were asked for; the first that fits strikes."""

    def __init__(self) -> None:
        self._faults: list[ActiveFault] = []

    def add(self, active: ActiveFault) -> ActiveFault:
        """Let a fault strike after those that are there already."""
        self._faults.append(active)
        return active

    def before_read(self, call: str, place: str | None = None) -> ActiveFault | None:
        """The fault for a call whose body has not been read."""
        return self._find(call, place, early=True)

    def after_read(self, call: str, place: str | None) -> ActiveFault | None:
        """The fault for a call whose arguments are known."""
        return self._find(call, place, early=False)

    def clear(self) -> None:
        """End all faults; calls that hang go on."""
        for active in self._faults:
            active.release()
        self._faults.clear()

    def _find(self, call: str, place: str | None, *, early: bool) -> ActiveFault | None:
        for active in self._faults:
            if (active.fault.stage is Stage.BEFORE_READ) is early and active.strike(call, place):
                return active
        return None
