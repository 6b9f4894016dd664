"""Faults on request: what a platform, a proxy or a network does on a bad day, in the order a test wants it."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import Self

import orjson

from bach_lib.testing.discord import errors
from bach_lib.testing.discord.errors import ApiError
from bach_lib.testing.discord.limits import told_to_wait

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
class Fault:
    """One way to fail. Build it with the class methods, hand it to `DiscordServer.fail`."""

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
    def refusal(cls, name: str, error: ApiError) -> Self:
        """Any refusal of Discord."""
        headers = told_to_wait(error) if error.status == 429 else {}
        body = orjson.dumps(error.as_json())
        return cls(name=name, effect=Effect.ANSWER, status=error.status, body=body, headers=headers)

    @classmethod
    def unauthorized(cls) -> Self:
        """401, as after the token was reset."""
        return cls.refusal("unauthorized", errors.unauthorized())

    @classmethod
    def unknown(cls, what: str = "Channel") -> Self:
        """404, as for a channel, message or webhook that was deleted."""
        return cls.refusal("unknown", errors.unknown(what))

    @classmethod
    def forbidden(cls) -> Self:
        """403, as for a channel where the bot may not write."""
        return cls.refusal("forbidden", errors.missing_permissions())

    @classmethod
    def too_many_requests(cls, retry_after: float = 1.0, *, everywhere: bool = False) -> Self:
        """429: come back in `retry_after` seconds, to this call or (`everywhere`) to any."""
        return cls.refusal("too_many_requests", errors.too_many_requests(retry_after, everywhere=everywhere))

    @classmethod
    def banned(cls) -> Self:
        """429 from what stands before Discord: a page, no JSON, and nobody went `Via` it."""
        page = b"<html><head><title>Access denied</title></head><body>You are being rate limited</body></html>"
        headers = {"Retry-After": "3600"}
        return cls._foreign("banned", 429, page, headers)

    @classmethod
    def server_error(cls, status: int = 502) -> Self:
        """A 5xx in the form of Discord."""
        return cls.refusal("server_error", ApiError(status, 0, f"{status}: {HTTPStatus(status).phrase}"))

    @classmethod
    def garbage(cls) -> Self:
        """200 with a web page: a captive portal answers in the platform's place."""
        return cls._foreign("garbage", 200, CAPTIVE_PORTAL, {})

    @classmethod
    def redirect(cls, location: str) -> Self:
        """302 to somewhere else, as something on the way that wants to be asked first."""
        return cls._foreign("redirect", 302, b"", {"Location": location})

    @classmethod
    def _foreign(cls, name: str, status: int, body: bytes, headers: Mapping[str, str]) -> Self:
        return cls(
            name=name,
            effect=Effect.ANSWER,
            status=status,
            body=body,
            content_type="text/html",
            headers=headers,
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


class ActiveFault:
    """A fault that waits for its calls; what `DiscordServer.fail` hands out.

    `hits` counts the calls it struck. `release` lets hanging calls go on and ends the fault, `remove` only ends it.
    """

    def __init__(self, fault: Fault, *, times: int | None, calls: Collection[str], channel: int | None) -> None:
        self.fault = fault
        self.hits = 0
        self.released = asyncio.Event()
        self._left = times
        self._calls = frozenset(calls)
        self._channel = channel

    def remove(self) -> None:
        """Strike no further call."""
        self._left = 0

    def release(self) -> None:
        """Let the calls that hang go on, and strike no further one."""
        self.remove()
        self.released.set()

    def strike(self, call: str, channel: int | None) -> bool:
        """True when this call is to fail; it is counted then."""
        if self._left == 0 or (self._calls and call not in self._calls):
            return False
        if self._channel is not None and self._channel != channel:
            return False
        self.hits += 1
        if self._left is not None:
            self._left -= 1
        return True


class FaultScript:
    """The faults in the order they were asked for; the first that fits strikes."""

    def __init__(self) -> None:
        self.faults: list[ActiveFault] = []

    def find(self, call: str, channel: int | None, *, early: bool) -> ActiveFault | None:
        """The fault for a call; `early`: its body has not been read."""
        for active in self.faults:
            if (active.fault.stage is Stage.BEFORE_READ) is early and active.strike(call, channel):
                return active
        return None

    def clear(self) -> None:
        """End all faults; calls that hang go on."""
        for active in self.faults:
            active.release()
        self.faults.clear()
