"""Bridges: what comes in at one place goes out at others; and how that stands."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from bach_lib.models.route import Place


class LeftOut(StrEnum):
    """Why something that came in was not carried over."""

    TOO_OLD = "too_old"
    """Nobody could be reached for so long that it is no news any more."""
    TOO_MANY = "too_many"
    """More in a minute than people write."""
    ECHO = "echo"
    """A program wrote it, perhaps another bridge, or an account of ours."""
    EMPTY = "empty"
    """There is nothing in it that can be carried."""
    REFUSED = "refused"
    """The place that it was to go to took nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeWords:
    """What people read of a bridge, in their language."""

    edited: str = "edited"
    """Beside the name, where the text was changed."""
    deleted: str = "(deleted)"
    """In place of what was taken back, where nothing can be taken away."""
    forwarded: str = "forwarded"
    """Beside the name, where the words are somebody else's."""
    too_large: str = "(too large to go along: {file})"
    """Instead of a file, with `{file}`."""
    not_fetched: str = "(could not be fetched: {file})"
    """The same of one that the platform did not hand out."""
    unshown: str = "(something that cannot be shown here)"
    """Instead of a poll, a contact and the like."""
    missed: str = "(not carried over before this: {count})"
    """Below the next message, with `{count}`, after some that were too many or too old."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """What comes in at `source` goes out at each of `targets`.

    With `both_ways` all of them are one conversation: what comes in at any of them goes out at all others. Only what
    somebody wrote who is let in there is carried, and only what is written from now on.
    """

    name: str
    """1 to 100 letters, digits, "_", "-" or "."."""
    source: Place
    """Where it comes in."""
    targets: tuple[Place, ...]
    """Where it goes out."""
    both_ways: bool = False
    with_name: bool = True
    """The name of the writer stands in front."""
    files: bool = True
    """Pictures and other files go along."""
    edits: bool = True
    """Who corrects a message, corrects what was made of it."""
    deletions: bool = True
    """Who takes a message back, takes away what was made of it; where platforms tell of that."""
    is_active: bool = True
    """Whether anything is carried."""
    words: BridgeWords = BridgeWords()
    """What people read."""

    @property
    def places(self) -> tuple[Place, ...]:
        """All of them, the source first."""
        return (self.source, *self.targets)

    def ways(self) -> Iterator[tuple[Place, tuple[Place, ...]]]:
        """Each place from which is carried, and where to."""
        for place in self.places if self.both_ways else (self.source,):
            yield place, tuple(other for other in self.places if other != place)


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeSide:
    """How carrying stands for what comes in through one connection. Times in seconds since 1970."""

    connection: str
    """Through which it comes in."""
    carried: int = 0
    """Messages, with edits and deletions."""
    carried_at: float | None = None
    """The last time."""
    left_out: int = 0
    """Messages that were not carried."""
    reason: LeftOut | None = None
    """Why not, the last time."""
    left_out_at: float | None = None
    """When that was."""
