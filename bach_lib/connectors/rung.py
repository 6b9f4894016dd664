"""The rungs of the ladder that a message goes down: what it can go without, and what is asked of a platform."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from bach_lib.connectors.observations import CallError
from bach_lib.models import Message


class Rung(StrEnum):
    """What a message can go without. The values are the codes of `Loss`."""

    MARKUP = "markup"
    """Bold, links and the like: the bare words go."""
    KIND = "kind"
    """A picture shown as one, a voice message: it goes as a document."""
    CAPTION = "caption"
    """Words below a file: both go, apart."""
    FILE = "file"
    """A file; of several, each goes alone first."""
    ALBUM = "album"
    """That several files are shown as one: each goes alone. No platform names it."""
    REPLY = "reply"
    """What it answers: it goes by itself."""
    PLACE = "place"
    """The topic or thread: it goes to what is above."""
    BUTTONS = "buttons"
    """Pressed: they are said in words."""
    SILENT = "silent"
    """That nobody is disturbed."""
    LINK_PREVIEW = "link_preview"
    """That no preview is shown of a link."""
    PROTECTED = "protected"
    """That it can be neither passed on nor saved."""
    VIEW_ONCE = "view_once"
    """That its files can be looked at once only."""
    EFFECT = "effect"
    """What moves across the screen when it arrives."""
    EMBED = "embed"
    """A frame with fields and pictures: its texts are said in words."""
    LOCATION = "location"
    """A point on the map: it is said in words."""
    POLL = "poll"
    """A question with answers to choose from: both are said in words."""
    ALL = "all"
    """Everything at once, where the platform does not name what it minds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One request: `message` has all that it carries. `otherwise`: with the platform's other call, as for a document.

    `key` is the same in every attempt, and another for every other request of the message; the first one's is "0".
    """

    key: str
    message: Message
    otherwise: bool = False


type Posted = str | tuple[str, ...] | None
"""The id that a request brought; several where it became several messages, the first of which it is known by."""


class Rungs(Protocol):
    """What the ladder asks of a platform."""

    def plan(self, message: Message) -> list[Message]:
        """The requests that a message becomes, words before files. Each has what it carries, and no more."""
        ...

    async def post(self, step: Step) -> Posted:
        """Make one request; the id of what is there then, or those of an album. Raises `CallError`."""
        ...

    def named(self, error: CallError) -> Sequence[Rung] | None:
        """What a refusal minds, in the order in which it is left out; nothing if no lesser message would pass.

        None: it does not say.
        """
        ...

    def above(self, recipient: str) -> str | None:
        """The place above a topic or thread."""
        ...

    def mended(self) -> bool:
        """Whether what was just refused would pass now, as after a group moved. Says so once for each cause."""
        ...
