"""Queue entry: a waiting message as memory knows it, in numbers on the monotonic clock."""

from __future__ import annotations

from dataclasses import dataclass

from bach_lib.clock import Clock
from bach_lib.models import Message
from bach_lib.outbound.rows import Draft

type Key = tuple[str, int]
"""A lane: its recipient, and 0, `BESIDE`, or the one message that stepped aside."""
BESIDE = -1
"""Where those wait, in their order, whom a limit stops that is not all their recipient's, such as that of edits."""

type Kept = tuple[str, int, float, float | None, bool, bool, bool]
"""An entry while it waits: a plain tuple, which Python's collector of cycles looks at once and never again.

Of objects it walks all that there are, in one go, each time their number has grown by a quarter: with a hundred
thousand waiting messages that held up the event loop for a quarter of a second.
"""


def entry_from(message_id: int, kept: Kept) -> Entry:
    """The entry that was kept."""
    recipient, priority, due, expires, aside, beside, hurry = kept
    return Entry(
        id=message_id,
        recipient=recipient,
        priority=priority,
        due=due,
        expires=expires,
        aside=aside,
        beside=beside,
        hurry=hurry,
    )


def rank_of(message_id: int, kept: Kept) -> tuple[int, int]:
    """Sorts the one that goes first to the front."""
    return (-kept[1], message_id)


def lane_of(message_id: int, kept: Kept) -> Key:
    """The lane it waits in."""
    return (kept[0], message_id if kept[4] else BESIDE if kept[5] else 0)


@dataclass(slots=True, kw_only=True, weakref_slot=True)
class Entry:
    """A waiting message: before `due` it may not go, from `expires` on it may not go any more.

    `aside`, `beside`: its lane goes on without it. `hurry`: a good check ends its wait. Times are monotonic seconds.
    `scheduled_for`: it is in no lane before this moment on the wall (seconds since 1970).
    """

    id: int
    recipient: str
    priority: int = 0
    due: float = 0.0
    expires: float | None = None
    aside: bool = False
    beside: bool = False
    hurry: bool = False
    scheduled_for: float | None = None

    @property
    def rank(self) -> tuple[int, int]:
        """Sorts the one that goes first to the front."""
        return (-self.priority, self.id)

    @property
    def lane(self) -> Key:
        """The lane it waits in."""
        return (self.recipient, self.id if self.aside else BESIDE if self.beside else 0)

    @property
    def kept(self) -> Kept:
        """What there is to keep of it beside its number."""
        return (self.recipient, self.priority, self.due, self.expires, self.aside, self.beside, self.hurry)

    def is_over(self, clock: Clock) -> bool:
        """Whether its time to live is over."""
        return self.expires is not None and self.expires <= clock.monotonic()


@dataclass(slots=True, kw_only=True)
class Waits:
    """Part of a message that `entry_of` looks at."""

    id: int
    recipient: str
    priority: int
    created_at: float
    attempted_at: float | None
    next_retry_at: float | None
    expires_at: float | None
    retry_count: int
    max_retries: int

    @property
    def scheduled_for(self) -> float | None:
        """As of a `Message`; whatever was tried has a time at which that was."""
        return self.next_retry_at if self.attempted_at is None else None


def expiry_of(draft: Draft, clock: Clock) -> float | None:
    """When the time to live of something new is over: it began with the draft, whatever the wall clock does."""
    began = clock.monotonic() if draft.began is None else draft.began
    return None if draft.expires_at is None else began + draft.expires_at - draft.created_at


def entry_of(message: Message | Waits, clock: Clock, lives_by: float | None = None) -> Entry:
    """A message from the disk, where times are on the wall clock.

    None of them is further away than it was when it was written, however far the wall clock was set back since.
    `lives_by`: what that clock would show, had it not been set since the disk last heard of it; None: what it shows.
    """
    wall, now = clock.now(), clock.monotonic()
    lives_by = wall if lives_by is None else lives_by
    due, expires = now, None
    if message.next_retry_at is not None:
        longest = message.next_retry_at - (message.attempted_at or message.created_at)
        due = now + min(message.next_retry_at - wall, longest)
    if message.expires_at is not None:
        expires = now + min(message.expires_at - lives_by, message.expires_at - message.created_at)
    return Entry(
        id=message.id,
        recipient=message.recipient,
        priority=message.priority,
        due=due,
        expires=expires,
        aside=message.retry_count > message.max_retries,
        scheduled_for=message.scheduled_for,
    )
