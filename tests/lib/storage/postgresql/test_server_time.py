"""The server's time, as a process counts it on."""

from collections.abc import Callable
from typing import override

import pytest

from bach_lib.clock import SystemClock
from bach_lib.storage.postgresql.server_time import ServerTime


class Machine(SystemClock):
    """Its clocks stand still until they are set."""

    wall, counted = 1_800_000_000.0, 100.0

    @override
    def now(self) -> float:
        return self.wall

    @override
    def monotonic(self) -> float:
        return self.counted


@pytest.fixture
def machine() -> Machine:
    """One whose clocks a test sets."""
    return Machine()


@pytest.fixture
def time(machine: Machine) -> ServerTime:
    """As a process of this machine has it, before it has asked."""
    return ServerTime(machine)


def server(machine: Machine, says: float, *, there: float = 0.0, back: float = 0.0) -> Callable[[], float]:
    """What a server says whose clock says this when it is asked; seconds for the way there and back."""

    def ask() -> float:
        machine.counted += there + back
        return says + there

    return ask


def test_it_is_this_machines_until_it_was_asked(machine: Machine, time: ServerTime) -> None:
    """What happens before the first connection would be of 1970."""
    assert time.now == machine.wall
    assert time.ahead is None
    assert time.is_older_than(1e9)


def test_it_counts_on_whatever_this_machines_clock_shows(machine: Machine, time: ServerTime) -> None:
    """A machine whose clock is set would end what others have stored."""
    time.measure(server(machine, 5000.0))
    machine.wall -= 7200
    machine.counted += 60
    assert time.now == 5060
    assert not time.is_older_than(60)
    assert time.is_older_than(59)


def test_a_slow_answer_does_not_set_it(machine: Machine, time: ServerTime) -> None:
    """With each answer that takes long, all that waits would end sooner, or later."""
    time.measure(server(machine, 5000.0))
    time.measure(server(machine, time.now, back=30.0))
    time.measure(server(machine, time.now, there=30.0))
    assert time.now == 5060


def test_it_follows_a_server_that_was_set(machine: Machine, time: ServerTime) -> None:
    """Of two processes, one that started before and one after, each would go by another time for ever."""
    time.measure(server(machine, 5000.0))
    time.measure(server(machine, 9000.0, there=1.0, back=1.0))
    assert time.now == 9002
    time.measure(server(machine, 3000.0))
    assert time.now == 3000
