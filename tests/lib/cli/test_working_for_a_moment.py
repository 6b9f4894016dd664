"""Where no daemon runs, a command lets a connection work for a moment: never for a question that is refused."""

from collections.abc import Mapping

import pytest

from bach_lib import Bach, BachError, Connection, Fault, Status
from bach_lib.control.operations import perform
from bach_lib.outcomes import Dead
from bach_lib.rest.answers import Json
from bach_lib.testing import FakeClock, FakePlatform


@pytest.fixture
async def resting(bach: Bach, platform: FakePlatform, clock: FakeClock) -> Bach:
    """A connection that rests: message 1 is dead, 2 waits; another has one that waits, and none dead."""
    platform.outcomes.append(Dead(fault=Fault(code="refused", text="no")))
    await bach.registry.add(Connection(name="home", type="fake"))
    await bach.registry.add(Connection(name="shed", type="fake"))
    await clock.settle()
    await bach.send("home", "ada", "dead")
    await clock.settle()
    for name in ("home", "shed"):
        await bach.stop(name)
        await bach.send(name, "ada", "waits")
    platform.attempts.clear()
    return bach


@pytest.mark.parametrize(
    ("operation", "asked"),
    [
        ("retry", {"message_id": 2}),
        ("retry", {"message_id": 99}),
        ("retry", {"message_id": 1, "seconds": -1.0}),
        ("retry_all", {"connection": "nowhere"}),
        ("retry_all", {"connection": "home", "seconds": -1.0}),
        ("amend", {"message_id": 1, "amendment": {"recipient": ""}}),
        ("amend", {"message_id": 1, "amendment": {"text": " "}}),
        ("amend", {"message_id": 1, "amendment": {"connection": "nowhere"}}),
        ("amend", {"message_id": 1, "amendment": {"text": "x"}, "seconds": -1.0}),
    ],
)
async def test_what_is_refused_sends_nothing(
    resting: Bach, platform: FakePlatform, clock: FakeClock, operation: str, asked: Mapping[str, Json]
) -> None:
    """Whoever mistypes a number would let go what waits, though nothing was asked for that."""
    with pytest.raises(BachError):
        await perform(resting, operation, {"seconds": 0.2, "starts": True, **asked})
    await clock.settle()
    assert (platform.attempts, (await resting.get(1)).status) == ([], Status.DEAD)


async def test_what_has_nothing_to_send_again_rests_on(resting: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """All dead letters are sent again, and the messages of a connection that has none would go as well."""
    row = await perform(resting, "retry_all", {"seconds": 5.0, "starts": True})
    assert isinstance(row, dict)
    assert (row["retried"], row["sent"]) == (1, 1)
    await clock.settle()
    assert {message.connection for message in platform.sent} == {"home"}


@pytest.mark.parametrize(
    ("operation", "asked"), [("retry", {}), ("amend", {"amendment": {"text": "better"}})], ids=["retry", "amend"]
)
async def test_what_is_taken_is_sent_at_once(resting: Bach, operation: str, asked: Mapping[str, Json]) -> None:
    """Without a daemon nothing would ever go out by this command."""
    row = await perform(resting, operation, {"message_id": 1, "seconds": 5.0, "starts": True, **asked})
    assert isinstance(row, dict)
    assert row["status"] == "sent"
