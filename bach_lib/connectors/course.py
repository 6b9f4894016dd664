"""What a connector asks of BACH while it makes several requests of one message."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field


def _at_once(_recipient: str) -> float:
    """Where there are no limits."""
    return 0.0


async def _nowhere(_message_id: int, _progress: str) -> None:
    """Where nothing is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What a connector asks of BACH that makes several requests of one message.

    `turn` takes a place under the platform's limits for one more request to this recipient; what is not 0 are the
    seconds until there is one. `keep` writes to disk what of the message with this id has arrived, in the connector's
    own words, and returns after the commit; the next attempt finds it as `Message.progress`.
    """

    turn: Callable[[str], float] = field(default_factory=lambda: _at_once)
    keep: Callable[[int, str], Awaitable[None]] = field(default_factory=lambda: _nowhere)
