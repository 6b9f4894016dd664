"""Three hundred random histories of the whole system; `script/simulate` tells as many more as one likes."""

import pytest

from tests.simulation.running import KINDS, failures

_CHUNK = 30


@pytest.fixture(autouse=True)
def loopback(socket_enabled: None) -> None:
    """A session of aiohttp needs an event loop, and that a pair of sockets."""


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("first", range(0, 10 * _CHUNK, _CHUNK))
def test_every_history_keeps_the_promises(kind: str, first: int) -> None:
    """Somewhere between outages, crashes and clocks that jump, a message would be lost, late, doubled or forgotten."""
    failed = failures(range(first, first + _CHUNK), kind)
    assert not failed, "\n\n".join(map(str, failed))
