"""The daemon: BACH at work, with the REST interface for programs and the control socket for the command."""

import asyncio
import logging
import signal
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from aiohttp import web

from bach_lib.bach import Bach
from bach_lib.cli.control import ControlServer, can_have_socket
from bach_lib.cli.faults import SentenceError
from bach_lib.cli.paths import socket_file, token_file
from bach_lib.rest import load_token, make_application

_LOGGER = logging.getLogger(__name__)
_GRACE = 5.0


def run(database: Path, *, host: str, port: int, hosts: Iterable[str]) -> None:
    """Work until SIGTERM or SIGINT. Raises a `BachError` or `SentenceError` if it cannot begin."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # what is no HTTP is refused; it needs no traceback
    asyncio.run(_serve(database, host, port, hosts))


async def _serve(database: Path, host: str, port: int, hosts: Iterable[str]) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with AsyncExitStack() as stack:
        bach = await stack.enter_async_context(Bach(database))
        token = load_token(token_file(database))
        application = make_application(bach, token=token, hosts=[*hosts, host])
        address = await stack.enter_async_context(_listening(application, host, port))
        if can_have_socket(socket_file(database)):
            await stack.enter_async_context(_controlled(bach, socket_file(database)))
        else:
            _LOGGER.warning("This path is too long for a socket, so other bach commands cannot reach this one")
        _announce(f"BACH works on {database} and answers on {address}. Token: {token_file(database)}")
        await stopped.wait()
        _announce("BACH stops; what waits is on disk.")


@asynccontextmanager
async def _listening(application: web.Application, host: str, port: int) -> AsyncIterator[str]:
    """The REST interface; its address."""
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=_GRACE)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            reason = error.strerror or error
            raise SentenceError(f"{host}:{port} cannot be listened on: {reason}. Choose another --port.") from error
        name, taken, *_ = runner.addresses[0]
        yield f"http://[{name}]:{taken}" if ":" in name else f"http://{name}:{taken}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def _controlled(bach: Bach, path: Path) -> AsyncIterator[None]:
    control = ControlServer(bach, path)
    await control.start()
    try:
        yield
    finally:
        await control.stop()


def _announce(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()
