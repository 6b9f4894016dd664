"""Parser of server-sent events, read as they come (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""

import re

_LINE_END = re.compile(rb"\r\n|\n|\r(?!\Z)")
"""A carriage return at the very end may be half of an end of line whose other half is still to come."""


class EventReader:
    """Takes bytes in pieces of any size and gives back the data of every event that is complete."""

    def __init__(self) -> None:
        self._line_begun: list[bytes] = []
        """Pieces of the line that is not complete, put together once: a line may come byte by byte."""
        self._data: list[str] = []
        self.lines: int = 0
        """How many have come: each takes time, however short it is."""

    def feed(self, piece: bytes) -> list[str]:
        """The data of the events that this piece completes."""
        if self._line_begun and self._line_begun[-1].endswith(b"\r"):
            piece = self._line_begun.pop() + piece
        first, *lines = _LINE_END.split(piece)
        if lines:
            lines.insert(0, b"".join((*self._line_begun, first)))
            self._line_begun, first = [], lines.pop()
        if first:
            self._line_begun.append(first)
        self.lines += len(lines)
        return [event for line in lines if (event := self._line(line)) is not None]

    def _line(self, line: bytes) -> str | None:
        if not line:  # the end of an event
            event, self._data = "\n".join(self._data), []
            return event or None
        name, _, value = line.decode("utf-8", "replace").partition(":")
        if name == "data":
            self._data.append(value.removeprefix(" "))
        return None
