"""Writes HTML as the Markdown of a platform, so that one text looks the same wherever somebody reads it.

What is known is what Telegram knows (https://core.telegram.org/bots/api#html-style). A style that the platform has not
is left out, as is a tag that nobody knows; the words stay, and the address of a link stands behind them.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby, pairwise
from typing import Final, NamedTuple

from bach_lib.models import Format, Message
from bach_lib.text.html import read_html
from bach_lib.text.html_blocks import in_lines
from bach_lib.text.splitting import DEEPEST

_STYLES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("b", "strong"), "bold"),
    **dict.fromkeys(("i", "em"), "italic"),
    **dict.fromkeys(("u", "ins"), "underline"),
    **dict.fromkeys(("s", "strike", "del"), "strike"),
    **dict.fromkeys(("tg-spoiler", "span"), "spoiler"),
    "code": "code",
    "pre": "block of code",
    "blockquote": "quote",
    "a": "link",
}
_TAG = re.compile(r"<(?P<slash>/?)(?P<name>[A-Za-z][\w-]*)")
_BREAK = re.compile(r"<br\b[^<>]*>", re.IGNORECASE)
_SPOILER = re.compile(r"<(?:tg-spoiler|span\b[^<>]*\btg-spoiler\b)", re.IGNORECASE)
_ADDRESS = re.compile(r"""\bhref\s*=\s*(?P<quote>["'])(https?://[^\s"'<>()|]{1,1000})(?P=quote)""", re.IGNORECASE)
_LANGUAGE = re.compile(r"""\bclass\s*=\s*(?P<quote>["'])language-([\w+.#-]{1,64})(?P=quote)""", re.IGNORECASE)
_BARE = re.compile(r"(https?://[^\s<>()|]+)")
_SIMPLE = re.compile(r"[^\[\]()\\<>*_~|`\n]{1,200}")
_LINES = re.compile(r"(\n+)")
_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)
"""What makes code of a line in CommonMark."""
_NO_BREAK = "\u00a0"
_TICK = "`"
_FENCE = "```"
_JOINER = "\u2060"
"""Nobody sees it. It parts two marks that would be read as one, as the end of bold and of italics."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkdownMarks:
    """How a platform's Markdown is written.

    `around`: what stands on both sides of a style, for each that it has. `escape`: writes words so that they are shown.
    `has_blocks`: it knows links with words, quotations, and code of several lines. `is_strict`: it is CommonMark to the
    letter, where marks do not work beside every sign (https://spec.commonmark.org/0.31.2/#left-flanking-delimiter-run),
    and a quotation goes on until a line is empty.
    """

    around: Mapping[str, str]
    escape: Callable[[str], str]
    has_blocks: bool = True
    is_strict: bool = False


class _Style(NamedTuple):
    """What a character is in. `detail`: the address of a link, the language of code."""

    name: str
    detail: str = ""


class _Run(NamedTuple):
    """Words as a reader sees them, and the styles that all of them are in, the outer ones first."""

    shown: str
    styles: tuple[_Style, ...]

    def block(self) -> _Style | None:
        """The block that it is in; code before quotations, in which nobody expects any."""
        blocks = sorted(style for style in self.styles if style.name in {"block of code", "quote"})
        return blocks[0] if blocks else None


def in_markdown(message: Message, marks: MarkdownMarks) -> Message:
    """The same message as the platform's Markdown; one that is no HTML stays as it is."""
    if message.format is not Format.HTML:
        return message
    return replace(message, format=Format.MARKDOWN, text=markdown_of(in_lines(message.text), marks))


def markdown_of(text: str, marks: MarkdownMarks) -> str:
    """HTML in this Markdown. Takes any text, and raises nothing."""
    written, apart = "", ""
    for block, group in groupby(_read(text), _Run.block):
        runs = list(group)
        part = _inline(runs, marks) if block is None else _block(block, runs, marks)
        if block is not None and written and not written.endswith("\n"):
            written += "\n"
        written += part if part.startswith(apart) else f"{apart}{part}"
        apart = "" if block is None else "\n\n" if marks.is_strict and block.name == "quote" else "\n"
    return written


def _read(text: str) -> Iterator[_Run]:
    """What a reader sees. A tag is closed with those that were left open inside of it, as browsers do."""
    shown = ""
    styles: tuple[_Style, ...] = ()
    opened = list[tuple[str, _Style]]()
    for piece in read_html(_BREAK.sub("\n", text)):
        shown += piece.shown
        tag = None if piece.shown else _TAG.match(piece.text)
        if tag is None:
            continue
        name = tag["name"].lower()
        if tag["slash"]:
            places = [place for place, (one, _) in enumerate(opened) if one == name]
            del opened[places[-1] if places else len(opened) :]
        elif (style := _style(piece.text)) is not None and len(opened) < DEEPEST:
            opened.append((name, style))
        if (inside := _inside(style for _, style in opened)) != styles:
            if shown:
                yield _Run(shown, styles)
            shown, styles = "", inside
    if shown:
        yield _Run(shown, styles)


def _inside(opened: Iterable[_Style]) -> tuple[_Style, ...]:
    """The styles, each once. The language of a block of code is said by the code inside of it."""
    found = dict[str, _Style]()
    for style in opened:
        if style.name == "code" and "block of code" in found:
            found["block of code"] = style._replace(name="block of code")
        else:
            found.setdefault(style.name, style)
    return tuple(found.values())


@lru_cache(maxsize=100)
def _style(opening: str) -> _Style | None:
    """What a tag begins; None for one that nobody knows, or that lacks what makes it one."""
    tag = _TAG.match(opening)
    name = _STYLES.get(tag["name"].lower()) if tag else None
    match name:
        case "spoiler":
            return _Style(name) if _SPOILER.match(opening) else None
        case "link":
            found = _ADDRESS.search(opening)
            return _Style(name, found[2]) if found else None
        case "code":
            found = _LANGUAGE.search(opening)
            return _Style(name, found[2] if found else "")
        case _:
            return _Style(name) if name else None


def _block(block: _Style, runs: Sequence[_Run], marks: MarkdownMarks) -> str:
    """Lines of its own; where the platform has none such, the same words as any others."""
    words = "".join(run.shown for run in runs).strip("\n")
    if block.name == "block of code":
        if marks.has_blocks and _FENCE not in words:
            return f"{_FENCE}{block.detail}\n{words}\n{_FENCE}"
        return _code(words, marks)
    inner = _inline(runs, marks).strip("\n")
    return "\n".join(f"> {line}" for line in inner.split("\n")) if marks.has_blocks else inner


def _code(words: str, marks: MarkdownMarks) -> str:
    return f"{_TICK}{words}{_TICK}" if words and _TICK not in words else marks.escape(words)


def _inline(runs: Iterable[_Run], marks: MarkdownMarks) -> str:
    """Words with marks around them, line by line."""
    writer = _Writer(marks)
    for run in runs:
        names = [style.name for style in run.styles]
        link = next((style.detail for style in run.styles if style.name == "link"), None)
        for words in filter(None, _LINES.split(run.shown)):
            if link:
                written = _linked(words, link, marks)
            else:
                written = _code(words, marks) if "code" in names else _words(words, marks)
            writer.write(written, [marks.around[name] for name in names if name in marks.around])
    written = writer.end()
    return _INDENT.sub(lambda found: _NO_BREAK * len(found[0]), written) if marks.is_strict else written


def _linked(words: str, address: str, marks: MarkdownMarks) -> str:
    if words.strip() == address:
        return words
    if marks.has_blocks and _SIMPLE.fullmatch(words):
        return f"[{words}]({address})"
    return f"{_words(words, marks)} ({address} )"


def _words(words: str, marks: MarkdownMarks) -> str:
    """Escaped, but for addresses, which would lead elsewhere then."""
    return "".join(part if number % 2 else marks.escape(part) for number, part in enumerate(_BARE.split(words)) if part)


class _Writer:
    """Writes words one after the other, and opens and closes marks between them, which have to touch words."""

    def __init__(self, marks: MarkdownMarks) -> None:
        self._marks = marks
        self._written = ""
        self._space = ""
        """White space behind the last word, which may have to stand behind marks that close there."""
        self._open = list[str]()

    def write(self, words: str, around: Sequence[str]) -> None:
        """Words between these marks, the outer ones first."""
        bare = words.strip()
        if not bare:
            self._space += words
            return
        at = words.index(bare)
        self._space += words[:at]
        kept = 0
        while "\n" not in self._space and self._open[kept : kept + 1] == list(around[kept : kept + 1]) != []:
            kept += 1
        self._close(kept)
        self._written += self._space
        for mark, behind in pairwise([*around[kept:], bare]):
            self._put(mark)
            self._open.append(mark)
            if self._marks.is_strict and not behind[0].isalnum():
                self._written += _JOINER
        self._written += bare
        self._space = words[at + len(bare) :]

    def end(self) -> str:
        """All of it, with every mark closed."""
        self._close(0)
        return self._written + self._space

    def _close(self, kept: int) -> None:
        while len(self._open) > kept:
            if self._marks.is_strict and not self._written[-1].isalnum():
                self._written += _JOINER
            self._put(self._open.pop())

    def _put(self, mark: str) -> None:
        if self._written.endswith(mark[0]):
            self._written += _JOINER
        self._written += mark
