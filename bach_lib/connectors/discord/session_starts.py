"""Backoff between gateway sessions: when the next one of a bot may begin.

Discord lets a bot begin 1,000 sessions a day, and resets its token when it needs more. A gateway that ends every
session at once ("invalid session") would use them up within hours, so the distance grows until a session has lasted.
https://discord.com/developers/docs/events/gateway#session-start-limit-object
"""

from random import uniform

from bach_lib.clock import Clock
from bach_lib.connectors.observations import CallError, Observation
from bach_lib.models import Fault
from bach_lib.said import Sentence

KEPT = 3
"""Starts of a day that are never used. What goes beyond the last one costs the token; and a person may need one."""

_SHORTEST, _GROWTH, _LONGEST = 5.0, 3, 3600.0
"""Seconds from one start to the next, and how they grow: one in five seconds is what Discord allows."""
_PROVEN = 600.0
"""Seconds after which a session has lasted."""
_ENDED = Sentence(
    "discord_ends_every_session_at_once_each_next",
    "Discord ends every session at once. Each next one begins after a longer pause.",
)


class SessionStarts:
    """The starts of one bot's sessions, in this run of BACH."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._in_a_row = 0
        self._free_at = 0.0
        self._up_at: float | None = None

    @property
    def left(self) -> float:
        """Seconds until the next may begin."""
        return max(0.0, self._free_at - self._clock.monotonic())

    def begun(self) -> None:
        """One is about to begin."""
        distance = min(_SHORTEST * _GROWTH**self._in_a_row, _LONGEST)
        self._in_a_row = min(self._in_a_row + 1, 10)
        self._free_at = self._clock.monotonic() + distance
        self._up_at = None

    def up(self) -> None:
        """It has begun. The first that ends after that, as in any outage, may be followed by another at once."""
        self._up_at = self._clock.monotonic()
        if self._in_a_row == 1:
            self._free_at = 0.0

    def over(self) -> None:
        """It has ended; one that lasted is no reason for a pause."""
        if self._up_at is not None and self._clock.monotonic() - self._up_at >= _PROVEN:
            self.forgive()
        self._up_at = None

    def forgive(self) -> None:
        """What was begun last could not go on for a reason of our own."""
        self._in_a_row, self._free_at = 0, 0.0

    async def turn(self) -> None:
        """Wait for the next start, if it is near. Raises `CallError` if it is not."""
        self.over()
        left = self.left
        if left > _SHORTEST:
            raise CallError("unreachable", _ENDED, Observation.UNCLEAR, retry_after=left)
        await self._clock.sleep(max(left, uniform(1.0, _SHORTEST)))  # noqa: S311 - as Discord asks for

    def pause(self, why: Fault | None) -> Fault | None:
        """What to say while none may begin; None if one may. `why`: how the last one ended."""
        if not (left := self.left):
            return None
        why = why or Fault(code="unreachable", text=_ENDED)
        return Fault(code=why.code, text=why.text, retry_after=max(left, why.retry_after or 0.0))


def may_begin(remaining: int, reset_after: float) -> None:
    """Raise `CallError` if the starts that are left are to be kept. `reset_after`: seconds until there are more."""
    if remaining > KEPT:
        return
    minutes = max(1, round(reset_after / 60))
    text = Sentence(
        "discord_lets_this_bot_begin_number_more",
        "Discord lets this bot begin {number} more sessions in the next {minutes} minutes. BACH begins none until then:"
        " beyond the last one Discord would reset the token.",
        number=max(remaining, 0),
        minutes=minutes,
    )
    raise CallError("rate_limited", text, Observation.TOLD_TO_WAIT, retry_after=max(reset_after, 60.0))
