"""Rate limit buckets of Discord, learned from the headers of its answers.

Discord publishes one limit (50 calls a second for a bot) and tells the others with every answer: when a bucket is used
up, the next call waits here instead of being refused there (https://discord.com/developers/docs/topics/rate-limits).
"""

from aiohttp import ClientResponse

from bach_lib.clock import Clock
from bach_lib.common_sentences import PLATFORM_SAYS_WORDS
from bach_lib.connectors.discord.error_codes import PASSING
from bach_lib.connectors.discord.errors import NOT_DISCORD
from bach_lib.connectors.network import at_most_a_day, not_theirs, retry_after
from bach_lib.connectors.observations import DEFAULT_WAIT, CallError, Observation
from bach_lib.outcomes import Scope
from bach_lib.said import Sentence

_MAX_KEPT = 256
_EVERYWHERE = ""


class RateLimits:
    """Until when which call has to wait. The key of a call names its route and, behind a colon, its place if any."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}

    def check(self, key: str) -> None:
        """Raise `CallError` if this call would come too early."""
        now = self._clock.monotonic()
        for name, scope in ((_EVERYWHERE, Scope.CONNECTION), (key, _stopped_by(key))):
            if (left := self._until.get(name, 0.0) - now) > 0:
                text = Sentence("discord_limit_is_used_up", "Discord's limit is used up.")
                raise CallError("rate_limited", text, Observation.TOLD_TO_WAIT, retry_after=left, scope=scope)

    def learn(self, key: str, response: ClientResponse) -> None:
        """Remember what an answer says about the next call."""
        if response.headers.get("X-RateLimit-Remaining") == "0":
            self._remember(key, _seconds(response.headers.get("X-RateLimit-Reset-After")) or 0.0)

    def told(self, key: str, response: ClientResponse, answer: object, host: str) -> CallError:
        """The error for a 429: the route's, the place's (`shared`), the bot's, or a ban by what stands before Discord.

        https://discord.com/developers/docs/topics/rate-limits#header-format
        """
        headers, wait = response.headers, retry_after(response.headers, self._clock.now())
        match answer:
            case {"retry_after": int() | float() as given, **rest}:
                seconds = at_most_a_day(given) or DEFAULT_WAIT
            case {"message": str(), "code": int(), **rest}:  # Discord's own words, and the time beside them if at all
                seconds = wait or _seconds(headers.get("X-RateLimit-Reset-After")) or DEFAULT_WAIT
            case _:
                error = not_theirs(response.status, host, NOT_DISCORD, wait=wait)
                if wait is not None:
                    self._remember(_EVERYWHERE, wait)
                return error
        everywhere = (
            headers.get("X-RateLimit-Global", "").lower() == "true"
            or headers.get("X-RateLimit-Scope", "").lower() == "global"
            or rest.get("global") is True
        )
        if everywhere or not key.rpartition(":")[2]:  # a route of no place: whoever asks next must not be refused too
            self._remember(_EVERYWHERE if everywhere else key, seconds)
        number = rest.get("code")
        scope = PASSING.get(number) if isinstance(number, int) else None
        scope = Scope.CONNECTION if everywhere else scope or _stopped_by(key)
        text = PLATFORM_SAYS_WORDS(platform="Discord", words="You are being rate limited.")
        return CallError("rate_limited", text, Observation.TOLD_TO_WAIT, retry_after=seconds, scope=scope)

    def _remember(self, key: str, seconds: float) -> None:
        now = self._clock.monotonic()
        if len(self._until) >= _MAX_KEPT:
            self._until = {name: until for name, until in self._until.items() if until > now}
        self._until[key] = now + seconds


def _stopped_by(key: str) -> Scope:
    """Whom the limit of a route stops: all that is to be written there, or only the one edit, reaction or deletion."""
    return Scope.RECIPIENT if key.startswith("POST ") else Scope.MESSAGE


def _seconds(text: str | None) -> float | None:
    try:
        return at_most_a_day(float(text or ""))
    except ValueError:
        return None
