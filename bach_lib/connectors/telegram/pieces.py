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

_DEEPEST = 100
"""Telegram reads a hundred entities in a message; a text with more marks within marks is cut as if it had none."""
_HTML = re.compile(r"<(?P<slash>/?)(?P<name>[A-Za-z][\w-]*+)[^<>]*+>|&\#?\w{1,32};|.", re.DOTALL)
_MARKDOWN = re.compile(r"\\[_*`\[]|```|.", re.DOTALL)
_LANGUAGE = re.compile(r"[^\s`]{0,64}(?=\s)")
_SPACE = re.compile(r"\s")
_FENCE = "```"
_MARKS = frozenset({"*", "_", "`", _FENCE})


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
    found = []
    for piece in pieces:
        if len(piece.open) > _DEEPEST:
            return split(text, MAX_PART)
        found.append(piece)
    return split_marked(found, MAX_PART) or split(text, MAX_PART)


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
    mark, at, links = "", 0, _Links(text)
    open_: tuple[tuple[str, str], ...] = ()
    while at < len(text):
        if end := links.end(at):
            one = text[at:end]
        else:
            found = _MARKDOWN.match(text, at)
            one = found[0] if found else text[at]
        is_mark = one == mark or (not mark and one in _MARKS)
        if is_mark and mark:
            mark, open_ = "", ()
        elif is_mark:
            mark, again = one, one
            if one == _FENCE:  # what follows it without a line break is taken for the name of a language
                language = _LANGUAGE.match(text, at + len(one))
                one += language[0] if language else ""
                again = f"{one}\n"
            open_ = ((again, mark),)
        yield Piece(one, open_, is_visible=not is_mark)
        at += len(one)


class _Links:
    """Where links end. Each search goes on where the last one stopped, so that a heap of brackets takes no longer."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._next: dict[str, int] = {}

    def end(self, at: int) -> int:
        """The place after `[words](address)` that begins at `at`; 0 if there is none."""
        if self._text[at] != "[":
            return 0
        bracket = self._find("]", at + 1)
        if bracket > self._find("\n", at + 1) or self._text[bracket + 1 : bracket + 2] != "(":
            return 0
        parenthesis = self._find(")", bracket + 2)
        return 0 if parenthesis >= len(self._text) or parenthesis > self._space(bracket + 2) else parenthesis + 1

    def _find(self, what: str, start: int) -> int:
        if self._next.get(what, -1) < start:
            found = self._text.find(what, start)
            self._next[what] = len(self._text) if found < 0 else found
        return self._next[what]

    def _space(self, start: int) -> int:
        if self._next.get("space", -1) < start:
            found = _SPACE.search(self._text, start)
            self._next["space"] = found.start() if found else len(self._text)
        return self._next["space"]
