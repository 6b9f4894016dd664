"""Long texts in parts that a platform takes, cut where a reader would pause: between lines, else between words.

Nothing is lost but the white space at the cuts. A text with markup is cut between its pieces only; what is open at a
cut is closed there and opened again in the next part.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_JOINER = "\u200d"
_FLAG_LETTERS = "".join(map(chr, range(0x1F1E6, 0x1F200)))
_LONGEST = 32
"""Code points that are looked at for a place to cut; a heap of accents is cut all the same."""


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
    parts, start = [], 0
    while len(text) - start > limit:
        cut = _soft_cut(text, start, start + limit) or _hard_cut(text, start, start + limit)
        parts.append(text[start:cut].rstrip())
        start = _past_space(text, cut)
    return [part for part in [*parts, text[start:]] if part.strip()]


def split_marked(pieces: Sequence[Piece], limit: int) -> list[str] | None:
    """Parts of at most `limit` characters, marks included. None if a single piece does not fit into a part."""
    parts = []
    start, reopened = 0, Piece("")
    while start < len(pieces):
        end = _fitting(pieces, start, limit - _length(one for one, _ in reopened.open))
        if end == start:
            return None
        if end < len(pieces):
            end = _before_openings(pieces, start, end, reopened)
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
    open_, closing = pieces[start].open, len(_closed(pieces[start]))
    for at in range(start, len(pieces)):
        piece = pieces[at]
        if piece.open is not open_:
            open_, closing = piece.open, len(_closed(piece))
        length += len(piece.text)
        if length + closing > limit:
            break
        anywhere = at + 1
        if piece.text == "\n":
            lines = anywhere
        elif piece.text.isspace():
            words = anywhere
    else:
        return anywhere
    if found := next((end for end in (lines, words) if end > start), None):
        return found
    return _between_characters(pieces, start, anywhere)


def _before_openings(pieces: Sequence[Piece], start: int, end: int, reopened: Piece) -> int:
    """Marks that open right before a cut open after it instead: nothing would stand between them and their ends."""
    at = end
    while at > start and (not pieces[at - 1].is_visible or pieces[at - 1].text.isspace()):
        at -= 1
    for place in range(at, end):
        before = pieces[place - 1] if place > start else reopened
        if len(pieces[place].open) > len(before.open):
            return place if place > start else end
    return end


def _between_characters(pieces: Sequence[Piece], start: int, end: int) -> int:
    """The last place up to `end` where no character that people see as one is cut, if there is one near."""
    return start + _last_gap("".join(piece.text[-1:] or "\0" for piece in pieces[start : end + 1]))


def _opened(piece: Piece) -> str:
    return "".join(opening for opening, _ in piece.open)


def _closed(piece: Piece) -> str:
    return "".join(closing for _, closing in reversed(piece.open))


def _length(texts: Iterable[str]) -> int:
    return sum(map(len, texts))


def _soft_cut(text: str, start: int, end: int) -> int | None:
    """After the last line that fits, else after the last word; None where there is no white space."""
    return next((cut for space in "\n " if (cut := text.rfind(space, start + 1, end + 1)) > 0), None)


def _hard_cut(text: str, start: int, end: int) -> int:
    """Where there is no white space; not within what people see as one character."""
    end = start + _last_gap(text[start : end + 1])
    backslashes = end - start - len(text[start:end].rstrip("\\"))
    return end - backslashes % 2 if end - start > 1 else end  # not between a backslash and what it escapes


def _last_gap(text: str) -> int:
    """The last place before the last code point, near it, where two characters meet."""
    last = len(text) - 1
    return next((at for at in range(last, max(0, last - _LONGEST), -1) if not _holds_together(text, at)), last)


def _past_space(text: str, start: int) -> int:
    while start < len(text) and text[start].isspace():
        start += 1
    return start


def _holds_together(text: str, at: int) -> bool:
    """Whether the code points before and at a place are of one character, as people see it."""
    left, right = text[at - 1], text[at]
    if right.isascii():
        return False
    if _is_of_flag(left) and _is_of_flag(right):
        letters = at - len(text[:at].rstrip(_FLAG_LETTERS))
        return letters % 2 == 1
    return (
        _JOINER in (left, right)
        or unicodedata.category(right) in {"Mn", "Me", "Mc"}
        or "\U0001f3fb" <= right <= "\U0001f3ff"
        or "\U000e0020" <= right <= "\U000e007f"
    )


def _is_of_flag(character: str) -> bool:
    return character in _FLAG_LETTERS
