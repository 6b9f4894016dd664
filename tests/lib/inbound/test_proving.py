"""What a platform tells of messages of ours: what of that can be kept, and as of when."""

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import cast

import pytest

from bach_lib.connectors.base import Proof
from bach_lib.connectors.tolerant import UnreadableError
from bach_lib.events import MessageEvent, MessageSent
from bach_lib.inbound.ages import Ages
from bach_lib.inbound.proving import Judged, is_time, validate_proof
from bach_lib.models import ProofKind
from bach_lib.models.spellings import Spellings
from bach_lib.storage import Transaction
from tests.lib.inbound.make import read
from tests.lib.outbound.make import NOW, message

SEEN = Proof(kind=ProofKind.SEEN, remote_ids=("7",), sender_id="42", sender_name="Ada", places=("42",))
NO_TX = cast("Transaction", object())


def test_what_can_be_kept_is_kept_as_it_was_told() -> None:
    """Nobody would see that an alarm was read."""
    longest = replace(SEEN, remote_ids=("x" * 1000,) * 1000, places=(), sent_at=5.0, told_at=6)
    for proof in (SEEN, longest):
        assert list(validate_proof(proof)) == [proof]
    [named] = validate_proof(replace(SEEN, sender_name="", sender_id="4\ud83d2"))
    assert (named.sender_name, named.sender_id) == ("4�2", "4�2")


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ("seen", "no proof, but a str"),
        (None, "no proof, but a NoneType"),
        ({"kind": "seen by all"}, "a proof whose kind, sender_id or sender_name is of a wrong type"),
        ({"sender_id": 42}, "a proof whose kind, sender_id or sender_name is of a wrong type"),
        ({"sender_name": None}, "a proof whose kind, sender_id or sender_name is of a wrong type"),
        ({"remote_ids": "7"}, "a proof whose remote_ids or places are not at most 1000 texts"),
        ({"remote_ids": ("7",) * 1001}, "a proof whose remote_ids or places are not at most 1000 texts"),
        ({"remote_ids": ("7", 8)}, "a proof whose remote_ids or places are not at most 1000 texts"),
        ({"places": ("",)}, "a proof whose remote_ids or places are not at most 1000 texts"),
        ({"places": ("x" * 1001,)}, "a proof whose remote_ids or places are not at most 1000 texts"),
        ({"sender_id": ""}, "a proof without sender, or whose time is none"),
        ({"sent_at": math.nan}, "a proof without sender, or whose time is none"),
        ({"told_at": True}, "a proof without sender, or whose time is none"),
    ],
    ids=lambda one: str(one)[:40],
)
def test_what_cannot_be_kept_is_set_aside_with_its_reason(wrong: object, reason: str) -> None:
    """One odd word of a platform would stop all that comes in, or fill the disk, and nobody learn which it was."""
    proof = replace(SEEN, **wrong) if isinstance(wrong, dict) else wrong  # as odd as a platform may be
    with pytest.raises(UnreadableError) as caught:
        validate_proof(proof)
    assert str(caught.value) == reason


def test_a_time_is_a_number_or_nothing() -> None:
    """A message would be as old as the word that a platform sends for its time."""
    assert [is_time(value) for value in (None, 5, 5.5, math.inf, "5", False)] == [True] * 4 + [False] * 2


class Kept:
    """Keeps what it is told, and tells of it under a number."""

    def __init__(self) -> None:
        self.told_of: list[tuple[object, ...]] = []

    def told(self, *told: object) -> list[MessageEvent]:
        """A platform tells something."""
        return self._note(*told)

    def answered(self, *told: object) -> list[MessageEvent]:
        """Something came in."""
        return self._note(*told)

    def publish(self, events: Iterable[MessageEvent]) -> None:
        """Nobody listens."""

    def _note(self, *told: object) -> list[MessageEvent]:
        self.told_of.append(told)
        return [MessageSent(connection="home", message=message(id=len(self.told_of)))]


def test_a_proof_is_of_the_moment_that_the_platform_names_by_its_own_clock() -> None:
    """A page would say that somebody has read an alarm before it was sent, or in a year that never comes."""
    answer = read(text="yes", received_at=NOW)
    kept, known = Kept(), Spellings(())
    proofs = [replace(SEEN, sent_at=at) for at in (NOW - 110, None, NOW + 1e9)]
    judged = Judged(connection="home", ages=Ages(now=NOW, told_at=NOW - 100), spellings=known)
    events = judged.prove(NO_TX, kept, proofs, [answer])
    moments = (NOW - 10, NOW, NOW)
    told = [(NO_TX, "home", proof, at, known) for proof, at in zip(proofs, moments, strict=True)]
    assert kept.told_of == [*told, (NO_TX, answer, known)]
    assert [event.message.id for event in events] == [1, 2, 3, 4]
