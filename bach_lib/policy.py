"""Policies: the numbers of BACH's behaviour in one place. The defaults keep the promises of the design."""

from dataclasses import dataclass, field, fields
from math import inf, isnan

from bach_lib.errors import InvalidValueError

_AT_LEAST_ONE = frozenset(
    {"failures", "parallel", "stall_seconds", "check_seconds", "seconds", "retry_seconds", "per_minute"}
)
"""What does nothing, or without a pause, at 0."""
_MAY_BE_NEVER = frozenset({"give_up_seconds", "idle_check_seconds", "keep_seconds", "longest", "max_age", "per_minute"})
"""What may be without an end: it is then as if there were none of it."""
_MOST = {"jitter": 1, "max_retries": 100}
"""What more than that could not work with: pauses below 0, more retries than a message may have."""


class _Checked:
    """Refuses numbers with which messages would wait for ever, or be tried without a pause."""

    def __post_init__(self) -> None:
        """Raises `InvalidValueError`, which names the field."""
        for one in fields(self):  # type: ignore[arg-type] # all that inherit from it are dataclasses
            value = getattr(self, one.name)
            if expected := _what_is_missing(one.name, one.type, value):
                named = f"{type(self).__name__}.{one.name}"
                raise InvalidValueError(field=named, value=repr(value)[:50], expected=expected)


def _what_is_missing(name: str, kind: object, value: object) -> str | None:
    """What the field takes, if it is not this."""
    if isinstance(kind, type) and issubclass(kind, _Checked):
        return None if isinstance(value, kind) else f"a {kind.__name__}"
    least = "above 0" if name in _AT_LEAST_ONE else "0 or more"
    if kind is int or kind is float:
        what = f"a {'whole ' if kind is int else ''}number, {least}"
        return None if _is_number(value, name, whole=kind is int) else f"{what}{_at_most(name)}"
    is_right = isinstance(value, tuple) and bool(value) and all(_is_number(one, name) for one in value)
    if name == "check_seconds":
        is_span = is_right and isinstance(value, tuple) and len(value) == 2 and value[0] <= value[1]
        return None if is_span else "two numbers above 0, the smaller first"
    return None if is_right else f"a tuple of numbers, each {least}, at least one"


def _is_number(value: object, name: str, *, whole: bool = False) -> bool:
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float) or isnan(value):
        return False
    if value > _MOST.get(name, inf) or (value == inf and name not in _MAY_BE_NEVER):
        return False
    return value > 0 if name in _AT_LEAST_ONE else value >= 0


def _at_most(name: str) -> str:
    return f", at most {_MOST[name]}" if name in _MOST else ""


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
    """All policies together.

    `max_waiting` messages a connection; finished messages and the inbox are kept for `keep_seconds`.
    The files of a connection's messages that wait, or were not sent, may take `file_bytes` on the disk; the words of
    further ones go without theirs.
    `parallel` attempts run at once on a connection, and at most `per_minute` a minute go, beside its platform's limits.
    """

    retry: RetryPolicy = field(default_factory=RetryPolicy)
    """When a message is tried again."""
    breaker: BreakerPolicy = field(default_factory=BreakerPolicy)
    """When a connection rests, and how it is checked."""
    receive: ReceivePolicy = field(default_factory=ReceivePolicy)
    """How receiving recovers, and what the inbox holds."""
    probe: ProbePolicy = field(default_factory=ProbePolicy)
    """How often partners are checked."""
    max_waiting: int = 10_000
    file_bytes: int = 1_000_000_000
    keep_seconds: float = 30 * 86_400
    parallel: int = 32
    per_minute: float = inf
