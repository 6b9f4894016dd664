"""Buttons that nobody arranged, and choices in words where a platform has no buttons."""

from html import unescape

from hypothesis import given
from hypothesis import strategies as st

from bach_lib import Button, Format
from bach_lib.text.buttons import as_it_is, in_words, layout


def buttons(*texts: str) -> list[Button]:
    """Buttons that bring their text back."""
    return [Button(text=text, value=text) for text in texts]


@given(st.lists(st.text(min_size=1, max_size=5), max_size=30))
def test_laying_out_keeps_every_button_in_its_order(texts: list[str]) -> None:
    """A choice would be missing, or "No" would stand where "Yes" was meant to."""
    rows = layout(buttons(*texts))
    assert [button.text for row in rows for button in row] == texts
    assert all(1 <= len(row) <= 3 for row in rows)


def test_words_number_the_choices_through_all_rows() -> None:
    """People could not answer with a number."""
    assert in_words((tuple(buttons("Yes", "No")), tuple(buttons("Later"))), Format.PLAIN) == "1. Yes\n2. No\n3. Later"


@given(st.text(max_size=20))
def test_no_text_turns_into_markup(text: str) -> None:
    """A name with an underscore would make the platform refuse the whole message."""
    assert as_it_is(text, Format.PLAIN) == text
    assert "<" not in as_it_is(text, Format.HTML)
    assert unescape(as_it_is("<b> & _x_", Format.HTML)) == "<b> & _x_"
    assert as_it_is("a_b*c`[d]", Format.MARKDOWN) == r"a\_b\*c\`\[d]"
