"""The table that `script/bench` prints."""

import pytest

from benchmarks.table import Aim, Row, render

RATIO = Aim(limit=0.7, at_least=True, of_ratio=True)


@pytest.mark.parametrize(
    ("row", "met"),
    [
        (Row(name="slow", unit="/s", ours=60, other="raw", theirs=100, ratio=0.6, aim=RATIO), False),
        (Row(name="fast", unit="/s", ours=70, other="raw", theirs=100, ratio=0.7, aim=RATIO), True),
        (Row(name="small", unit="ms", ours=5, aim=Aim(limit=5)), True),
        (Row(name="big", unit="ms", ours=5.01, aim=Aim(limit=5)), False),
        (Row(name="no aim", unit="ms", ours=5), None),
        (Row(name="no figure", unit="", ours=None, aim=Aim(limit=1), note="not measured: strace missing"), None),
    ],
    ids=lambda value: value.name if isinstance(value, Row) else "",
)
def test_an_aim_is_met_by_the_figure_it_is_about(row: Row, met: bool | None) -> None:
    """A missed aim would be reported as met."""
    assert row.met is met


def test_every_row_is_as_wide_as_the_headings() -> None:
    """The table would fall apart in a terminal and in the documentation."""
    rows = [
        Row(name="put", unit="/s", ours=12345.6, other="raw", theirs=1.234, ratio=0.6, aim=RATIO),
        Row(name="fsyncs", unit="", ours=None, note="not measured: strace missing"),
    ]
    lines = render(rows).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert "| 12,346 /s " in lines[2]
    assert "| not measured: strace missing |" in lines[3]
