"""Parse modes Markdown and MarkdownV2 (https://core.telegram.org/bots/api#markdownv2-style, #markdown-style).

The error texts are those of TDLib's `parse_markdown` and `parse_markdown_v2`. Left out: links that name a user, checks
of an address, and expandable block quotes in MarkdownV2.
"""

import re
from dataclasses import dataclass

from bach_lib.testing.telegram.markup import Builder, Formatted, byte_offset, cannot_parse

RESERVED = frozenset("_*[]()~`>#+-=|{}.!\n")

_SIMPLE = {"_": "italic", "*": "bold", "`": "code", "[": "text_link"}
_ESCAPED_OLD = re.compile(r"\\([_*`\[])")
_LANGUAGE = re.compile(r"([^\s`]*)(?=\s)(?:\r\n|\n\r|\n|\r)?|")
_URL_OLD = re.compile(r"\(([^)]*)\)?")
_URL_NEW = re.compile(r"\(((?:\\.|[^)\\])*)(\)?)", re.DOTALL)

# What opens an entity of MarkdownV2, the longest first: mark, what closes it, its type, its name in error texts.
_MARKS = (
    ("```", "```", "pre", "Pre"),
    ("`", "`", "code", "Code"),
    ("__", "__", "underline", "Underline"),
    ("_", "_", "italic", "Italic"),
    ("*", "*", "bold", "Bold"),
    ("~", "~", "strikethrough", "Strikethrough"),
    ("||", "||", "spoiler", "Spoiler"),
    ("[", "]", "text_link", "TextUrl"),
    ("![", "]", "custom_emoji", "CustomEmoji"),
)


def parse_markdown(source: str) -> Formatted:
    """Read the old Markdown: entities do not nest. Raises ApiError (400) for an entity without an end."""
    builder = Builder()
    at = 0
    while at < len(source):
        if escaped := _ESCAPED_OLD.match(source, at):
            builder.add(escaped[1])
            at = escaped.end()
        elif source[at] in _SIMPLE:
            at = _old_entity(builder, source, at)
        else:
            builder.add(source[at])
            at += 1
    return builder.result()


def _old_entity(builder: Builder, source: str, start: int) -> int:
    """Read the entity that begins at `start` and return the place behind it."""
    mark = "```" if source.startswith("```", start) else source[start]
    at = start + len(mark)
    extra: dict[str, object] = {}
    if mark == "```":
        at, extra = _language(source, at)
    end = source.find("]" if mark == "[" else mark, at)
    if end < 0:
        place = byte_offset(source, start)
        raise cannot_parse(f"Can't find end of the entity starting at byte offset {place}")
    text = source[at:end]
    behind = end + len(mark)
    if mark == "[":
        url = _URL_OLD.match(source, behind)
        extra = {"url": url[1] if url else text}
        behind = url.end() if url else behind
    offset = builder.length
    builder.add(text)
    builder.entity("pre" if mark == "```" else _SIMPLE[mark], offset, **extra)
    return behind


def _language(source: str, at: int) -> tuple[int, dict[str, object]]:
    """The language behind the opening of a code block, if it names one, and where the code begins."""
    match = _LANGUAGE.match(source, at)
    if match is None or not match[0]:
        return at, {}
    return match.end(), {"language": match[1]} if match[1] else {}


@dataclass(frozen=True, slots=True)
class _Open:
    closes: str
    kind: str
    name: str
    at: int
    offset: int
    part: int
    extra: dict[str, object]


def parse_markdown_v2(source: str) -> Formatted:
    """Read MarkdownV2. Raises ApiError (400) for anything the real server refuses."""
    return _MarkdownV2Parser(source).parse()


class _MarkdownV2Parser:
    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self._builder = Builder()
        self._open: list[_Open] = []

    def parse(self) -> Formatted:
        if self._source.startswith(">"):
            self._begin(">", "\n", "blockquote", "BlockQuote")
        while self._at < len(self._source):
            self._step()
        if self._open and self._open[-1].kind == "blockquote":
            self._end_entity(self._open.pop())
        if self._open:
            raise self._unfinished(self._open[-1])
        return self._builder.result()

    def _step(self) -> None:
        character = self._source[self._at]
        following = self._source[self._at + 1 : self._at + 2]
        if character == "\\" and following and ord(following) <= 126:
            self._copy(following, 2)
        elif self._is_plain(character):
            self._copy(character, 1)
        elif self._closes_here():
            self._close()
        elif character == "\n":
            self._new_line()
        else:
            self._begin_here(character)

    def _copy(self, text: str, length: int) -> None:
        self._builder.add(text)
        self._at += length

    def _is_plain(self, character: str) -> bool:
        if self._open and self._open[-1].kind in {"code", "pre"}:
            return character != "`"
        return character not in RESERVED

    def _closes_here(self) -> bool:
        if not self._open:
            return False
        innermost = self._open[-1]
        if innermost.kind == "blockquote":
            return False  # ends with its line, see _new_line
        if innermost.kind == "italic" and self._source.startswith("__", self._at):
            return False  # the longer mark wins: an underline begins
        return self._source.startswith(innermost.closes, self._at)

    def _close(self) -> None:
        entity = self._open.pop()
        self._at += len(entity.closes)
        if entity.kind in {"text_link", "custom_emoji"}:
            entity.extra.update(self._link(entity))
        self._end_entity(entity)

    def _link(self, entity: _Open) -> dict[str, object]:
        match = _URL_NEW.match(self._source, self._at)
        if match is None:
            if entity.kind == "custom_emoji":
                raise cannot_parse("Custom emoji entity must contain a tg://emoji URL")
            return {"url": self._builder.text_since(entity.part)}
        if not match[2]:
            what = "URL" if entity.kind == "text_link" else "custom emoji URL"
            raise cannot_parse(f"Can't find end of a {what} at byte offset {byte_offset(self._source, self._at + 1)}")
        self._at = match.end()
        url = re.sub(r"\\(.)", r"\1", match[1])
        return {"url": url} if entity.kind == "text_link" else {"custom_emoji_id": url.rpartition("=")[2]}

    def _new_line(self) -> None:
        """Begin, continue or end a block quote: a line belongs to it when it starts with ">"."""
        quoted = self._source.startswith(">", self._at + 1)
        in_quote = any(entity.kind == "blockquote" for entity in self._open)
        if in_quote and not quoted:
            if self._open[-1].kind != "blockquote":
                raise self._unfinished(self._open[-1])
            self._copy("\n", 1)  # the line break still belongs to the quote
            self._end_entity(self._open.pop())
            return
        self._copy("\n", 1)
        if in_quote:
            self._at += 1
        elif quoted:
            self._begin(">", "\n", "blockquote", "BlockQuote")

    def _begin_here(self, character: str) -> None:
        for mark, closes, kind, name in _MARKS:
            if self._source.startswith(mark, self._at):
                self._begin(mark, closes, kind, name)
                return
        raise cannot_parse(f"Character '{character}' is reserved and must be escaped with the preceding '\\'")

    def _begin(self, mark: str, closes: str, kind: str, name: str) -> None:
        start = self._at
        self._at += len(mark)
        extra: dict[str, object] = {}
        if kind == "pre":
            self._at, extra = _language(self._source, self._at)
            name = "PreCode" if extra else name
        self._open.append(_Open(closes, kind, name, start, self._builder.length, self._builder.parts, extra))

    def _end_entity(self, entity: _Open) -> None:
        self._builder.entity(entity.kind, entity.offset, **entity.extra)

    def _unfinished(self, entity: _Open) -> Exception:
        place = byte_offset(self._source, entity.at)
        return cannot_parse(f"Can't find end of {entity.name} entity at byte offset {place}")
