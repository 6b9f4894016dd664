"""Observations: what a connector saw of a failed call, in the same few words for all platforms.

The table of a platform only names what its answers say. What that means for a message is the one table here; who is to
blame, and what follows, is decided in `outbound`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from enum import StrEnum
from typing import Self

from bach_lib.models import Fault, Identity
from bach_lib.outcomes import Dead, Outcome, Retry, Scope, Uncertain, Wait

DEFAULT_WAIT = 30.0
"""Seconds, where somebody says "wait" without saying how long."""


class Observation(StrEnum):
    """What a connector saw of a failed call."""

    NOTHING_WRITTEN = "nothing_written"
    """No byte of what would have an effect left this machine."""
    BROKE_OFF = "broke_off"
    """It was not written to its end, so it had no effect."""
    NO_ANSWER = "no_answer"
    """It was written, and nothing came back, or nothing that the platform itself says of this message."""
    UNCLEAR = "unclear"
    """The platform refused, in its own words, because of the account, or without telling of what."""
    REFUSED = "refused"
    """The platform refused this message for good, in its own words."""
    NOT_NOW = "not_now"
    """The same, but it may pass."""
    TOLD_TO_WAIT = "told_to_wait"
    """Somebody asks us to come back later."""


class CallError(Exception):
    """A failed call. `code` is stable, `text` for people, `scope` whom a wish to wait concerns."""

    def __init__(
        self,
        code: str,
        text: str,
        seen: Observation,
        *,
        retry_after: float | None = None,
        scope: Scope = Scope.CONNECTION,
    ) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.seen = seen
        """What was seen of it, from which the outcome follows."""
        self.retry_after = retry_after
        """Seconds until the platform wants to be asked again, where it told them."""
        self.scope = scope

    @property
    def of_a_preparation(self) -> Self:
        """The same of a call that only prepares the message's own: a lost answer leaves nobody uncertain."""
        seen = Observation.UNCLEAR if self.seen is Observation.NO_ANSWER else self.seen
        return type(self)(self.code, self.text, seen, retry_after=self.retry_after, scope=self.scope)

    @property
    def fault(self) -> Fault:
        """The same for the rest of BACH."""
        return Fault(code=self.code, text=self.text, retry_after=self.retry_after)

    @property
    def outcome(self) -> Outcome:
        """What it means for the message that was to be sent."""
        return outcome_of(self.seen, self.fault, self.scope)


def outcome_of(seen: Observation, fault: Fault, scope: Scope = Scope.CONNECTION) -> Outcome:
    """The outcome of an attempt that ended so. `scope`: whom a wish to wait concerns."""
    match seen:
        case Observation.NOTHING_WRITTEN:
            return Retry(fault=fault, scope=Scope.CONNECTION, written=False)
        case Observation.NO_ANSWER:
            return Uncertain(fault=replace(fault, code="uncertain"))
        case Observation.UNCLEAR | Observation.BROKE_OFF:
            return Retry(fault=fault, scope=Scope.CONNECTION)
        case Observation.NOT_NOW:
            return Retry(fault=fault, scope=Scope.MESSAGE)
        case Observation.REFUSED:
            return Dead(fault=fault)
        case Observation.TOLD_TO_WAIT:
            return Wait(seconds=fault.retry_after or DEFAULT_WAIT, fault=fault, scope=scope)


async def unless_repeated(outcome: Outcome, ask: Callable[[], Awaitable[Identity | Fault]]) -> Outcome:
    """The outcome, but no refusal is of the message if a question that concerns none is refused in the same words."""
    if not isinstance(outcome, Dead):
        return outcome
    answer = await ask()
    if isinstance(answer, Fault) and answer.text == outcome.fault.text:
        return Retry(fault=outcome.fault, scope=Scope.CONNECTION)
    return outcome
