"""What follows a command, word by word, whatever people type."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bach_lib.handling.words import split_words

WORDS = st.lists(st.text(max_size=8) | st.text(alphabet="\"'\\ \u201c\u201d\u201ea\n", max_size=8), max_size=6)


def written(word: str) -> str:
    """The word as somebody could type it who means exactly this."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


@given(WORDS)
def test_what_is_quoted_comes_out_as_it_was(words: list[str]) -> None:
    """A room with a space, a quote or a backslash in its name could not be named."""
    assert split_words(" ".join(map(written, words))) == words


@given(st.text(max_size=40) | st.text(alphabet="\"'\\ \u201c\u201d\u201ea\n", max_size=20))
def test_nothing_that_is_not_in_quotes_is_lost(text: str) -> None:
    """A handler would see other words than were written, or none."""
    words = split_words(text)
    assert all(word in text or "\\" in text for word in words)
    assert bool(words) == bool(text.split())
    if not set(text) & set("\"'\u201c\u201d\u201e\u201a\u2018\u2019\u00ab\u00bb"):
        assert words == text.split()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("kitchen on", ["kitchen", "on"]),
        ('"living room" on', ["living room", "on"]),
        ("\u201cliving room\u201d on", ["living room", "on"]),
        ("\u201eliving room\u201c on", ["living room", "on"]),
        ("don't \"say\" 'it now'", ["don't", "say", "it now"]),
        ('open" "never closed', ['open"', '"never', "closed"]),
        ('"" x', ["", "x"]),
        ('"a"b c', ['"a"b', "c"]),
    ],
)
def test_words_are_what_people_mean(text: str, words: list[str]) -> None:
    """Quotes of a phone, apostrophes and quotes that nothing closes would make other words."""
    assert split_words(text) == words
