"""Body template of a webhook: JSON, a form or a text in which strings may name what a message has.

Values are put into strings, and the whole is made JSON or a form after that. So nothing that stands in a message can
end a string, add a field or change one. Numbers, booleans and nothing stay what they are.
"""

import re
from collections.abc import Mapping

import orjson

from bach_lib.errors import InvalidValueError
from bach_lib.models import Message
from bach_lib.said import Sentence

DEFAULT: Mapping[str, object] = {
    "id": "{id}",
    "recipient": "{recipient}",
    "title": "{title}",
    "text": "{text}",
    "format": "{format}",
}

DEFAULT_TEXT = "{title}\n{text}"

PLACES = tuple(f"{{{name}}}" for name in ("text", "title", "recipient", "format", "id"))
"""What a template may have; the first is what it must have."""

_PLACE = re.compile(r"\{(format|id|recipient|text|title)\}")
_MAX_DEPTH = 20


def check(template: object) -> None:
    """Raise `InvalidValueError` for a template that would drop the text, or is nested without end."""
    if not _is_shallow(template, _MAX_DEPTH) or not _says(template, "{text}"):
        raise _invalid(
            template,
            Sentence(
                "json_with_place_in_it_number_levels_at_most",
                'JSON with "{place}" in it, {number} levels at most',
                place=PLACES[0],
                number=_MAX_DEPTH,
            ),
        )
    _check_names(template)
    try:
        orjson.dumps(template)
    except orjson.JSONEncodeError:
        raise _invalid(
            template,
            Sentence("json_with_whole_numbers_of_at_most_64_bits", "JSON, with whole numbers of at most 64 bits"),
        ) from None


def check_form(template: object) -> None:
    """Raise `InvalidValueError` for what can be no form, or would drop the text."""
    fields = template.values() if isinstance(template, Mapping) else [template]
    values = [one for value in fields for one in (value if isinstance(value, list) else [value])]
    is_flat = isinstance(template, Mapping) and all(isinstance(one, str | int | float | None) for one in values)
    if not is_flat or not any(isinstance(one, str) and "{text}" in one for one in values):
        raise _invalid(
            template,
            Sentence(
                "names_with_a_text_a_number_or_a_list",
                'names with a text, a number or a list of them each, and "{place}" in one of the texts',
                place=PLACES[0],
            ),
        )
    _check_names(template)


def check_text(template: object) -> None:
    """Raise `InvalidValueError` for what is no text, or would drop the message's."""
    if not isinstance(template, str) or "{text}" not in template:
        raise _invalid(template, Sentence("a_text_with_place_in_it", 'a text with "{place}" in it', place=PLACES[0]))


def fill(template: object, message: Message) -> object:
    """The template with what the message has; what it has not is empty."""
    values = {
        "format": str(message.format),
        "id": message.nonce,
        "recipient": message.recipient,
        "text": message.text,
        "title": message.title or "",
    }
    return _fill(template, values)


def _fill(template: object, values: Mapping[str, str]) -> object:
    match template:
        case str():
            return _PLACE.sub(lambda place: values[place[1]], template)
        case dict():
            return {name: _fill(value, values) for name, value in template.items()}
        case list():
            return [_fill(value, values) for value in template]
    return template


def _says(template: object, words: str) -> bool:
    match template:
        case str():
            return words in template
        case dict() | list():
            return any(_says(part, words) for part in _parts(template))
    return False


def _check_names(template: object) -> None:
    """Raise `InvalidValueError` for a place in the name of a field: it stays what it is, which nobody means."""
    if isinstance(template, dict) and any(_PLACE.search(name) for name in template if isinstance(name, str)):
        raise _invalid(
            template,
            Sentence(
                "places_in_values_only",
                "places such as {place} in values; the names of fields stay as they are",
                place=PLACES[0],
            ),
        )
    for part in _parts(template):
        _check_names(part)


def _is_shallow(template: object, levels: int) -> bool:
    return levels > 0 and all(_is_shallow(part, levels - 1) for part in _parts(template))


def _parts(template: object) -> list[object]:
    match template:
        case dict():
            return list(template.values())
        case list():
            return list(template)
    return []


def _invalid(template: object, expected: str) -> InvalidValueError:
    try:
        shown = str(template)[:50]
    except RecursionError:
        shown = Sentence("a_kind_with_too_many_levels", "a {kind} with too many levels", kind=type(template).__name__)
    return InvalidValueError(field="body", value=shown, expected=expected)
