"""A frame with a heading, fields and pictures below the words, as Discord shows it."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final

MOST_FIELDS: Final = 25
MOST_CHARACTERS: Final = 6000
"""Of all texts together."""
LONGEST: Final[Mapping[str, int]] = {
    "author": 256,
    "description": 4096,
    "footer": 2048,
    "name": 256,
    "title": 256,
    "value": 1024,
}
"""Characters of each text (https://discord.com/developers/docs/resources/message#embed-object-embed-limits)."""
ADDRESSES: Final = ("author_icon", "author_url", "footer_icon", "image", "thumbnail", "url")
"""Which parts are addresses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedField:
    """A name with what stands below it."""

    name: str
    """1 to 256 characters."""
    value: str
    """1 to 1,024 characters."""
    inline: bool = False
    """Beside the next one, where there is room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Embed:
    """A frame below the words of a message. Its texts have 6,000 characters together at most."""

    title: str | None = None
    """At most 256 characters."""
    description: str | None = None
    """At most 4,096 characters."""
    url: str | None = None
    """What the title opens."""
    color: str | None = None
    """Of its edge, as "#03a9f4"."""
    author: str | None = None
    """A line above the title, of at most 256 characters."""
    author_url: str | None = None
    """What the author opens."""
    author_icon: str | None = None
    """The address of a small picture beside the author."""
    footer: str | None = None
    """A line at the end, of at most 2,048 characters."""
    footer_icon: str | None = None
    """The address of a small picture beside the footer."""
    image: str | None = None
    """The address of a large picture."""
    thumbnail: str | None = None
    """The address of a small picture in the corner."""
    fields: tuple[EmbedField, ...] = ()
    """At most 25."""


def embed_of(found: object) -> Embed:
    """The frame in JSON. Raises TypeError for what is none."""
    given = _known(found, Embed)
    of_fields = given.get("fields", ())
    if not isinstance(of_fields, list | tuple):
        raise TypeError("no fields")
    words = {name: _text(value) for name, value in given.items() if name != "fields"}
    return Embed(**words, fields=tuple(map(_field, of_fields)))


def embed_written(embed: Embed) -> dict[str, object]:
    """The frame as JSON, without what is not said."""
    written: dict[str, object] = {
        one.name: value for one in fields(embed) if one.name != "fields" and (value := getattr(embed, one.name))
    }
    if embed.fields:
        written["fields"] = [{one.name: getattr(each, one.name) for one in fields(each)} for each in embed.fields]
    return written


def _field(found: object) -> EmbedField:
    given = _known(found, EmbedField)
    name, value, inline = given.get("name"), given.get("value"), given.get("inline", False)
    if not isinstance(name, str) or not isinstance(value, str) or not isinstance(inline, bool):
        raise TypeError("no field")
    return EmbedField(name=name, value=value, inline=inline)


def _known(found: object, what: type[Embed | EmbedField]) -> dict[str, object]:
    """The parts of it, all of which it has."""
    if not isinstance(found, Mapping) or not found.keys() <= {one.name for one in fields(what)}:
        raise TypeError("no embed")
    return {str(name): value for name, value in found.items()}


def _text(found: object) -> str | None:
    if not isinstance(found, str | None):
        raise TypeError("no text")
    return found
