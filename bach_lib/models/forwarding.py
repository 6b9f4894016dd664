"""What a message going out passes on: another message, in the platform's own way, instead of words of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import override

_FORWARD, _COPY = "forward", "copy"
MOST_PASSED_ON = 100
"""Messages that one may have become: the most that Telegram passes on at once
(https://core.telegram.org/bots/api#forwardmessages)."""


@dataclass(frozen=True, slots=True)
class Forwarding:
    """One message at the platform, with all that it became there. It is kept as a text, in `Message.target`.

    A copy does not show whose words they were. `connection` has to be the one through which it is passed on.
    """

    connection: str
    place: str
    """The recipient where it is."""
    remote_ids: tuple[str, ...]
    """The platform's ids of all that it became."""
    is_copy: bool = False
    """Nobody is shown whose words they were."""

    @override
    def __str__(self) -> str:
        way = _COPY if self.is_copy else _FORWARD
        return "\n".join((way, self.connection, self.place, *self.remote_ids))

    @classmethod
    def read(cls, written: str | None) -> Forwarding | None:
        """None for what is none."""
        way, *rest = (written or "").split("\n")
        if way not in {_FORWARD, _COPY} or len(rest) < 3:
            return None
        connection, place, *remote_ids = rest
        return cls(connection, place, tuple(remote_ids), way == _COPY)
