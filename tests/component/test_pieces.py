"""Cutting answers: nothing is lost, nothing is too long, and words stay whole where they can."""

from hypothesis import given
from hypothesis import strategies as st

from custom_components.bach.pieces import MAX_PIECES, pieces


def size(text: str, *, utf16: bool) -> int:
    """As the platform counts."""
    return len(text.encode("utf-16-le")) // 2 if utf16 else len(text)


@given(st.text(), st.integers(3, 40), st.booleans())
def test_no_piece_is_too_long_and_no_character_is_lost(text: str, limit: int, utf16: bool) -> None:
    """The platform would refuse the answer, or a person would read half of it without knowing."""
    found = pieces(text, limit, utf16=utf16)
    assert all(0 < size(piece, utf16=utf16) <= limit for piece in found)
    assert all(piece == piece.strip() for piece in found)
    assert len(found) <= MAX_PIECES
    whole, shown = "".join(text.split()), "".join("".join(found).split())
    if len(found) == MAX_PIECES and shown != whole:
        assert shown.endswith("…")
        shown = shown[:-1]
    assert whole.startswith(shown)
    if len(found) < MAX_PIECES:
        assert shown == whole


@given(st.lists(st.text(alphabet="ab", min_size=1, max_size=5), min_size=1, max_size=12))
def test_words_stay_whole(words: list[str]) -> None:
    """A cut inside of a word reads like a mistake."""
    assert " ".join(pieces(" ".join(words), 20, utf16=False)).split() == words


def test_lines_stay_whole_before_words_do() -> None:
    """A list is cut between its points."""
    assert pieces("one two three\nfour five six seven", 22, utf16=True) == ["one two three", "four five six seven"]


def test_broken_characters_do_not_stop_an_answer() -> None:
    """An agent may cut an emoji in half; half of a character goes into no database."""
    assert pieces("good \ud83d", 20, utf16=True) == ["good ?"]


def test_a_book_is_cut_short() -> None:
    """An agent that talks without end must not fill the chat."""
    found = pieces("word " * 100_000, 4096, utf16=True)
    assert len(found) == MAX_PIECES
    assert found[-1].endswith("word…")
