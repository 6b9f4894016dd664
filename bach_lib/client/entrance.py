"""`connect` opens a database, or finds who has it open; `share` lets others find a BACH that a program has opened."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from bach_lib.arguments import file_path, seconds
from bach_lib.bach import Bach
from bach_lib.client.any_bach import AnyBach
from bach_lib.errors import InvalidValueError, StoreInUseError
from bach_lib.field_logger import FieldLogger
from bach_lib.storage import is_address
from bach_lib.version import VERSION

if TYPE_CHECKING:
    from bach_lib.client.owner_client import OwnerClient
    from bach_lib.client.rest_client import RestClient

_LOGGER = FieldLogger(__name__)
_LOOK = 0.1
"""Seconds between two looks whether who has the file open answers by now."""
_PLACES = 'a file, "http://host:8001" with a token, or "postgresql://user@host/database"'


@asynccontextmanager
async def connect(
    where: str | PathLike[str],
    *,
    token: str | None = None,
    opening: Callable[[], Bach] | None = None,
    patience: float = 10.0,
) -> AsyncIterator[AnyBach]:
    """Open a database, or use it beside the process that has it open, with the same calls.

    `async with connect("bach.db") as bach` may stand in as many processes as there are: the first opens the file and
    shares it, and the others talk to that one through a socket beside the file, which only its account may use.
    `opening` makes the `Bach` where it is to be opened, as for `connections=…`. An address (`http://host:8001`) with a
    `token` is the REST interface of `bach serve`, also on another machine. `patience`: seconds for whoever has just
    opened the file to answer. A database of a server is opened, and not shared through a socket.

    Raises `InvalidValueError` for any other address, and for a token beside a file; a `StorageError` as `Bach.open`
    does; `StoreInUseError` where whoever has it open does not share it. When the owner goes away, calls raise
    `OwnerGoneError` until another one has the file open.
    """
    patience = seconds("patience", patience)
    if isinstance(where, str) and where.lower().startswith(("http://", "https://")):
        async with _at_address(where, token) as remote:
            yield remote
        return
    path = _file_of(where, token)
    if path is None:
        async with opening() if opening else Bach(where) as bach:
            yield bach
        return
    found = await _owner_or_own(path, opening, time.monotonic() + patience)
    if not isinstance(found, Bach):
        async with found:
            yield found
        return
    try:
        async with share(found):
            yield found
    finally:
        await found.close()


@asynccontextmanager
async def share(bach: Bach) -> AsyncIterator[None]:
    """Let other processes of the same account use this open BACH by `connect` and the command `bach`, meanwhile.

    It opens a socket beside its file. Raises `InvalidValueError` for a BACH without a file. Where there can be no such
    socket (Windows, a path of more than 100 bytes) the log says so, and the block runs all the same.
    """
    from bach_lib.control.socket_path import can_have_socket, socket_file  # noqa: PLC0415 - the server is for who shares
    from bach_lib.control.socket_server import ControlServer  # noqa: PLC0415 - as above

    if bach.path is None:
        raise InvalidValueError(field="bach", value="one without a file", expected="one with a file")
    path, database = socket_file(bach.path), str(bach.path)
    if not can_have_socket(path):
        _LOGGER.warning("No socket can be opened beside %s, so other processes cannot use it", bach.path)
        yield
        return
    server = ControlServer(
        bach, path, own={"daemon": lambda: {"database": database, "pid": os.getpid(), "version": VERSION}}
    )
    await server.start()
    try:
        yield
    finally:
        await server.stop()


def _file_of(where: str | PathLike[str], token: str | None) -> Path | None:
    """None for a database of a server. Raises `InvalidValueError` for anything else, and for a token beside them."""
    path = None if is_address(where) else file_path("where", where, _PLACES)
    if token is not None:
        expected = 'none; only an address like "http://host:8001" takes one'
        raise InvalidValueError(field="token", value="a token", expected=expected)
    return path


def _at_address(address: str, token: str | None) -> RestClient:
    from bach_lib.client.rest_client import RestClient  # noqa: PLC0415 - only who uses it pays for it

    if token is None:
        raise InvalidValueError(field="token", value="nothing", expected="the token of that interface")
    return RestClient(address, token)


async def _owner_or_own(path: Path, opening: Callable[[], Bach] | None, end: float) -> OwnerClient | Bach:
    """A client of who has this file open, or a BACH that has just opened it. Raises a `StorageError`."""
    from bach_lib.client.owner_client import OwnerClient  # noqa: PLC0415 - only who uses it pays for it

    while True:
        client = OwnerClient(path)
        if await client.is_answered():
            return client
        bach = opening() if opening else Bach(path)
        try:
            await bach.open()
        except StoreInUseError:  # it has just been opened, and will answer, or is being closed; or is not shared
            if time.monotonic() >= end:
                raise
            await asyncio.sleep(_LOOK)
        else:
            return bach
