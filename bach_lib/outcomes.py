"""What an attempt to send means. A connector answers with one of these five; nothing else leaves it.

`Retry(scope=CONNECTION)` says the way is broken: it works on the circuit breaker and never uses up the message's
attempts. `Retry(scope=MESSAGE)` says the platform answered this very message with a passing refusal.
"""

from dataclasses import dataclass
from enum import StrEnum

from bach_lib.models import Fault


class Scope(StrEnum):
    """What an outcome concerns."""

    MESSAGE = "message"
    RECIPIENT = "recipient"
    CONNECTION = "connection"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The platform has it. `degraded`: it went as plain text. `moved_to`: the recipient's new address."""

    remote_id: str | None = None
    degraded: bool = False
    moved_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """It did not arrive and may later."""

    fault: Fault
    scope: Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """The platform asks to wait `seconds` for this recipient or for the whole connection. Not a failure."""

    seconds: float
    fault: Fault
    scope: Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Dead:
    """The platform refused it for good."""

    fault: Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncertain:
    """The request was written, the answer never came. Nobody knows."""

    fault: Fault


type Outcome = Sent | Retry | Wait | Dead | Uncertain
