"""Reads what was written as JSON, field by field, and says what is wrong with it. Raises as `perform` does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING

from bach_lib.arguments import recipient_text
from bach_lib.common_sentences import TRUE_OR_FALSE
from bach_lib.control.sentences import SentenceError
from bach_lib.errors import InvalidValueError
from bach_lib.models import Extra, Extras, extras_of
from bach_lib.models.route import Place
from bach_lib.redact import readable

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def place_of(given: object) -> Place:
    """A place."""
    found = known_fields("a place", given, Place)
    recipient = recipient_text(found.get("recipient"))
    return Place(connection=text_in("connection", found.get("connection")), recipient=text_in("recipient", recipient))


def known_fields(what: str, given: object, kind: type[DataclassInstance]) -> dict[str, object]:
    """The fields of something that is `what` it is called; none that its `kind` has not."""
    if not isinstance(given, Mapping):
        raise InvalidValueError(field=what, value=_shown(given), expected="names with values")
    names = [one.name for one in fields(kind)]
    if unknown := given.keys() - set(names):
        strange = readable(str(min(unknown))[:50])
        raise SentenceError(f'There is no "{strange}" in {what}. There are: {", ".join(names)}.')
    return dict(given)


def extras_in(given: object) -> Extras:
    """What a message has beside words, files and buttons."""
    try:
        return extras_of(given)
    except TypeError:
        expected = f"names with values; there are: {', '.join(Extra)}"
        raise InvalidValueError(field="extras", value=_shown(given), expected=expected) from None


def listed(field: str, given: object) -> Sequence[object]:
    """A list."""
    if not isinstance(given, list | tuple):
        raise InvalidValueError(field=field, value=_shown(given), expected="a list")
    return given


def text_in(field: str, given: object) -> str:
    """A text."""
    if not isinstance(given, str):
        raise InvalidValueError(field=field, value=_shown(given), expected="a text")
    return given


def switch_in(field: str, given: object) -> bool:
    """True or false."""
    if not isinstance(given, bool):
        raise InvalidValueError(field=field, value=_shown(given), expected=TRUE_OR_FALSE)
    return given


def _shown(given: object) -> str:
    return "nothing" if given is None else type(given).__name__
