"""Lines in the log about what strangers cause: every hour one, and none is forgotten."""

from typing import override

import pytest

from bach_lib.inbound.admission import Notice, is_allowed
from bach_lib.testing import FakeClock
from tests.lib.inbound.make import incoming


class JustStarted(FakeClock):
    """A machine that was switched on this very moment, so that its count begins at zero."""

    @override
    def monotonic(self) -> float:
        return super().monotonic() - 1000.0


async def test_a_line_an_hour_says_how_often(caplog: pytest.LogCaptureFixture) -> None:
    """Right after a power cut nothing would be told, later everything twice, or a number would be wrong."""
    clock = JustStarted()
    notice = Notice("%d of %s, %s", "home", clock)
    notice.add(0, "nothing happened")
    notice.add(2, "first")
    for _ in range(3):
        notice.add(1, "kept for later")
    await clock.advance(3599)
    notice.add(1, "too early")
    await clock.advance(1)
    notice.add(0, "second")
    await clock.advance(3600)
    notice.add(1, "third")
    lines = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert lines == [("WARNING", line) for line in ("2 of home, first", "4 of home, second", "1 of home, third")]


def test_a_group_lets_in_whatever_lies_in_it() -> None:
    """A platform whose threads have threads of their own would shut people out of the lower ones."""
    message = incoming(recipient="-100/7/8", sender_id="42")
    for entry in ("-100", "-100#42", "-100/7/8"):
        assert is_allowed(frozenset({entry}), message)
