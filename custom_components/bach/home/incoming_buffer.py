"""Bounded buffer for incoming messages of an entry that is not set up yet.

Its listeners would miss them. All of them are in the inbox on disk anyhow, so the oldest may be dropped.
"""

import logging
from collections import deque
from collections.abc import Iterator

from bach_lib import IncomingMessage

_LOGGER = logging.getLogger(__name__)
_MAX_ROWS = 1000
_MAX_CHARACTERS = 4_000_000


class IncomingBuffer:
    """Buffered messages of one connection, oldest first."""

    def __init__(self) -> None:
        self._kept: deque[tuple[int, IncomingMessage]] = deque()
        self._size = 0
        self._is_told = False

    @property
    def messages(self) -> Iterator[IncomingMessage]:
        """The buffered messages."""
        return (message for _, message in self._kept)

    def append(self, connection: str, message: IncomingMessage) -> None:
        """Add a message; drop the oldest if there are too many, which is logged once."""
        size = len(message.text) + len(str(message.content)) + len(str(message.metadata))
        self._kept.append((size, message))
        self._size += size
        while len(self._kept) > _MAX_ROWS or (self._size > _MAX_CHARACTERS and len(self._kept) > 1):
            self._size -= self._kept.popleft()[0]
            if not self._is_told:
                self._is_told = True
                _LOGGER.warning(
                    "More came in through %s than is kept until it is set up; the oldest are in the inbox only",
                    connection,
                )
