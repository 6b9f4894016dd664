"""Opening what is open, and opening again what was closed."""

import asyncio
from pathlib import Path

import pytest

from bach_lib import Bach, Connection, Status
from bach_lib.errors import AlreadyOpenError, NotOpenError, StorageError
from bach_lib.testing import FakeClock, FakePlatform, fake_connector

ROW = Connection(name="home", type="fake")


@pytest.mark.parametrize("path", [":memory:", "bach.db"])
async def test_what_is_open_goes_on_when_it_is_opened_once_more(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: FakeClock, platform: FakePlatform
) -> None:
    """All that waits in memory would be gone, or two would work on one queue, each for itself."""
    monkeypatch.chdir(tmp_path)
    bach = Bach(path, clock=clock, connectors={"fake": fake_connector(platform)}, connections=[ROW], grace=0)
    async with bach:
        registry = bach.registry
        with pytest.raises(AlreadyOpenError, match="is open already"):
            await bach.open()
        with pytest.raises(AlreadyOpenError):
            async with bach:
                pytest.fail("it was opened a second time")
        assert bach.registry is registry
        receipt = await bach.send("home", "ada", "Hello")
        await clock.settle()
        assert (await bach.get(receipt.id)).status is Status.SENT
        assert platform.texts == ["Hello"]


async def test_of_two_who_open_it_at_once_one_is_refused(platform: FakePlatform) -> None:
    """Each would open parts of its own, and one set would never be closed."""
    bach = Bach(":memory:", connectors={"fake": fake_connector(platform)}, connections=[ROW])
    said = await asyncio.gather(*(bach.open() for _ in range(3)), return_exceptions=True)
    assert [type(one) for one in said] == [type(None), AlreadyOpenError, AlreadyOpenError]
    assert [row.name for row in bach.registry.list()] == ["home"]
    await bach.close()


async def test_while_it_closes_it_cannot_be_opened(clock: FakeClock, platform: FakePlatform) -> None:
    """What closes would take away the file from under what has just begun."""
    bach = Bach(":memory:", clock=clock, connectors={"fake": fake_connector(platform)}, connections=[ROW])
    await bach.open()
    platform.holds()
    await bach.send("home", "ada", "Hello")
    await clock.settle()
    closing = asyncio.create_task(bach.close())
    await clock.settle()
    with pytest.raises(AlreadyOpenError):
        await bach.open()
    platform.works()
    await closing
    async with bach:
        assert [row.name for row in bach.registry.list()] == ["home"]


@pytest.mark.sqlite_only
async def test_what_is_in_memory_is_gone_when_it_is_opened_again(platform: FakePlatform) -> None:
    """A test would find what another one has left, or a program count on what nobody keeps."""
    bach = Bach(":memory:", connectors={"fake": fake_connector(platform)}, connections=[ROW])
    async with bach:
        await bach.registry.add(Connection(name="work", type="fake"))
        await bach.send("home", "ada", "Hello")
    async with bach:
        assert [row.name for row in bach.registry.list()] == ["home"]
        assert await bach.messages() == []


async def test_what_could_not_be_opened_can_be_tried_again(tmp_path: Path) -> None:
    """A program that waits for its disk would be told that it is open already."""
    folder = tmp_path / "later"
    folder.write_text("in the way")
    bach = Bach(folder / "bach.db")
    for _ in range(2):
        with pytest.raises(StorageError):
            await bach.open()
    folder.unlink()
    async with bach:
        assert bach.registry.list() == []


@pytest.mark.parametrize("turns", [0, 1, 3, 10, 30])
async def test_who_closes_what_is_being_opened_finds_it_closed(
    turns: int, tmp_path: Path, platform: FakePlatform
) -> None:
    """A program that is told to stop while it starts would leave the file open, and its lock behind."""
    connectors = {"fake": fake_connector(platform)}
    bach = Bach(tmp_path / "bach.db", connectors=connectors, connections=[ROW], grace=0)
    opening = asyncio.create_task(bach.open())
    for _ in range(turns):
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    async with asyncio.timeout(60):
        await bach.close()
        await opening
    with pytest.raises(NotOpenError):
        _ = bach.registry
    async with Bach(tmp_path / "bach.db", connectors=connectors) as other:
        assert [row.name for row in other.registry.list()] == ["home"]


async def test_who_waited_for_another_to_close_it_leaves_alone_what_is_opened_anew(tmp_path: Path) -> None:
    """A program that closes it twice and starts again would find it closed, or half of it."""
    bach = Bach(tmp_path / "bach.db")

    async def start_again() -> None:
        await bach.close()
        await bach.open()

    await bach.open()
    await asyncio.gather(start_again(), bach.close())
    with pytest.raises(AlreadyOpenError):
        await bach.open()
    assert bach.registry.list() == []
    await bach.close()
    with pytest.raises(NotOpenError):
        _ = bach.registry
