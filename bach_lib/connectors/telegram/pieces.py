"""Texts of more than 4,096 characters, which Telegram takes in parts only.

https://core.telegram.org/bots/api#sendmessage counts after the markup was read; here it is counted too, so no part is
ever too long.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from bach_lib.connectors.splitting import Piece, split, split_marked
from bach_lib.connectors.telegram.markup import compose
from bach_lib.models import Format, Message

MAX_PART = 4096

_HTML = re.compile(r"<(?P<slash>/?)(?P<name>[A-Za-z][\w-]*)[^<>]*>|&\#?\w{1,32};|.", re.DOTALL)
_MARKDOWN = re.compile(r"\\[_*`\[]|\[[^\]\n]*\]\([^)\s]*\)|```|.", re.DOTALL)
_MARKS = frozenset({"*", "_", "`", "```"})


def messages_of(message: Message) -> list[Message]:
    """The messages that this one becomes. The first answers, the last has the buttons; a file has its words whole."""
    texts = [] if message.files else parts_of(compose(message.text, message.title, message.format), message.format)
    if len(texts) < 2:
        return [message]
    last = len(texts) - 1
    return [
        replace(
            message,
            text=text,
            title=None,
            reply_to=None if part else message.reply_to,
            buttons=message.buttons if part == last else (),
        )
        for part, text in enumerate(texts)
    ]


def parts_of(text: str, form: Format) -> list[str]:
    """The texts of the messages that a text becomes. Where markup does not fit, it is cut as if it were none."""
    if len(text) <= MAX_PART:
        return [text]
    match form:
        case Format.PLAIN:
            return split(text, MAX_PART)
        case Format.HTML:
            pieces = _html(text)
        case Format.MARKDOWN:
            pieces = _markdown(text)
    return split_marked(list(pieces), MAX_PART) or split(text, MAX_PART)


def _html(text: str) -> Iterator[Piece]:
    """Characters, entities and tags. A tag that closes nothing is passed on: Telegram says what it thinks of it."""
    opened: tuple[tuple[str, str], ...] = ()
    for found in _HTML.finditer(text):
        name = found["name"]
        if name and not found["slash"]:
            opened = (*opened, (found[0], f"</{name}>"))
        elif name and opened and opened[-1][1].lower() == f"</{name}>".lower():
            opened = opened[:-1]
        yield Piece(found[0], opened, is_visible=not name)


def _markdown(text: str) -> Iterator[Piece]:
    """Characters, escapes, links and marks. Telegram's old Markdown nests nothing: within a mark, others are text."""
    opened = ""
    for found in _MARKDOWN.finditer(text):
        one = found[0]
        is_mark = one == opened or (not opened and one in _MARKS)
        if is_mark:
            opened = "" if opened else one
        yield Piece(one, ((opened, opened),) if opened else (), is_visible=not is_mark)
