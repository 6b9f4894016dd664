"""Whether what arrived is what was accepted: nothing lost, in order, and repeated only what a blow had met.

Every repetition has to lie around a blow, and a lane may have one for each blow and process: it has one message under
way at a time. A platform that knows nonces repeats nothing where both carry the same; `at_most_once` never repeats.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import override

from benchmarks.cluster.fleet import Arrived, Lane

_SLACK = 1_000_000_000
"""Nanoseconds before a blow at which something may have arrived whose acknowledgement the blow met."""


@dataclass(frozen=True, slots=True)
class Blow:
    """When one was dealt, and when it was over."""

    began: int
    ended: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is wrong, as sentences for each kind; and what is not wrong by itself."""

    accepted: int
    lost: list[str]
    strange: list[str]
    disordered: list[str]
    unexplained: list[str]
    """Repetitions that no blow explains, or that a platform or message forbids."""
    repeated: int
    """All repetitions at platforms that do not know nonces again."""
    dropped: int
    """Those that a platform would drop by their nonce."""
    untold: int
    """Messages that go at most once, did not arrive, and of which nobody knows."""

    @property
    def is_good(self) -> bool:
        """Whether the promises were kept."""
        return not (self.lost or self.strange or self.disordered or self.unexplained)

    @override
    def __str__(self) -> str:
        """All faults, the first few of each kind."""
        kinds = (("lost", self.lost), ("strange", self.strange), ("disordered", self.disordered))
        named = (*kinds, ("repeated without need", self.unexplained))
        return "; ".join(f"{len(found)} {kind}: {', '.join(found[:5])}" for kind, found in named if found) or "good"


def judge(
    arrived: Sequence[Arrived],
    accepted: Mapping[Lane, Sequence[str]],
    blows: Sequence[Blow],
    *,
    once: frozenset[Lane] = frozenset(),
    knowing: frozenset[Lane] = frozenset(),
    uncertain: frozenset[tuple[Lane, str]] = frozenset(),
) -> Verdict:
    """Judge. `once`: lanes of messages that go at most once, `uncertain`: those of them that are called so."""
    by_lane: dict[Lane, list[Arrived]] = {lane: [] for lane in accepted}
    strange = []
    for one in arrived:
        if one.text in set(accepted.get(one.lane, ())):
            by_lane[one.lane].append(one)
        else:
            strange.append(f"{one.lane} {one.text}")
    missing = {(lane, text) for lane, texts in accepted.items() for text in set(texts) - {*_texts(by_lane[lane])}}
    plain = {lane: found for lane, found in by_lane.items() if lane not in knowing}
    return Verdict(
        accepted=sum(map(len, accepted.values())),
        lost=sorted(f"{lane} {text}" for lane, text in missing - uncertain),
        strange=strange,
        disordered=[
            f"{lane}: {_texts(found)}"
            for lane, found in by_lane.items()
            if not _in_order([one for one in found if (lane, one.text) not in uncertain], accepted[lane])
        ],
        unexplained=[
            *(why for lane, found in plain.items() for why in _unexplained(found, blows, is_once=lane in once)),
            *(why for lane in knowing & by_lane.keys() for why in _new_nonces(by_lane[lane])),
        ],
        repeated=sum(len(found) - len({*_texts(found)}) for found in plain.values()),
        dropped=sum(len(by_lane[lane]) - len({*_texts(by_lane[lane])}) for lane in knowing & by_lane.keys()),
        untold=len(missing & uncertain),
    )


def _texts(found: Sequence[Arrived]) -> list[str]:
    return [one.text for one in found]


def _in_order(found: Sequence[Arrived], texts: Sequence[str]) -> bool:
    """Whether they came first in the order in which they were accepted."""
    first = list(dict.fromkeys(_texts(found)))
    return first == [text for text in texts if text in set(first)]


def _unexplained(found: Sequence[Arrived], blows: Sequence[Blow], *, is_once: bool) -> Iterator[str]:
    met: Counter[Blow] = Counter()
    before: dict[str, Arrived] = {}
    for one in found:
        if first := before.get(one.text):
            near = [blow for blow in blows if first.at - _SLACK <= blow.ended and blow.began <= one.at + _SLACK]
            near = [blow for blow in near if not met[blow]] or near[:0]
            met.update(near[:1])
            if is_once or not near:
                later = f"{(one.at - first.at) / 1e9:.2f} s later"
                yield f"{one.lane} {one.text} by {first.worker} and {one.worker}, {later}"
        before[one.text] = one


def _new_nonces(found: Sequence[Arrived]) -> Iterator[str]:
    nonces: dict[str, str] = {}
    for one in found:
        if nonces.setdefault(one.text, one.nonce) != one.nonce:
            yield f"{one.lane} {one.text} under two nonces"


def longest_pause(arrived: Sequence[Arrived], blow: Blow, connections: frozenset[str]) -> float:
    """Seconds from the beginning of a blow until the last of these connections sent again; 0 if none did."""
    again: dict[str, int] = {}
    for one in arrived:
        if one.at > blow.began + 100_000_000 and one.lane[0] in connections:
            again.setdefault(one.lane[0], one.at)
    return (max(again.values()) - blow.began) / 1e9 if again else 0.0
