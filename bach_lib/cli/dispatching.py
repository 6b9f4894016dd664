"""Sends, delivers and polls on demand: where no daemon runs, a connection is started for one command."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from bach_lib.cli.console import Json, Row, as_row, as_rows
from bach_lib.cli.progress_bar import bar
from bach_lib.control.sentences import SentenceError

if TYPE_CHECKING:
    from bach_lib.cli.session import Session

_WAIT = 10.0
"""Seconds for what becomes of a message that is sent again."""
_LOOK = 0.2
"""Seconds between two looks at the queue while a bar is drawn."""


async def deliver(
    session: Session,
    connector: str,
    recipient: str,
    text: str,
    *,
    options: Mapping[str, Json],
    wait: float,
    paths: Sequence[str] = (),
) -> Row:
    """Queue a message, with the files at `paths`, and, if `wait` is more than 0, see it delivered.

    What nobody can see delivered is not queued either: whoever reads a refusal sends it again. Raises `SentenceError`.
    """
    if wait:
        import_module("bach_lib.arguments").seconds("wait", wait)
        if not as_row(await session.ask("connection", name=connector))["is_active"]:
            raise SentenceError(f'"{connector}" is disabled. Enable it first: bach connector enable {connector}')
    what: dict[str, Json] = {"text": text, "options": dict(options), "paths": list(paths)}
    row = as_row(await session.ask("send", connection=connector, recipient=recipient, **what))
    if not wait:
        return row
    if not session.is_daemon:
        await session.ask("start", name=connector)
    with bar("Delivering", 1) as advance:
        waiting = asyncio.ensure_future(session.ask("wait", message_id=row["id"], seconds=wait))
        while not (await asyncio.wait([waiting], timeout=_LOOK))[0]:
            advance(0)
    return as_row(await waiting)


async def ask_and_wait(session: Session, operation: str, wait: float | None, **arguments: Json) -> Json:
    """Have something sent again, and see what becomes of it. Where nobody works all the time, only if asked to."""
    seconds = wait if wait is not None else _WAIT if session.is_daemon else 0.0
    return await session.ask(operation, seconds=seconds, starts=seconds > 0 and not session.is_daemon, **arguments)


async def poll_one(session: Session, name: str, seconds: float) -> Row:
    """Read what the platform has."""
    with bar("Polling", 1) as advance:
        polling = asyncio.ensure_future(session.ask("poll", name=name, seconds=seconds, starts=not session.is_daemon))
        while not (await asyncio.wait([polling], timeout=_LOOK))[0]:
            advance(0)
    return as_row(await polling)


async def dispatch_all(session: Session, name: str | None, seconds: float) -> tuple[list[Row], str]:
    """Let what waits go; how the queues stand when nothing more moves, or when the time is over.

    And why something is left; empty if nothing is. Raises an `InputError` for a time that is none.
    """
    seconds = import_module("bach_lib.arguments").seconds("seconds", seconds)
    rows = await _queues(session, name)
    connections = as_rows(await session.ask("connections", category="connector"))
    active = {row["name"] for row in connections if row["is_active"] and name in (None, row["name"])}
    total = sum(_moving(row, active) for row in rows)
    if not session.is_daemon:
        for one in sorted(active, key=str):
            await session.ask("start", name=one)
    end = time.monotonic() + seconds
    with bar("Delivering", total) as advance:
        while (left := sum(_moving(row, active) for row in rows)) and time.monotonic() < end:
            advance(total - left)
            await asyncio.sleep(_LOOK)
            rows = await _queues(session, name)
    return rows, _left(rows, active)


def _left(rows: Sequence[Row], active: Collection[Json]) -> str:
    waiting = [str(row["connection"]) for row in rows if row["pending"] or row["sending"] or row["failed"]]
    resting = [name for name in waiting if name not in active]
    if not waiting:
        return ""
    if waiting == resting:
        return f"What is left waits for connections that are disabled: bach connector enable {resting[0]}"
    return "Not everything has gone yet. It goes on where bach serve runs, or with the next bach connector dispatch."


async def _queues(session: Session, name: str | None) -> list[Row]:
    if name is not None:
        await session.ask("connection", name=name)  # says so if there is none
    return [row for row in as_rows(await session.ask("queue_status")) if name in (None, row["connection"])]


def _moving(row: Row, active: Collection[Json]) -> int:
    """Those that may go without anybody waiting for a retry, or for a connection that is switched off."""
    if row["connection"] not in active:
        return 0
    return sum(number for key in ("pending", "sending") if isinstance(number := row[key], int))
