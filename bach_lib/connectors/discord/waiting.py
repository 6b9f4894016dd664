"""How long Discord wants us to wait, learned from its answers, so that it need not say it twice.

Discord publishes one limit (50 calls a second for a bot) and tells the others with every answer: when a bucket is used
up, the next call waits here instead of being refused there (https://discord.com/developers/docs/topics/rate-limits).
"""

from math import isfinite

from aiohttp import ClientResponse

from bach_lib.clock import Clock
from bach_lib.connectors.discord.errors import DEFAULT_WAIT, RequestError
from bach_lib.outcomes import Scope

_MAX_KEPT = 256
_EVERYWHERE = ""


class Waits:
    """Until when which call has to wait. The key of a call names its route and place."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}

    def check(self, key: str) -> None:
        """Raise `RequestError` if this call would come too early."""
        now = self._clock.monotonic()
        for name, scope in ((_EVERYWHERE, Scope.CONNECTION), (key, Scope.RECIPIENT)):
            if (left := self._until.get(name, 0.0) - now) > 0:
                raise RequestError("rate_limited", "Discord's limit is used up.", retry_after=left, scope=scope)

    def learn(self, key: str, response: ClientResponse) -> None:
        """Remember what an answer says about the next call."""
        if response.headers.get("X-RateLimit-Remaining") == "0":
            self._remember(key, _seconds(response.headers.get("X-RateLimit-Reset-After")) or 0.0)

    def told(self, response: ClientResponse, answer: object) -> RequestError:
        """The error for a 429. A ban, which comes from what stands before Discord, concerns everything as well."""
        headers = response.headers
        match answer:
            case {"retry_after": int() | float() as given, **rest}:
                seconds = float(given)
                everywhere = headers.get("X-RateLimit-Global", "").lower() == "true" or rest.get("global") is True
                text = "You are being rate limited."
            case _:
                seconds = _seconds(headers.get("Retry-After")) or DEFAULT_WAIT
                everywhere = True
                text = "What stands before Discord takes nothing from this address for a while."
        if not isfinite(seconds) or seconds <= 0:
            seconds = DEFAULT_WAIT
        if everywhere:
            self._remember(_EVERYWHERE, seconds)
        scope = Scope.CONNECTION if everywhere else Scope.RECIPIENT
        return RequestError("rate_limited", text, retry_after=seconds, scope=scope)

    def _remember(self, key: str, seconds: float) -> None:
        now = self._clock.monotonic()
        if len(self._until) >= _MAX_KEPT:
            self._until = {name: until for name, until in self._until.items() if until > now}
        self._until[key] = now + seconds


def _seconds(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if isfinite(value) and 0 < value < 86_400 else None
