"""Text of a rich message, whose texts lie in blocks within blocks (https://core.telegram.org/bots/api#richmessage).

Bots write them and people pass them on. What is shown as pictures, maps and lines is left out.
"""

from collections.abc import Iterator

from bach_lib.connectors.telegram.json_fields import Fields, part, text

_LINES = ("label", "summary", "text", "expression")
_INSIDE = ("blocks", "items", "cells", "caption", "credit")
_WORDS = ("text", "expression", "alternative_text")


def words(message: Fields) -> str:
    """All of them, each block on its lines."""
    return "\n".join(_lines(part(message, "rich_message").get("blocks")))


def links(message: Fields) -> Iterator[tuple[str, str]]:
    """Words and the addresses behind them."""
    yield from _links(part(message, "rich_message").get("blocks"))


def _lines(found: object) -> Iterator[str]:
    match found:
        case str() if found:
            yield found
        case list():
            for one in found:
                yield from _lines(one)
        case dict():
            yield from (line for field in _LINES if (line := _inline(found.get(field))))
            for field in _INSIDE:
                yield from _lines(found.get(field))


def _inline(found: object) -> str:
    match found:
        case str():
            return found
        case list():
            return "".join(_inline(one) for one in found)
        case dict():
            return next((line for field in _WORDS if (line := _inline(found.get(field)))), "")
    return ""


def _links(found: object) -> Iterator[tuple[str, str]]:
    match found:
        case list():
            for one in found:
                yield from _links(one)
        case dict():
            if url := text(found, "url"):
                yield _inline(found), url
            for field in (*_LINES, *_INSIDE):
                yield from _links(found.get(field))
