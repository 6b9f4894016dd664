"""What a message can have beside words, files and buttons: one value for all platforms, whichever of it they show.

A connector never has to look whether its platform has something: what is left of this when a message reaches it is
what its `Capabilities` name, and the words say the rest (ADR 0131).
"""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Final, Self

from bach_lib.models.embed import Embed, embed_of, embed_written
from bach_lib.models.incoming import Location
from bach_lib.models.poll import Poll, poll_of


class Extra(StrEnum):
    """One of them. The values are the fields of `Extras`, and the codes of `Loss`."""

    LINK_PREVIEW = "link_preview"
    """That no preview is shown of a link."""
    PROTECTED = "protected"
    """That it can be neither passed on nor saved."""
    VIEW_ONCE = "view_once"
    """That its files can be looked at once only."""
    EFFECT = "effect"
    """What moves across the screen when it arrives."""
    EMBED = "embed"
    """A frame with fields and pictures."""
    LOCATION = "location"
    """A point on the map."""
    POLL = "poll"
    """A question with answers to choose from."""


APART: Final = frozenset({Extra.LOCATION, Extra.POLL})
"""What is a message of its own beside the words."""
WORDLESS: Final = APART | {Extra.EMBED}
"""What can be all of a message: it needs no words."""


class Effect(StrEnum):
    """What moves across the screen when a message arrives."""

    FIRE = "fire"
    """Flames."""
    THUMBS_UP = "thumbs_up"
    """Thumbs that go up."""
    THUMBS_DOWN = "thumbs_down"
    """Thumbs that go down."""
    HEART = "heart"
    """Hearts."""
    CELEBRATION = "celebration"
    """Confetti."""
    POOP = "poop"
    """What it says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """What a message has beside words, files and buttons. The words arrive on platforms without it, too."""

    link_preview: bool = True
    """Whether a preview of a link may be shown below the words."""
    protected: bool = False
    """Nobody can pass it on or save it, where the platform sees to that."""
    view_once: bool = False
    """Its files can be looked at once only, where the platform sees to that."""
    effect: Effect | None = None
    """What moves across the screen when it arrives, in a chat with one person."""
    embed: Embed | None = None
    """A frame with fields and pictures; elsewhere its texts and addresses in lines."""
    location: Location | None = None
    """A point on the map; elsewhere its name, its address and a link to a map."""
    poll: Poll | None = None
    """A question with answers to choose from; elsewhere both in lines."""

    def __bool__(self) -> bool:
        """Whether anything is asked for."""
        return self != NO_EXTRAS

    @property
    def given(self) -> tuple[Extra, ...]:
        """Which of them are asked for."""
        return tuple(Extra(one.name) for one in fields(self) if getattr(self, one.name) != one.default)

    def without(self, what: Collection[Extra]) -> Self:
        """The same without some."""
        return replace(self, **{str(one): getattr(NO_EXTRAS, one) for one in what})

    def only(self, what: Extra) -> Self:
        """The same with nothing but this one of what can stand alone."""
        return self.without(WORDLESS - {what})

    def written(self) -> dict[str, object]:
        """What is asked for, as JSON."""
        return {str(name): _written(getattr(self, name)) for name in self.given}


NO_EXTRAS: Final = Extras()


def extras_of(found: object) -> Extras:
    """The extras in JSON. Raises TypeError for what are none."""
    if not isinstance(found, Mapping) or not found.keys() <= set(Extra):
        raise TypeError("no extras")
    return Extras(
        link_preview=_switch(found.get(Extra.LINK_PREVIEW, True)),
        protected=_switch(found.get(Extra.PROTECTED, False)),
        view_once=_switch(found.get(Extra.VIEW_ONCE, False)),
        effect=_effect(found[Extra.EFFECT]) if Extra.EFFECT in found else None,
        embed=embed_of(found[Extra.EMBED]) if Extra.EMBED in found else None,
        location=_location(found[Extra.LOCATION]) if Extra.LOCATION in found else None,
        poll=poll_of(found[Extra.POLL]) if Extra.POLL in found else None,
    )


def _written(value: object) -> object:
    """As JSON, without what is not said."""
    if isinstance(value, Embed):
        return embed_written(value)
    if not isinstance(value, Location | Poll):
        return value
    return {name: one for name, one in asdict(value).items() if one is not None}


def _effect(found: object) -> Effect:
    if not isinstance(found, str) or found not in set(Effect):
        raise TypeError("no effect")
    return Effect(found)


def _location(found: object) -> Location:
    if not isinstance(found, Mapping) or not found.keys() <= {one.name for one in fields(Location)}:
        raise TypeError("no location")
    latitude, longitude = (_number(found.get(name)) for name in ("latitude", "longitude"))
    name, address = (_text(found.get(name)) for name in ("name", "address"))
    return Location(latitude=latitude, longitude=longitude, name=name, address=address)


def _number(found: object) -> float:
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise TypeError("no number")
    return float(found)


def _text(found: object) -> str | None:
    if not isinstance(found, str | None):
        raise TypeError("no text")
    return found


def _switch(found: object) -> bool:
    if not isinstance(found, bool):
        raise TypeError("neither true nor false")
    return found
