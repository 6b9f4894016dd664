"""What people on the Signal double have to do with: what was sent to them, and what they have."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bach_lib.models import Poll

_NEW_GROUP: Mapping[str, object] = {
    **dict.fromkeys(("name", "description", "internal_id", "invite_link"), ""),
    **dict.fromkeys(("admins", "members", "pending_invites", "pending_requests"), ()),
    "blocked": False,
    "member": True,
    "permissions": dict.fromkeys(("add_members", "edit_group", "send_messages"), "every-member"),
}
"""What the server says of every group; `Mailbox.groups` says what differs."""
_NEW_CONTACT: Mapping[str, object] = {
    **dict.fromkeys(("color", "given_name", "message_expiration", "name", "note", "number"), ""),
    **dict.fromkeys(("profile_name", "username", "uuid"), ""),
    "blocked": False,
    "nickname": dict.fromkeys(("name", "given_name", "family_name"), ""),
    "profile": dict.fromkeys(("about", "given_name", "lastname"), "")
    | {"has_avatar": False, "last_updated_timestamp": 0},
}
"""The same of every contact; `Mailbox.contacts` says what differs."""


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
    poll: Poll | None = None
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
    knows_polls: bool = True
    """As newer servers do."""

    def pin(self, method: str, body: object) -> bool:
        """Keep a message of a group in sight (POST), or no longer (DELETE); whether that could be understood."""
        match body:
            case {"target_author": str(), "timestamp": int(timestamp)} if method in {"POST", "DELETE"}:
                others = [one for one in self.pinned if one != timestamp]
                self.pinned = [*others, timestamp] if method == "POST" else others
                return True
        return False

    def ask(self, timestamp: int, body: object) -> bool:
        """Put a poll to somebody; whether that could be understood."""
        match body:
            case {"recipient": str(recipient), "question": str(question), "answers": [*answers], **rest} if question:
                poll = Poll(
                    question=question,
                    options=tuple(map(str, answers)),
                    multiple=rest.get("allow_multiple_selections") is True,
                )
                said = {"recipients": [recipient]}
                self.sent.append(
                    SentMessage(timestamp=timestamp, recipients=[recipient], text="", body=said, poll=poll)
                )
                return True
        return False

    def listed(self, what: str) -> list[dict[str, object]]:
        """What the server says of every group, or of every contact."""
        if what == "v1/groups":
            return [{**_NEW_GROUP, **group} for group in self.groups]
        return [{**_NEW_CONTACT, **contact} for contact in self.contacts]
