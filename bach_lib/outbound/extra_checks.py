"""Checks what a message has beside words, files and buttons, before anything is written."""

import re
from typing import Final

from bach_lib.arguments import check_characters, one_of
from bach_lib.common_sentences import AN_HTTP_S_ADDRESS, AT_MOST_NUMBER_CHARACTERS, TEXT, TRUE_OR_FALSE
from bach_lib.errors import InvalidValueError
from bach_lib.models import NO_EXTRAS, Effect, Embed, EmbedField, Extra, Extras, Location, Poll
from bach_lib.models.embed import ADDRESSES, LONGEST, MOST_CHARACTERS, MOST_FIELDS
from bach_lib.models.poll import LARGEST_POLL
from bach_lib.outbound.readable import has_words
from bach_lib.said import Sentence
from bach_lib.text.web_address import is_address

_LONGEST_LINE: Final = 255
_COLOR: Final = re.compile(r"#[0-9a-fA-F]{6}")
_SWITCHES: Final = (Extra.LINK_PREVIEW, Extra.PROTECTED, Extra.VIEW_ONCE)


def checked_extras(given: object) -> Extras:
    """The extras, if each of them is what it should be. Raises `InvalidValueError`."""
    if not isinstance(given, Extras):
        raise InvalidValueError(
            field="extras",
            value=type(given).__name__,
            expected=Sentence("extras_of_a_message", "Extras, what a message has beside its words"),
        )
    for name in _SWITCHES:
        if not isinstance(value := getattr(given, name), bool):
            raise _wrong(name, str(value)[:20], TRUE_OR_FALSE)
    if given.effect is not None:
        one_of(Effect, "extras.effect", given.effect)
    if given.embed is not None:
        _check_embed(given.embed)
    if given.location is not None:
        _check_location(given.location)
    if given.poll is not None:
        _check_poll(given.poll)
    return given or NO_EXTRAS


def _check_poll(given: object) -> None:
    if not isinstance(given, Poll):
        raise _wrong("poll", type(given).__name__, Sentence("a_poll", "a Poll"))
    _check_line("poll.question", given.question, LARGEST_POLL.question, needed=True)
    options: object = given.options
    if not isinstance(options, tuple) or not 2 <= len(options) <= LARGEST_POLL.options:
        found = str(len(options)) if isinstance(options, tuple | list) else type(options).__name__
        raise _wrong(
            "poll.options", found, Sentence("two_to_most_options", "2 to {most} options", most=LARGEST_POLL.options)
        )
    for option in options:
        _check_line("poll.options", option, LARGEST_POLL.option, needed=True)
    if len(set(options)) < len(options):
        twice = next(one for one in options if options.count(one) > 1)
        raise _wrong("poll.options", twice[:20], Sentence("each_option_once", "each option once"))
    if not isinstance(given.multiple, bool):
        raise _wrong("poll.multiple", str(given.multiple)[:20], TRUE_OR_FALSE)


def _check_embed(given: object) -> None:
    if not isinstance(given, Embed):
        raise _wrong("embed", type(given).__name__, Sentence("an_embed", "an Embed"))
    texts = [(f"embed.{name}", getattr(given, name), LONGEST[name]) for name in ("author", "title", "description")]
    texts.append(("embed.footer", given.footer, LONGEST["footer"]))
    alone = {
        "embed.author": given.author_url is not None or given.author_icon is not None,
        "embed.footer": given.footer_icon is not None,
    }
    for field, value, most in texts:
        _check_line(field, value, most, needed=alone.get(field, False))
    said = [value for _, value, _ in texts if value]
    for one in _fields_of(given):
        said += [one.name, one.value]
    if sum(map(len, said)) > MOST_CHARACTERS:
        raise _wrong("embed", f"{sum(map(len, said))}", AT_MOST_NUMBER_CHARACTERS(number=MOST_CHARACTERS))
    for name in ADDRESSES:
        address: object = getattr(given, name)
        if address is not None and not (isinstance(address, str) and is_address(address)):
            raise _wrong(f"embed.{name}", str(address)[:40], AN_HTTP_S_ADDRESS)
    if given.color is not None and not (isinstance(given.color, str) and _COLOR.fullmatch(given.color)):
        raise _wrong("embed.color", str(given.color)[:20], Sentence("a_color", 'a color, as in "#03a9f4"'))
    if not said and given.image is None and given.thumbnail is None:
        raise _wrong("embed", "{}", Sentence("something_to_show", "something to show: a text, a field or a picture"))


def _fields_of(embed: Embed) -> tuple[EmbedField, ...]:
    given: object = embed.fields
    if not isinstance(given, tuple) or not all(isinstance(one, EmbedField) for one in given):
        raise _wrong("embed.fields", type(given).__name__, Sentence("a_tuple_of_fields", "a tuple of EmbedField"))
    if len(given) > MOST_FIELDS:
        raise _wrong(
            "embed.fields", str(len(given)), Sentence("at_most_fields", "at most {most} fields", most=MOST_FIELDS)
        )
    for one in given:
        for name, value in (("name", one.name), ("value", one.value)):
            _check_line(f"embed.fields.{name}", value, LONGEST[name], needed=True)
        if not isinstance(one.inline, bool):
            raise _wrong("embed.fields.inline", str(one.inline)[:20], TRUE_OR_FALSE)
    return embed.fields


def _check_location(given: object) -> None:
    if not isinstance(given, Location):
        raise _wrong("location", type(given).__name__, Sentence("a_location", "a Location, in degrees"))
    for name, most in (("latitude", 90), ("longitude", 180)):
        value: object = getattr(given, name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not -most <= value <= most:
            raise _wrong(
                f"location.{name}", str(value)[:20], Sentence("degrees_at_most", "-{most} to {most} degrees", most=most)
            )
    for name in ("name", "address"):
        _check_line(f"location.{name}", getattr(given, name), _LONGEST_LINE)


def _check_line(field: str, value: object, most: int, *, needed: bool = False) -> None:
    """A short text, or nothing where it need not be."""
    if value is None and not needed:
        return
    if not isinstance(value, str):
        raise _wrong(field, type(value).__name__, TEXT)
    check_characters(field, value)
    if len(value) > most or not has_words(value):
        raise _wrong(
            field,
            f"{value[:20]}…",
            Sentence("one_to_most_characters", "1 to {most} characters that can be read", most=most),
        )


def _wrong(field: str, value: str, expected: str) -> InvalidValueError:
    return InvalidValueError(field=f"extras.{field}", value=value, expected=expected)
