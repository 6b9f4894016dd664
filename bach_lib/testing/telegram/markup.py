"""Marked-up text: what every parse mode ends in, and the rules that hold for all of them.

Offsets and lengths of entities count UTF-16 code units (https://core.telegram.org/bots/api#messageentity). The limit of
4,096 counts Unicode characters instead: TDLib compares `utf8_length` with `message_text_length_max`
(`MessageContent.cpp`, `create_input_message_content`), so 4,096 emoji are accepted.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from bach_lib.testing.telegram.arguments import Arguments
from bach_lib.testing.telegram.errors import ApiError, bad_request

MAX_CAPTION = 1024
MAX_CHARACTERS = 4096
MAX_BYTES = 1 << 15  # before parsing; `get_formatted_text` in telegram-bot-api


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A part of a text that means something. `extra` is what only some types have: url, language, custom_emoji_id."""

    type: str
    offset: int
    length: int
    extra: Mapping[str, object]

    def as_json(self) -> dict[str, object]:
        """The MessageEntity of the Bot API."""
        return {"type": self.type, "offset": self.offset, "length": self.length, **self.extra}


@dataclass(frozen=True, slots=True)
class Formatted:
    """A text without its markup, and the entities the markup said."""

    text: str
    entities: tuple[Entity, ...] = ()


type Parser = Callable[[str], Formatted]


def utf16_length(text: str) -> int:
    """How many UTF-16 code units `text` has."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def byte_offset(text: str, position: int) -> int:
    """Where `position` lies in UTF-8; the real server reports its errors so."""
    return len(text[:position].encode())


def cannot_parse(reason: str) -> ApiError:
    """400: the markup is wrong."""
    return bad_request(f"can't parse entities: {reason}")


class Builder:
    """Collects the plain text and the entities while a parser reads the markup."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._entities: list[Entity] = []
        self.length: int = 0

    def add(self, text: str) -> None:
        """Append plain text."""
        self._parts.append(text)
        self.length += utf16_length(text)

    def text_since(self, part: int) -> str:
        """The plain text after the first `part` pieces."""
        return "".join(self._parts[part:])

    @property
    def parts(self) -> int:
        """How many pieces there are, for `text_since`."""
        return len(self._parts)

    def entity(self, kind: str, offset: int, **extra: object) -> None:
        """The text since `offset` is a `kind`. Empty ones are dropped, as the real server does."""
        if self.length > offset:
            self._entities.append(Entity(type=kind, offset=offset, length=self.length - offset, extra=extra))

    def result(self) -> Formatted:
        """The text so far; entities sorted by place, the longer first."""
        ordered = sorted(self._entities, key=lambda entity: (entity.offset, -entity.length))
        return Formatted("".join(self._parts), tuple(ordered))


def trimmed(formatted: Formatted) -> Formatted:
    """Without white space at both ends (TDLib, `fix_formatted_text`): an entity at the front keeps what it covers.

    Raises ApiError when nothing is left.
    """
    text = formatted.text.rstrip()
    if not text:
        raise bad_request("text must be non-empty")
    blanks = len(text) - len(text.lstrip(" \n"))
    if formatted.entities:
        blanks = min(blanks, *(entity.offset for entity in formatted.entities))
    end = utf16_length(text)
    kept = (
        replace(entity, offset=entity.offset - blanks, length=min(entity.length, end - entity.offset))
        for entity in formatted.entities
        if entity.offset < end
    )
    return Formatted(text[blanks:], tuple(kept))


def caption(arguments: Arguments, parsers: Mapping[str, Parser]) -> Formatted:
    """The words below a file, which may be none. Raises ApiError as `message_text` does."""
    source = arguments.text("caption")
    result = _parsed(arguments, source, parsers) if source else Formatted("", ())
    if len(result.text) > MAX_CAPTION:
        raise bad_request("message caption is too long")
    return result


def message_text(arguments: Arguments, parsers: Mapping[str, Parser]) -> Formatted:
    """The text of a call, parsed as its `parse_mode` says. Raises ApiError for everything the real server refuses."""
    source = arguments.text("text")
    if not source:
        raise bad_request("message text is empty")
    result = _parsed(arguments, source, parsers)
    if len(result.text) > MAX_CHARACTERS:
        raise bad_request("message is too long")
    return result


def _parsed(arguments: Arguments, source: str, parsers: Mapping[str, Parser]) -> Formatted:
    if len(source.encode()) > MAX_BYTES:
        raise bad_request("text is too long")
    mode = arguments.text("parse_mode").lower()
    if mode in {"", "none"}:
        parsed = Formatted(source, _given_entities(arguments))
    elif parser := parsers.get(mode):
        parsed = parser(source)
    else:
        raise bad_request("unsupported parse_mode")
    return trimmed(parsed)


def _given_entities(arguments: Arguments) -> tuple[Entity, ...]:
    given = arguments.nested("entities")
    return tuple(_entity(item) for item in given) if isinstance(given, list) else ()


def _entity(item: object) -> Entity:
    match item:
        case {"type": str(kind), "offset": int(offset), "length": int(length), **extra}:
            return Entity(type=kind, offset=offset, length=length, extra={str(name): extra[name] for name in extra})
    raise bad_request("can't parse MessageEntity: expected an Object")
