"""What a thousand phrases of context rules cost for the longest message: 4,096 characters, none of which match.

Fair, because all sides find whole words in any case in the same text: one search for each phrase, and one regular
expression of them all, are what a programmer would write first. Nothing matches, so nobody may stop early.
"""

import random
import re
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from bach_lib.inbound.phrases import Phrases, fold
from benchmarks.measuring import Effort, take_turns
from benchmarks.table import Aim, Row

PHRASES = 1000
CHARACTERS = 4096
CALLS = 5

_LETTERS = "abcdefghijklmnoprstuvw"


def rows(effort: Effort) -> Iterator[Row]:
    """Ours to the others."""
    chance = random.Random(1)  # noqa: S311 - the same words in every run
    phrases = [f"{_word(chance)} {_word(chance)} zyx" for _ in range(PHRASES)]
    text = " ".join(_word(chance) for _ in range(CHARACTERS))[:CHARACTERS]
    automaton = Phrases((phrase, phrase) for phrase in phrases)
    each = [re.compile(rf"\b{re.escape(fold(phrase))}\b") for phrase in phrases]
    together = re.compile("|".join(rf"\b{re.escape(fold(phrase))}\b" for phrase in phrases))
    sides = {
        "BACH": _milliseconds(lambda: automaton.find(text)),
        "one search each": _milliseconds(partial(_each, each, text)),
        "one regular expression": _milliseconds(lambda: together.search(fold(text))),
    }
    figures = take_turns(sides, effort.rounds)
    name = f"rules, {PHRASES:,} phrases, {CHARACTERS:,} characters"
    for other in ("one search each", "one regular expression"):
        yield figures.row(name, "ms", "BACH", other, Aim(limit=5))


def _word(chance: random.Random) -> str:
    return "".join(chance.choices(_LETTERS, k=chance.randint(2, 9)))


def _each(patterns: Iterable[re.Pattern[str]], text: str) -> list[re.Pattern[str]]:
    folded = fold(text)
    return [pattern for pattern in patterns if pattern.search(folded)]


def _milliseconds(call: Callable[[], object]) -> Callable[[], float]:
    def side() -> float:
        start = time.perf_counter()
        for _ in range(CALLS):
            call()
        return (time.perf_counter() - start) / CALLS * 1000

    return side
