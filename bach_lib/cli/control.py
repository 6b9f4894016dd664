"""The line between the command and the daemon: a socket in the file system, which only the daemon's user can open.

The REST interface would not do: its token lets programs send and read, and must not let them change connections, whose
references to secrets lead to files.
"""

import asyncio
import os
from pathlib import Path
from types import TracebackType
from typing import Self, cast

import orjson
from aiohttp import ClientError, ClientSession, ClientTimeout, UnixConnector, web

from bach_lib.bach import Bach
from bach_lib.cli.faults import SentenceError, UnansweredError
from bach_lib.cli.operations import perform
from bach_lib.cli.version import version
from bach_lib.errors import BachError
from bach_lib.rest.answers import Json

_MAX_REQUEST = 1 << 20
_LONGEST_PATH = 100
"""Bytes; the kernel takes 107 for the address of such a socket."""
_CONNECT_SECONDS = 5.0


def can_have_socket(path: Path) -> bool:
    """Whether this system and this path allow it."""
    return os.name == "posix" and len(os.fsencode(path)) <= _LONGEST_PATH


class ControlServer:
    """The daemon's end. Only with the database's lock held, so that an old socket here is nobody's any more."""

    def __init__(self, bach: Bach, path: Path) -> None:
        self._bach = bach
        self._path = path
        application = web.Application(client_max_size=_MAX_REQUEST)
        application.router.add_post("/", self._answer)
        self._runner = web.AppRunner(application, access_log=None, handler_cancellation=True, shutdown_timeout=1.0)

    async def start(self) -> None:
        """Begin to answer."""
        await self._runner.setup()
        self._path.unlink(missing_ok=True)
        old = os.umask(0o177)  # no moment at which others could open it
        try:
            await web.UnixSite(self._runner, self._path).start()
        finally:
            os.umask(old)

    async def stop(self) -> None:
        """End; questions under way are given up."""
        await self._runner.cleanup()
        self._path.unlink(missing_ok=True)

    async def _answer(self, request: web.Request) -> web.Response:
        try:
            asked = orjson.loads(await request.read())
            theirs, operation, arguments = (asked[name] for name in ("version", "operation", "arguments"))
        except (KeyError, TypeError, orjson.JSONDecodeError) as error:
            raise web.HTTPBadRequest from error
        try:
            if theirs != version():
                sentence = f"The daemon runs BACH {version()}, this command is {theirs}. Restart the daemon."
                raise SentenceError(sentence)
            body: Json = {"result": await perform(self._bach, operation, arguments)}
        except (BachError, SentenceError) as error:
            body = {"error": str(error)}
        return web.Response(body=orjson.dumps(body), content_type="application/json")


class Link:
    """The command's end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._session: ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Prepare; nothing is opened yet."""
        if can_have_socket(self._path) and self._path.exists():
            timeout = ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS)
            self._session = ClientSession(connector=UnixConnector(str(self._path)), timeout=timeout)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        if self._session:
            await self._session.close()

    async def is_answered(self) -> bool:
        """Whether there is a daemon. The socket of one that was killed stays behind and refuses."""
        if self._session is None:
            return False
        try:
            _, writer = await asyncio.open_unix_connection(self._path)
        except OSError:
            return False
        writer.close()
        return True

    async def ask(self, operation: str, arguments: dict[str, Json]) -> Json:
        """Have an operation carried out there. Raises `SentenceError`."""
        asked = {"version": version(), "operation": operation, "arguments": arguments}
        if self._session is None:
            raise SentenceError("There is no daemon.")
        try:
            async with self._session.post("http://bach/", data=orjson.dumps(asked)) as response:
                body = orjson.loads(await response.read()) if response.ok else {}
        except (ClientError, OSError, orjson.JSONDecodeError) as error:
            raise UnansweredError("The daemon went away before it answered. Look at its log.") from error
        if "error" in body:
            raise SentenceError(str(body["error"]))
        if "result" not in body:
            raise UnansweredError("The daemon could not answer. Look at its log.")
        return cast("Json", body["result"])
