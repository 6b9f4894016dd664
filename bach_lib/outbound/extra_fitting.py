"""Fits what a message has beside words, files and buttons: what a platform has not is said in words, and is a loss.

It is decided here once for all platforms, so no connector has to know what it cannot do.
"""

from collections.abc import Collection, Mapping
from typing import Final

from bach_lib.arguments import check_characters
from bach_lib.common_sentences import TEXT, TRUE_OR_FALSE
from bach_lib.errors import InvalidValueError
from bach_lib.models import NO_EXTRAS, Extra, Extras, Format, Location, Loss
from bach_lib.outbound.readable import has_words
from bach_lib.said import Sentence
from bach_lib.text.extra_words import in_words, with_words

_CANNOT: Final[Mapping[Extra, Sentence]] = {
    Extra.LINK_PREVIEW: Sentence(
        "type_cannot_leave_out_previews", "{type} cannot be asked to leave out the preview of a link."
    ),
    Extra.PROTECTED: Sentence(
        "type_cannot_protect", "Whoever gets a message through {type} can pass it on and save it."
    ),
    Extra.LOCATION: Sentence("type_shows_no_map", "{type} shows no place on a map."),
}
_LONGEST_LINE: Final = 255
_LINKS: Final = ("://", "www.")
IN_AN_EDIT: Final = frozenset({Extra.LINK_PREVIEW})
"""What a message that is there already can still be given."""


def fit_extras(
    type_: str, able: Collection[Extra], extras: Extras, text: str, form: Format
) -> tuple[Extras, str, tuple[Loss, ...]]:
    """What of the extras a platform shows, the text with what it does not, and what the message goes without."""
    missing = [one for one in extras.given if one not in able and _matters(one, text)]
    lost = tuple(Loss(what=one.value, reason=_CANNOT[one](type=type_)) for one in missing)
    for one in missing:
        text = with_words(text, in_words(extras, one, form))
    return extras.without([one for one in Extra if one not in able]), text, lost


def checked_extras(given: object) -> Extras:
    """The extras, if each of them is what it should be. Raises `InvalidValueError`."""
    if not isinstance(given, Extras):
        raise InvalidValueError(
            field="extras",
            value=type(given).__name__,
            expected=Sentence("extras_of_a_message", "Extras, what a message has beside its words"),
        )
    for name in (Extra.LINK_PREVIEW, Extra.PROTECTED):
        if not isinstance(value := getattr(given, name), bool):
            raise _wrong(name, str(value)[:20], TRUE_OR_FALSE)
    if (place := given.location) is not None:
        _check_location(place)
    return given or NO_EXTRAS


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


def _check_line(field: str, value: object, most: int) -> None:
    """A short text, or nothing."""
    if value is None:
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


def _matters(extra: Extra, text: str) -> bool:
    """Whether anybody would see that it is not there: where there is no link, there is no preview of one."""
    return extra is not Extra.LINK_PREVIEW or any(mark in text for mark in _LINKS)
