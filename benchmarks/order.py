"""One chat, whose messages go one after another, on a server that takes 20 ms: parallel sending helps nothing here.

Beside it: raw sqlite3 and bare aiohttp in a loop, where every message is stored, claimed and acknowledged with a commit
of its own, as the system BACH replaces did. BACH keeps the same order and the same promises.
"""

from collections.abc import Iterator

from benchmarks.measuring import Effort, in_loop, take_turns
from benchmarks.pipeline import one_after_another, through_bach
from benchmarks.table import Aim, Row
from benchmarks.telegram import CHATS, prompt_server

LATENCY = 0.02


def rows(effort: Effort) -> Iterator[Row]:
    """Ours to the plain loop."""
    each = max(round(2 * effort.seconds / LATENCY), effort.of(20))
    with prompt_server(LATENCY) as url:
        sides = {
            "BACH": in_loop(through_bach, url, CHATS[:1], each),
            "one after another": in_loop(one_after_another, url, 2 * effort.seconds),
        }
        figures = take_turns(sides, effort.rounds)
    aim = Aim(limit=1, at_least=True, of_ratio=True)
    yield figures.row("one chat in order, server 20 ms", "/s", "BACH", "one after another", aim)
