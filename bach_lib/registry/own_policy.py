"""A connection's own policy: the numbers of BACH's behaviour that a person has set for it, over those of the program.

They are settings of the row (`bach_lib.connectors.ours`), so a restart keeps them, and every process that shares the
database follows the same.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from bach_lib.connectors import ours
from bach_lib.errors import InvalidValueError, UnknownConnectionError
from bach_lib.models import Connection
from bach_lib.policy import BreakerPolicy, Policy, ReceivePolicy, RetryPolicy
from bach_lib.said import Sentence

_DAY = 86_400.0
_MEGABYTE = 1_000_000
_MOST_DELAYS = 20
_LONGEST_DELAY = _DAY
_BOUNDS: Mapping[str, tuple[float, float]] = {
    ours.MAX_RETRIES.name: (0, 100),
    ours.BREAKER_FAILURES.name: (1, 1_000),
    ours.BREAKER_SECONDS.name: (1, _DAY),
    ours.PER_MINUTE.name: (1, 100_000),
    ours.DELAYED_MINUTES.name: (1, 10_080),
    ours.MAX_WAITING.name: (1, 1_000_000),
    ours.FILE_MEGABYTES.name: (1, 1_000_000),
    ours.KEEP_DAYS.name: (1, 3_650),
    ours.INBOX_MEGABYTES.name: (1, 1_000_000),
}
"""The least and the most of each number."""


def check_own_policy(settings: Mapping[str, object]) -> None:
    """Raise `InvalidValueError` for a number with which a connection could not work."""
    for name, (least, most) in _BOUNDS.items():
        value = settings.get(name)
        if isinstance(value, int | float) and not least <= value <= most:
            raise _wrong(name, value, f"{least:g} to {most:g}")
    delays = settings.get(ours.RETRY_DELAYS.name)
    if isinstance(delays, list) and _delays(delays) is None:
        expected = Sentence(
            "1_to_number_numbers_each_1_to_number2",
            "1 to {number} numbers, each 1 to {number2}",
            number=_MOST_DELAYS,
            number2=f"{_LONGEST_DELAY:g}",
        )
        raise _wrong(ours.RETRY_DELAYS.name, Sentence("this_list", "this list"), expected)


def is_receiving(connection: Connection) -> bool:
    """Whether what comes in there is wanted."""
    return connection.settings.get(ours.RECEIVING.name) is not False


def starts_quietly(connection: Connection) -> bool:
    """Whether what lay there when receiving began is told to nobody."""
    return connection.settings.get(ours.QUIET_START.name) is True


def own_policy(usual: Policy, settings: Mapping[str, object]) -> Policy:
    """The policy with what the settings say. What another version wrote and cannot be, is passed over."""
    found = {name: value for name in _BOUNDS if (value := _number(name, settings.get(name))) is not None}
    delays = _delays(settings.get(ours.RETRY_DELAYS.name))
    if not found and delays is None:
        return usual
    retry, breaker, receive = usual.retry, usual.breaker, usual.receive
    days, megabytes = found.get(ours.KEEP_DAYS.name), found.get(ours.INBOX_MEGABYTES.name)
    of_files = found.get(ours.FILE_MEGABYTES.name)
    return replace(
        usual,
        retry=_retry(retry, delays, found.get(ours.MAX_RETRIES.name)),
        breaker=_breaker(breaker, found),
        receive=receive if megabytes is None else _budget(receive, int(megabytes) * _MEGABYTE),
        per_minute=found.get(ours.PER_MINUTE.name, usual.per_minute),
        max_waiting=int(found.get(ours.MAX_WAITING.name, usual.max_waiting)),
        file_bytes=usual.file_bytes if of_files is None else int(of_files) * _MEGABYTE,
        keep_seconds=usual.keep_seconds if days is None else days * _DAY,
    )


class Policies:
    """The policy of each connection as it is now: what its row says, else this program, else the usual one."""

    def __init__(self, usual: Policy, own: Mapping[str, Policy], get: Callable[[str], Connection]) -> None:
        self._usual, self._own, self._get = usual, own, get
        self._made: dict[str, tuple[Mapping[str, object], Policy]] = {}

    def of(self, name: str) -> Policy:
        """Asked at each attempt, so it is made once for each change of the settings."""
        usual = self._own.get(name, self._usual)
        try:
            settings = self._get(name).settings
        except UnknownConnectionError:  # it was removed, and something of it is still under way
            return usual
        made = self._made.get(name)
        if made is None or made[0] is not settings:
            self._made[name] = made = settings, own_policy(usual, settings)
        return made[1]

    def settings(self, name: str) -> Mapping[str, object]:
        """What is set of it now; nothing, if it is not there any more."""
        try:
            return self._get(name).settings
        except UnknownConnectionError:
            return {}


def _retry(usual: RetryPolicy, delays: tuple[float, ...] | None, most: float | None) -> RetryPolicy:
    tries = usual.max_retries if most is None else int(most)
    return replace(usual, delays=delays or usual.delays, max_retries=tries)


def _breaker(usual: BreakerPolicy, found: Mapping[str, float]) -> BreakerPolicy:
    failures = int(found.get(ours.BREAKER_FAILURES.name, usual.failures))
    return replace(usual, failures=failures, open_seconds=found.get(ours.BREAKER_SECONDS.name, usual.open_seconds))


def _budget(usual: ReceivePolicy, size: int) -> ReceivePolicy:
    """One sender may not have more of it than all together."""
    return replace(usual, connection_bytes=size, sender_bytes=min(usual.sender_bytes, size))


def _number(name: str, value: object) -> float | None:
    least, most = _BOUNDS[name]
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return value if least <= value <= most else None


def _delays(value: object) -> tuple[float, ...] | None:
    if not isinstance(value, list) or not 1 <= len(value) <= _MOST_DELAYS:
        return None
    found = [one for one in value if isinstance(one, int | float) and not isinstance(one, bool)]
    return tuple(found) if len(found) == len(value) and all(1 <= one <= _LONGEST_DELAY for one in found) else None


def _wrong(name: str, value: object, expected: str) -> InvalidValueError:
    return InvalidValueError(field=f"settings.{name}", value=str(value)[:50], expected=expected)
