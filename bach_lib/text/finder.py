"""Finds closing marks in linear time, in a text of which a stranger may have made a heap of marks."""


class Finder:
    """Search in one text that goes on where the last one stopped.

    So searching from every place takes no longer than once.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._next: dict[str, int] = {}

    def find(self, what: str, start: int) -> int:
        """The next place of `what` from `start`; the length of the text if there is none."""
        if self._next.get(what, -1) < start:
            found = self._text.find(what, start)
            self._next[what] = len(self._text) if found < 0 else found
        return self._next[what]
