"""What lay there before receiving began, and what is new."""

from dataclasses import replace

import pytest

from bach_lib import Connection
from bach_lib.inbound.quiet_start import QuietStart
from bach_lib.testing import FakeClock
from tests.lib.inbound.make import read

READ, CONNECTION = read(), Connection(name="home", type="fake", settings={"quiet_start": True})


@pytest.mark.parametrize(
    ("seconds", "age", "lay_there"),
    [
        (0, 0.0, False),
        (0, 0.1, True),
        (60, 60.0, False),
        (60, 60.1, True),
        (4.9, None, True),
        (5, None, False),
    ],
)
async def test_what_was_written_before_the_beginning_lay_there(
    clock: FakeClock, seconds: float, age: float | None, lay_there: bool
) -> None:
    """A person who wants a quiet start would have last week's commands carried out; or their first one not heard."""
    quiet = QuietStart(clock)
    await clock.advance(seconds)
    one = replace(READ, age=age)
    assert quiet.judge(CONNECTION)(one) is lay_there
    assert not quiet.judge(replace(CONNECTION, settings={}))(one), "nobody wants it"


async def test_once_all_of_it_is_read_nothing_lies_there(clock: FakeClock) -> None:
    """What came while the home was away would never start anything, although receiving began weeks ago."""
    quiet = QuietStart(clock)
    quiet.end()
    assert not any(map(quiet.judge(CONNECTION), (replace(READ, age=1e9), replace(READ, age=None))))
