"""Makes foreign text (names, answers of servers) harmless before a dialog shows it: nothing acts, nothing is Markdown.

Home Assistant renders placeholders of dialogs as Markdown: a name could otherwise draw a picture or hide a link.
"""

import re
from collections.abc import Mapping
from typing import Final

from bach_lib.redact import readable

_PUNCTUATION: Final = re.compile(r"[!-/:-@\[-`{-~]")
_LEADS_AWAY: Final = re.compile(r"[\\\[\]<>`]")


_FOREIGN: Final = ("name", "other", "person", "recipient", "sender")
"""Placeholders that hold what people called something, or what somebody else calls themselves."""


def with_escaped(placeholders: Mapping[str, str]) -> dict[str, str]:
    """Add to each of these names a `…_text` for descriptions, which are Markdown; titles and labels are plain text."""
    foreign = {key: readable(placeholders[key]) for key in _FOREIGN if key in placeholders}
    return {**placeholders, **foreign, **{f"{key}_text": escape_markdown(name) for key, name in foreign.items()}}


def escape_markdown(text: str) -> str:
    """Escape all Markdown punctuation: the text is shown exactly as it was written."""
    return _PUNCTUATION.sub(r"\\\g<0>", readable(text, lines=True))


def escape_links(text: str) -> str:
    """Escape links, pictures, HTML and code in a sentence that quotes a server; it stays readable as plain text."""
    return _LEADS_AWAY.sub(r"\\\g<0>", readable(text, lines=True))
