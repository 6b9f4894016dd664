"""Real processes on a real server with fsync on, and what happens to the server, its disk and the network before it.

The same blows as `script/bench cluster`, in small.
"""

from __future__ import annotations

import os

import pytest

from benchmarks.cluster.blows import BLOWS
from benchmarks.cluster.dealing import meanwhile, scene_of
from benchmarks.cluster.house import Size
from benchmarks.cluster.judging import Blow
from benchmarks.cluster.machines import may_mount
from benchmarks.measuring import scratch

pytestmark = pytest.mark.slow  # processes of their own, a server, and leases that run out

SIZE = Size(connections=5, messages=110, seconds=0.01, spread=1.0, away=6.0, times=1)
"""One connection of each kind; away for longer than a lease."""


@pytest.mark.parametrize("blow", BLOWS)
async def test_nothing_is_lost_mixed_up_or_sent_twice(postgresql: object, blow: str) -> None:
    """An update, an accident or a full disk of the database would cost messages, or people would get them twice."""
    if blow == "full" and not may_mount():
        missing = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        missing("NOT RUN: a disk of its own needs root")
    with scratch() as folder:
        async with scene_of(blow, folder, SIZE) as scene:
            house = scene.house
            await meanwhile(blow, scene)
            # each lane may repeat one message for each blow; when, a busy machine decides
            house.blows = [Blow(0, blow.ended + number) for number, blow in enumerate(house.blows)]
            verdict = await house.verdict()
    assert verdict.is_good, verdict
    assert verdict.accepted == SIZE.messages // len(SIZE.lanes) * len(SIZE.lanes)
