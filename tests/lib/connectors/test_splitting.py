"""Long texts: every part fits, nothing is lost, and what is open is closed."""

import re
import sys
from types import FrameType
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bach_lib.connectors.splitting import Piece, split_marked
from bach_lib.connectors.telegram.pieces import MAX_PART, _html, _markdown, parts_of
from bach_lib.models import Format

if TYPE_CHECKING:
    from _typeshed import TraceFunction

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


def test_what_is_between_fences_stays_whole() -> None:
    """One line of every later part would be lost, for the word behind a fence is taken for the name of a language."""
    lines = [f"sensor.{number} 21.5" for number in range(300)]
    for beginning in ("```\n", "```text\n"):
        parts = parts_of(f"{beginning}{chr(10).join(lines)}\n```", Format.MARKDOWN)
        assert len(parts) > 1
        assert all(part.startswith(beginning) and part.endswith("```") for part in parts)
        shown = "\n".join(part.removeprefix(beginning).removesuffix("```").strip() for part in parts)
        assert shown.splitlines() == lines


@given(before=st.integers(MAX_PART - 12, MAX_PART), mark=st.sampled_from(["*", "_", "`", "```\n", "```text\n"]))
def test_a_mark_that_opens_at_a_cut_opens_after_it(before: int, mark: str) -> None:
    """An empty pair of marks would stand at the end, or the name of a language as a word."""
    text = f"{'a' * before} {mark}words that follow{mark[:3].rstrip(chr(10))}" + " b" * 50
    parts = parts_of(text, Format.MARKDOWN)
    shown = ["".join(piece.text for piece in _markdown(part) if piece.is_visible) for part in parts]
    assert without_spaces("".join(shown)) == "a" * before + "wordsthatfollow" + "b" * 50


@pytest.mark.parametrize("form", list(Format))
@pytest.mark.parametrize("one", ["👩‍👩‍👧‍👦", "👍🏽", "🇦🇹", "e\u0301"])
def test_what_people_see_as_one_character_is_not_cut(form: Format, one: str) -> None:
    """A family would become strangers, and a flag two letters."""
    for shift in range(len(one)):
        parts = parts_of("x" * shift + one * MAX_PART, form)
        assert all(part.removeprefix("x" * shift).replace(one, "") == "" for part in parts)


BAD = ["*", "[", "[](", "<b>", "<b", "```", "👩‍👧", "\n", "e\u0301"]


@pytest.mark.parametrize("form", list(Format))
@pytest.mark.parametrize("one", BAD)
def test_cutting_takes_time_in_proportion(form: Format, one: str) -> None:
    """One message of a stranger's making would hold the whole house up: four times the text, sixteen times the wait."""
    assert steps(form, one * (60_000 // len(one))) < 6 * steps(form, one * (15_000 // len(one)))


def steps(form: Format, text: str) -> int:
    """How many lines of Python it takes; the machine may be as busy as it likes."""
    counted = 0

    def count(_frame: FrameType, event: str, _argument: object) -> TraceFunction:
        nonlocal counted
        counted += event == "line"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        parts_of(text, form)
    finally:
        sys.settrace(before)
    return counted


@pytest.mark.parametrize("one", ["<" + "b", "[", "<a ", "](", "*"])
@pytest.mark.parametrize("form", [Format.HTML, Format.MARKDOWN])
def test_a_megabyte_is_cut(form: Format, one: str) -> None:
    """A search that begins anew at every character would take minutes for this, and end for no test."""
    assert parts_of(one[0] + one * (1_000_000 // len(one)), form)
