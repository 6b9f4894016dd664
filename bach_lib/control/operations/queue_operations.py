"""Operations on outgoing messages."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from bach_lib.arguments import seconds as checked_seconds
from bach_lib.bach import Bach
from bach_lib.control.operations.given import extras_in
from bach_lib.control.operations.given_files import read_paths
from bach_lib.control.operations.json_rows import Row, attempt_row, message_row, proof_row, queue_row
from bach_lib.control.operations.paging import check_there_is, pages
from bach_lib.errors import InvalidValueError
from bach_lib.events import MessageEvent, MessageFinished, MessageRetrying
from bach_lib.models import Message, Snooze, Status
from bach_lib.outbound.amending import Amendment
from bach_lib.outbound.draft import SendOptions
from bach_lib.outbound.putting_off import A_SNOOZE
from bach_lib.rest.exact import snooze_of

_UNFINISHED = (Status.PENDING, Status.SENDING, Status.FAILED)


async def send(
    bach: Bach, connection: str, recipient: str, text: str, *, options: SendOptions, paths: Sequence[str] = ()
) -> Row:
    """Queue a message, with the files at `paths`."""
    files, lost = await read_paths(paths, has_words=bool(text.strip()))
    options = {**options, "files": files, "lost": lost}
    if options.get("snooze") is not None:
        options["snooze"] = snooze_wish(options["snooze"])
    if "extras" in options:
        options["extras"] = extras_in(options["extras"])
    receipt = await bach.send(connection, recipient, text, **options)
    return message_row(await bach.get(receipt.id))


def snooze_wish(given: object) -> Snooze:
    """How a message is put off, as JSON has it. Raises `InvalidValueError`."""
    try:
        return snooze_of(given)
    except ValueError:
        raise InvalidValueError(field="snooze", value=type(given).__name__, expected=A_SNOOZE) from None


async def wait(bach: Bach, message_id: int, seconds: float) -> Row:
    """The message when nothing more happens to it, or as it stands then."""
    return message_row(await bach.wait(message_id, seconds))


async def messages(
    bach: Bach, connection: str | None = None, status: Sequence[Status] | None = None, limit: int = 50
) -> list[Row]:
    """The newest, newest first; as many pages as it takes."""
    check_there_is(bach, connection)

    async def page(size: int, before: int | None) -> Sequence[Message]:
        return await bach.messages(connection=connection, status=status, before=before, limit=size)

    return [message_row(one) for one in await pages(page, limit)]


async def waiting(bach: Bach, connection: str | None = None, limit: int = 500) -> list[Row]:
    """What is still to be delivered, newest first."""
    return await messages(bach, connection, _UNFINISHED, limit)


async def queue_status(bach: Bach) -> list[Row]:
    """How the queue of each connection stands."""
    return [queue_row(status) for _, status in sorted((await bach.queue_status()).items())]


async def send_now(bach: Bach, message_id: int, seconds: float = 0.0, *, starts: bool = False) -> Row:
    """Send a scheduled message without waiting for its time; as `retry` answers."""
    if starts:
        return await _and_work(bach, message_id, lambda: bach.send_now(message_id), seconds)
    return message_row(await bach.send_now(message_id, wait=seconds))


async def retry(bach: Bach, message_id: int, seconds: float = 0.0, *, starts: bool = False) -> Row:
    """Send an ended message again; as it stands when it was tried, or then. `starts`: the connection rests."""
    if starts:
        return await _and_work(bach, message_id, lambda: bach.retry(message_id), seconds)
    return message_row(await bach.retry(message_id, wait=seconds))


async def retry_all(bach: Bach, connection: str | None = None, seconds: float = 0.0, *, starts: bool = False) -> Row:
    """Send all dead letters again; what has become of them when all were tried, or then."""
    seconds = checked_seconds("wait", seconds)
    for name, queue in (await bach.queue_status()).items():
        if connection in {None, name} and queue.dead:  # else what waits would go, and nobody has asked for that
            await _start(bach, name, starts=starts)
    retried = await bach.retry_and_follow(connection, wait=seconds)
    numbers = {name: getattr(retried, name) for name in ("retried", "sent", "waiting", "dead", "uncertain")}
    return {**numbers, "reasons": list(retried.reasons)}


async def amend(
    bach: Bach, message_id: int, amendment: Amendment, seconds: float = 0.0, *, starts: bool = False
) -> Row:
    """Give an ended message another recipient, text or connection; as `retry` answers."""
    if starts:
        return await _and_work(bach, message_id, lambda: bach.amend(message_id, **amendment), seconds)
    return message_row(await bach.amend(message_id, wait=seconds, **amendment))


async def _and_work(bach: Bach, message_id: int, begin: Callable[[], Awaitable[Message]], seconds: float) -> Row:
    """Begin, then let the connection work until this one was tried, or for so many seconds.

    Only what is not refused lets a connection work that rests: everything else that waits there goes with it.
    """
    seconds, tried = checked_seconds("wait", seconds), asyncio.Event()

    def note(event: MessageEvent) -> None:
        if event.message.id == message_id:
            tried.set()

    unsubscribe = [bach.subscribe(kind, note) for kind in (MessageRetrying, MessageFinished)]
    try:
        await _start(bach, (await begin()).connection, starts=True)
        with suppress(TimeoutError):
            await asyncio.wait_for(tried.wait(), seconds)
    finally:
        for stop in unsubscribe:
            stop()
    return message_row(await bach.get(message_id))


async def discard_messages(bach: Bach, ids: Sequence[int]) -> int:
    """Give dead and uncertain messages up; how many."""
    return await bach.discard_messages(ids)


async def discard_all(bach: Bach, connection: str | None = None) -> int:
    """Give all dead letters up; how many."""
    check_there_is(bach, connection)
    return await bach.discard_all(connection)


async def message(bach: Bach, message_id: int) -> Row:
    """One message with its attempts and proofs."""
    one, attempts = await bach.history(message_id)
    proofs = await bach.proofs(message_id)
    lines: Row = {
        "attempts": [attempt_row(attempt) for attempt in attempts],
        "proofs": [proof_row(proof) for proof in proofs],
    }
    return {**message_row(one), **lines}


async def cancel(bach: Bach, message_id: int) -> Row:
    """Take a waiting message out."""
    return message_row(await bach.cancel(message_id))


async def clear(bach: Bach, connection: str, recipient: str, tag: str) -> Row:
    """Cancel what waits there with a tag, and have taken away what was sent; how many of each."""
    cleared = await bach.clear(connection, recipient, tag)
    return {"cancelled": cleared.cancelled, "taken_away": cleared.taken_away}


async def _start(bach: Bach, name: str, *, starts: bool) -> None:
    """Let a connection work for a moment where nothing does so all the time."""
    if starts and bach.registry.get(name).is_active:
        await bach.start(name)


async def release(bach: Bach, connection: str | None = None) -> int:
    """Send what a restored database holds; how many."""
    check_there_is(bach, connection)
    return await bach.release(connection)


async def discard_held(bach: Bach, connection: str | None = None) -> int:
    """Give up what a restored database holds; how many."""
    check_there_is(bach, connection)
    return await bach.discard_held(connection)
