"""Client of the control socket: asks the daemon, and does not wait for a frozen one without end."""

import asyncio
import os
import socket
import stat
import struct
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import ClientError, ClientSession, ClientTimeout, UnixConnector

from bach_lib.control import wire
from bach_lib.control.sentences import SentenceError, TooMuchError, UnansweredError
from bach_lib.field_logger import FieldLogger
from bach_lib.rest.answers import Json
from bach_lib.version import VERSION

_LOGGER = FieldLogger(__name__)

PULSE = 5.0
"""Seconds within which a daemon that works says that it does."""
_BETWEEN = 2.0
"""Seconds between two such questions while something takes its time."""
_FROZEN = (
    "The daemon does not answer: it was stopped, or its machine has stopped. `bach daemon status` shows which process"
    " it is. What was asked may still be done when it goes on."
)
_SLOW_DISK = "The daemon waits for its disk. Ctrl-C ends the waiting; what was asked may still be done."


class DaemonClient:
    """Client of the daemon's control socket."""

    def __init__(
        self,
        path: Path,
        note: Callable[[str], None] = _LOGGER.warning,
        *,
        pulse: float = PULSE,
        between: float = _BETWEEN,
    ) -> None:
        """`note` is told what a person may want to know meanwhile."""
        self._path = path
        self._note = note
        self._pulse = pulse
        self._between = between
        self._session: ClientSession | None = None
        self._has_noted = False

    async def __aenter__(self) -> Self:
        """Prepare; nothing is opened yet."""
        if _is_ours(self._path):
            timeout = ClientTimeout(total=None, sock_connect=self._pulse)
            self._session = ClientSession(connector=UnixConnector(str(self._path), limit=0), timeout=timeout)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        if self._session:
            await self._session.close()

    async def is_answered(self) -> bool:
        """Whether there is a daemon. The socket of one that was killed stays behind and refuses.

        Raises `UnansweredError` for one that is there and does not answer.
        """
        if self._session is None:
            return False
        with socket.socket(socket.AF_UNIX) as knocking:
            knocking.setblocking(False)
            try:
                knocking.connect(str(self._path))
            except BlockingIOError:  # somebody listens, but takes nobody in
                pass
            except OSError:
                return False
        await self._check_pulse(self._session)
        return True

    async def ask(self, operation: str, arguments: Mapping[str, Json], contents: Sequence[bytes] | None = None) -> Json:
        """Have an operation carried out there. Raises `SentenceError`."""
        body = await self.exchange(operation, arguments, contents)
        if "error" in body:
            raise SentenceError(str(body["error"]))
        return body["result"]

    async def exchange(
        self, operation: str, arguments: Mapping[str, Json], contents: Sequence[bytes] | None = None
    ) -> Mapping[str, Json]:
        """The same; an answer with "error" (and "code", "placeholders") or "result". `contents`: of "files"."""
        arguments = arguments if contents is None else wire.packed(arguments, contents)
        asked = wire.written({"version": VERSION, "operation": operation, "arguments": arguments})
        if self._session is None:
            raise SentenceError("There is no daemon.")
        for size, most in (
            (len(asked), wire.MAX_REQUEST),
            (sum(map(len, contents or ())), wire.MAX_CONTENTS),
        ):
            if size > most:
                raise TooMuchError(size, most)
        asking = asyncio.ensure_future(self._post(self._session, asked, contents))
        watching = asyncio.ensure_future(self._watch(self._session))
        try:
            await asyncio.wait([asking, watching], return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():
                await watching  # raises what is wrong
            body = await asking
        finally:
            asking.cancel()
            watching.cancel()
            await asyncio.gather(asking, watching, return_exceptions=True)
        if not body.keys() & {"error", "result"}:
            raise UnansweredError("The daemon could not answer. Look at its log: bach daemon logs")
        return body

    @property
    def session(self) -> ClientSession | None:
        """The line itself, for streams; None where there can be nobody."""
        return self._session

    async def _post(self, session: ClientSession, asked: bytes, contents: Sequence[bytes] | None) -> Mapping[str, Json]:
        headers = {} if contents is None else {wire.HEAD: str(len(asked))}
        body = BytesIO(b"".join([asked, *(contents or ())]))
        try:
            async with session.post("http://bach/", data=body, headers=headers) as response:
                return wire.read(await response.read()) if response.ok else {}
        except (ClientError, OSError, ValueError) as error:
            raise UnansweredError(
                "The daemon went away before it answered. Look at its log: bach daemon logs"
            ) from error

    async def _watch(self, session: ClientSession) -> None:
        """Ends only with an error."""
        while True:
            await asyncio.sleep(self._between)
            await self._check_pulse(session)

    async def _check_pulse(self, session: ClientSession) -> None:
        try:
            async with asyncio.timeout(self._pulse), session.get("http://bach/") as response:
                pulse = wire.read(await response.read()) if response.ok else {}
        except TimeoutError as error:
            raise UnansweredError(_FROZEN) from error
        except (ClientError, OSError, ValueError) as error:
            raise UnansweredError("The daemon went away. Look at its log: bach daemon logs") from error
        if pulse.get("waits_for_disk") and not self._has_noted:
            self._has_noted = True
            self._note(_SLOW_DISK)


def _is_ours(path: Path) -> bool:
    """Whether the socket belongs to us, or to whom the database belongs.

    Where others may write into the folder, somebody could wait there for what we have to say. Raises `SentenceError`.
    """
    try:
        there = path.lstat()
    except OSError:
        return False
    if sys.platform == "win32" or not stat.S_ISSOCK(there.st_mode):
        return False
    owners = {os.geteuid()}
    with suppress(OSError):
        owners.add(path.with_name(path.name.removesuffix(".sock")).stat().st_uid)
    if there.st_uid not in owners:
        raise SentenceError(
            f"{path} belongs to somebody else, so nothing is said to it. Remove it, or use another --db."
        )
    return True


def process_behind(path: Path) -> int | None:
    """The process that listens at a socket, where the system tells."""
    if not hasattr(socket, "SO_PEERCRED"):
        return None
    with socket.socket(socket.AF_UNIX) as knocking:
        knocking.setblocking(False)
        try:
            knocking.connect(str(path))
            told = knocking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        except OSError:
            return None
    pid: int = struct.unpack("3i", told)[0]
    return pid or None
