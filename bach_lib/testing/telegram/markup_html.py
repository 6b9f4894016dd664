"""Parse mode HTML (https://core.telegram.org/bots/api#html-style), with the error texts of TDLib's `parse_html`.

Attributes are read more simply than there: a broken one is refused too, but not always with the same words.
"""

import re
from dataclasses import dataclass

from bach_lib.testing.telegram.markup import Builder, Formatted, byte_offset, cannot_parse

KINDS = {
    "a": "text_link",
    "b": "bold",
    "blockquote": "blockquote",
    "code": "code",
    "del": "strikethrough",
    "em": "italic",
    "i": "italic",
    "ins": "underline",
    "pre": "pre",
    "s": "strikethrough",
    "span": "spoiler",
    "strike": "strikethrough",
    "strong": "bold",
    "tg-emoji": "custom_emoji",
    "tg-spoiler": "spoiler",
    "u": "underline",
}
HALF_CHARACTER = (
    "Text contains invalid Unicode characters after decoding HTML entities, check for unmatched surrogate code units"
)
REFERENCES = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}

_PLAIN = re.compile(r"[^<&]+")
_REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]{1,6})|#([0-9]{1,7})|([a-z]+));?")
_NAME = re.compile(r"[^\s>]*")
_ATTRIBUTE = re.compile(r"""\s*([^\s=>]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([\w.-]+)))?""")
_END_TAG = re.compile(r"</([^\s>]*)\s*>")


@dataclass(frozen=True, slots=True)
class _Tag:
    name: str
    attributes: dict[str, str]
    offset: int
    part: int


def parse_html(source: str) -> Formatted:
    """Read HTML markup. Raises ApiError (400) for anything the real server refuses."""
    return _HtmlParser(source).parse()


class _HtmlParser:
    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self._builder = Builder()
        self._open: list[_Tag] = []

    def parse(self) -> Formatted:
        while self._at < len(self._source):
            if plain := _PLAIN.match(self._source, self._at):
                self._take(plain, plain[0])
            elif self._source[self._at] == "&":
                self._reference()
            elif self._source.startswith("</", self._at):
                self._end_tag()
            else:
                self._start_tag()
        if self._open:
            raise cannot_parse(f'Can\'t find end tag corresponding to start tag "{self._open[-1].name}"')
        return self._builder.result()

    def _take(self, match: re.Match[str], text: str) -> None:
        self._builder.add(text)
        self._at = match.end()

    def _reference(self) -> None:
        match = _REFERENCE.match(self._source, self._at)
        if match and (character := _character(match)):
            self._take(match, character)
        else:
            self._builder.add("&")
            self._at += 1

    def _start_tag(self) -> None:
        start = self._at
        place = f"at byte offset {byte_offset(self._source, start)}"
        name_match = _NAME.match(self._source, start + 1)
        if name_match is None or name_match.end() == len(self._source):
            raise cannot_parse(f"Unclosed start tag {place}")
        name = name_match[0].lower()
        if name not in KINDS:
            raise cannot_parse(f'Unsupported start tag "{name}" {place}')
        self._at = name_match.end()
        attributes = self._attributes(name, place)
        if name == "span" and attributes.get("class") != "tg-spoiler":
            raise cannot_parse(f'Tag "span" must have class "tg-spoiler" {place}')
        self._open.append(_Tag(name, attributes, self._builder.length, self._builder.parts))

    def _attributes(self, name: str, place: str) -> dict[str, str]:
        attributes: dict[str, str] = {}
        while match := _ATTRIBUTE.match(self._source, self._at):
            if match.lastindex == 1 and name != "blockquote":
                raise cannot_parse(f'Expected equal sign in declaration of an attribute of the tag "{name}" {place}')
            value = match[2] or match[3] or match[4] or ""
            attributes[match[1]] = _REFERENCE.sub(_replacement, value)
            self._at = match.end()
        while self._source[self._at : self._at + 1].isspace():
            self._at += 1
        if self._source[self._at : self._at + 1] != ">":
            raise cannot_parse(f"Unclosed start tag {place}")
        self._at += 1
        return attributes

    def _end_tag(self) -> None:
        place = f"at byte offset {byte_offset(self._source, self._at)}"
        if not self._open:
            raise cannot_parse(f"Unexpected end tag {place}")
        match = _END_TAG.match(self._source, self._at)
        if match is None:
            raise cannot_parse(f"Unclosed end tag {place}")
        tag = self._open.pop()
        name = match[1].lower()
        if name not in {"", tag.name}:
            raise cannot_parse(f'Unmatched end tag {place}, expected "</{tag.name}>", found "</{name}>"')
        self._at = match.end()
        self._close(tag)

    def _close(self, tag: _Tag) -> None:
        extra: dict[str, object] = {}
        kind = KINDS[tag.name]
        if kind == "text_link":
            extra = {"url": tag.attributes.get("href") or self._builder.text_since(tag.part)}
        elif kind == "code" and self._names_language_of_block(tag):
            return
        elif "language" in tag.attributes:
            extra = {"language": tag.attributes["language"]}
        elif kind == "custom_emoji":
            extra = {"custom_emoji_id": tag.attributes.get("emoji-id", "")}
        elif kind == "blockquote" and "expandable" in tag.attributes:
            kind = "expandable_blockquote"
        self._builder.entity(kind, tag.offset, **extra)

    def _names_language_of_block(self, tag: _Tag) -> bool:
        """True for the inner tag of `<pre><code class="language-…">`: the two are one entity."""
        language = tag.attributes.get("class", "").removeprefix("language-")
        outer = self._open[-1] if self._open else None
        if not language or outer is None or (outer.name, outer.offset) != ("pre", tag.offset):
            return False
        outer.attributes["language"] = language
        return True


def _character(match: re.Match[str]) -> str:
    """The character a reference stands for, or "" when it is none the server knows."""
    hexadecimal, decimal, name = match.groups()
    if name:
        return REFERENCES.get(name, "")
    code = int(hexadecimal, 16) if hexadecimal else int(decimal)
    if 0xD800 <= code <= 0xDFFF:
        raise cannot_parse(HALF_CHARACTER)
    return chr(code) if 0 < code < 0x10FFFF else ""


def _replacement(match: re.Match[str]) -> str:
    return _character(match) or match[0]
