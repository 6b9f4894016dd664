"""Every row of `script/bench` can be measured, with sizes so small that its figures say nothing."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.__main__ import BENCHMARKS
from benchmarks.measuring import Effort
from benchmarks.peers import is_there
from benchmarks.table import render

CHECKOUT = Path(__file__).parents[2]
TINY = Effort(rounds=1, seconds=0.005, samples=3, finished=200, share=0.02)
SLOW = {"put", "batches", "imports", "crash", "fsyncs", "panel", "pipeline", "discord", "latency", "stall"}
"""They start processes, some of which load Home Assistant or a browser, or measure beside libraries whose own time
limits a busy machine breaks."""


def names() -> Iterator[object]:
    """Of all benchmarks, the slow ones marked."""
    for name in BENCHMARKS:
        yield pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of those we are compared with
@pytest.mark.parametrize("name", names())
def test_each_row_can_be_measured(name: str) -> None:
    """A row would break with a change of what it measures, and nobody would notice before the next release."""
    rows = list(BENCHMARKS[name](TINY))
    assert rows
    for row in rows:
        assert row.ours is not None or row.note.startswith("not measured: strace"), row
        missing = re.fullmatch(r"(\S+).* \(not installed\)", row.other)
        assert missing is None or not is_there(missing[1]), row
    assert len(render(rows).splitlines()) == len(rows) + 2


def test_who_is_compared_with_is_installed_for_it() -> None:
    """Its rows would say that it is missing, on every machine."""
    groups = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["dependency-groups"]
    for library in groups["bench"]:
        is_there(library)  # raises for one that no row knows
    pinned = (CHECKOUT / "requirements" / "bench.txt").read_text("utf-8")
    assert all(re.search(rf"^{library}==", pinned, re.MULTILINE) for library in groups["bench"])
