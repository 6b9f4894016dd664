"""The sockets through which pages ask: the frames of Home Assistant's, so that the app speaks to both alike.

A question is `{id, type, …}`, its answer `{id, type: "result", success, result | error}`; who watches gets
`{id, type: "event"}`. Who reads slowly is told once of all that happened meanwhile.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Final

from aiohttp import WSMsgType, web

from bach_lib.bach import Bach
from bach_lib.clock import Clock
from bach_lib.control.sentences import SentenceError
from bach_lib.errors import BachError
from bach_lib.events import Event
from bach_lib.field_logger import FieldLogger
from bach_lib.rest.answers import Json, RefusedError
from bach_lib.said import boxed
from bach_lib.web.app_commands import WATCH
from bach_lib.web.change_signal import Changes
from bach_lib.web.page.owner import Owner
from bach_lib.web.shared_answers import SharedAnswers
from bach_lib.web.viewer import Visit

_LOGGER = FieldLogger(__name__)

MAX_SOCKETS: Final = 32
_MAX_BYTES: Final = 1_000_000
"""Of one question: a text to be changed is the longest."""
_AT_ONCE: Final = 8
"""Questions of one page that are answered at the same time. The next one waits."""
_MAX_WATCHED: Final = 32
_UNSUBSCRIBE: Final = "unsubscribe_events"
_ALIVE: Final = 30.0
"""Seconds between two looks whether the page is still there."""


class Sockets:
    """All pages that are open."""

    def __init__(self, bach: Bach, clock: Clock) -> None:
        self._bach = bach
        self._changes = Changes(clock)
        self.answers: SharedAnswers = SharedAnswers(self._changes, clock=clock)
        self._open: set[web.WebSocketResponse] = set()
        self._is_listening = False

    async def serve(self, request: web.Request, name: str) -> web.StreamResponse:
        """Answer one page until it goes. `name`: of whoever looks. Raises `RefusedError` if there are too many."""
        if len(self._open) >= MAX_SOCKETS:
            raise RefusedError(HTTPStatus.TOO_MANY_REQUESTS, "too_many_pages", "Too many pages are open. Close one.")
        if not self._is_listening:
            self._is_listening = True
            self._bach.subscribe(Event, self._changes.note)
        socket = web.WebSocketResponse(heartbeat=_ALIVE, max_msg_size=_MAX_BYTES)
        await socket.prepare(request)
        self._open.add(socket)
        try:
            await _OpenPage(Owner(self._bach, name), self._bach, self._changes, self.answers, socket).answer_all()
        finally:
            self._open.discard(socket)
        if not socket.closed and request.transport is not None:  # what spoke was not our page
            request.transport.abort()
        return socket

    async def close(self) -> None:
        """Close all of them."""
        for socket in list(self._open):
            await socket.close()


class _OpenPage:
    """One page: its questions, and what it watches."""

    def __init__(
        self, owner: Owner, bach: Bach, changes: Changes, shared: SharedAnswers, socket: web.WebSocketResponse
    ) -> None:
        self._visit = Visit(bach, owner)
        self._changes = changes
        self._shared = shared
        self._socket = socket
        self._stops: dict[int, Callable[[], None]] = {}
        self._changed: set[int] = set()
        self._stirred = asyncio.Event()

    async def answer_all(self) -> None:
        """Until the page goes, or says what is no question."""
        free = asyncio.Semaphore(_AT_ONCE)
        try:
            async with asyncio.TaskGroup() as tasks:
                teller = tasks.create_task(self._tell())
                try:
                    async for message in self._socket:
                        if (question := _question(message.type, message.data)) is None:
                            break
                        await free.acquire()
                        task = tasks.create_task(self._answer(question))
                        task.add_done_callback(lambda _: free.release())
                finally:
                    teller.cancel()
        finally:  # after the last answer: it may be to who only just wanted to watch
            for stop in self._stops.values():
                stop()

    async def _answer(self, question: "_Question") -> None:
        """One of them. Whatever is wrong with it, the others go on."""
        try:
            result = await self._ask(question)
        except (BachError, SentenceError) as error:
            code = error.code if isinstance(error, BachError) else "invalid_format"
            told = boxed(error.sentence) if isinstance(error, BachError) else str(error)
            said: dict[str, Json] = {"success": False, "error": {"code": code, "message": told}}
        except Exception:  # a fault of ours: it would end the task group, and with it all that this page has asked
            _LOGGER.exception("A question of a page could not be answered")
            message = "An error inside BACH; its log says more."
            said = {"success": False, "error": {"code": "internal", "message": message}}
        else:
            said = {"success": True, "result": result}
        with suppress(ConnectionError):
            await self._socket.send_json({"id": question.id, "type": "result", **said})

    async def _ask(self, question: "_Question") -> Json:
        if question.type == WATCH and len(self._stops) < _MAX_WATCHED:
            self._unwatch(question.id)  # under a number that is used again it hears once
            self._stops[question.id] = self._changes.follow(partial(self._note, question.id))
            return None
        if question.type == _UNSUBSCRIBE and type(subscription := question.arguments.get("subscription")) is int:
            self._unwatch(subscription)
            return None
        return await self._shared.perform(
            f"owner {self._visit.viewer.name}", self._visit, question.type, question.arguments
        )

    def _unwatch(self, number: int) -> None:
        self._stops.pop(number, lambda: None)()

    def _note(self, number: int) -> None:
        self._changed.add(number)
        self._stirred.set()

    async def _tell(self) -> None:
        """Say that something changed, as fast as the page takes it."""
        while True:
            await self._stirred.wait()
            self._stirred.clear()
            changed, self._changed = self._changed, set()
            for number in sorted(changed):
                with suppress(ConnectionError):
                    await self._socket.send_json({"id": number, "type": "event", "event": None})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """What a page asks, and the number by which it knows the answer."""

    id: int
    type: str
    arguments: Mapping[str, Json]


def _question(kind: WSMsgType, data: object) -> _Question | None:
    """What a frame asks; None: it is no question, and whoever sent it is not our page."""
    if kind is not WSMsgType.TEXT or not isinstance(data, str):
        return None
    try:
        frame = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(frame, dict):
        return None
    number, name = frame.pop("id", None), frame.pop("type", None)
    if type(number) is not int or not isinstance(name, str):
        return None
    return _Question(id=number, type=name, arguments=frame)
