"""What an outcome does to its message: a pure decision, the heart of promise 2 ("an outage kills nothing").

Nothing here looks at a clock, a disk or a network: `(message, outcome, now) -> Settlement`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from bach_lib.health import INTERNAL
from bach_lib.models import Delivery, Fault, Message, Status
from bach_lib.outcomes import Dead, Outcome, Retry, Scope, Sent, Uncertain, Wait
from bach_lib.policy import RetryPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What is written to disk about a message after an attempt.

    `next_retry_at` in seconds since 1970. `delivered`: counts as a success or a failure of the connection, or (None) as
    neither. `outcome`: what the attempt came to (sent, retry, wait, dead, uncertain), which leaves a row in the history
    of the message; None: there was no attempt. `seconds`: how long it took.
    """

    id: int
    status: Status
    retry_count: int = 0
    next_retry_at: float | None = None
    remote_id: str | None = None
    degraded: bool = False
    moved_to: str | None = None
    error: Fault | None = None
    delivered: bool | None = None
    outcome: str | None = None
    seconds: float | None = None


def decide(
    message: Message,
    outcome: Outcome,
    now: float,
    policy: RetryPolicy,
    random: Callable[[], float],
    *,
    idempotent: bool,
) -> Settlement:
    """Settle one attempt. `random` returns 0..1 for the jitter; `idempotent`: the platform drops repeated nonces."""
    match outcome:
        case Sent():
            return Settlement(
                id=message.id,
                status=Status.SENT,
                retry_count=message.retry_count,
                remote_id=outcome.remote_id,
                degraded=outcome.degraded,
                moved_to=outcome.moved_to,
                delivered=True,
            )
        case Dead(fault=fault):
            return _end(message, Status.DEAD, fault)
        case Wait(seconds=seconds, fault=fault):
            return replace(_keep(message, fault), next_retry_at=now + seconds, delivered=None)
        case Retry(fault=fault, scope=Scope.CONNECTION):
            return _keep(message, fault)
        case Retry(fault=fault):
            return _again(message, fault, now, policy, random)
        case Uncertain(fault=fault):
            if idempotent and fault.code != INTERNAL:  # a mistake of ours would repeat for ever
                return _keep(message, fault)
            if not idempotent and message.delivery is Delivery.AT_MOST_ONCE:
                return _end(message, Status.UNCERTAIN, fault)
            return _again(message, fault, now, policy, random)


def after_crash(message: Message, *, idempotent: bool) -> Settlement:
    """Settle a message that was in flight when the process ended: uncertain, which follows its policy at once."""
    fault = Fault(code="interrupted", text="BACH stopped while this message was being sent; it may have arrived.")
    if message.delivery is Delivery.AT_MOST_ONCE and not idempotent:
        return replace(_end(message, Status.UNCERTAIN, fault), outcome="uncertain")
    return replace(_keep(message, fault), outcome="uncertain")


def _end(message: Message, status: Status, fault: Fault) -> Settlement:
    return Settlement(id=message.id, status=status, retry_count=message.retry_count, error=fault, delivered=False)


def _keep(message: Message, fault: Fault) -> Settlement:
    """Back to waiting as it was; no retry is used up."""
    status = Status.FAILED if message.retry_count else Status.PENDING
    return Settlement(id=message.id, status=status, retry_count=message.retry_count, error=fault, delivered=False)


def _again(message: Message, fault: Fault, now: float, policy: RetryPolicy, random: Callable[[], float]) -> Settlement:
    """Once more after a growing delay, or dead when all retries are used."""
    if message.retry_count >= message.max_retries:
        return _end(message, Status.DEAD, fault)
    delay = policy.delays[min(message.retry_count, len(policy.delays) - 1)] * (1 + policy.jitter * (2 * random() - 1))
    return Settlement(
        id=message.id,
        status=Status.FAILED,
        retry_count=message.retry_count + 1,
        next_retry_at=now + delay,
        error=fault,
        delivered=False,
    )
