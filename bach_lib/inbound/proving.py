"""Proofs of what was sent that come in: told by platforms, or answers; kept by what sends, with what brought them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import isfinite, isnan
from typing import Protocol

from bach_lib.connectors.base import Proof
from bach_lib.connectors.tolerant import UnreadableError
from bach_lib.events import MessageEvent
from bach_lib.inbound.ages import Ages
from bach_lib.models.incoming import IncomingMessage
from bach_lib.models.proof import ProofKind
from bach_lib.models.spellings import Spellings
from bach_lib.redact import called, readable
from bach_lib.storage import Transaction

_MOST_IDS = 1_000
"""Messages that one proof may be of, and places that somebody may be at."""
_LONGEST = 1_000
"""Characters of an id."""


class Witness(Protocol):
    """Keeps proofs (`outbound.proof_keeper`); each call returns the events that tell what is new."""

    def told(
        self, tx: Transaction, connection: str, proof: Proof, at: float, spellings: Spellings
    ) -> list[MessageEvent]:
        """A platform tells something."""
        ...

    def answered(self, tx: Transaction, message: IncomingMessage, spellings: Spellings) -> list[MessageEvent]:
        """Something came in, which may be an answer."""
        ...

    def publish(self, events: Iterable[MessageEvent]) -> None:
        """Tell of what is on disk."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What all that one poll brought is held against."""

    connection: str
    ages: Ages
    spellings: Spellings

    def prove(
        self, tx: Transaction, witness: Witness, proofs: Iterable[Proof], messages: Iterable[IncomingMessage]
    ) -> list[MessageEvent]:
        """What `proofs` say of sent messages, and which of them these answer. What has no known age is of now."""
        events = list[MessageEvent]()
        for proof in proofs:
            age = self.ages.age(proof)
            at = self.ages.now - (age if age is not None and isfinite(age) else 0.0)
            events += witness.told(tx, self.connection, proof, at, self.spellings)
        for message in messages:
            events += witness.answered(tx, message, self.spellings)
        return events


def validate_proof(proof: object) -> Iterable[Proof]:
    """The proof, if it can be stored. Raises `UnreadableError`."""
    if not isinstance(proof, Proof):
        raise UnreadableError(f"no proof, but a {type(proof).__name__}")
    texts = (proof.sender_id, proof.sender_name)
    lists = (proof.remote_ids, proof.places)
    if not isinstance(proof.kind, ProofKind) or not all(isinstance(one, str) for one in texts):
        raise UnreadableError("a proof whose kind, sender_id or sender_name is of a wrong type")
    if not all(isinstance(some, tuple) and len(some) <= _MOST_IDS and all(map(_is_id, some)) for some in lists):
        raise UnreadableError(f"a proof whose remote_ids or places are not at most {_MOST_IDS} texts")
    if not (_is_id(proof.sender_id) and is_time(proof.sent_at) and is_time(proof.told_at)):
        raise UnreadableError("a proof without sender, or whose time is none")
    return [replace(proof, sender_id=readable(proof.sender_id), sender_name=called(proof.sender_name, proof.sender_id))]


def _is_id(one: object) -> bool:
    return isinstance(one, str) and 0 < len(one) <= _LONGEST


def is_time(value: object) -> bool:
    """Whether it is a time, or None."""
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool) and not isnan(value))
