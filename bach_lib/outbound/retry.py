"""Retry policy: what an outcome does to its message, as a pure function; the heart of promise 2.

"An outage kills nothing, and one message stops nothing." Nothing here looks at a clock, a disk or a network:
`(message, outcome, what the witnesses say, now) -> Settlement`. The first witness is a health check made right after
the failure, the second are the other messages (ADR 0017).

Two distances grow. One is counted: `retry_count` goes up each time a message is to blame; beyond `max_retries` it has
stepped aside, and its lane goes on without it. The other is not: `waited` sums up what a message has waited that was
told to wait, or could not leave this machine. Both end. Sums are of the waits themselves, so no clock that jumps can
end a message early.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from bach_lib.models import Delivery, Fault, Loss, Message, Status
from bach_lib.models.fast_frozen import maker
from bach_lib.models.health import INTERNAL
from bach_lib.models.spellings import Lesson
from bach_lib.outbound.losses import joined, without
from bach_lib.outcomes import Dead, Outcome, Retry, Scope, Sent, Uncertain, Wait
from bach_lib.policy import RetryPolicy
from bach_lib.said import Sentence

_FIRST_AGAIN = 1.0
"""Seconds until what cannot arrive twice is tried again after a failure that the check does not see; then longer."""
_SOON = 2.0
"""Seconds of such waits in all; after them the message is to blame, as others are at once."""
_FIRST_HOLD = 30.0
"""Seconds until a message is repeated that may have arrived while the connection went down; longer each time."""


EXPIRED = Fault(
    code="expired",
    text=Sentence("its_time_to_live_was_over_before_it_could", "Its time to live was over before it could be sent."),
)
INTERRUPTED = "interrupted"
"""The code of an attempt during which the process ended."""
OTHER_ACCOUNT = "other_account"
"""The code of a change that was not made, as it concerns a message of an account that is not there any more."""


class Witnesses(StrEnum):
    """What is known beside the outcome itself. Only what is ambiguous asks; see `is_ambiguous`."""

    OUTAGE = "outage"
    """The health check failed as well: nothing is wrong with the message."""
    CHECK = "check"
    """The check went well: the message is to blame, unless nothing else gets through."""
    CHECK_AND_OTHERS = "check_and_others"
    """The check went well, and just now something else got through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What is written to disk about a message after an attempt.

    `next_retry_at` in seconds since 1970. `delivered`: counts as a success or a failure of the connection, or (None) as
    neither. `hurry`: the first good check ends its wait. `outcome`: what the attempt came to (sent, retry, wait, dead,
    uncertain), which leaves a row in the history of the message; None: there was no attempt. `seconds`: how long it
    took. `lesson`: what the platform said of the place that was not known. `lost`: what it went without, which `error`
    says, too. `tried`: the message as it was on its way, if that is known. `parts`: as in `Sent`. `rests`: it was not
    tried, and is scheduled.
    """

    id: int
    status: Status
    retry_count: int = 0
    waited: float = 0.0
    next_retry_at: float | None = None
    remote_id: str | None = None
    degraded: bool = False
    lesson: Lesson | None = None
    error: Fault | None = None
    delivered: bool | None = None
    hurry: bool = False
    outcome: str | None = None
    seconds: float | None = None
    lost: tuple[Loss, ...] = ()
    tried: Message | None = None
    parts: tuple[str, ...] = ()
    rests: bool = False


_make = maker(Settlement)


def is_ambiguous(outcome: Outcome) -> bool:
    """Whether nobody can tell from this outcome alone if the connection or the message is to blame."""
    match outcome:
        case Retry(scope=Scope.CONNECTION):
            return True
        case Uncertain(fault=fault):
            return fault.code != INTERNAL  # a mistake of ours says nothing about the platform
        case _:
            return False


def decide(
    message: Message,
    outcome: Outcome,
    witnesses: Witnesses,
    now: float,
    *,
    policy: RetryPolicy,
    random: Callable[[], float],
    idempotent: bool,
) -> Settlement:
    """Settle one attempt. `random` returns 0..1 for the jitter; `idempotent`: the platform drops repeated nonces."""
    match outcome:
        case Sent():
            return _sent(message, outcome)
        case Dead(fault=fault):
            return _end(message, Status.DEAD, fault)
        case Wait(seconds=seconds, fault=fault):
            return _unless_it_ends(_hold(message, fault, seconds, now, policy))
        case Uncertain(fault=fault) if not idempotent and message.delivery is Delivery.AT_MOST_ONCE:
            return _end(message, Status.UNCERTAIN, fault)
        case Uncertain(fault=fault) if witnesses is Witnesses.OUTAGE and not idempotent and is_ambiguous(outcome):
            return replace(_hold(message, fault, _FIRST_HOLD, now, policy, ends=False), hurry=True)
        case _ if witnesses is Witnesses.OUTAGE and is_ambiguous(outcome):
            return _keep(message, outcome.fault)
        case Retry(fault=fault, scope=Scope.CONNECTION, written=False):  # not its fault, but it finds no way out
            ends = witnesses is Witnesses.CHECK_AND_OTHERS
            return _hold(message, fault, _FIRST_AGAIN, now, policy, ends=ends)
        case Uncertain(fault=fault) if _may_repeat_soon(message, outcome, idempotent=idempotent):
            return _hold(message, fault, _FIRST_AGAIN, now, policy)
        case _:
            if _is_over(message, outcome, witnesses, policy):
                return _end(message, Status.DEAD, outcome.fault)
            return _again(message, outcome.fault, now, policy, random)


def _may_repeat_soon(message: Message, outcome: Outcome, *, idempotent: bool) -> bool:
    """Whether repeating can harm nobody: a line that broke for a moment then costs a second and not half a minute."""
    return idempotent and is_ambiguous(outcome) and message.waited < _SOON


def untried(message: Message) -> Settlement:
    """Settle a message that was claimed and then not tried: it waits as before."""
    status = Status.FAILED if message.retry_count else Status.PENDING
    return Settlement(
        id=message.id, status=status, retry_count=message.retry_count, waited=message.waited, error=message.error
    )


def late(message: Message) -> Settlement:
    """Settle a message whose time to live was over when the disk had brought it."""
    return replace(untried(message), status=Status.EXPIRED, error=EXPIRED)


def after_crash(message: Message, *, idempotent: bool) -> Settlement:
    """Settle a message that was in flight when the process ended: uncertain, which follows its policy at once."""
    fault = Fault(
        code=INTERRUPTED,
        text=Sentence(
            "bach_stopped_while_this_message_was_being_sent",
            "BACH stopped while this message was being sent; it may have arrived.",
        ),
    )
    if message.delivery is Delivery.AT_MOST_ONCE and not idempotent:
        return replace(_end(message, Status.UNCERTAIN, fault), outcome="uncertain")
    return replace(_keep(message, fault), outcome="uncertain")


def _sent(message: Message, outcome: Sent) -> Settlement:
    lost = joined(message.lost, outcome.losses)
    return _make(
        id=message.id,
        status=Status.SENT,
        retry_count=message.retry_count,
        waited=message.waited,
        remote_id=outcome.remote_id,
        degraded=outcome.degraded or bool(lost),
        lost=lost,
        error=without(lost),
        delivered=True,
        parts=outcome.parts,
    )


def _end(message: Message, status: Status, fault: Fault) -> Settlement:
    return replace(_keep(message, fault), status=status)


def _keep(message: Message, fault: Fault) -> Settlement:
    """Back to waiting as it was; no retry is used up."""
    return replace(untried(message), error=fault, delivered=False)


def _hold(
    message: Message, fault: Fault, seconds: float, now: float, policy: RetryPolicy, *, ends: bool = True
) -> Settlement:
    """Wait as long as told, and at least as long again as it has waited so far; no retry is used up.

    `ends`: who has waited `give_up_seconds` in all and is told to wait again is dead.
    """
    left = policy.give_up_seconds - message.waited
    if left <= 0 and ends:
        return _end(message, Status.DEAD, fault)
    growth = min(message.waited, left) if ends else min(message.waited, policy.longest)
    wait = max(seconds, growth)
    return replace(_keep(message, fault), next_retry_at=now + wait, waited=message.waited + wait)


def _unless_it_ends(held: Settlement) -> Settlement:
    """To be told to wait counts as nothing; to be dead of it is a failure."""
    return held if held.status.is_final else replace(held, delivered=None)


def _is_over(message: Message, outcome: Outcome, witnesses: Witnesses, policy: RetryPolicy) -> bool:
    """Whether a message that is to blame is dead: by the platform's own words, by the others, or after a day aside."""
    if message.retry_count < message.max_retries:
        return False
    if not is_ambiguous(outcome) or witnesses is Witnesses.CHECK_AND_OTHERS:
        return True
    return policy.spent(message.retry_count, message.max_retries) >= policy.give_up_seconds


def _again(message: Message, fault: Fault, now: float, policy: RetryPolicy, random: Callable[[], float]) -> Settlement:
    """Once more after a growing delay."""
    delay = policy.delay(message.retry_count, message.max_retries) * (1 + policy.jitter * (2 * random() - 1))
    count = message.retry_count + 1
    return replace(_keep(message, fault), status=Status.FAILED, retry_count=count, next_retry_at=now + delay)
