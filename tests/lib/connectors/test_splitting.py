"""Long texts: every part fits, nothing is lost, and what is open is closed."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bach_lib.connectors.splitting import Piece, split_marked
from bach_lib.connectors.telegram.pieces import MAX_PART, _html, _markdown, parts_of
from bach_lib.models import Format

TAGS = st.sampled_from(["b", "i", "u", "code", "pre", "tg-spoiler", 'a href="https://example.org/?a=1&amp;b=2"'])
WORDS = st.text(st.sampled_from("abc äß🚪.,!\n"), max_size=30)
MARKS = st.sampled_from(["*", "_", "`", "```"])
TAG = re.compile(r"<(/?)([\w-]+)[^<>]*>")


@st.composite
def html(draw: st.DrawFn, depth: int = 3) -> str:
    """Balanced HTML as Telegram takes it."""
    inner = html(depth - 1) if depth else WORDS
    pieces = []
    for _ in range(draw(st.integers(1, 4))):
        if draw(st.booleans()):
            tag = draw(TAGS)
            pieces.append(f"<{tag}>{draw(inner)}</{tag.split()[0]}>")
        else:
            pieces.append(draw(WORDS | st.sampled_from(["&lt;", "&amp;", "&#128682;"])))
    return "".join(pieces)


@st.composite
def markdown(draw: st.DrawFn) -> str:
    """Balanced text in Telegram's old Markdown."""
    pieces = []
    for _ in range(draw(st.integers(1, 8))):
        mark = draw(st.just("") | MARKS)
        special = st.sampled_from([r"\_", r"\*", "[a link](https://example.org)"]) if not mark else st.nothing()
        pieces.append(mark + draw(WORDS.filter(str.strip) | special) + mark)
    return " ".join(pieces)


def without_spaces(text: str) -> str:
    """What a reader sees, whatever became of the white space."""
    return "".join(text.split())


def read(text: str) -> str:
    """What is shown of HTML. Raises AssertionError if something is not closed, or closed in the wrong order."""
    opened: list[str] = []
    for slash, name in TAG.findall(text):
        if slash:
            assert opened.pop() == name
        else:
            opened.append(name)
    assert opened == []
    return TAG.sub("", text)


@given(text=html(), limit=st.integers(260, 400))
def test_html_is_cut_between_its_tags(text: str, limit: int) -> None:
    """Telegram would refuse the part, and people read tags; or words would be missing."""
    parts = split_marked(list(_html(text)), limit)
    assert parts is not None
    assert all(len(part) <= limit for part in parts)
    assert without_spaces("".join(read(part) for part in parts)) == without_spaces(read(text))
    assert all(read(part).strip() for part in parts)


@given(text=html().map(lambda one: one * 3), limit=st.integers(1, 60))
def test_what_does_not_fit_is_said(text: str, limit: int) -> None:
    """A tag longer than a message would be cut, or cutting never end."""
    parts = split_marked(list(_html(text)), limit)
    assert parts is None or all(len(part) <= limit for part in parts)


@given(text=markdown(), limit=st.integers(40, 80))
def test_markdown_is_cut_between_its_marks(text: str, limit: int) -> None:
    """Half of an alarm would be bold, and the other half not arrive."""
    parts = split_marked(list(_markdown(text)), limit)
    assert parts is not None
    assert all(len(part) <= limit for part in parts)
    for part in parts:
        assert not list(_markdown(part))[-1].open
    shown = ["".join(piece.text for piece in _markdown(part) if piece.is_visible) for part in parts]
    assert without_spaces("".join(shown)) == without_spaces(
        "".join(piece.text for piece in _markdown(text) if piece.is_visible)
    )


@pytest.mark.parametrize("form", list(Format))
@given(text=st.text(st.sampled_from("ab \n<>&;*_`[]()\\/"), min_size=1, max_size=400))
def test_whatever_is_written_is_cut_to_parts_that_fit(form: Format, text: str) -> None:
    """Broken markup could stop an alarm for good."""
    long = text * (MAX_PART * 2 // len(text) + 1)
    assert all(0 < len(part) <= MAX_PART for part in parts_of(long, form))


def test_a_cut_is_made_where_a_reader_pauses() -> None:
    """Words and lines would be torn apart."""
    pieces = [Piece(character) for character in "one two\nthree four"]
    assert split_marked(pieces, 13) == ["one two", "three four"]
    assert split_marked([Piece(character) for character in "one two three"], 9) == ["one two", "three"]


def test_what_is_open_is_opened_again() -> None:
    """A long quotation would end at the first cut."""
    text = f"<b>{'word ' * 1000}</b>"
    first, second = parts_of(text, Format.HTML)
    assert first.startswith("<b>word")
    assert first.endswith("word</b>")
    assert second.startswith("<b>word")
    assert second.endswith("</b>")
