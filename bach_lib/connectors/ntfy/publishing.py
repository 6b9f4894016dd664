"""Maps a message to ntfy publications: texts that stay messages, and files, each a message of its own.

ntfy makes a file of every text of 4,096 bytes and more, and refuses JSON of twice as many. So texts are cut well below
that; and those of which JSON makes far more, as of a heap of quotes, further below.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import orjson

from bach_lib.connectors.ntfy.codec import headers_of
from bach_lib.models import Format, Message
from bach_lib.text.html_markdown import MarkdownMarks
from bach_lib.text.markdown import read_discord
from bach_lib.text.splitting import Limit, Read, plain, split

CAPTION: Final = 1_000
"""Characters below a file: they go in a header, and what stands before the server may take no long ones."""

_TEXT = Limit(characters=4_000, written=3_900)
_DENSE = Limit(characters=1_000, written=1_100)
"""For what JSON writes with six bytes for one."""
_MOST_JSON = 7_400
"""Bytes of a text as JSON, which leaves room for what stands beside it."""
_MOST_TITLE = 250
"""Bytes, also as JSON of twice as many. Longer ones stand above the text."""
_ENCODED = "=?"
"""How a header begins that is encoded, for which the server takes a title, however it was published."""
_MOST_HEADERS = 4_000
"""Bytes of what stands beside a file."""
_SPECIAL = re.compile(r"[\\`*_{}\[\]<>()#+\-.!|~&]")


def _escaped(text: str) -> str:
    """With ends of lines that stay some; in Markdown they are white space."""
    return _SPECIAL.sub(r"\\\g<0>", text).replace("\n", "  \n")


MARKS = MarkdownMarks(around={"bold": "**", "italic": "*", "strike": "~~"}, escape=_escaped, is_strict=True)
_READ: Mapping[Format, Read] = {Format.PLAIN: plain, Format.MARKDOWN: read_discord}


def plan(message: Message) -> list[Message]:
    """The requests that one becomes: the words, and each file apart, the first with words that may stand below it."""
    words = _words(message)
    if not message.files:
        return words
    alone = replace(message, text="", title=None, reply_to=None, buttons=(), format=Format.PLAIN)
    if len(words) == 1 and _can_be_below(words[0], message):
        return [
            replace(words[0], files=message.files[:1]),
            *(replace(alone, files=(one,)) for one in message.files[1:]),
        ]
    return [*words, *(replace(alone, files=(one,)) for one in message.files)]


def _words(message: Message) -> list[Message]:
    title = (message.title or "").strip()
    text = message.text
    if title and (not _can_be_title(title) or not text.strip()):
        text, title = f"{title}\n\n{text}".strip(), ""
    texts = split(text, _TEXT, _READ[message.format])
    if any(_as_json(one) > _MOST_JSON for one in texts):
        texts = split(text, _DENSE, _READ[message.format])
    if not texts and not message.files:
        texts = [text]
    bare = replace(message, files=(), title=None)
    return [replace(bare, text=one, title=(title or None) if not at else None) for at, one in enumerate(texts)]


def _can_be_title(title: str) -> bool:
    is_short = len(title.encode(errors="replace")) <= _MOST_TITLE and _as_json(title) <= 2 * _MOST_TITLE
    return is_short and _ENCODED not in title


def _as_json(text: str) -> int:
    """How many bytes it has there."""
    return len(orjson.dumps(text.encode(errors="replace").decode()))


def _can_be_below(words: Message, message: Message) -> bool:
    r"""Whether words may go in a header: the server would make a new line of every "\n" in them that is written out."""
    if len(words.text) > CAPTION or "\\n" in words.text:
        return False
    headers = headers_of(words, message.files[0])
    return sum(len(value) for value in headers.values()) <= _MOST_HEADERS
