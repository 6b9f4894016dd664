"""All questions that are open at a time, and whom of them a message answers: one, or none."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Final

from bach_lib.models import Place
from bach_lib.models.incoming import IncomingMessage
from bach_lib.questions.question import Asked

_MOST_TAKEN: Final = 1_000
"""Answers that are known as such, for whoever looks at what came in a moment later."""


class Questions:
    """All questions that are open, and whom of them a message answers: one, or none."""

    def __init__(self) -> None:
        self._open: dict[Asked, None] = {}  # a set that keeps its order
        self.beside: Questions | None = None
        """Others that wait for words in the same chats."""
        self.is_down: Callable[[Place], bool] = lambda _: False
        """Whether what goes to a place is known to wait."""
        self._taken: deque[int] = deque(maxlen=_MOST_TAKEN)

    def __iter__(self) -> Iterator[Asked]:
        return iter(tuple(self._open))  # ending one takes it out

    def open(self, asked: Asked) -> None:
        """A question is about to be asked."""
        self._open[asked] = None

    def close(self, asked: Asked) -> None:
        """A question is over."""
        self._open.pop(asked, None)

    def received(self, message: IncomingMessage) -> None:
        """Give a message to the question that it answers.

        Words that are no reply, in a chat where several questions wait for words, could be meant for any: they are no
        answer.
        """
        addressed = self.addressed(message)
        if len(addressed) == 1 and not (self.beside and self.beside.addressed(message)):
            addressed[0].take(message)
            if addressed[0].answer is not None and addressed[0].answer.message is message:
                self._taken.append(message.id)

    def took(self, incoming_id: int) -> bool:
        """Whether this message was an answer, lately, to one of these or of those beside."""
        return incoming_id in self._taken or (self.beside is not None and incoming_id in self.beside._taken)

    def addressed(self, message: IncomingMessage) -> list[Asked]:
        """Those that a message may be meant for."""
        return [asked for asked in self._open if asked.is_addressed(message)]
