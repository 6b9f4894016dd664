"""Tokenizer of Markdown whose marks come in pairs and nest: Discord's, and the styles of Signal's server.

Marks that find no partner are text. Pairs are found in one pass, so that a heap of marks takes no longer than words.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from bach_lib.text.finder import Finder
from bach_lib.text.splitting import Mark, Piece

_LANGUAGE = re.compile(r"[A-Za-z0-9_+\-.#]{1,64}(?=\n)")
_LIST = re.compile(r"[-+#>*]|[0-9]{1,9}[.)]")
_QUOTE = re.compile(r"(?:>>>|>) ")
_FENCE = "```"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """What one platform's Markdown knows.

    `token` matches what belongs together, in groups: `escaped` (what is shown of an escape), `words` (the same of a
    link), `whole` (shown as it is), `code` and `mark`; anything else is a character. `has_blocks`: fences, quotes and
    lists. `lone_marks_vanish`: of a mark without a partner nothing is shown. `special`: what is escaped to be shown.
    """

    token: re.Pattern[str]
    has_blocks: bool = False
    lone_marks_vanish: bool = False
    special: str

    def escapes(self) -> dict[int, str]:
        """How characters that mean something are written to be shown."""
        return str.maketrans({one: f"\\{one}" for one in self.special})


DISCORD = Dialect(
    token=re.compile(
        r"""\\(?P<escaped>[^0-9A-Za-z\s])
          | \[(?P<words>[^\[\]\n]{1,200})\]\(<?https?://[^\s()<>]{1,1000}>?\)
          | (?P<whole><(?:@[!&]?|\#|t:|a?:\w{1,64}:)[\w:-]{1,64}>|https?://[^\s<>]{1,1000})
          | (?P<code>`+)
          | (?P<mark>\*\*|\*|__|_|~~|\|\|)
          | .""",
        re.DOTALL | re.VERBOSE,
    ),
    has_blocks=True,
    special="\\*_~|`[<>#+-:",  # the last of them begins no address then
)
SIGNAL = Dialect(
    token=re.compile(r"\\(?P<escaped>[*~|`\\])|(?P<code>`)|(?P<mark>\*\*|\*|~|\|\|)|.", re.DOTALL),
    lone_marks_vanish=True,
    special="\\*~|`",
)


@dataclass(slots=True)
class _Part:
    """A character or a mark on the way to a piece.

    `partner`: where in the list the other mark of a pair is; without one, `shown` is shown.
    """

    text: str
    shown: str
    partner: int = -1
    code: Mark | None = None
    is_glued: bool = False
    quote: str = ""


def read_discord(text: str) -> Iterator[Piece]:
    """The pieces of a text in Discord's Markdown."""
    return _pieces(_Reader(text, DISCORD).parts(), DISCORD.escapes())


def read_signal(text: str) -> Iterator[Piece]:
    """The pieces of a text in the styles of Signal's server."""
    return _pieces(_Reader(text, SIGNAL).parts(), SIGNAL.escapes())


def _pieces(parts: list[_Part], escapes: Mapping[int, str]) -> Iterator[Piece]:
    """What is open is known only when all pairs are."""
    open_: tuple[Mark, ...] = ()
    whole: tuple[Mark, ...] = ()
    quote: Mark | None = None
    known = ("", open_)
    for at, part in enumerate(parts):
        if part.partner > at:
            mark = part.code or Mark(part.text, parts[part.partner].text)
            open_ = (*open_, mark)
        elif part.partner >= 0:
            open_ = open_[:-1]
        if (part.quote, open_) != known:
            known = (part.quote, open_)
            quote = Mark(part.quote, "") if part.quote else None
            whole = (quote, *open_) if quote else open_
        yield Piece(part.text, part.shown if part.partner < 0 else "", whole, part.is_glued, escapes)


class _Reader:
    """Reads a text once, from left to right."""

    def __init__(self, text: str, dialect: Dialect) -> None:
        self._text = text
        self._dialect = dialect
        self._finder = Finder(text)
        self._parts: list[_Part] = []
        self._waiting: list[int] = []
        """Marks that may open something, by their places."""
        self._quote = ""

    def parts(self) -> list[_Part]:
        """All of it."""
        at = 0
        while at < len(self._text):
            at = self._block(at) if self._dialect.has_blocks else at
            found = self._dialect.token.match(self._text, at)
            if found is None:
                break
            kind = found.lastgroup
            if kind == "mark":
                at = self._mark(at, found[0])
            elif kind == "code":
                at = self._code(at, found[0])
            else:
                self._add(at, found[0], found[0 if kind == "whole" else kind or 0])
                at = found.end()
        return self._parts

    def _add(self, at: int, text: str, shown: str) -> None:
        is_glued = self._dialect.has_blocks and not self._begins_line(at) and _LIST.match(self._text, at) is not None
        if text == "\n" and self._quote == "> ":
            self._quote = ""
        self._parts.append(_Part(text, shown, is_glued=is_glued, quote=self._quote))

    def _begins_line(self, at: int) -> bool:
        return at == 0 or self._text[at - 1] == "\n"

    def _block(self, at: int) -> int:
        """Past the beginning of a quotation, if there is one."""
        if self._quote or not self._begins_line(at) or (found := _QUOTE.match(self._text, at)) is None:
            return at
        self._quote = found[0]
        self._parts.append(_Part(found[0], "", quote=self._quote))
        return found.end()

    def _code(self, at: int, ticks: str) -> int:
        """Code up to its end; ticks without an end are text."""
        is_fence = self._dialect.has_blocks and len(ticks) >= len(_FENCE)
        mark = _FENCE if is_fence else ticks
        inner = at + len(mark)
        end = self._finder.find(mark, inner)
        if end >= len(self._text) or end == inner:
            for number in range(len(mark)):
                self._add(at + number, "`", self._alone("`"))
            return inner
        language = _LANGUAGE.match(self._text, inner) if is_fence else None
        opening = mark + (language[0] if language else "")
        again = f"{opening}\n" if is_fence else opening
        first = len(self._parts)
        self._add(at, opening, "")
        start = at + len(opening)
        self._parts += [_Part(one, one, quote=self._quote) for one in self._text[start:end]]
        self._pair(first, len(self._parts), Mark(again, mark, is_code=True))
        self._parts.append(_Part(mark, "", partner=first, quote=self._quote))
        return end + len(mark)

    def _mark(self, at: int, mark: str) -> int:
        """A mark that closes what is open, or may open something."""
        waiting = self._parts[self._waiting[-1]].text if self._waiting else ""
        if len(mark) > 1 and waiting == mark[0] and self._text.startswith(mark[0], at + len(mark)):
            mark = waiting  # of three that close, the first belongs to the inner pair
        before, behind = self._text[at - 1 : at], self._text[at + len(mark) : at + len(mark) + 1]
        place = len(self._parts)
        self._add(at, mark, self._alone(mark))
        if self._may_close(mark, before, behind) and any(self._parts[one].text == mark for one in self._waiting):
            while self._parts[self._waiting[-1]].text != mark:
                self._waiting.pop()
            first = self._waiting.pop()
            if first == place - 1:  # nothing between them
                return at + len(mark)
            self._pair(first, place, None)
            self._parts[place] = replace(self._parts[place], partner=first)
        elif self._may_open(mark, before, behind) and all(self._parts[one].text != mark for one in self._waiting):
            self._waiting.append(place)
        return at + len(mark)

    def _alone(self, mark: str) -> str:
        """What is shown of a mark without a partner."""
        return "" if self._dialect.lone_marks_vanish else mark

    def _pair(self, first: int, last: int, code: Mark | None) -> None:
        self._parts[first] = replace(self._parts[first], partner=last, code=code)

    def _may_open(self, mark: str, before: str, behind: str) -> bool:
        """Only of single marks does it matter what stands around them."""
        if not self._dialect.has_blocks or len(mark) > 1:
            return True
        return bool(behind.strip()) and not (mark[0] == "_" and (before.isalnum() or before == "_"))

    def _may_close(self, mark: str, before: str, behind: str) -> bool:
        if not self._dialect.has_blocks or len(mark) > 1:
            return True
        return bool(before.strip()) and not (mark[0] == "_" and (behind.isalnum() or behind == "_"))
