"""Splits long texts where a reader would pause: between lines, else between words.

A text is read into pieces by the module of its markup. Cuts are made between pieces only; what is open at a cut is
closed there and opened again in the next part. Nothing that a reader sees is lost but white space at the cuts, and
nothing is cut in two that people see as one character. Where marks leave too little room for words, the words go
without them, written so that they read the same.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import regex

_CHARACTER = regex.compile(r"\X")
DEEPEST = 100
"""Marks within marks. A text with more is cut as if it had none: no platform shows so many."""
_TICK = "`"
_FENCE = "```"
_MOST_OF_MARKS = 0.5
"""The share of a part that may be marks which were open before; with more, a text would be hundreds of messages."""
_REACH = 64
"""Code points after a cut that show whether it is between two characters."""


class Mark(NamedTuple):
    """Mark that is open: how it is opened (again, after a cut) and closed.

    `is_code`: white space in it means something.
    """

    opening: str
    closing: str
    is_code: bool = False


class Piece(NamedTuple):
    """Unit that is never cut: a character, or a mark. `text` is how it is written, `shown` what a reader sees of it.

    `open` are the marks that are open after it. `is_glued`: at the beginning of a message it would be taken for markup.
    `escapes`: how the characters that mean something are written where they are to be shown (for `str.translate`).
    """

    text: str
    shown: str
    open: tuple[Mark, ...] = ()
    is_glued: bool = False
    escapes: Mapping[int, str] = {}


type Read = Callable[[str], Iterable[Piece]]
"""What reads a text of one kind of markup into its pieces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """How long a part may be: so many `characters`, in UTF-16 code units if `utf16`, else in code points.

    `is_of_shown`: marks do not count. `written`: the most bytes of UTF-8, with everything.
    """

    characters: int
    utf16: bool = False
    is_of_shown: bool = False
    written: int = 1 << 40

    def size(self, text: str) -> int:
        """The length of a text in the unit of this limit."""
        return utf16_length(text) if self.utf16 else len(text)

    def holds(self, text: str) -> bool:
        """Whether a text fits for sure, whatever its markup shows of it."""
        return self.size(text) <= self.characters and len(text.encode(errors="replace")) <= self.written

    def cost(self, text: str, shown: str = "") -> tuple[int, int]:
        """What a text takes of the characters and of the bytes."""
        return self.size(shown if self.is_of_shown else text), len(text.encode(errors="replace"))


def utf16_length(text: str) -> int:
    """How many UTF-16 code units a text has; half a character counts as one."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def plain(text: str) -> Iterable[Piece]:
    """The pieces of a text without markup."""
    return (Piece(character, character) for character in text)


def split(text: str, limit: Limit, read: Read = plain) -> list[str]:
    """Parts within a limit, without such as would show nothing.

    Where marks fill a message, it is cut without them; what cannot be read, or only by heaps of marks, as if all of it
    were words.
    """
    if limit.holds(text):
        return [text] if text.strip() else []
    pieces = list[Piece]()
    for piece in read(text):
        if len(piece.open) > DEEPEST:
            return split(text, limit)
        pieces.append(piece)
    if parts := _Cutter(pieces, limit).parts():
        return parts
    if not any(mark.closing for mark in pieces[-1].open):
        bare = list(_bare(pieces, limit))
        if parts := _Cutter(bare, limit).parts() or _Cutter(bare, limit, may_tear=True).parts():
            return parts
    return split(text, limit) if read is not plain else list("".join(text.split()))


def _bare(pieces: Iterable[Piece], limit: Limit) -> Iterator[Piece]:
    """What is shown, without a mark. A link or name that fits into a message stays whole."""
    for piece in pieces:
        if piece.text == piece.shown and len(piece.text) > 1 and limit.holds(piece.text):
            yield piece._replace(open=())
            continue
        for at, one in enumerate(piece.shown):
            yield Piece(one.translate(piece.escapes), one, is_glued=piece.is_glued and at == 0)


def shortened(text: str, limit: int) -> str:
    """At most so many code points of a text without markup; an ellipsis shows that something is missing."""
    if len(text) <= limit:
        return text
    cut = split(text[: limit + _REACH], Limit(characters=limit - 1))
    return f"{cut[0]}…" if cut else "…"


class _Cutter:
    """The cuts of one text, found in one pass."""

    def __init__(self, pieces: Sequence[Piece], limit: Limit, *, may_tear: bool = False) -> None:
        self._pieces = pieces
        self._limit = limit
        self._may_tear = may_tear
        self._whole = _gaps(pieces)
        self._gaps = self._whole[:]
        for at in _glued(pieces):
            self._gaps[at] = False

    def parts(self) -> list[str] | None:
        """None if what is open leaves no room in a part for what people see as one character, unless it may be torn."""
        pieces, parts = self._pieces, list[str]()
        start, reopened = 0, tuple[Mark, ...]()
        while start < len(pieces):
            end = self._end(start, reopened)
            if end == start:
                return None
            if end < len(pieces):
                end = self._before_openings(start, end, reopened)
            following, closed = self._past_pause(end)
            open_ = (closed or pieces[start:end])[-1].open
            if any(piece.shown.strip() for piece in pieces[start:end]):
                text = "".join(piece.text for piece in pieces[start:end])
                text = text if end == len(pieces) else text.rstrip()
                opening, closing = "".join(mark.opening for mark in reopened), "".join(piece.text for piece in closed)
                parts.append(_apart(_apart(opening, text), closing + _closing(open_)))
            reopened, start = open_, following
        return parts

    def _end(self, start: int, reopened: tuple[Mark, ...]) -> int:
        """Where the part from `start` ends: after the last line that fits, else the last word, else anywhere.

        Not after a line or a word that would leave half of the part empty, if there is another way.
        """
        fitting, sizes = self._fitting(start, reopened)
        if fitting == len(self._pieces):
            return fitting
        half = self._limit.characters // 2
        lines = words = anywhere = start
        for end in range(fitting, start, -1):
            if not self._gaps[end]:
                continue
            anywhere = anywhere if anywhere > start else end
            pause = self._pause(end)
            if pause == "\n" and lines == start:
                lines = end
            elif pause and words == start:
                words = end
            if lines > start or (words > start and sizes[end - start - 1] <= half):
                break
        for end in (lines, words):
            if end > start and sizes[end - start - 1] > half:
                return end
        return next((end for end in (lines, words, anywhere) if end > start), fitting if self._may_tear else start)

    def _fitting(self, start: int, reopened: tuple[Mark, ...]) -> tuple[int, list[int]]:
        """After how many pieces the part is full, and how full it is after each."""
        pieces, limit, sizes = self._pieces, self._limit, list[int]()
        opening = "".join(mark.opening for mark in reopened)
        counted, written = limit.cost(opening, "\n" * opening.count("\n"))  # the line break of a fence may be shown
        if counted > _MOST_OF_MARKS * limit.characters or written > _MOST_OF_MARKS * limit.written:
            return start, sizes
        if opening.endswith(_TICK):
            counted, written = counted + 1, written + 1
        open_: tuple[Mark, ...] | None = None
        closing = (0, 0)
        for at in range(start, len(pieces)):
            piece = pieces[at]
            if piece.open is not open_:
                open_, closing = piece.open, limit.cost(*_closed(piece.open))
            more, longer = limit.cost(piece.text, piece.shown)
            counted, written = counted + more, written + longer
            if counted + closing[0] > limit.characters or written + closing[1] > limit.written:
                return at, sizes
            sizes.append(counted)
        return len(pieces), sizes

    def _pause(self, end: int) -> str:
        """The white space around a place, the end of a line before any other; nothing within a word."""
        around = [piece.shown for piece in self._pieces[end - 1 : end + 1] if piece.shown.isspace()]
        return "\n" if "\n" in around else "".join(around)

    def _before_openings(self, start: int, end: int, reopened: tuple[Mark, ...]) -> int:
        """Marks that open right before a cut open after it: nothing would stand between them and their ends."""
        pieces, at = self._pieces, end
        while at > start and not pieces[at - 1].shown.strip():
            at -= 1
        for place in range(at, end):
            before = pieces[place - 1].open if place > start else reopened
            if len(pieces[place].open) > len(before):
                return place if place > start else end
        return end

    def _past_pause(self, end: int) -> tuple[int, list[Piece]]:
        """Where the next part begins, and the marks that are closed in between. Lines of code stay indented."""
        pieces, following, closed = self._pieces, end, list[Piece]()
        while following < len(pieces):
            piece = pieces[following]
            if not piece.shown and len(piece.open) < len(pieces[following - 1].open):
                closed.append(piece)
            elif not piece.shown.isspace() or not self._whole[following + 1]:
                break
            following += 1
        last = following
        while last > end and any(mark.is_code for mark in pieces[last - 1].open) and pieces[last - 1].shown != "\n":
            last -= 1
        return (last if pieces[last - 1].open == pieces[following - 1].open else following), closed


def _gaps(pieces: Sequence[Piece]) -> list[bool]:
    """Before which pieces a cut leaves every character whole, as people see them."""
    shown = "".join(piece.shown for piece in pieces)
    borders = bytearray(len(shown) + 1)
    borders[-1] = 1
    for found in _CHARACTER.finditer(shown):
        borders[found.start()] = 1
    gaps, at = list[bool](), 0
    for piece in pieces:
        gaps.append(bool(borders[at]))
        at += len(piece.shown)
    return [*gaps, True]


def _glued(pieces: Sequence[Piece]) -> Iterator[int]:
    """Before which pieces a cut would let the next part begin with what must not be there."""
    is_glued = False
    for at in range(len(pieces) - 1, -1, -1):
        piece = pieces[at]
        closes = not piece.shown and at > 0 and len(piece.open) < len(pieces[at - 1].open)
        is_glued = piece.is_glued or (is_glued and (closes or piece.shown.isspace()))
        if is_glued:
            yield at


def _apart(before: str, behind: str) -> str:
    """One behind the other: where two rows of ticks would become one, with white space in between."""
    is_row = before.endswith(_TICK) and behind.startswith(_TICK)
    return f"{before}{'\n' if behind.startswith(_FENCE) else ' '}{behind}" if is_row else before + behind


def _closed(open_: tuple[Mark, ...]) -> tuple[str, str]:
    """What may be written to close these, and what may be shown of it."""
    closing = _closing(open_)
    return (f" {closing}", " ") if closing.startswith(_TICK) else (closing, "")


def _closing(open_: tuple[Mark, ...]) -> str:
    return "".join(mark.closing for mark in reversed(open_))
