"""Some hundred random histories of the whole system; `script/simulate` tells as many more as one likes."""

import pytest

from tests.servers import Server
from tests.simulation.running import KINDS, failures
from tests.simulation.server_disk import on_a_server

_CHUNK = 30
_ON_A_SERVER, _MORE = {"alarms": 1, "asking": 3, "incoming": 7, "later": 1, "outgoing": 10}, 10
_CHUNKS = {"alarms": 6, "asking": 3, "incoming": 10, "later": 6, "outgoing": 10}
_AT_ONCE = {"alarms": 1, "asking": 1, "incoming": 2, "later": 1, "outgoing": 4}
"""Of these, what is told without `--all`."""


@pytest.fixture(autouse=True)
def loopback(socket_enabled: None) -> None:
    """A session of aiohttp needs an event loop, and that a pair of sockets."""


@pytest.mark.parametrize(
    ("kind", "first"),
    [
        pytest.param(kind, number * _CHUNK, marks=() if number < _AT_ONCE[kind] else pytest.mark.slow)
        for kind in sorted(KINDS)
        for number in range(_CHUNKS[kind])
    ],
)
def test_every_history_keeps_the_promises(kind: str, first: int) -> None:
    """Somewhere between outages, crashes and clocks that jump, a message would be lost, late, doubled or forgotten."""
    failed = failures(range(first, first + _CHUNK), kind)
    assert not failed, "\n\n".join(map(str, failed))


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=() if kind == "outgoing" else pytest.mark.slow) for kind in sorted(KINDS)]
)
def test_they_are_kept_on_a_server_as_well(kind: str, postgresql: Server, pytestconfig: pytest.Config) -> None:
    """A connection that breaks, or a process that dies and leaves its database to the next, would cost a message."""
    histories = _ON_A_SERVER[kind] * (_MORE if pytestconfig.getoption("--all") else 1)
    with on_a_server(postgresql):
        failed = failures(range(histories), kind)
    assert not failed, "\n\n".join(map(str, failed))
