"""Headings, lists and paragraphs of HTML stand there as lines, whatever is written."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bach_lib.models import Message
from bach_lib.text.html_blocks import in_lines, with_lines

_TAGS = ("h1", "h3", "ul", "ol", "li", "p", "div", "b")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a <b>x</b>\n\n\n y ", "a <b>x</b>\n\n\n y "),
        (
            "<h2>To buy</h2>\n<ul>\n <li>milk</li>\n <li>bread <i>rye</i></li>\n</ul>\nThanks",
            "<b>To buy</b>\n\n• milk\n• bread <i>rye</i>\nThanks",
        ),
        ("<ol><li>one<ul><li>deep</ul><li>two</ol>", "1. one\n\u00a0\u00a0\u00a0• deep\n2. two"),
        ("<p>One</p> <p class='x'>Two</p>", "One\n\nTwo"),
        ("a<br>b<br/><br>c<hr>d", "a\nb\n\nc\n———\nd"),
        ("before<h1>open", "before\n\n<b>open</b>"),
        ("<H1></H1><li>x</li></ul>", "• x"),
        ("<pre>a</pre><link><header>", "<pre>a</pre><link><header>"),
    ],
)
def test_blocks_are_lines(text: str, lines: str) -> None:
    """A shopping list would stand in one line, or, on Telegram, with all its tags."""
    assert in_lines(text) == lines


_PIECES = [f"<{slash}{one}>" for one in _TAGS for slash in ("", "/")]


@given(st.lists(st.sampled_from([*_PIECES, "x", "y", " ", "\n"])))
def test_no_word_is_lost_and_no_such_tag_is_left(pieces: list[str]) -> None:
    """Words would be gone because of a tag in the wrong place."""
    text = "".join(pieces)
    lines = in_lines(text)
    seen = re.sub(r"<[^>]*>|[•\s]|\d+\.", "", lines)
    assert seen == re.sub(r"<[^>]*>|\s", "", text)
    assert re.search(r"</?(h\d|ul|ol|li|p|div)>", lines) is None


def test_a_heap_of_tags_takes_no_time() -> None:
    """A template in a loop would hold up every alarm."""
    assert in_lines("<p>" * 50_000) == ""
    assert in_lines("<ul><li>" * 20_000 + "x").endswith("• x")
    assert len(in_lines("<h1" + " " * 60_000)) == 60_003


def test_only_html_is_written_anew() -> None:
    """What somebody writes about HTML would be changed."""
    message = Message(id=1, connection="home", recipient="ada", text="<p>x</p>", created_at=0.0, nonce="n")
    assert with_lines(message) is message
