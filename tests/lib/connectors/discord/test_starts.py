"""How often sessions of the gateway may begin, whatever Discord does."""

import pytest

from bach_lib.connectors.discord.json_fields import may_read_texts
from bach_lib.connectors.discord.session_starts import SessionStarts
from bach_lib.connectors.observations import CallError
from bach_lib.models import Fault
from bach_lib.testing import FakeClock


async def test_sessions_that_end_at_once_begin_at_a_growing_distance() -> None:
    """A gateway that ends every session would use up the 1,000 starts of a day in 83 minutes."""
    clock = FakeClock()
    starts, distances = SessionStarts(clock), []
    while clock.monotonic() < 86_400:
        starts.begun()
        starts.over()
        distances.append(starts.left)
        await clock.advance(starts.left)
    assert distances[:7] == [5, 15, 45, 135, 405, 1215, 3600]
    assert set(distances[7:]) == {3600}
    assert len(distances) < 32


async def test_sessions_that_begin_and_soon_end_are_no_reason_to_hurry() -> None:
    """The same, where each is greeted first."""
    clock = FakeClock()
    starts, begun = SessionStarts(clock), 0
    while clock.monotonic() < 86_400:
        starts.begun()
        starts.up()
        begun += 1
        await clock.advance(1)
        starts.over()
        await clock.advance(starts.left)
    assert begun < 35


async def test_a_session_that_lasted_is_followed_by_another_at_once() -> None:
    """After a night without trouble, an outage would cost an hour."""
    clock = FakeClock()
    starts = SessionStarts(clock)
    for _ in range(8):
        starts.begun()
    starts.up()
    await clock.advance(601)
    starts.over()
    assert starts.left == 0


def test_the_first_that_breaks_is_followed_at_once() -> None:
    """A router that restarts would cost seconds for nothing."""
    starts = SessionStarts(FakeClock())
    starts.begun()
    starts.up()
    starts.over()
    assert starts.left == 0
    assert starts.pause(None) is None


async def test_what_is_said_meanwhile() -> None:
    """A wrong token would look like an outage as soon as BACH waits."""
    starts = SessionStarts(FakeClock())
    starts.begun()
    refused = starts.pause(Fault(code="auth_failed", text="Discord refuses the token."))
    assert refused == Fault(code="auth_failed", text="Discord refuses the token.", retry_after=5)
    unknown = starts.pause(None)
    assert unknown
    assert (unknown.code, unknown.retry_after) == ("unreachable", 5)
    starts.begun()
    with pytest.raises(CallError) as caught:
        await starts.turn()
    assert (caught.value.code, caught.value.retry_after) == ("unreachable", 15)


@pytest.mark.parametrize(
    ("application", "may"),
    [({"flags": 1 << 18}, True), ({"flags": 1 << 19}, True), ({"flags": 1 << 15}, False), ({}, False), (None, False)],
)
def test_whether_texts_may_be_read(application: object, *, may: bool) -> None:
    """The intent would never be noticed, or sessions begin for nothing."""
    assert may_read_texts(application) == may
