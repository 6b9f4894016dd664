"""Some hundred random histories of the whole system; `script/simulate` tells as many more as one likes."""

import pytest

from tests.simulation.running import KINDS, failures

_CHUNK = 30
_CHUNKS = {"asking": 3, "incoming": 10, "outgoing": 10}


@pytest.fixture(autouse=True)
def loopback(socket_enabled: None) -> None:
    """A session of aiohttp needs an event loop, and that a pair of sockets."""


@pytest.mark.parametrize(
    ("kind", "first"), [(kind, number * _CHUNK) for kind in sorted(KINDS) for number in range(_CHUNKS[kind])]
)
def test_every_history_keeps_the_promises(kind: str, first: int) -> None:
    """Somewhere between outages, crashes and clocks that jump, a message would be lost, late, doubled or forgotten."""
    failed = failures(range(first, first + _CHUNK), kind)
    assert not failed, "\n\n".join(map(str, failed))
