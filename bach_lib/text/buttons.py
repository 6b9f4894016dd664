"""Lays out buttons, and says in words what there is to choose where a platform has no buttons."""

from collections.abc import Iterable
from html import escape
from itertools import batched
from urllib.parse import quote

from bach_lib.models import Button, Buttons, Format

_PER_ROW = 3
"""More side by side cannot be read on a phone."""
_MARKUP = str.maketrans({character: f"\\{character}" for character in "_*`["})
"""What every platform's Markdown lets one escape, and needs it."""
_ENCODED = str.maketrans({character: quote(character) or character for character in "*`["} | {"_": "%5F"})
"""The same in an address, where no escape may stand."""


def layout(buttons: Iterable[Button]) -> Buttons:
    """Rows of buttons that nobody has arranged."""
    return tuple(batched(buttons, _PER_ROW))


def in_words(rows: Buttons, form: Format) -> str:
    """The choices as numbered lines, such as "1. Open"; below them what opens something, with its address."""
    buttons = [button for row in rows for button in row]
    texts = [button.text for button in buttons if button.url is None]
    lines = [f"{number}. {as_it_is(text, form)}" for number, text in enumerate(texts, start=1)]
    links = [(button.text, button.url) for button in buttons if button.url is not None]
    return "\n".join([*lines, *(f"{as_it_is(text, form)}: {address_in(url, form)}" for text, url in links)])


def address_in(url: str, form: Format) -> str:
    """An address inside of a text of this format, that leads to the same place."""
    return url.translate(_ENCODED) if form is Format.MARKDOWN else as_it_is(url, form)


def as_it_is(text: str, form: Format) -> str:
    """A text inside of another one of this format, that reads the same and is no markup."""
    match form:
        case Format.HTML:
            return escape(text, quote=False)
        case Format.MARKDOWN:
            return text.translate(_MARKUP)
        case _:
            return text
