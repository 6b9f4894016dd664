"""Tokenizer of Telegram's old Markdown, which nests nothing: within a mark, everything but its end is text."""

import re
from collections.abc import Iterator

from bach_lib.text.finder import Finder
from bach_lib.text.splitting import Mark, Piece

_ESCAPED = frozenset("_*`[")
_SIMPLE = frozenset("_*`")
_ESCAPES = str.maketrans({one: f"\\{one}" for one in _ESCAPED})
_LANGUAGE = re.compile(r"[^\s`]{0,64}(?=\s)")
_FENCE = "```"


def read_old_markdown(text: str) -> Iterator[Piece]:
    """The pieces of a text: characters, escapes and marks. A link is a mark whose end is its address."""
    at, end, finder = 0, "", Finder(text)
    open_: tuple[Mark, ...] = ()
    while at < len(text):
        if end:
            one = end if text.startswith(end, at) else text[at]
            is_end = one == end
            end, open_ = ("", ()) if is_end else (end, open_)
            yield Piece(one, "" if is_end else one, open_, escapes=_ESCAPES)
        elif mark := _opening(text, at, finder):
            one = mark.opening if mark.opening[:3] != _FENCE else mark.opening.removesuffix("\n")
            end, open_ = mark.closing, (mark,)
            yield Piece(one, "", open_)
        else:
            one = text[at : at + 2] if text[at] == "\\" and text[at + 1 : at + 2] in _ESCAPED else text[at]
            yield Piece(one, one[-1], escapes=_ESCAPES)
        at += len(one)


def _opening(text: str, at: int, finder: Finder) -> Mark | None:
    """What opens here. What is never closed is passed on as a mark all the same: the platform says what it thinks."""
    if text.startswith(_FENCE, at):  # what follows it without a line break is taken for the name of a language
        language = _LANGUAGE.match(text, at + len(_FENCE))
        return Mark(f"{_FENCE}{language[0] if language else ''}\n", _FENCE, is_code=True)
    if text[at] in _SIMPLE:
        return Mark(text[at], text[at], text[at] == "`")
    if text[at] != "[" or (bracket := finder.find("]", at)) >= len(text):
        return None
    has_address = text[bracket + 1 : bracket + 2] == "("
    behind = finder.find(")", bracket) + 1 if has_address else bracket + 1
    return Mark("[", text[bracket:behind])
