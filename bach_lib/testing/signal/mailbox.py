"""What people on the Signal double have to do with: what was sent to them, and what they have."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """An emoji below a message."""

    emoji: str
    recipient: str
    target_author: str
    timestamp: int


@dataclass(slots=True, kw_only=True)
class SentMessage:
    """A message that was sent. `text` is what people read now; `body` is the request as it came in."""

    timestamp: int
    recipients: list[str]
    text: str
    body: Mapping[str, object]
    is_deleted: bool = False


@dataclass(slots=True)
class Mailbox:
    """What people have to do with."""

    sent: list[SentMessage] = field(default_factory=list)
    reactions: list[Reaction] = field(default_factory=list)
    pinned: list[int] = field(default_factory=list)
    """The timestamps of what is in sight in its group."""
    typing: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    groups: list[dict[str, object]] = field(default_factory=list)
    contacts: list[dict[str, object]] = field(default_factory=list)

    def pin(self, method: str, body: object) -> bool:
        """Keep a message of a group in sight (POST), or no longer (DELETE); whether that could be understood."""
        match body:
            case {"target_author": str(), "timestamp": int(timestamp)} if method in {"POST", "DELETE"}:
                others = [one for one in self.pinned if one != timestamp]
                self.pinned = [*others, timestamp] if method == "POST" else others
                return True
        return False
