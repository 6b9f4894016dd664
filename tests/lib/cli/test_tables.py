"""Tables at the widths that people have: no word is broken, whatever has to go for it."""

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bach_lib.cli import console
from bach_lib.cli.tables import Column, drawn, drawn_one
from tests.lib.cli.conftest import ADA, Run

STATUS = {
    "Name": "telegram_main",
    "Type": "telegram",
    "Active": "yes",
    "Sending": "connected",
    "Receiving": "disconnected",
    "Unread": "0",
    "Pending": "12",
    "Failed": "0",
    "Dead": "0",
    "Uncertain": "0",
    "Blocked until": "2026-11-25 13:26:49",
    "Last used": "2026-11-25 13:26:49",
}


def columns(rows: int = 2) -> list[Column]:
    """As `bach connector status` shows them."""
    return [
        Column(heading=heading, cells=(cell,) * rows, is_number=cell.isdecimal()) for heading, cell in STATUS.items()
    ]


@pytest.mark.parametrize("room", [200, 120, 100, 80, 60, 40, 30])
@pytest.mark.parametrize("has_lines", [True, False])
def test_no_word_is_broken_and_no_line_is_too_long(room: int, has_lines: bool) -> None:
    """At a window beside another one people would read "tele/gram" and "conn/ecte/d"."""
    said = drawn(columns(), room, has_lines=has_lines)
    assert max(map(len, said.splitlines())) <= room
    for heading, cell in STATUS.items():
        for word in (*heading.split(), *cell.split()):
            assert re.search(rf"(?<!\w){word}(?!\w)", said), (word, said)


@pytest.mark.parametrize("room", [80, 40, 20])
def test_a_long_text_goes_on_below_itself(room: int) -> None:
    """One long message would turn the whole table into letters."""
    text = "The washing machine in the cellar is done and waits for somebody who takes the laundry out"
    made = [Column(heading="Id", cells=("7",), is_number=True), Column(heading="Text", cells=(text,))]
    for said in (drawn(made, room, has_lines=True), drawn_one([("Id", "7"), ("Text", text)], room)):
        assert max(map(len, said.splitlines())) <= room
        assert " ".join(word for word in said.split() if word in text.split()) == text


def test_what_has_no_blanks_is_folded_and_stays_whole() -> None:
    """An address that is longer than the window would lose its end."""
    address = "https://example.org/" + "x" * 100
    said = drawn([Column(heading="Endpoint", cells=(address,))], 40, has_lines=False)
    assert "".join(said.split()).replace("Endpoint", "") == address
    assert max(map(len, said.splitlines())) <= 40


def test_rows_are_told_apart_where_each_is_a_block() -> None:
    """Nobody would see where one connection ends and the next begins."""
    blocks = drawn(columns(3), 40, has_lines=True).strip().split("\n\n")
    assert len(blocks) == 3
    assert all(block.startswith("Name") for block in blocks)


def test_wide_characters_count_twice() -> None:
    """Tables with Chinese names would break at the edge."""
    made = [Column(heading="A", cells=("漢" * 15,)), Column(heading="B", cells=("漢" * 15,))]
    assert max(len(line) + line.count("漢") for line in drawn(made, 50, has_lines=False).splitlines()) <= 50


@pytest.mark.parametrize("room", ["80", "40"])
def test_commands_look_at_the_width(home: Run, monkeypatch: pytest.MonkeyPatch, room: str) -> None:
    """The layout would be there and nobody would use it."""
    home("connector", "disable", "home")
    home("connector", "send", "home", ADA, "x " * 100)
    monkeypatch.setenv("COLUMNS", room)
    monkeypatch.setattr(console, "_is_terminal", lambda: True)
    for words in (("connector", "status"), ("msg", "outbox"), ("connections", "show", "home"), ("connector", "list")):
        said = home(*words)
        assert said.code == 0
        assert max(map(len, said.output.splitlines())) <= int(room), said.output
        assert "telegram" in said.output or words[0] == "msg"


@pytest.mark.parametrize("words", [("connector", "messages"), ("msg", "list"), ("msg", "outbox")])
def test_a_list_that_was_cut_says_so(home: Run, words: tuple[str, ...]) -> None:
    """Somebody would take the newest three for all there are."""
    home("connector", "disable", "home")
    for number in range(4):
        home("connector", "send", "home", ADA, number)
    whole = home(*words, "--limit", 4, "--json")
    assert (len(whole.rows()), whole.errors) == (4, "")
    part = home(*words, "--limit", 3, "--json")
    assert len(part.rows()) == 3
    assert part.errors.startswith("These are the newest 3; there are more. ")


def test_all_that_waits_is_shown_or_it_is_said(home: Run, database: Path) -> None:
    """What is beyond 500 would look as if it were delivered."""
    home("connector", "disable", "home")
    home("connector", "send", "home", ADA, "first")

    with closing(sqlite3.connect(database, isolation_level=None)) as file:
        names = [row[1] for row in file.execute("PRAGMA table_info(messages)") if row[1] != "id"]
        fields = ", ".join(names)
        file.execute(
            f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 599) "
            f"INSERT INTO messages ({fields}) SELECT {fields} FROM messages, n WHERE id = 1"
        )
    said = home("connector", "unprocessed", "--json")
    assert len(json.loads(said.output)) == 500
    assert "These are the newest 500; there are more" in said.errors
    assert "600 waiting messages" in home("connector", "remove", "home", typed="n\n").errors
