"""What is in files lies beside a real database once each, survives what that survives, and goes with the last."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from hashlib import sha256
from pathlib import Path

import pytest

from bach_lib import Bach, Connection, File, Policy, Status
from bach_lib.errors import InvalidValueError
from bach_lib.models import Fault
from bach_lib.outbound import file_keeper
from bach_lib.outcomes import Dead
from bach_lib.storage import Address
from bach_lib.storage.moving import Move, Place, no_bar
from bach_lib.testing import FakeClock, FakePlatform, fake_connector

pytestmark = pytest.mark.sqlite_only
PHOTO = File(name="door.jpg", content=b"p" * 900, mime_type="image/jpeg")
OTHER = File(name="hall.jpg", content=b"o" * 900)
AWAY = Fault(code="unreachable", text="No route")

type Opened = Callable[..., AbstractAsyncContextManager[Bach]]


@pytest.fixture
def opened(tmp_path: Path, platform: FakePlatform, clock: FakeClock) -> Opened:
    """A BACH on a file, with a connection to the platform."""

    @asynccontextmanager
    async def opened(path: Path = tmp_path / "bach.db", *, file_bytes: int = 10_000) -> AsyncIterator[Bach]:
        policy = Policy(file_bytes=file_bytes)
        async with Bach(path, clock=clock, connectors={"fake": fake_connector(platform)}, policy=policy) as bach:
            if not bach.registry.list():
                await bach.registry.add(Connection(name="home", type="fake"))
            await clock.settle()
            yield bach

    return opened


def there(folder: Path) -> set[bytes]:
    """What is in all files beside the database."""
    return {one.read_bytes() for one in (folder / "bach.db-files").rglob("*") if one.is_file()}


async def test_a_content_lies_there_once_and_goes_with_the_last_that_needs_it(
    opened: Opened, platform: FakePlatform, clock: FakeClock, tmp_path: Path
) -> None:
    """A picture to five people would take five times its room, or the first who has it take it from the others."""
    platform.fault = AWAY
    async with opened() as bach:
        for person in ("ada", "bob", "carol"):
            await bach.send("home", person, "Look", files=[PHOTO, OTHER] if person == "bob" else [PHOTO])
        await clock.settle()
        assert there(tmp_path) == {PHOTO.content, OTHER.content}
        assert len([*(tmp_path / "bach.db-files").rglob("?" * 64)]) == 2
        assert (tmp_path / "bach.db").stat().st_size + (tmp_path / "bach.db-wal").stat().st_size < 10**7
        platform.fault = None
        platform.outcomes.append(Dead(fault=Fault(code="no", text="No")))
        await clock.advance(600)
        sent = [[file.content for file in message.files] for message in platform.sent]
        assert sorted(sent, key=len) == [[PHOTO.content], [PHOTO.content, OTHER.content]]
        [dead] = [one for one in await bach.messages() if one.status is Status.DEAD]
        assert PHOTO.content in there(tmp_path), "the dead letter needs it"
        await bach.retry(dead.id)
        await clock.settle()
        assert there(tmp_path) == set()


async def test_what_a_crash_left_is_swept_and_what_waits_goes_whole(
    opened: Opened, platform: FakePlatform, clock: FakeClock, tmp_path: Path
) -> None:
    """Files that no message needs would fill the disk, crash by crash; or the sweep take what waits."""
    platform.fault = AWAY
    async with opened() as bach:
        await bach.send("home", "ada", "Look", files=[PHOTO])
    orphan = sha256(b"orphan").hexdigest()
    (tmp_path / "bach.db-files" / "zz").mkdir()
    (tmp_path / "bach.db-files" / "zz" / orphan).write_bytes(b"orphan")
    platform.fault = None
    async with opened():
        assert there(tmp_path) <= {PHOTO.content}
        await clock.advance(600)
    assert [file.content for file in platform.sent[0].files] == [PHOTO.content]
    assert there(tmp_path) == set()


@pytest.mark.parametrize(("damage", "words"), [("gone", "Look"), ("another", "Look"), ("no row", "Look"), ("gone", "")])
async def test_what_is_gone_costs_the_file_and_not_the_words(
    opened: Opened, platform: FakePlatform, tmp_path: Path, damage: str, words: str
) -> None:
    """An alarm would stay behind because its picture was deleted; or half a picture go for a whole one."""
    platform.fault = AWAY
    async with opened() as bach:
        receipt = await bach.send("home", "ada", words, files=[PHOTO])
        await bach.send("home", "ada", "after it")
    [file] = (tmp_path / "bach.db-files").rglob("?" * 64)
    if damage == "gone":
        file.unlink()
    elif damage == "another":
        file.write_bytes(b"x" * 900)
    else:
        with closing(sqlite3.connect(tmp_path / "bach.db")) as database:
            database.execute("DELETE FROM files")
            database.commit()
    platform.fault = None
    async with opened() as bach:
        message = await bach.wait(receipt.id)
        await bach.wait(receipt.id + 1)
        reason = "door.jpg: it is not on the disk any more, or damaged."
        assert message.error
        if words:
            assert (message.status, message.degraded, message.lost[-1].reason) == (Status.SENT, True, reason)
        else:
            assert (message.status, message.error.text) == (Status.DEAD, reason)
        assert platform.texts == ([words] if words else []) + ["after it"]


async def test_the_room_for_files_has_an_end_and_the_words_go(
    opened: Opened, platform: FakePlatform, clock: FakeClock, tmp_path: Path
) -> None:
    """A night of pictures without a network would fill the disk of the home, or the alarms of that night be refused."""
    platform.fault = AWAY
    async with opened(file_bytes=1000) as bach:
        await bach.send("home", "ada", "one", files=[PHOTO])
        receipt = await bach.send("home", "ada", "two", files=[OTHER])
        said = "hall.jpg: it has 900 bytes, and of the 1000 that files of home may take on the disk 900 are used."
        assert [loss.reason for loss in receipt.lost] == [said]
        assert not (await bach.send("home", "bob", "the same costs nothing", files=[PHOTO])).lost
        with pytest.raises(InvalidValueError, match="are used"):
            await bach.send("home", "ada", "", files=[OTHER])
        assert there(tmp_path) == {PHOTO.content}
        for message in await bach.messages():
            if message.files:
                await bach.cancel(message.id)
        assert not (await bach.send("home", "ada", "three", files=[OTHER])).lost, "who was taken back gives its room"
        assert there(tmp_path) == {OTHER.content}


async def test_what_the_disk_does_not_take_costs_the_file_and_not_the_words(
    opened: Opened, platform: FakePlatform, tmp_path: Path
) -> None:
    """An alarm would be refused because the folder of its picture cannot be made."""
    async with opened() as bach:
        (tmp_path / "bach.db-files").write_text("in the way")
        receipt = await bach.send("home", "ada", "Look", files=[PHOTO])
        assert [loss.what for loss in receipt.lost] == ["file"]
        assert "the disk did not take it" in receipt.lost[0].reason
        assert (await bach.wait(receipt.id)).status is Status.SENT


async def test_a_send_that_fails_or_is_cancelled_leaves_nothing_behind(
    opened: Opened, platform: FakePlatform, clock: FakeClock, tmp_path: Path
) -> None:
    """Each refused send of a video would keep its room until the next start."""
    async with opened() as bach:
        await bach.registry.add(Connection(name="other", type="fake", is_active=False))
        await bach.send("other", "ada", "Look", files=[PHOTO], idempotency_key="k")
        with pytest.raises(ValueError, match="k"):
            await bach.send("other", "ada", "Look", files=[OTHER], idempotency_key="k")
        sending = asyncio.create_task(bach.send("other", "ada", "Look", files=[OTHER]))
        await asyncio.sleep(0)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        await clock.advance(7 * 3600)  # housekeeping
        assert there(tmp_path) == {PHOTO.content}


async def test_a_backup_is_one_file_with_all_that_is_in_files(
    opened: Opened, platform: FakePlatform, clock: FakeClock, tmp_path: Path
) -> None:
    """Whoever restores a home would send last night's alarm without its picture."""
    platform.fault = AWAY
    async with opened() as bach:
        await bach.send("home", "ada", "Look", files=[PHOTO])
        await bach.backup(tmp_path / "saved.db")
    platform.fault = None
    (elsewhere := tmp_path / "elsewhere").mkdir()
    (tmp_path / "saved.db").rename(elsewhere / "bach.db")
    assert [one.name for one in elsewhere.iterdir()] == ["bach.db"]
    async with opened(elsewhere / "bach.db") as bach:
        await bach.release("home")
        await clock.advance(600)
        assert [file.content for file in platform.sent[0].files] == [PHOTO.content]
    with closing(sqlite3.connect(elsewhere / "bach.db")) as database:
        assert database.execute("SELECT count(*) FROM contents").fetchone() == (0,)


async def test_while_a_home_is_backed_up_files_stay_and_afterwards_they_go(
    opened: Opened, platform: FakePlatform, clock: FakeClock, tmp_path: Path
) -> None:
    """Home Assistant's backup would fail because a file was gone; or they would stay for ever."""
    platform.fault = AWAY
    async with opened() as bach:
        await bach.send("home", "ada", "Look", files=[PHOTO])
        await bach.begin_backup()
        platform.fault = None
        await clock.advance(600)
        assert len(platform.sent) == 1
        assert there(tmp_path) == {PHOTO.content}
        await bach.end_backup()
        assert there(tmp_path) == set()


async def test_a_move_takes_along_what_is_in_files(
    opened: Opened, platform: FakePlatform, clock: FakeClock, tmp_path: Path, database_address: str
) -> None:
    """Whoever moves to a server, or back, would send what waits without its pictures."""
    platform.fault = AWAY
    async with opened() as bach:
        await bach.send("home", "ada", "Look", files=[PHOTO])
    server = Place(address=Address(database_address))
    await Move(Place(path=tmp_path / "bach.db"), server, no_bar).run()
    await Move(server, Place(path=tmp_path / "back.db"), no_bar).run()
    platform.fault = None
    async with opened(tmp_path / "back.db"):
        await clock.advance(600)
    assert [file.content for file in platform.sent[0].files] == [PHOTO.content]


async def test_what_waits_takes_no_memory_and_what_goes_takes_its_turn(
    opened: Opened, platform: FakePlatform, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the platform comes back after a night, thirty videos at once would end the process of a small machine."""
    monkeypatch.setattr(file_keeper, "MOST_LOADED", 2000)
    platform.fault = AWAY
    async with opened() as bach:
        for number in range(5):
            file = File(name="v.mp4", content=bytes([number]) * 900)
            await bach.send("home", f"person{number}", "Look", files=[file])
        await clock.settle()
    platform.fault = None
    platform.hold, before = asyncio.Event(), len(platform.attempts)
    async with opened():
        await clock.advance(1)
        assert len(platform.attempts) == before + 2, "so many fit"
        platform.hold.set()
        await clock.advance(600)
        assert len(platform.sent) == 5
