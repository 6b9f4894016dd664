"""The same message for several: all of them are on disk, or none is."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from bach_lib import Bach, BachError, Connection, File, Policy
from bach_lib.errors import (
    IdempotencyKeyReusedError,
    InvalidRecipientError,
    InvalidValueError,
    QueueFullError,
    StorageError,
    UnknownConnectionError,
)
from bach_lib.models import Fault
from bach_lib.outbound.queue import Queue
from bach_lib.storage import Database, Transaction
from bach_lib.testing import FakeClock, FakePlatform, fake_connector

ROWS = [Connection(name="home", type="fake"), Connection(name="work", type="fake")]
TARGETS = [("home", "ada"), ("work", "ada"), ("home", "bob")]


@pytest.fixture
async def bach(bach: Bach) -> Bach:
    """With two connections."""
    for row in ROWS:
        await bach.registry.add(row)
    return bach


async def test_all_get_it_and_the_receipts_come_in_order(bach: Bach, clock: FakeClock, platform: FakePlatform) -> None:
    """A program could not tell which of them got it."""
    receipts = await bach.send_all(TARGETS, "Disk full", title="Alarm", files=[File(name="df.txt", content=b"98 %")])
    assert [(receipt.connection, receipt.recipient) for receipt in receipts] == TARGETS
    await clock.advance(1)
    assert [(await bach.get(receipt.id)).status for receipt in receipts] == ["sent"] * 3
    assert {message.title for message in platform.sent} == {"Alarm"}
    assert [message.files[0].content for message in platform.sent] == [b"98 %"] * 3


async def test_who_waits_gets_the_messages_as_they_ended(bach: Bach, clock: FakeClock, platform: FakePlatform) -> None:
    """A script could not end with what became of its alarm."""
    sent = await bach.send_all(TARGETS, "Hello", wait=10)
    assert [(message.connection, message.recipient, message.status) for message in sent] == [
        (*target, "sent") for target in TARGETS
    ]
    platform.hold = asyncio.Event()
    waiting = asyncio.create_task(bach.send_all((pair for pair in TARGETS), "Hello again", wait=10))
    await clock.advance(9)
    assert not waiting.done()
    await clock.advance(1)
    assert [message.status for message in await waiting] == ["sending"] * 3


async def test_one_whose_connection_goes_comes_back_cancelled(
    bach: Bach, clock: FakeClock, platform: FakePlatform
) -> None:
    """One removed connection would hide what became of all others."""
    platform.hold = asyncio.Event()
    waiting = asyncio.create_task(bach.send_all(TARGETS, "Hello", wait=10))
    await clock.settle()
    await bach.registry.remove("work")
    platform.hold.set()
    assert [message.status for message in await waiting] == ["sent", "cancelled", "sent"]


@pytest.mark.parametrize(
    ("targets", "error"),
    [
        ([*TARGETS, ("home", "two words")], InvalidRecipientError),
        ([*TARGETS, ("nowhere", "ada")], UnknownConnectionError),
        ([*TARGETS, ("home", "")], BachError),
        ([*TARGETS, "home"], InvalidValueError),
        ([*TARGETS, ("home", "ada", "bob")], InvalidValueError),
        ("home", InvalidValueError),
        ({"home": "ada"}, InvalidValueError),
        (7, InvalidValueError),
        ([("home", f"person{number}") for number in range(501)], InvalidValueError),
    ],
)
async def test_one_that_is_wrong_refuses_all(bach: Bach, targets: object, error: type[BachError]) -> None:
    """Who corrects the list and sends again would tell the first ones twice."""
    with pytest.raises(error):
        await bach.send_all(targets, "Hello")  # type: ignore[call-overload] # as people without a type checker do
    assert await bach.messages() == []


async def test_a_queue_that_is_full_refuses_all_and_frees_the_others(clock: FakeClock) -> None:
    """The first ones would get it, or their lanes stand still for ever."""
    platform = FakePlatform()
    connectors = {"fake": fake_connector(platform)}
    policy = Policy(max_waiting=1)
    bach = Bach(":memory:", clock=clock, connectors=connectors, connections=ROWS, policy=policy, grace=0)
    async with asyncio.timeout(60), bach:  # who stands ready for ever would keep it from closing
        await bach.stop("work")
        await bach.send("work", "ada", "the one that waits")
        with pytest.raises(QueueFullError):
            await bach.send_all([("home", "ada"), ("work", "bob")], "Hello")
        await clock.settle()
        assert [message.text for message in await bach.messages()] == ["the one that waits"]
        receipt = await bach.send("home", "ada", "next")
        await clock.advance(10)  # and not `wait`, which would wait for ever behind somebody who stands ready
        assert (await bach.get(receipt.id)).status == "sent"


async def test_a_disk_that_fails_in_the_middle_keeps_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of a family would be warned, and the caller told that nobody was."""
    putting, made = Queue.putting, list[object]()

    def failing(*args: object, **options: object) -> Callable[[Transaction], object]:
        made.append(args)
        work = putting(*args, **options)  # type: ignore[arg-type] # passed on
        return work if len(made) != 3 else lambda tx: tx.run("no_such_query")

    connectors = {"fake": fake_connector(FakePlatform())}
    async with Bach(Database(tmp_path / "bach.db"), connectors=connectors, connections=ROWS) as bach:
        monkeypatch.setattr(Queue, "putting", failing)
        with pytest.raises((StorageError, KeyError)):
            await bach.send_all(TARGETS, "Hello")
        monkeypatch.undo()
        assert await bach.messages() == []
        sent = await bach.send_all(TARGETS, "again", wait=10)
        assert [message.status for message in sent] == ["sent"] * 3


async def test_the_same_key_brings_the_first_receipts(bach: Bach) -> None:
    """A request that is repeated because its answer got lost would tell everybody twice."""
    first = await bach.send_all(TARGETS, "Hello", idempotency_key="alarm-7")
    again = await bach.send_all(TARGETS, "Hello", idempotency_key="alarm-7")
    assert [receipt.id for receipt in first] == [receipt.id for receipt in again]
    with pytest.raises(IdempotencyKeyReusedError):
        await bach.send_all([*TARGETS, ("home", "eve")], "Something else", idempotency_key="alarm-7")
    assert len(await bach.messages()) == 3


async def test_nobody_is_nobody(bach: Bach) -> None:
    """A program whose list is empty today would fail."""
    assert await bach.send_all([], "Hello") == []
    assert await bach.send_all([], "Hello", wait=1) == []


async def test_what_goes_to_many_is_on_disk_once(bach: Bach, platform: FakePlatform) -> None:
    """A video for five hundred people would be on disk five hundred times."""
    platform.fault = Fault(code="unreachable", text="No route")
    await bach.send_all(TARGETS, "Hello", files=[File(name="video.mp4", content=bytes(400))])
    rows = await bach._base.store.read(lambda tx: tx.ask("SELECT size FROM contents"))
    assert [row["size"] for row in rows] == [400]
