"""The daemon: BACH with the REST interface for programs and the control socket for the command."""

import asyncio
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from bach_lib.bach import Bach
from bach_lib.cli.console import write
from bach_lib.cli.logs import keeping, telling
from bach_lib.cli.paths import log_file, runs_file, shown, to_open, token_file
from bach_lib.cli.seats import seated
from bach_lib.control.sentences import SentenceError
from bach_lib.control.socket_path import can_have_socket, socket_file
from bach_lib.control.socket_server import ControlServer
from bach_lib.field_logger import FieldLogger
from bach_lib.redact import readable
from bach_lib.rest import load_token, make_application
from bach_lib.rest.answers import Json
from bach_lib.rest.outgoing_rows import iso
from bach_lib.rest.server import ConnectionLimiter, max_connections
from bach_lib.version import VERSION
from bach_lib.web.app_files import NOT_BUILT
from bach_lib.web.page import Page

_LOGGER = FieldLogger(__name__)
_GRACE = 5.0
_PLACES, _SHARE = 256, 4
_BACKLOG = 128
_SAID = 0.2
"""Seconds for the answer to whoever stops it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How the daemon is asked to work. `hosts`: names that requests may use; `logs_json`: for what collects logs."""

    host: str
    port: int
    hosts: Iterable[str] = ()
    metrics_for_all: bool = False
    logs_json: bool = False


def run(database: Path, options: Options) -> None:
    """Work until SIGTERM or SIGINT. Raises a `BachError` or `SentenceError` if it cannot begin."""
    with telling(is_json=options.logs_json):
        asyncio.run(_serve(database, options))


async def _serve(database: Path, options: Options) -> None:
    announce = _LOGGER.info if options.logs_json else _announce
    stopped = asyncio.Event()
    _on_signals(stopped.set)
    async with AsyncExitStack() as stack:
        seat = stack.enter_context(seated(database))
        bach = await stack.enter_async_context(Bach(to_open(database), runs_file=runs_file(database)))
        token = load_token(token_file(database))
        page = Page(bach, token=token)
        application = make_application(
            bach,
            token=token,
            hosts=[*options.hosts, options.host],
            metrics_for_all=options.metrics_for_all,
            pages=page.routes,
        )
        application.on_shutdown.append(page.close)
        if not page.is_built:
            _LOGGER.warning("%s", NOT_BUILT)
        address = await stack.enter_async_context(_listening(application, options.host, options.port))
        stack.enter_context(keeping(log_file(seat)))  # of what works; why it could not begin, it says
        if can_have_socket(socket_file(seat)):
            own = _own(database, log_file(seat), address, stopped.set)
            await stack.enter_async_context(_controlled(bach, socket_file(seat), own))
        else:
            _LOGGER.warning("This path is too long for a socket, so other bach commands cannot reach this one")
        announce(f"BACH works on {shown(database)} and answers on {address}. Token: {token_file(database)}")
        await stopped.wait()
        announce("BACH stops; what waits is on disk.")


def _on_signals(stop: Callable[[], None]) -> None:
    """Where the event loop cannot listen for signals (Windows), Python itself does."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop)
        except NotImplementedError:
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))


def _own(database: Path, log: Path, address: str, stop: Callable[[], None]) -> Mapping[str, Callable[[], Json]]:
    """What the command may ask of the daemon itself."""
    since = iso(time.time())
    told: Json = {
        "database": shown(database),
        "pid": os.getpid(),
        "version": VERSION,
        "since": since,
        "address": address,
        "log": str(log),
    }

    def end() -> Json:
        asyncio.get_running_loop().call_later(_SAID, stop)  # the answer goes first
        return told

    return {"daemon": lambda: told, "stop": end}


@asynccontextmanager
async def _listening(application: web.Application, host: str, port: int) -> AsyncIterator[str]:
    """The REST interface; its address."""
    limiter = ConnectionLimiter(max_connections(_PLACES, _SHARE))
    application.middlewares.insert(0, limiter.middleware)
    runner = web.AppRunner(application, access_log=None, handler_cancellation=True, shutdown_timeout=_GRACE)
    await runner.setup()
    try:
        sockets = await _sockets(host, port)
        name, taken, *_ = sockets[0].getsockname()
        if runner.server is not None:
            limiter.open(runner.server, sockets)
        yield f"http://[{name}]:{taken}" if ":" in name else f"http://{name}:{taken}"
    finally:
        await limiter.close()
        await runner.cleanup()


async def _sockets(host: str, port: int) -> list[socket.socket]:
    """One for each address that the host has here. Raises `SentenceError`."""
    made: list[socket.socket] = []
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        for family, kind, protocol, _, address in dict.fromkeys(found):
            one = socket.socket(family, kind, protocol)
            made.append(one)
            if os.name == "posix":
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            one.bind(address)
            one.listen(_BACKLOG)
    except (OSError, UnicodeError) as error:
        for one in made:
            one.close()
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "this is no address"
        raise SentenceError(f"{host}:{port} cannot be listened on: {reason}. Choose another --port.") from error
    return made


@asynccontextmanager
async def _controlled(bach: Bach, path: Path, own: Mapping[str, Callable[[], Json]]) -> AsyncIterator[None]:
    control = ControlServer(bach, path, own=own)
    await control.start()
    try:
        yield
    finally:
        await control.stop()


def _announce(sentence: str) -> None:
    """To whoever started it, if somebody still listens: a daemon does not end because its terminal is gone."""
    with suppress(SentenceError):
        write(f"{readable(sentence)}\n")
