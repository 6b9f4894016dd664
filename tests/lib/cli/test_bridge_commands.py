"""`bach bridge`: made, looked at, switched and removed in a terminal."""

import pytest

from tests.lib.cli.conftest import Run

GARAGE = "home:-100200"


def test_a_bridge_is_made_switched_and_removed(home: Run) -> None:
    """Who has no Home Assistant could have none."""
    said = home("bridge", "add", "over", "home:42", GARAGE, "--both-ways", "--no-edits")
    assert said.code == 0, said.errors
    row = home("bridge", "show", "over", "--json").row()
    assert (row["both_ways"], row["edits"], row["files"], row["is_active"]) == (True, False, True, True)
    assert row["targets"] == [{"connection": "home", "recipient": "-100200"}]
    line = home("bridge", "list").output
    assert "home:42" in line
    assert GARAGE in line
    assert "names, files, deletions" in home("bridge", "show", "over").output
    assert home("bridge", "disable", "over", "--json").row()["is_active"] is False
    assert home("bridge", "enable", "over", "--json").row()["is_active"] is True
    assert home("bridge", "add", "over", "home:42", GARAGE).code == 1
    assert home("bridge", "add", "over", "home:42", GARAGE, "--replace").code == 0
    assert home("bridge", "remove", "over").code == 0
    assert "There are no bridges" in home("bridge", "list").errors + home("bridge", "list").output


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("home:42", "nowhere"), '"nowhere" is no place. Write it like telegram:-100123.'),
        (("home:42", "zoo:1"), 'There is no connection named "zoo"'),
        (("home:42", "home:42"), '"42" is not possible for targets. Use each place once.'),
    ],
)
def test_a_slip_is_said(home: Run, arguments: tuple[str, ...], reason: str) -> None:
    """A bridge to nowhere would carry nothing, and nobody knew why."""
    said = home("bridge", "add", "over", *arguments)
    assert said.code == 1
    assert reason in said.errors
    assert "no bridge named" in home("bridge", "show", "over").errors
