"""Escapes Markdown in foreign text (names, answers of servers) before a dialog shows it.

Home Assistant renders placeholders of dialogs as Markdown: a name could otherwise draw a picture or hide a link.
"""

import re
from typing import Final

_PUNCTUATION: Final = re.compile(r"[!-/:-@\[-`{-~]")
_LEADS_AWAY: Final = re.compile(r"[\\\[\]<>`]")


def escape_markdown(text: str) -> str:
    """Escape all Markdown punctuation: the text is shown exactly as it was written."""
    return _PUNCTUATION.sub(r"\\\g<0>", text)


def escape_links(text: str) -> str:
    """Escape links, pictures, HTML and code in a sentence that quotes a server; it stays readable as plain text."""
    return _LEADS_AWAY.sub(r"\\\g<0>", text)
