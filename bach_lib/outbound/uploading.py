"""How far the files of messages are that are being sent, for people who look, once a second at most.

Known in memory only, by the process that sends, and forgotten when the attempt has ended.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from bach_lib.bus import Bus
from bach_lib.clock import Clock
from bach_lib.connectors.upload_progress import uploads_heard
from bach_lib.events import UploadAdvanced
from bach_lib.models import Message

PAUSE: Final = 1.0
"""Seconds between two times that it is told; what is gone in less is not told at all."""


class Uploads:
    """Those of all connections."""

    def __init__(self) -> None:
        self._last: dict[int, UploadAdvanced] = {}

    def of(self, message_id: int) -> UploadAdvanced | None:
        """How far a message's files are, if they are on their way."""
        return self._last.get(message_id)

    @contextmanager
    def told(self, message: Message, bus: Bus, clock: Clock) -> Iterator[None]:
        """Tell how far its files are while they are sent inside of this block."""
        files, next_at = sum(len(file.content) for file in message.files), clock.monotonic() + PAUSE

        def hear(sent: int, size: int) -> None:
            nonlocal next_at
            if (now := clock.monotonic()) < next_at:
                return
            next_at = now + PAUSE
            shown = min(files, size)  # some platforms want them in a coding that is longer
            event = UploadAdvanced(
                connection=message.connection, message_id=message.id, sent=sent * shown // size, size=shown
            )
            self._last[message.id] = event
            bus.publish(event)

        try:
            with uploads_heard(hear):
                yield
        finally:
            self._last.pop(message.id, None)
