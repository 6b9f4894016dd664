"""What a database that was put back from a copy holds: it goes, or ends, when its owner says so."""

import pytest

from bach_lib import Bach, Connection, Fault, Status
from bach_lib.events import MessageCancelled
from bach_lib.testing import FakeClock, FakePlatform


@pytest.fixture
async def home(bach: Bach, platform: FakePlatform, clock: FakeClock) -> Bach:
    """Two connections, for which two messages and one are held."""
    platform.fault = Fault(code="unreachable", text="No route to host")
    for name in ("home", "work"):
        await bach.registry.add(Connection(name=name, type="fake"))
    for name, text in (("home", "first"), ("home", "second"), ("work", "other")):
        await bach.send(name, "ada", text)
    for name in ("home", "work"):
        await bach.stop(name)
    await bach._base.store.submit(lambda tx: tx.run("hold_unfinished"))
    for name in ("home", "work"):
        await bach.start(name)
    platform.fault = None
    await clock.advance(600)
    assert platform.sent == []
    return bach


async def test_what_its_owner_lets_go_is_sent(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """After a restore nothing that waited would ever arrive, or last month's alarms would without being asked for."""
    assert await home.release("home") == 2
    await clock.settle()
    assert platform.texts == ["first", "second"]
    assert [one.text for one in await home.messages(status=[Status.PENDING])] == ["other"]
    assert await home.release() == 1
    await clock.settle()
    assert platform.texts == ["first", "second", "other"]


async def test_what_its_owner_gives_up_ends(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """Whoever waits for one of them would wait for ever, and the page ask for a decision again and again."""
    told: list[tuple[str, str]] = []
    home.subscribe(MessageCancelled, lambda event: told.append((event.connection, event.message.text)))
    assert await home.discard_held("home") == 2
    assert told == [("home", "first"), ("home", "second")]
    assert (await home.queue_status())["work"].held == 1
    assert await home.discard_held() == 1
    await clock.advance(600)
    assert platform.sent == []
