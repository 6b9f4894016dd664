"""Faults on request: what a platform, a proxy or a network does on a bad day, in the order a test wants it."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Self

import orjson

from bach_lib.testing.telegram import errors
from bach_lib.testing.telegram.errors import ApiError

CAPTIVE_PORTAL = b"<!DOCTYPE html><html><body>Please accept the terms of use to go online.</body></html>"
PROXY_PAGE = (
    b"<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>"
)


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
    """One way to fail. Build it with the class methods, hand it to `TelegramServer.fail`."""

    name: str
    effect: Effect
    stage: Stage = Stage.BEFORE_HANDLING
    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    retry_after: int | None = None
    seconds: float | None = None  # of a wait; None waits until released
    is_foreign: bool = False  # something answers in the platform's place

    @classmethod
    def refusal(cls, name: str, error: ApiError) -> Self:
        """Any refusal of the Bot API."""
        body = orjson.dumps(error.as_json())
        return cls(name=name, effect=Effect.ANSWER, status=error.code, body=body, retry_after=error.retry_after)

    @classmethod
    def unauthorized(cls) -> Self:
        """401, as after the token was revoked."""
        return cls.refusal("unauthorized", errors.unauthorized())

    @classmethod
    def chat_not_found(cls) -> Self:
        """400, as for a chat the bot has never seen."""
        return cls.refusal("chat_not_found", errors.bad_request("chat not found"))

    @classmethod
    def forbidden(cls, reason: str = "bot was blocked by the user") -> Self:
        """403 with the given reason."""
        return cls.refusal("forbidden", errors.forbidden(reason))

    @classmethod
    def too_many_requests(cls, retry_after: int = 1) -> Self:
        """429: come back in `retry_after` seconds."""
        return cls.refusal("too_many_requests", errors.too_many_requests(retry_after))

    @classmethod
    def server_error(cls, status: int = 502) -> Self:
        """A 5xx in the form of the Bot API."""
        return cls.refusal("server_error", ApiError(status, HTTPStatus(status).phrase))

    @classmethod
    def conflict(cls) -> Self:
        """409, as when a second program polls with the same token."""
        return cls.refusal("conflict", errors.other_poller())

    @classmethod
    def migrated(cls, new_chat_id: int) -> Self:
        """400 with `migrate_to_chat_id`, as when a group became a supergroup."""
        return cls.refusal("migrated", errors.migrated(new_chat_id))

    @classmethod
    def garbage(cls) -> Self:
        """200 with a web page: a captive portal answers in the platform's place."""
        return cls._page("garbage", 200, CAPTIVE_PORTAL)

    @classmethod
    def proxy_page(cls) -> Self:
        """502 with a web page: a proxy answers in the platform's place."""
        return cls._page("proxy_page", 502, PROXY_PAGE)

    @classmethod
    def _page(cls, name: str, status: int, body: bytes) -> Self:
        return cls(name=name, effect=Effect.ANSWER, status=status, body=body, content_type="text/html", is_foreign=True)

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
    """A fault that waits for its calls; what `TelegramServer.fail` hands out.

    `hits` counts the calls it struck. `release` lets hanging calls go on and ends the fault, `remove` only ends it.
    """

    def __init__(self, fault: Fault, *, times: int | None, methods: Collection[str], chat_id: int | None) -> None:
        if fault.stage is Stage.BEFORE_READ and chat_id is not None:
            raise ValueError(f"{fault.name} strikes before the chat is known; limit it by methods")
        self.fault = fault
        self.hits = 0
        self.released = asyncio.Event()
        self._left = times
        self._methods = frozenset(method.lower() for method in methods)
        self._chat_id = None if chat_id is None else str(chat_id)

    def remove(self) -> None:
        """Strike no further call."""
        self._left = 0

    def release(self) -> None:
        """Let the calls that hang go on, and strike no further one."""
        self.remove()
        self.released.set()

    def strike(self, method: str, chat_id: str | None) -> bool:
        """True when this call is to fail; it is counted then. `method` is in lower case."""
        if self._left == 0 or (self._methods and method not in self._methods):
            return False
        if self._chat_id is not None and self._chat_id != chat_id:
            return False
        self.hits += 1
        if self._left is not None:
            self._left -= 1
        return True


class FaultScript:
    """The faults in the order they were asked for; the first that fits strikes."""

    def __init__(self) -> None:
        self.faults: list[ActiveFault] = []

    def before_read(self, method: str) -> ActiveFault | None:
        """The fault for a call whose body has not been read."""
        return self._find(method, None, early=True)

    def after_read(self, method: str, chat_id: str) -> ActiveFault | None:
        """The fault for a call whose arguments are known."""
        return self._find(method, chat_id, early=False)

    def clear(self) -> None:
        """End all faults; calls that hang go on."""
        for active in self.faults:
            active.release()
        self.faults.clear()

    def _find(self, method: str, chat_id: str | None, *, early: bool) -> ActiveFault | None:
        for active in self.faults:
            if (active.fault.stage is Stage.BEFORE_READ) is early and active.strike(method, chat_id):
                return active
        return None
