"""Rate limits as Discord tells of them: headers with every answer, and 429 for who does not listen.

https://discord.com/developers/docs/topics/rate-limits. How much a bucket holds is not published and may change; five
messages in five seconds for a channel, five in two for a webhook, and 50 calls a second in all are what is seen.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import md5
from math import ceil

from bach_lib.testing.discord.errors import GLOBAL, ApiError, too_many_requests

VIA = {"Via": "1.1 google"}
"""Whoever answers for Discord itself says so; discord.py takes a 429 without it for a ban."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` in any `per` seconds."""

    count: int
    per: float


EVERYWHERE = Limit(50, 1.0)
DEFAULT = Limit(50, 1.0)
BY_CALL: Mapping[str, Limit] = {
    "create_message": Limit(5, 5.0),
    "edit_message": Limit(5, 5.0),
    "delete_message": Limit(5, 1.0),
    "add_reaction": Limit(1, 0.25),
    "execute_webhook": Limit(5, 2.0),
}


class _Window:
    """The calls of the last seconds."""

    def __init__(self, limit: Limit) -> None:
        self.limit = limit
        self.taken: deque[float] = deque()

    def look(self, now: float) -> float:
        """Seconds until the next is allowed."""
        while self.taken and self.taken[0] <= now - self.limit.per:
            self.taken.popleft()
        return self.taken[0] + self.limit.per - now if len(self.taken) >= self.limit.count else 0.0


class RateLimits:
    """Counts calls. Unless `enforced`, nobody is refused and every bucket looks fresh."""

    def __init__(self, monotonic: Callable[[], float], now: Callable[[], float], *, enforced: bool) -> None:
        self.enforced = enforced
        self._monotonic = monotonic
        self._now = now
        self._windows: dict[str, _Window] = {}

    def count(self, call: str, who: str, place: object) -> dict[str, str]:
        """Count one call and return the headers of its answer. Raises ApiError (429) where a limit is reached."""
        limit = BY_CALL.get(call, DEFAULT)
        now = self._monotonic()
        own, everywhere = _Window(limit), _Window(EVERYWHERE)
        if self.enforced:
            own = self._windows.setdefault(f"{call}:{who}:{place}", own)
            everywhere = self._windows.setdefault(who, everywhere)
            if (wait := everywhere.look(now)) > 0:
                raise too_many_requests(wait, everywhere=True)
            if (wait := own.look(now)) > 0:
                raise too_many_requests(wait)
        for window in (own, everywhere):
            window.taken.append(now)
        reset = own.taken[0] + limit.per - now
        return {
            "X-RateLimit-Limit": str(limit.count),
            "X-RateLimit-Remaining": str(limit.count - len(own.taken) if self.enforced else limit.count),
            "X-RateLimit-Reset": f"{self._now() + reset:.3f}",
            "X-RateLimit-Reset-After": f"{reset:.3f}",
            "X-RateLimit-Bucket": md5(call.encode(), usedforsecurity=False).hexdigest(),
        }


def told_to_wait(error: ApiError) -> dict[str, str]:
    """The headers of a 429."""
    everywhere = error.code == GLOBAL
    headers = {
        "Retry-After": str(ceil(error.wait)),
        "X-RateLimit-Reset-After": f"{error.wait:.3f}",
        "X-RateLimit-Scope": "global" if everywhere else "user",
    }
    return headers | {"X-RateLimit-Global": "true"} if everywhere else headers
