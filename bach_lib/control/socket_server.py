"""Server of the control socket: a Unix socket between who has the database open and its owner's other programs.

The REST interface would not do: its token lets programs send and read, and must not let them change connections, whose
references to secrets lead to files.
"""

import asyncio
import os
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from aiohttp import web

from bach_lib.bach import Bach
from bach_lib.control import wire
from bach_lib.control.operations import perform
from bach_lib.control.sentences import SentenceError
from bach_lib.errors import BachError
from bach_lib.field_logger import FieldLogger
from bach_lib.rest.answers import Json, RefusedError
from bach_lib.rest.event_feed import EventFeed
from bach_lib.rest.exact import exact
from bach_lib.rest.requests import body_of
from bach_lib.rest.server import ClientTimeouts, ConnectionLimiter, max_connections
from bach_lib.version import VERSION

_LOGGER = FieldLogger(__name__)

_UPLOADS = 2
"""Requests with files that are read at once."""
_PLACES, _SHARE = 64, 8
_BACKLOG = 64
_PULSE = 5.0
"""Seconds without an event after which a stream of them says that it lives."""
_SLOW_DISK = 5.0
"""Seconds without an answer from the disk after which that is worth telling."""


class ControlServer:
    """Server of the daemon's control socket.

    Only with the database's lock held, so that an old socket here is nobody's any more.
    """

    def __init__(self, bach: Bach, path: Path, *, own: Mapping[str, Callable[[], Json]] | None = None) -> None:
        """`own`: what can be asked of the daemon itself."""
        self._bach = bach
        self._path = path
        self._own = own or {}
        self._limiter = ConnectionLimiter(max_connections(_PLACES, _SHARE), patience=ClientTimeouts(idle=30.0))
        self._disk: asyncio.Task[object] | None = None
        self._disk_since = 0.0
        self._feed = EventFeed(bach, hidden=(), heartbeat=_PULSE)
        self._uploads = asyncio.Semaphore(_UPLOADS)
        application = web.Application(client_max_size=wire.MAX_REQUEST, middlewares=[self._limiter.middleware])
        application.router.add_post("/", self._answer)
        application.router.add_get("/", self._pulse)
        application.router.add_get("/events", self._events)
        self._runner = web.AppRunner(application, access_log=None, handler_cancellation=True, shutdown_timeout=1.0)

    async def start(self) -> None:
        """Begin to answer."""
        await self._runner.setup()
        self._path.unlink(missing_ok=True)
        listening = socket.socket(socket.AF_UNIX)
        old = os.umask(0o177)  # no moment at which others could open it
        try:
            listening.bind(str(self._path))
        finally:
            os.umask(old)
        listening.listen(_BACKLOG)
        if self._runner.server is not None:
            self._limiter.open(self._runner.server, [listening])

    async def stop(self) -> None:
        """End; questions under way are given up."""
        await self._limiter.close()
        await self._feed.close()
        if self._disk is not None:
            self._disk.cancel()
        await self._runner.cleanup()
        self._path.unlink(missing_ok=True)

    async def _pulse(self, _: web.Request) -> web.Response:
        """That the daemon is alive, and whether its disk is; never waits for it."""
        now = asyncio.get_running_loop().time()
        if self._disk is None or self._disk.done():
            self._disk, self._disk_since = asyncio.ensure_future(self._look_at_disk()), now
        return _response({"waits_for_disk": now - self._disk_since > _SLOW_DISK})

    async def _look_at_disk(self) -> None:
        with suppress(BachError):  # that it cannot is an answer, too
            await self._bach.messages(limit=1)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        try:
            return await self._feed.stream(request)
        except RefusedError as refused:
            return refused.response

    async def _answer(self, request: web.Request) -> web.Response:
        try:
            asked, arguments = await self._read(request)
            theirs, operation = (asked[name] for name in ("version", "operation"))
        except (KeyError, RefusedError, TypeError, ValueError) as error:
            raise web.HTTPBadRequest from error
        try:
            return _response(await self._outcome(theirs, operation, arguments))
        except web.HTTPException:
            raise
        except Exception:  # raised again: what fails here has to be in the log of the daemon, too
            _LOGGER.exception("The command asked for %s, which failed", operation)
            raise

    async def _read(self, request: web.Request) -> tuple[Mapping[str, Json], Json]:
        """What is asked, and its arguments, with the contents of files if there are any."""
        head = request.headers.get(wire.HEAD)
        if head is None:
            asked = wire.read(await body_of(request))
            return asked, asked["arguments"]
        length = int(head)
        if not 0 < length <= wire.MAX_REQUEST:
            raise ValueError
        async with self._uploads:
            body = await body_of(request.clone(client_max_size=wire.MAX_REQUEST + wire.MAX_CONTENTS))
        asked, arguments = wire.read(body[:length]), None
        if isinstance(named := asked["arguments"], Mapping):
            arguments = wire.unpacked(named, body[length:])
        return asked, arguments

    async def _outcome(self, theirs: Json, operation: Json, arguments: Json) -> Json:
        if isinstance(operation, str) and operation in self._own:  # what also a command of another version may ask
            return {"result": self._own[operation]()}
        try:
            if theirs != VERSION:
                sentence = f"The daemon runs BACH {VERSION}, this command is {theirs}. Restart the daemon."
                raise SentenceError(sentence)
            if not isinstance(operation, str) or not isinstance(arguments, dict):
                raise web.HTTPBadRequest
            return {"result": await perform(self._bach, operation, arguments)}
        except BachError as error:
            return {"error": str(error), "code": error.code, "placeholders": exact(error.values)}
        except SentenceError as error:
            return {"error": str(error)}


def _response(body: Json) -> web.Response:
    return web.Response(body=wire.written(body), content_type="application/json")
