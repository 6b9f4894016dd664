"""Long texts in parts that a platform takes, cut where a reader would pause: between lines, else between words.

Nothing is lost but the white space at the cuts. A text with markup is cut between its pieces only; what is open at a
cut is closed there and opened again in the next part.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Piece:
    """What is never cut: a character, or a mark with the marks that are `open` after it, as texts that open and close.

    `is_visible`: a reader sees it.
    """

    text: str
    open: tuple[tuple[str, str], ...] = ()
    is_visible: bool = True


def split(text: str, limit: int) -> list[str]:
    """Parts of at most `limit` characters."""
    parts = []
    while len(text) > limit:
        cut = max(text.rfind("\n", 1, limit + 1), 0) or max(text.rfind(" ", 1, limit + 1), 0) or _hard_cut(text, limit)
        parts.append(text[:cut].rstrip())
        text = text[cut:].lstrip() if text[cut].isspace() else text[cut:]
    return [part for part in [*parts, text] if part.strip()]


def split_marked(pieces: Sequence[Piece], limit: int) -> list[str] | None:
    """Parts of at most `limit` characters, marks included. None if a single piece does not fit into a part."""
    parts = []
    start, reopened = 0, Piece("")
    while start < len(pieces):
        end = _fitting(pieces, start, limit - _length(one for one, _ in reopened.open))
        if end == start:
            return None
        whole = pieces[start:end]
        if any(piece.is_visible and not piece.text.isspace() for piece in whole):
            text = "".join(piece.text for piece in whole)
            parts.append(_opened(reopened) + (text if end == len(pieces) else text.rstrip()) + _closed(whole[-1]))
        reopened, start = whole[-1], end
        while start < len(pieces) and pieces[start].text.isspace():
            start += 1
    return parts


def _fitting(pieces: Sequence[Piece], start: int, limit: int) -> int:
    """Where the part that begins at `start` ends: after the last line that fits, else the last word, else anywhere."""
    length, anywhere = 0, start
    lines = words = start
    for at in range(start, len(pieces)):
        piece = pieces[at]
        length += len(piece.text)
        if length + len(_closed(piece)) > limit:
            break
        anywhere = at + 1
        if piece.text == "\n":
            lines = anywhere
        elif piece.text.isspace():
            words = anywhere
    else:
        return anywhere
    return next((end for end in (lines, words) if end > start), anywhere)


def _opened(piece: Piece) -> str:
    return "".join(opening for opening, _ in piece.open)


def _closed(piece: Piece) -> str:
    return "".join(closing for _, closing in reversed(piece.open))


def _length(texts: Iterable[str]) -> int:
    return sum(map(len, texts))


def _hard_cut(text: str, limit: int) -> int:
    """Where there is no white space; not between a backslash and what it escapes."""
    backslashes = len(text[:limit]) - len(text[:limit].rstrip("\\"))
    return limit - backslashes % 2
