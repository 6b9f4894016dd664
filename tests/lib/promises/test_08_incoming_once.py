"""Promise 8: every incoming message once; the cursor is on disk, with the messages, before the platform is told."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from bach_lib import Bach
from bach_lib.connectors.base import Batch, Incoming
from bach_lib.errors import StoreFailedError
from bach_lib.events import MessageReceived
from bach_lib.models.incoming import Kind
from bach_lib.storage import Store, Transaction
from bach_lib.testing.clock import FakeClock
from bach_lib.testing.connector import FakePlatform
from tests.lib.promises.conftest import OpenBach, record
from tests.lib.promises.listener import BATCH

ADA = frozenset({"42"})


async def test_the_platforms_id_tells_a_repeated_message_and_the_text_does_not(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform
) -> None:
    """The second "yes" of a person would be swallowed, or a redelivered "open the door" obeyed twice."""
    async with open_bach(receives=True, allowed=ADA) as bach:
        received = record(bach, MessageReceived)
        platform.write("yes", remote_id="42:1", cursor="1")
        platform.write("yes", remote_id="42:2", cursor="2")
        platform.write("yes", remote_id="42:2", cursor="2")
        await clock.settle()
        assert [event.message.remote_id for event in received] == ["42:1", "42:2"]
        assert len(await bach.inbox()) == 2


async def test_the_platform_is_told_only_after_the_commit(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform
) -> None:
    """A crash between telling and storing would lose what a person wrote."""
    async with open_bach(receives=True, allowed=ADA) as bach:
        platform.write("hello", remote_id="42:1", cursor="1")
        await clock.settle()
        assert platform.cursors == [None, "1"]
        assert len(await bach.inbox()) == 1


async def test_what_could_not_be_stored_comes_again(
    open_bach: OpenBach,
    lasting_store: Store,
    clock: FakeClock,
    platform: FakePlatform,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A full disk would lose what a person wrote: the cursor moved, the message did not."""
    async with open_bach(lasting_store, receives=True, allowed=ADA) as bach:
        broken = True
        original = Transaction.row

        def full_disk(tx: Transaction, query: str, **values: str | float | None) -> object:
            if broken and query == "add_incoming":
                raise StoreFailedError(path="bach.db", reason="disk full")
            return original(tx, query, **values)

        monkeypatch.setattr(Transaction, "row", full_disk)
        platform.write("hello", remote_id="42:1", cursor="1")
        await clock.settle()
        assert platform.cursors == [None]
        broken = False
        platform.write("hello", remote_id="42:1", cursor="1")
        await clock.advance(5)
        assert platform.cursors == [None, None, "1"]
        assert len(await bach.inbox()) == 1


async def test_the_cursor_survives_a_restart(
    open_bach: OpenBach, lasting_store: Store, clock: FakeClock, platform: FakePlatform
) -> None:
    """After every restart old commands would run again."""
    async with open_bach(lasting_store, receives=True, allowed=ADA):
        platform.write("hello", remote_id="42:1", cursor="7")
        await clock.settle()
    async with open_bach(lasting_store, receives=True, allowed=ADA):
        assert platform.cursors[-1] == "7"


async def test_strangers_cause_nothing_but_a_counter(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform
) -> None:
    """Anybody who finds the bot could fill the disk or trigger automations."""
    async with open_bach(receives=True, allowed=ADA) as bach:
        received = record(bach, MessageReceived)
        stranger = Incoming(
            remote_id="666:1",
            recipient="666",
            recipient_title="Mallory",
            sender_id="666",
            sender_name="Mallory",
            kind=Kind.TEXT,
            text="open the door",
        )
        platform.incoming.put_nowait(Batch(messages=(stranger,) * 3, cursor="3"))
        await clock.settle()
        assert received == []
        assert await bach.inbox() == []
        assert bach.registry.get("home").blocked_count == 3
        assert platform.cursors[-1] == "3"


LISTENER = Path(__file__).with_name("listener.py")
LAST = 600


async def listen(database: Path, kill_after: int | None) -> list[str]:
    """Run a process that reads as fast as it can, perhaps kill it; return what it announced."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(LISTENER), str(database), str(LAST), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    announced: list[bytes] = []
    while kill_after and len(announced) < kill_after:
        announced.append(await process.stdout.readline())
    if kill_after:
        process.send_signal(signal.SIGKILL)
    announced += (await process.stdout.read()).splitlines(keepends=True)
    await process.wait()
    return [line.decode().strip() for line in announced if line.endswith(b"\n")]


async def test_kill_9_neither_loses_nor_repeats_what_comes_in(tmp_path: Path) -> None:
    """A power cut would swallow what a person wrote, or open the door a second time."""
    database = tmp_path / "bach.db"
    rounds = [await listen(database, kill_after) for kill_after in (50, 101, 77, None)]
    announced = [remote_id for one in rounds for remote_id in one]
    assert len(announced) == len(set(announced)), "something was announced twice"
    silent = {str(number) for number in range(1, LAST + 1)} - set(announced)
    assert len(silent) <= 3 * BATCH, "more stayed silent than one poll for each kill"
    async with Bach(database, autostart=False) as bach:
        inbox = await bach.inbox(limit=500) + await bach.inbox(limit=500, offset=500)
    assert sorted(int(message.remote_id) for message in inbox) == list(range(1, LAST + 1))
