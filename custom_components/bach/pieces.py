"""Cuts a long answer into messages that the platform takes."""

from collections.abc import Iterator
from typing import Final

MAX_PIECES: Final = 5
"""What is longer is a book, not an answer."""

_ELLIPSIS = "…"


def pieces(text: str, limit: int, *, utf16: bool) -> list[str]:
    """The text as messages of at most `limit` characters (UTF-16 code units if `utf16`), cut between words if possible.

    After `MAX_PIECES` the rest is left out, which an ellipsis shows. Broken characters become question marks.
    """
    found: list[str] = []
    for piece in _cut(text.encode(errors="replace").decode(), limit - len(_ELLIPSIS), utf16=utf16):
        if len(found) == MAX_PIECES:
            found[-1] += _ELLIPSIS
            break
        found.append(piece)
    return found


def _cut(text: str, limit: int, *, utf16: bool) -> Iterator[str]:
    while text := text.strip():
        end = _fitting(text, limit, utf16=utf16)
        if end < len(text):
            end = _between_words(text, end)
        yield text[:end].rstrip()
        text = text[end:]


def _fitting(text: str, limit: int, *, utf16: bool) -> int:
    """How many characters of the text fit."""
    if not utf16:
        return min(len(text), limit)
    size = 0
    for index, character in enumerate(text[:limit]):
        size += 2 if character > "\uffff" else 1
        if size > limit:
            return index
    return min(len(text), limit)


def _between_words(text: str, end: int) -> int:
    """The last end of a line, else of a word, in the second half; `end` itself where there is none."""
    for separator in ("\n", " "):
        if (found := text.rfind(separator, end // 2, end + 1)) > 0:
            return found
    return end
