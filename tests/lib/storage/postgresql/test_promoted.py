"""A standby that was not waited for takes the place of its primary, and lacks the last commits."""

from __future__ import annotations

import logging
import shutil
import signal
from collections.abc import Iterator

import pytest

from bach_lib import Bach, Connection, Status
from bach_lib.errors import StorageError
from bach_lib.testing import FakePlatform, fake_connector
from benchmarks.cluster.machines import Machine, Standby
from tests.servers import Server, a_folder

_SHOWN = "SELECT count(*) FROM bach.messages WHERE text = 'kept'"


@pytest.fixture
def pair(postgresql: Server) -> Iterator[tuple[Machine, Standby]]:
    """A primary with an empty database, and a standby that follows it a little later."""
    primary = Machine(a_folder())
    primary.start()
    primary.empty_database("house")
    standby = Standby(a_folder(), primary)
    standby.follow()
    yield primary, standby
    for server in (primary, standby):
        server.stop()
        shutil.rmtree(server.folder, ignore_errors=True)


@pytest.mark.slow  # two servers begin and end
async def test_what_it_lacks_is_told_and_what_waits_is_held(
    pair: tuple[Machine, Standby], caplog: pytest.LogCaptureFixture
) -> None:
    """What went out after the last commit that the standby has would go out again, and nobody would know."""
    primary, standby = pair
    hosts = f"127.0.0.1:{primary.port},127.0.0.1:{standby.port}"
    address, platform = f"postgresql://bach@{hosts}/house?target_session_attrs=read-write", FakePlatform()
    # what is under way while all begin anew may go again: a platform that knows nonces drops it, and a new one it takes
    connectors = {"fake": fake_connector(platform, idempotent=True)}
    async with Bach(address, connectors=connectors, grace=0.0) as bach:
        await bach.registry.add(Connection(name="rests", type="fake", is_active=False))
        await bach.registry.add(Connection(name="home", type="fake"))
        waits = await bach.send("rests", "ada", "waits")
        kept = await bach.send("home", "ada", "kept")
        assert (await bach.wait(kept.id, 60)).status is Status.SENT
        while standby.ask(_SHOWN, "house") != [(1,)]:
            pass  # each question goes to the server and back
        standby.stop(signal.SIGINT)
        lacking = await bach.send("home", "ada", "lacking")
        assert (await bach.wait(lacking.id, 60)).status is Status.SENT
        primary.stop()
        standby.start()
        standby.take_over()
        with caplog.at_level(logging.WARNING):
            later = await _sent_again(bach, "later")
        assert later > lacking.id, "its nonce would be known already"
        assert (await bach.wait(later, 60)).status is Status.SENT
        assert (await bach.get(waits.id)).held
        assert "it is an older copy" in caplog.text
    assert [message.text for message in platform.sent] == ["kept", "lacking", "later"]


async def _sent_again(bach: Bach, text: str) -> int:
    """The id; asked again while the server is away, as a caller does."""
    while True:
        try:
            return (await bach.send("home", "ada", text, idempotency_key=text)).id
        except StorageError:
            continue
