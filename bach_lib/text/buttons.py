"""Lays out buttons, and says in words what there is to choose where a platform has no buttons."""

from collections.abc import Iterable
from html import escape
from itertools import batched

from bach_lib.models import Button, Buttons, Format

_PER_ROW = 3
"""More side by side cannot be read on a phone."""
_MARKUP = str.maketrans({character: f"\\{character}" for character in "_*`["})
"""What every platform's Markdown lets one escape, and needs it."""


def layout(buttons: Iterable[Button]) -> Buttons:
    """Rows of buttons that nobody has arranged."""
    return tuple(batched(buttons, _PER_ROW))


def in_words(rows: Buttons, form: Format) -> str:
    """The choices as numbered lines, such as "1. Open"."""
    texts = [button.text for row in rows for button in row]
    return "\n".join(f"{number}. {as_it_is(text, form)}" for number, text in enumerate(texts, start=1))


def as_it_is(text: str, form: Format) -> str:
    """A text inside of another one of this format, that reads the same and is no markup."""
    match form:
        case Format.HTML:
            return escape(text, quote=False)
        case Format.MARKDOWN:
            return text.translate(_MARKUP)
        case _:
            return text
