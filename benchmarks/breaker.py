"""What a closed circuit breaker adds to every call: nanoseconds more than a bare await of the same empty coroutine.

The others are used as their documentation shows, in memory, with the breaker made once. Loops are long enough that the
timer does not count.
"""

import time
from collections.abc import Awaitable, Callable, Iterator

from bach_lib import BreakerPolicy
from bach_lib.outbound.breaker import Breaker
from benchmarks.measuring import Effort, in_loop, take_turns
from benchmarks.peers import those_there
from benchmarks.table import Aim, Row

CALLS = 20_000


def rows(effort: Effort) -> Iterator[Row]:
    """Ours to the others, each without the time of the bare await in the same turn."""
    others = those_there({"purgatory": _purgatory, "circuitbreaker": _circuitbreaker})
    sides = {"bare": _bare, "BACH": _bach, **others}
    figures = take_turns({name: in_loop(side) for name, side in sides.items()}, effort.rounds)
    added = figures.less("bare")
    aim = Aim(limit=250)
    for other in ("purgatory", "circuitbreaker"):
        yield added.row("breaker, closed, added to an await", "ns", "BACH", other, aim)


async def nothing() -> None:
    """What is protected."""


async def _bare() -> float:
    start = time.perf_counter_ns()
    for _ in range(CALLS):
        await nothing()
    return (time.perf_counter_ns() - start) / CALLS


async def _bach() -> float:
    breaker = Breaker(BreakerPolicy(), time.monotonic, lambda *_: None)
    start = time.perf_counter_ns()
    for _ in range(CALLS):
        permit = breaker.admit()
        if permit is not None:
            await nothing()
            breaker.success(permit)
    return (time.perf_counter_ns() - start) / CALLS


async def _purgatory() -> float:
    from purgatory import AsyncCircuitBreakerFactory  # noqa: PLC0415 - may be missing

    breaker = await AsyncCircuitBreakerFactory().get_breaker("bench")
    start = time.perf_counter_ns()
    for _ in range(CALLS):
        async with breaker:
            await nothing()
    return (time.perf_counter_ns() - start) / CALLS


async def _circuitbreaker() -> float:
    from circuitbreaker import CircuitBreaker  # noqa: PLC0415 - may be missing

    protected: Callable[[], Awaitable[None]] = CircuitBreaker(name="bench")(nothing)
    start = time.perf_counter_ns()
    for _ in range(CALLS):
        await protected()
    return (time.perf_counter_ns() - start) / CALLS
