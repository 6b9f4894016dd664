"""Escapes Markdown in what others wrote (names, answers of servers), before a dialog shows it."""

import re
from typing import Final

_PUNCTUATION: Final = re.compile(r"[!-/:-@\[-`{-~]")
_LEADS_AWAY: Final = re.compile(r"[\\\[\]<>`]")


def as_words(text: str) -> str:
    """What somebody else wrote, for a page that takes it for Markdown."""
    return _PUNCTUATION.sub(r"\\\g<0>", text)


def in_sentence(text: str) -> str:
    """A sentence with words of a server in it, for a page that takes it for Markdown: no picture, no hidden link."""
    return _LEADS_AWAY.sub(r"\\\g<0>", text)
