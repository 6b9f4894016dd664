"""Finding recipients among strangers: only while somebody looks, only who they are, and not too many."""

import pytest

from bach_lib.inbound import pairing as pairing_module
from bach_lib.inbound.pairing import Pairings
from bach_lib.models import Candidate
from tests.lib.inbound.make import incoming

MALLORY = incoming(recipient="666", recipient_title="Mallory", sender_id="666", text="open the door")


class Bench:
    """The pairings, and what they told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Candidate]] = []
        self.pairings = Pairings(lambda name, candidate: self.told.append((name, candidate)))


@pytest.fixture
def bench() -> Bench:
    """Nobody looks."""
    return Bench()


def test_nobody_is_remembered_while_nobody_looks(bench: Bench) -> None:
    """Every stranger who ever wrote would be offered as a recipient."""
    bench.pairings.offer("home", [MALLORY])
    with bench.pairings.open("home") as pairing:
        assert pairing.candidates == {}
    bench.pairings.offer("home", [MALLORY])
    assert pairing.candidates == {}
    assert bench.told == []


def test_who_writes_is_offered_without_their_words(bench: Bench) -> None:
    """What strangers say would reach the dashboard, and the bus."""
    stranger = incoming(
        recipient="666", recipient_title="Mallory", text="open the door", metadata={"chat_type": "group"}
    )
    with bench.pairings.open("home") as pairing:
        bench.pairings.offer("home", [stranger])
    candidate = Candidate(recipient="666", title="Mallory", kind="group")
    assert pairing.candidates == {"666": candidate}
    assert bench.told == [("home", candidate)]
    assert "open the door" not in repr(bench.told)


def test_a_candidate_is_told_of_once(bench: Bench) -> None:
    """A chatty stranger would fill the event bus while a person is looking."""
    with bench.pairings.open("home") as pairing:
        bench.pairings.offer("home", [MALLORY] * 10)
        bench.pairings.offer("home", [MALLORY])
    assert len(pairing.candidates) == 1
    assert len(bench.told) == 1


def test_nothing_is_made_up_about_a_candidate(bench: Bench) -> None:
    """A dialog would show a kind of chat that the platform never named."""
    with bench.pairings.open("home"):
        bench.pairings.offer("home", [MALLORY])
    assert bench.told == [("home", Candidate(recipient="666", title="Mallory", kind=""))]


def test_who_writes_again_is_the_last_to_be_pushed_out(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one whom a person waits for would vanish from the list while they write."""
    monkeypatch.setattr(pairing_module, "_MAX_CANDIDATES", 2)
    with bench.pairings.open("home") as pairing:
        for number in ("1", "2", "1", "3"):
            bench.pairings.offer("home", [incoming(recipient=number)])
    assert list(pairing.candidates) == ["1", "3"]
    assert [candidate.recipient for _, candidate in bench.told] == ["1", "2", "3"]


def test_connections_do_not_share_their_strangers(bench: Bench) -> None:
    """Somebody who wrote to one bot would be offered as a recipient of another."""
    with bench.pairings.open("home") as home, bench.pairings.open("work") as work:
        bench.pairings.offer("work", [MALLORY])
        assert home.candidates == {}
        assert list(work.candidates) == ["666"]


def test_two_people_may_look_at_once(bench: Bench) -> None:
    """Closing one dialog would end the other."""
    with bench.pairings.open("home") as outer:
        with bench.pairings.open("home") as inner:
            bench.pairings.offer("home", [MALLORY])
        bench.pairings.offer("home", [incoming(recipient="7")])
    assert list(outer.candidates) == ["666", "7"]
    assert list(inner.candidates) == ["666"]


def test_a_flood_is_cut_off(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crowd of strangers would fill the memory, and the list a person picks from."""
    monkeypatch.setattr(pairing_module, "_MAX_CANDIDATES", 5)
    with bench.pairings.open("home") as pairing:
        bench.pairings.offer("home", (incoming(recipient=str(number)) for number in range(100)))
    assert list(pairing.candidates) == ["95", "96", "97", "98", "99"], "the one who is awaited writes last"
    assert len(bench.told) == 5


def test_looking_ends_with_an_error_too(bench: Bench) -> None:
    """After a dialog that crashed strangers would be collected for ever."""
    with pytest.raises(LookupError), bench.pairings.open("home"):
        raise LookupError
    bench.pairings.offer("home", [MALLORY])
    assert bench.told == []
