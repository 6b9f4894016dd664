"""Operations on incoming messages."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from bach_lib.bach import Bach
from bach_lib.control.operations.json_rows import Row, health_row, incoming_row
from bach_lib.control.operations.paging import check_there_is, pages, since
from bach_lib.errors import CannotReceiveError
from bach_lib.events import ConnectionChanged, Event, MessageReceived, SenderBlocked
from bach_lib.models import Category, ConnectionState, Direction, Identity
from bach_lib.models.incoming import InboxStatus, IncomingMessage

_NEWS = 1000
"""Messages in one answer; whoever watches asks again at once."""
LAST_WORD = 30.0
"""Seconds that somebody has to bring the code when somebody else has written."""
_QUIET = 1.0
"""Seconds without a message after which what the platform had is taken to be read."""


async def inbox(
    bach: Bach,
    *,
    connection: str | None = None,
    status: InboxStatus | None = None,
    sender: str | None = None,
    limit: int = 50,
    offset: int = 0,
) -> list[Row]:
    """A page, newest first."""
    check_there_is(bach, connection)

    async def page(size: int, before: int | None) -> Sequence[IncomingMessage]:
        start = offset if before is None else 0
        return await bach.inbox(
            connection=connection, status=status, sender=sender, before=before, limit=size, offset=start
        )

    return [incoming_row(message) for message in await pages(page, limit)]


async def incoming(bach: Bach, message_id: int) -> Row:
    """One message."""
    return incoming_row(await bach.incoming(message_id))


async def count(bach: Bach) -> list[Row]:
    """How many messages of each connection are unread, read and archived."""
    rows: list[Row] = []
    for row in bach.registry.list(category=Category.CONNECTOR):
        numbers = {status.value: await bach.count_inbox(connection=row.name, status=status) for status in InboxStatus}
        rows.append({"connection": row.name, **numbers, "total": sum(numbers.values())})
    return rows


async def unreadable(bach: Bach, connection: str) -> list[Row]:
    """What came in through a connection and could not be understood, newest first."""
    check_there_is(bach, connection)
    return [{"reason": one.reason, "raw": one.raw} for one in await bach.unreadable(connection)]


async def mark(bach: Bach, ids: Sequence[int], status: InboxStatus) -> int:
    """Mark messages; how many were something else before."""
    return await bach.mark(ids, status)


async def discard(bach: Bach, ids: Sequence[int]) -> int:
    """Delete messages; how many there were."""
    return await bach.discard(ids)


async def route(bach: Bach) -> int:
    """Announce what was never announced; how many."""
    return await bach.route()


async def incoming_after(bach: Bach, after: int, seconds: float, connection: str | None = None) -> list[Row]:
    """What came in after this id, oldest first; waits so long for something to come."""
    check_there_is(bach, connection)
    arrived = asyncio.Event()
    unsubscribe = bach.subscribe(MessageReceived, lambda _: arrived.set())
    try:
        if not (rows := await _after(bach, after, connection)):
            try:
                async with asyncio.timeout(seconds):
                    await arrived.wait()
            except TimeoutError:
                return []
            rows = await _after(bach, after, connection)
        return rows
    finally:
        unsubscribe()


async def poll(bach: Bach, name: str, seconds: float, *, starts: bool) -> Row:
    """Read what the platform has; how many messages came, and how receiving stands. `starts`: the connection rests."""
    received: list[MessageReceived] = []
    changed = asyncio.Event()

    def note(event: Event) -> None:
        if event.connection == name:
            changed.set()
            received.extend([event] if isinstance(event, MessageReceived) else [])

    unsubscribe = [bach.subscribe(kind, note) for kind in (MessageReceived, ConnectionChanged)]
    try:
        if starts:
            await bach.start(name)
        if bach.health(name, Direction.RECEIVING).state is ConnectionState.DISABLED:
            raise CannotReceiveError(name=name)
        async with asyncio.timeout(seconds):
            while received or bach.health(name, Direction.RECEIVING).state is ConnectionState.STARTING:
                changed.clear()
                await asyncio.wait_for(changed.wait(), _QUIET if received else None)
    except TimeoutError:
        pass  # no more came
    finally:
        for stop in unsubscribe:
            stop()
    return {"name": name, "received": len(received), **health_row(bach.health(name, Direction.RECEIVING))}


async def invite(bach: Bach, name: str, code: str, *, starts: bool) -> Row:
    """How somebody brings a code, and to whom. `starts`: the connection rests."""
    if starts:
        await bach.start(name)
    found = bach.identity(name) or await bach.check(name)
    account, link = (found.name, found.link) if isinstance(found, Identity) else (name, None)
    invitation = bach.invitation(name, code, link)
    return {
        "account": account,
        "takes_code": invitation is not None,
        "link": invitation.link if invitation else None,
        "group_link": invitation.group_link if invitation else None,
    }


async def pair(bach: Bach, name: str, seconds: float, code: str, *, starts: bool) -> list[Row]:
    """Wait for somebody to bring the code; who wrote, they first. `starts`: the connection rests.

    Whoever writes without the code ends the waiting as well, but not at once: it may be anybody.
    """
    if starts:
        await bach.start(name)
    somebody, the_one = asyncio.Event(), asyncio.Event()

    def seen(event: SenderBlocked) -> None:
        if event.connection == name:
            somebody.set()
            if event.candidate.has_code or not takes_code:
                the_one.set()

    takes_code = bach.invitation(name, code) is not None
    unsubscribe = bach.subscribe(SenderBlocked, seen)
    try:
        with bach.pairing(name, code) as pairing:
            if pairing.candidates:  # pressed Start before
                somebody.set()
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await somebody.wait()
                    await asyncio.wait_for(the_one.wait(), LAST_WORD)
            return [
                {"recipient": one.recipient, "title": one.title, "kind": one.kind, "has_code": one.has_code}
                for one in pairing.candidates.values()
            ]
    finally:
        unsubscribe()


async def _after(bach: Bach, after: int, connection: str | None) -> list[Row]:
    async def page(size: int, before: int | None) -> Sequence[IncomingMessage]:
        return await bach.inbox(connection=connection, before=before, limit=size)

    return [incoming_row(message) for message in await since(page, after, _NEWS)]
