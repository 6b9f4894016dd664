"""The judge of `script/bench cluster` sees each fault that it is there for."""

from benchmarks.cluster.fleet import Arrived
from benchmarks.cluster.judging import Blow, judge

LANE = ("c000", "ada")
ACCEPTED = {LANE: ["0", "1", "2"]}
SECOND = 1_000_000_000


def arrived(*texts: str, nonce: str = "") -> list[Arrived]:
    """One every ten seconds."""
    return [Arrived(10 * SECOND * at, "one", LANE, text, nonce or f"{at}") for at, text in enumerate(texts)]


def test_what_is_right_is_good() -> None:
    """Every blow would be told as a fault."""
    assert judge(arrived("0", "1", "2"), ACCEPTED, []).is_good


def test_each_fault_is_seen() -> None:
    """A broken promise would stand in the table as kept."""
    around = [Blow(15 * SECOND, 16 * SECOND)]
    assert len(judge(arrived("0", "2"), ACCEPTED, []).lost) == 1
    assert len(judge(arrived("0", "2", "1"), ACCEPTED, []).disordered) == 1
    assert len(judge(arrived("0", "1", "2", "3"), ACCEPTED, []).strange) == 1
    assert len(judge(arrived("0", "1", "1", "2"), ACCEPTED, []).unexplained) == 1
    assert judge(arrived("0", "1", "1", "2"), ACCEPTED, around).is_good
    assert len(judge(arrived("0", "1", "1", "1", "2"), ACCEPTED, around).unexplained) == 1
    once = frozenset({LANE})
    assert len(judge(arrived("0", "1", "1", "2"), ACCEPTED, around, once=once).unexplained) == 1
    assert len(judge(arrived("0", "1", "1", "2"), ACCEPTED, around, knowing=once).unexplained) == 1
    assert judge(arrived("0", "1", "1", "2", nonce="same"), ACCEPTED, [], knowing=once).is_good
    assert judge(arrived("0", "2"), ACCEPTED, [], once=once, uncertain=frozenset({(LANE, "1")})).untold == 1
