"""Policies: the numbers of BACH's behaviour in one place. The defaults keep the promises of the design."""

from dataclasses import MISSING, dataclass, field, fields
from math import isnan

_AT_LEAST_ONE = frozenset({"failures", "parallel", "stall_seconds", "check_seconds", "seconds", "retry_seconds"})
"""What does nothing, or without a pause, at 0."""


class _Checked:
    """Refuses numbers with which messages would wait for ever, or be tried without a pause."""

    def __post_init__(self) -> None:
        """Raises `ValueError`."""
        for one in fields(self):  # type: ignore[arg-type] # all that inherit from it are dataclasses
            value = getattr(self, one.name)
            if one.default is MISSING and one.default_factory is not MISSING:
                if not isinstance(value, _Checked):
                    raise ValueError(f"{type(self).__name__}({one.name}={value!r}) cannot work: it takes a policy")
                continue
            parts = value if isinstance(value, tuple) else (value,)
            least = 2 if one.name == "check_seconds" else 1
            if len(parts) < least or not all(_is_number(part, one.name) for part in parts):
                raise ValueError(f"{type(self).__name__}({one.name}={value!r}) cannot work: {_EXPECTED}")


_EXPECTED = "it takes numbers, none of them below 0, and where nothing would happen at 0 not that either"


def _is_number(value: object, name: str) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float) or isnan(value):
        return False
    return value > 0 if name in _AT_LEAST_ONE else value >= 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy(_Checked):
    """When a message that is to blame for its failure is tried again. `delays` in seconds, the last one repeats.

    After `max_retries` it steps aside. While nothing else gets through either, it is tried on: after the delays that
    are left, then after twice the last one, twice that and so on, up to `longest` seconds. `give_up_seconds`: so long a
    message is tried on, or told to wait, before it is dead. `jitter` spreads each delay by that share, so that many
    messages do not come back at the same instant.
    """

    delays: tuple[float, ...] = (30, 60, 120, 240, 480)
    max_retries: int = 5
    jitter: float = 0.1
    longest: float = 3600
    give_up_seconds: float = 86_400

    def delay(self, retries: int, max_retries: int) -> float:
        """Seconds, without jitter, after so many retries."""
        known, last = len(self.delays), self.delays[-1]
        if retries < max(known, max_retries):
            return self.delays[min(retries, known - 1)]
        doublings = retries - max(known, max_retries) + 1
        return min(last * 2.0 ** min(doublings, 30), max(self.longest, last))

    def spent(self, retries: int, max_retries: int) -> float:
        """The least seconds that so many retries have taken."""
        return (1 - self.jitter) * sum(self.delay(number, max_retries) for number in range(retries))


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerPolicy(_Checked):
    """When the circuit breaker opens, and how the connection is checked.

    `failures` in a row open it for `open_seconds`; until then the next attempts are `backoff` seconds apart. While it
    is open, a health check runs every `check_seconds` (a random time between the two). While all is well, one runs
    after `idle_check_seconds` without any success, so that "connected" is never older than that.
    """

    failures: int = 5
    open_seconds: float = 300
    backoff: tuple[float, ...] = (1, 2, 4, 8)
    check_seconds: tuple[float, float] = (15, 30)
    idle_check_seconds: float = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivePolicy(_Checked):
    """How receiving recovers.

    `backoff` seconds between failed polls; after `stall_seconds` without a good one everything is rebuilt. A command or
    press older than `max_age` seconds is `expired` when it comes.

    A sender may have `sender_rows` messages and `sender_bytes` in the inbox, all senders of a connection together
    `connection_rows` and `connection_bytes`; beyond, the oldest go, archived and read ones first.
    """

    backoff: tuple[float, ...] = (1, 2, 5, 10, 30)
    stall_seconds: float = 120
    max_age: float = 300
    sender_rows: int = 10_000
    sender_bytes: int = 50_000_000
    connection_rows: int = 100_000
    connection_bytes: int = 500_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbePolicy(_Checked):
    """How often AI partners, MCP servers and APIs are checked.

    Every `seconds`, and every `retry_seconds` while they fail.

    `jitter` spreads each of these by that share, so that not all are checked at the same instant.
    """

    seconds: float = 300
    retry_seconds: float = 60
    jitter: float = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy(_Checked):
    """All of them. `max_waiting` messages a connection; finished messages and the inbox are kept for `keep_seconds`.

    `parallel` attempts run at once on a connection.
    """

    retry: RetryPolicy = field(default_factory=RetryPolicy)
    breaker: BreakerPolicy = field(default_factory=BreakerPolicy)
    receive: ReceivePolicy = field(default_factory=ReceivePolicy)
    probe: ProbePolicy = field(default_factory=ProbePolicy)
    max_waiting: int = 10_000
    keep_seconds: float = 30 * 86_400
    parallel: int = 32
