"""Writes the headings, lists and paragraphs of HTML as lines, for platforms whose HTML or Markdown knows none of them.

What writes HTML for people, such as a template or a language model, writes lists. Telegram refuses a text for one tag
that it does not know, and then nothing of it is bold; elsewhere all items would stand in one line.
"""

import re
from dataclasses import replace
from typing import Final

from bach_lib.models import Format, Message

_BLOCK: Final = re.compile(
    r"<(?P<slash>/?)(?P<name>h[1-6]|ul|ol|li|p|div|hr|br)(?:[\s/][^<>]{0,1000})?>", re.IGNORECASE
)
_RULE: Final = "———"
_INDENT: Final = "\u00a0\u00a0\u00a0"
"""Of a list inside of another; platforms take ordinary blanks away."""
_DEEPEST: Final = 8
_MOST_BREAKS: Final = 3


def with_lines(message: Message) -> Message:
    """The same message, if it is HTML, with these tags as lines."""
    if message.format is not Format.HTML or (text := in_lines(message.text)) == message.text:
        return message
    return replace(message, text=text)


def in_lines(text: str) -> str:
    """The same text without these tags. Takes any text, and raises nothing; one that has none stays as it is."""
    if _BLOCK.search(text) is None:
        return text
    lines, at = _Lines(), 0
    for found in _BLOCK.finditer(text):
        lines.words(text[at : found.start()])
        lines.tag(found["name"].lower(), is_end=bool(found["slash"]))
        at = found.end()
    lines.words(text[at:])
    return lines.end()


class _Lines:
    """What is written so far, and what stands before the next words."""

    def __init__(self) -> None:
        self._written = list[str]()
        self._breaks = 0
        self._before = ""
        self._is_begin = True
        self._is_heading = False
        self._lists = list[int | None]()  # the number of the last item, or None for one without numbers

    def words(self, text: str) -> None:
        """Whatever stands between such tags."""
        if self._is_begin:
            text = text.lstrip()
        if not text:
            return
        if self._written and self._breaks:
            self._written[-1] = self._written[-1].rstrip()
            self._written.append("\n" * self._breaks)
        self._written.append(f"{self._before}{text}")
        self._breaks, self._before, self._is_begin = 0, "", False

    def tag(self, name: str, *, is_end: bool) -> None:
        """One of the tags."""
        if self._is_heading:
            self._end_heading()
        if name == "br":
            self._begin(min(self._breaks + 1, _MOST_BREAKS))
        elif name == "hr":
            self._begin(1)
            self.words(_RULE)
            self._begin(1)
        elif name in {"ul", "ol"}:
            self._list(is_numbered=name == "ol", is_end=is_end)
        elif name == "li":
            self._begin(1, "" if is_end else self._item())
        else:
            self._begin(2 if name == "p" or name[0] == "h" else 1)
            if name[0] == "h" and not is_end:
                self._is_heading, self._before = True, "<b>"

    def end(self) -> str:
        """All of it."""
        if self._is_heading:
            self._end_heading()
        return "".join(self._written).rstrip()

    def _begin(self, breaks: int, before: str = "") -> None:
        """The next words stand in a line of their own."""
        self._breaks, self._before, self._is_begin = max(self._breaks, breaks), before, True

    def _end_heading(self) -> None:
        self._is_heading = False
        if self._before != "<b>":
            self._written[-1] = f"{self._written[-1].rstrip()}</b>"

    def _list(self, *, is_numbered: bool, is_end: bool) -> None:
        self._begin(1)
        if not is_end and len(self._lists) < _DEEPEST:
            self._lists.append(0 if is_numbered else None)
        elif is_end and self._lists:
            self._lists.pop()

    def _item(self) -> str:
        indent = _INDENT * (len(self._lists) - 1)
        number = self._lists[-1] if self._lists else None
        if number is None:
            return f"{indent}• "
        self._lists[-1] = number + 1
        return f"{indent}{number + 1}. "
