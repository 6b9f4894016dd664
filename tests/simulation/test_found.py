"""Histories that once failed, as short as they could be made. What was wrong with each stands beside it."""

import pytest

from tests.simulation.incoming_steps import Garbage, IncomingHistory, Push, Write
from tests.simulation.running import complaints_about_incoming
from tests.simulation.steps import Advance


@pytest.fixture(autouse=True)
def loopback(socket_enabled: None) -> None:
    """A session of aiohttp needs an event loop, and that a pair of sockets."""


INCOMING: dict[str, IncomingHistory] = {
    # what came by another way than a poll made the connection forget how far it had read
    "brought and polled": (
        Write(number=3, sender="eve"),
        Garbage(),
        Advance(1),
        Push(number=4),
        Advance(1),
        Write(number=5),
    ),
}


@pytest.mark.parametrize("name", INCOMING)
def test_what_was_found_in_receiving_stays_mended(name: str) -> None:
    """A fault that was mended once would come back."""
    assert complaints_about_incoming(INCOMING[name], 1) == []
