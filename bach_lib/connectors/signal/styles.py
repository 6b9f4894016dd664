"""Encodes text and title as signal-cli-rest-api wants them.

The server's "styled" mode knows `**bold**`, `*italic*`, `~strike~`, `||spoiler||` and `` `monospace` ``; a backslash
takes the meaning from what follows it. From 2,000 characters on, signal-cli sends a text as a file, which apps show
behind "read more".
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from bach_lib.connectors.apart import parted
from bach_lib.models import APART, Extra, Format, Message, Operation
from bach_lib.models.poll import PollLimits
from bach_lib.text.html_markdown import MarkdownMarks
from bach_lib.text.markdown import read_signal
from bach_lib.text.splitting import Limit, Read, plain, split

TEXT = Limit(characters=8_000, utf16=True)
"""Of one message; Signal bears 64 KiB, and shows longer ones badly."""
MAX_FILES = 10
"""Of one message."""
POLL = PollLimits(options=10, option=100, question=100)
"""Of Signal's apps, which show no other."""

_READ: Mapping[Format, Read] = {Format.PLAIN: plain, Format.MARKDOWN: read_signal}
_SPECIAL = re.compile(r"[*~|`\\]")


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda mark: f"\\{mark[0]}", text)


MARKS = MarkdownMarks(
    around={"bold": "**", "italic": "*", "strike": "~", "spoiler": "||"}, escape=_escaped, has_blocks=False
)


def compose(text: str, title: str | None, form: Format) -> str:
    """The text, under its title if it has one, which is bold where the format knows bold, and never markup."""
    if not title or not title.strip():
        return text
    heading = title.strip()
    if form is Format.MARKDOWN:
        heading = f"**{_escaped(heading)}**"
    return f"{heading}\n\n{text}"


def plan(message: Message) -> list[Message]:
    """The messages that one becomes. The first answers, the last of the words has the files, as many as it may have."""
    if message.operation is not Operation.SEND:
        return [message]
    words, apart = parted(message, APART)
    return [*(_words(words) if words else []), *apart]


def _words(message: Message) -> list[Message]:
    whole = compose(message.text, message.title, message.format)
    texts, heading = split(whole, TEXT, _READ[message.format]), whole.removesuffix(message.text)
    words = [message]
    if len(texts) > 1:
        words = [replace(message, text=text, title=None, files=()) for text in texts]
        words = [words[0], *(replace(one, reply_to=None) for one in words[1:])]
        if heading and texts[0].startswith(heading):  # without markup the title must not show how it was marked
            words[0] = replace(words[0], title=message.title, text=texts[0].removeprefix(heading))
    alone = replace(message, text="", title=None, reply_to=None, buttons=())
    if message.extras.view_once:  # of which each stands alone, without words
        bare = [replace(one, files=(), extras=one.extras.without((Extra.VIEW_ONCE,))) for one in words]
        return [*(bare if whole.strip() else []), *(replace(alone, files=(file,)) for file in message.files)]
    more = [message.files[at : at + MAX_FILES] for at in range(MAX_FILES, len(message.files), MAX_FILES)]
    last = replace(words[-1], files=message.files[:MAX_FILES])
    return [*words[:-1], last, *(replace(alone, files=some) for some in more)]
