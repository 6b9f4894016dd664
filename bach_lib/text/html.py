"""Tokenizer of Telegram's HTML: characters, entities and tags."""

import re
from collections.abc import Iterator
from html import unescape

from bach_lib.text.splitting import DEEPEST, Mark, Piece

_HTML = re.compile(r"<(?P<slash>/?)(?P<name>[A-Za-z][\w-]*+)[^<>]*+>|&\#?\w{1,32};|.", re.DOTALL)
_CODE = frozenset({"code", "pre"})
_ESCAPES = str.maketrans({"<": "&lt;", ">": "&gt;", "&": "&amp;"})


def read_html(text: str) -> Iterator[Piece]:
    """The pieces of a text. A tag that closes nothing is passed on: the platform says what it thinks of it.

    Of tags inside of more than `DEEPEST` others none is open: nobody takes such a heap for markup, and it would fill
    the memory.
    """
    opened: tuple[Mark, ...] = ()
    for found in _HTML.finditer(text):
        name = found["name"]
        if name and not found["slash"]:
            if len(opened) <= DEEPEST:
                opened = (*opened, Mark(found[0], f"</{name}>", name.lower() in _CODE))
        elif name and opened and opened[-1].closing.lower() == f"</{name}>".lower():
            opened = opened[:-1]
        yield Piece(found[0], "" if name else unescape(found[0]), opened, escapes=_ESCAPES)
