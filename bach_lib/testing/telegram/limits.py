"""The flood limits a bot meets, for tests and benchmarks of our own limiter.

Numbers: https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this – about 30 messages a second
for a bot, one a second in a chat with short bursts, 20 a minute in a group. How long a burst may be is not published;
three is this double's choice. The real server also punishes a bot that goes on; this one does not.
"""

from collections import deque
from collections.abc import Callable
from math import ceil

from bach_lib.testing.telegram.errors import too_many_requests

BOT_PER_SECOND = 30
CHAT_PER_SECOND = 1
CHAT_BURST = 3
GROUP_PER_MINUTE = 20


class Bucket:
    """A token bucket, full at the start: `size` at once, `rate` a second."""

    def __init__(self, size: int, rate: float) -> None:
        self._size = size
        self._rate = rate
        self._filled = float(size)
        self._at = 0.0

    def wait(self, now: float) -> float:
        """Seconds until the next is allowed."""
        self._filled = min(self._size, self._filled + (now - self._at) * self._rate)
        self._at = now
        return max(0.0, (1 - self._filled) / self._rate)

    def take(self, now: float) -> None:
        """Use one up."""
        self.wait(now)
        self._filled -= 1


class Window:
    """At most `size` in any `seconds`."""

    def __init__(self, size: int, seconds: float) -> None:
        self._size = size
        self._seconds = seconds
        self._taken: deque[float] = deque(maxlen=size)

    def wait(self, now: float) -> float:
        """Seconds until the next is allowed."""
        return max(0.0, self._taken[0] + self._seconds - now) if len(self._taken) == self._size else 0.0

    def take(self, now: float) -> None:
        """Use one up."""
        self._taken.append(now)


class FloodControl:
    """Counts the messages of every bot and chat, and refuses what is too much."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._bots: dict[str, Bucket] = {}
        self._chats: dict[tuple[str, int], Bucket] = {}
        self._groups: dict[tuple[str, int], Window] = {}

    def check(self, bot: str, chat_id: int, *, group: bool) -> None:
        """Count one message. Raises ApiError (429, whole seconds) and counts nothing when a limit is reached."""
        now = self._monotonic()
        meters = self._meters(bot, chat_id, group=group)
        wait = max(meter.wait(now) for meter in meters)
        if wait > 0:
            raise too_many_requests(ceil(wait))
        for meter in meters:
            meter.take(now)

    def _meters(self, bot: str, chat_id: int, *, group: bool) -> list[Bucket | Window]:
        meters: list[Bucket | Window] = [
            self._bots.setdefault(bot, Bucket(BOT_PER_SECOND, BOT_PER_SECOND)),
            self._chats.setdefault((bot, chat_id), Bucket(CHAT_BURST, CHAT_PER_SECOND)),
        ]
        if group:
            meters.append(self._groups.setdefault((bot, chat_id), Window(GROUP_PER_MINUTE, 60.0)))
        return meters
