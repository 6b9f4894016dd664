"""Outcomes of an attempt to send. A connector answers with one of these five; nothing else leaves it.

A connector says what it saw, and no more; who is to blame, and what follows, is decided in `outbound` (ADR 0017):

| what the connector saw | outcome |
|---|---|
| the platform has it | `Sent` |
| nothing of the request was written: no route, DNS, TLS, refused | `Retry(CONNECTION, written=False)` |
| written, and no answer; or one that is not the platform's own (a page, a 5xx, JSON of another shape) | `Uncertain` |
| the platform's own, well-formed refusal of this message for good | `Dead` |
| the same, but it may pass | `Retry(MESSAGE)`, or of everything for this recipient: `Retry(RECIPIENT)` |
| the same, of the account (logged out, banned, token revoked), or nobody can tell of what | `Retry(CONNECTION)` |
| told to wait: this message, this recipient, everybody | `Wait(MESSAGE)`, `Wait(RECIPIENT)`, `Wait(CONNECTION)` |
"""

from dataclasses import dataclass, field
from enum import StrEnum

from bach_lib.models import Fault, Loss
from bach_lib.models.spellings import Sighting


class Scope(StrEnum):
    """What an outcome concerns."""

    MESSAGE = "message"
    """This message alone."""
    RECIPIENT = "recipient"
    """Everything for this recipient."""
    CONNECTION = "connection"
    """Everything of the connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The platform has it. `degraded`: not all of it, as `losses` say. `moved_to`: the recipient's new address.

    `sightings`: what else the platform said of the place. `parts`: the ids of all that it became there, if
    those are several, or the platform tells of each later that it was delivered or seen (`Batch.proofs`).
    """

    remote_id: str | None = None
    """The platform's id of the message; None: it has none."""
    degraded: bool = False
    moved_to: str | None = None
    losses: tuple[Loss, ...] = field(default=(), compare=False)
    sightings: tuple[Sighting, ...] = field(default=(), compare=False)
    parts: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """It did not arrive, that is certain, and it may later. `written`: whether any of the request left this machine."""

    fault: Fault
    """Why it did not arrive."""
    scope: Scope
    """What it concerns."""
    written: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """The platform asks to wait `seconds` for this message, this recipient or the whole connection. Not a failure."""

    seconds: float
    fault: Fault
    """What the platform says."""
    scope: Scope
    """Who is to wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dead:
    """The platform refused it for good, in its own well-formed words."""

    fault: Fault
    """The platform's words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncertain:
    """Something was written, and nothing came back that the platform itself says of this message. Nobody knows.

    `repeatable`: who receives it drops a repetition of this message, though not of every message of its connection.
    """

    fault: Fault
    """What was seen instead of an answer."""
    repeatable: bool = False


type Outcome = Sent | Retry | Wait | Dead | Uncertain
"""What an attempt came to: one of five."""
