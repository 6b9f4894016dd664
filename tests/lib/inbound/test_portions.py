"""Very many incoming messages at once: whoever sends meanwhile waits for a few of them at most."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from bach_lib.bus import Bus
from bach_lib.clock import SystemClock
from bach_lib.connectors.base import Batch
from bach_lib.events import MessageReceived
from bach_lib.inbound.inbox import Inbox
from bach_lib.inbound.pairing import Pairings
from bach_lib.inbound.router import Router
from bach_lib.inbound.rules import Rules
from bach_lib.models import Connection
from bach_lib.models.incoming import InboxStatus
from bach_lib.policy import ReceivePolicy
from bach_lib.redact import Redactor
from bach_lib.storage import Database
from tests.lib.inbound.make import incoming

MANY = 4_000
FEW = 3
"""Rows that others get written although everything is one transaction: before it begins, and when it has ended."""
HOME = Connection(name="home", type="fake", allowed=frozenset({"42"}))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Database]:
    """A real file."""
    database = Database(tmp_path / "bach.db")
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def inbox(store: Database) -> Inbox:
    """An inbox full of messages that nobody was told of."""
    policy = ReceivePolicy(sender_rows=10 * MANY, connection_rows=10 * MANY)
    inbox = Inbox(store, SystemClock(), Pairings(lambda *_: None), "0123abcd", 3600, policy=policy)
    for begin in range(0, MANY, 500):
        messages = tuple(incoming(remote_id=str(number), text=str(number)) for number in range(begin, begin + 500))
        await inbox.accept(HOME, Batch(messages=messages, cursor=None), caught_up_at=None, redact=Redactor())
    return inbox


async def others_meanwhile(store: Database, work: Callable[[], Awaitable[object]]) -> int:
    """How many rows somebody gets written, one after the other, while this goes on."""
    written, working = 0, asyncio.ensure_future(work())
    while not working.done():
        await store.submit(lambda tx: tx.run("save_meta", key="x", value="y"))
        written += 1
    await working
    return written


async def test_marking_and_throwing_away_thousands(store: Database, inbox: Inbox) -> None:
    """Whoever empties an inbox would hold up the fire alarm meanwhile."""
    ids = range(1, MANY + 1)
    results: list[int] = []

    async def mark() -> None:
        results.append(await inbox.mark([*ids, *ids], InboxStatus.READ))

    async def delete() -> None:
        results.append(await inbox.delete([*ids, *ids]))

    assert await others_meanwhile(store, mark) > FEW
    assert await others_meanwhile(store, delete) > FEW
    assert results == [MANY, MANY]


async def test_announcing_thousands_that_were_left_over(store: Database, inbox: Inbox) -> None:
    """After a night with a full disk nothing would be sent until all that came in has been announced."""
    bus, told = Bus(), list[str]()
    bus.subscribe(MessageReceived, lambda event: told.append(event.message.text))
    rules = Rules(store)
    await rules.open()
    router = Router(inbox, rules, bus, SystemClock())
    first_told: list[int] = []

    async def route() -> None:
        first_told.append(await router.route_left_over(HOME))

    assert await others_meanwhile(store, route) > FEW
    assert first_told == [MANY]
    assert told == [str(number) for number in range(MANY)], "each once and in order"
    assert await inbox.unrouted("home") == []
