"""Proofs: what is known of a message after it was sent."""

from dataclasses import dataclass
from enum import StrEnum


class ProofKind(StrEnum):
    """What is known of a sent message. What was answered was seen, and what was seen was delivered."""

    DELIVERED = "delivered"
    """It is on a device of somebody."""
    SEEN = "seen"
    """Somebody has looked at it."""
    ANSWERED = "answered"
    """Somebody has replied to it, pressed one of its buttons, or answered what it asks."""

    @property
    def implied(self) -> tuple["ProofKind", ...]:
        """What follows from it, and itself as the last."""
        kinds = tuple(ProofKind)
        return kinds[: kinds.index(self) + 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """Something that is known of a message, in short. `people`: of how many; `at`: since when of the first.

    `person`, `name` and `latest_at` tell of whom it became known last. Times are by the clock of this machine.
    """

    kind: ProofKind
    """What is known."""
    people: int
    at: float
    latest_at: float
    person: str
    """The platform's id of who it is."""
    name: str
    """As they call themselves; anybody may choose any name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonProof:
    """What is known of a message and one person. `at`: since when, by the clock of this machine."""

    kind: ProofKind
    """What is known."""
    person: str
    """The platform's id of who it is."""
    name: str
    """As they call themselves; anybody may choose any name."""
    at: float
