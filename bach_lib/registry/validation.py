"""Validates the fields of a connection, whoever fills them: people without a type checker, JSON, a command line.

What is taken here is written to the disk and read by everything that lists connections, so one value that cannot be
read again would break all of them.
"""

import json
import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from functools import lru_cache
from unicodedata import normalize

from bach_lib.arguments import check_characters, recipient_text
from bach_lib.common_sentences import (
    AT_MOST_NUMBER_CHARACTERS,
    NAMES_WITH_VALUES,
    TRUE_OR_FALSE,
)
from bach_lib.errors import InvalidNameError, InvalidValueError
from bach_lib.models import Category, Connection
from bach_lib.said import Sentence

_NAME = re.compile(r"[\w.-]{1,100}")
_MAX_SETTINGS = 65_536
"""Characters of JSON."""
_DEEPEST = 20
_SMALLEST, _LARGEST = -(1 << 63), (1 << 64) - 1
"""Whole numbers that every reader of JSON takes."""
_TEXTS = frozenset({"name", "type", "auth_type"})
_MOST = {"name": 1_000, "type": 100, "auth_type": 100, "auth_config": 16_384, "allowed": 10_000, "endpoint": 65_536}
"""Characters of each text, and of names even where they are looked at more closely later."""
_MOST_REFERENCES = 1_000
"""Each recipient of a webhook may have a secret of its own."""


def check_name(name: str) -> None:
    """Raise `InvalidNameError` for what cannot be the name of a connection."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InvalidNameError(name=name)


def new_row(connection: Connection) -> Connection:
    """Without what only BACH counts. Raises an `InputError`."""
    fields = ("name", "type", "category", "endpoint", "is_active", "auth_type", "auth_config", "allowed", "settings")
    made = Connection(**{field: checked(field, getattr(connection, field)) for field in fields})  # type: ignore[arg-type] # checked each
    check_name(made.name)
    return made


def checked(field: str, value: object) -> object:
    """The value as it is kept. Raises `InvalidValueError` for what the field cannot hold."""
    match field:
        case "category":
            return _category(value)
        case "is_active":
            if not isinstance(value, bool):
                raise _wrong(field, value, TRUE_OR_FALSE)
            return value
        case "endpoint":
            return None if value is None else _text(field, value)
        case "auth_config":
            return _references(value)
        case "allowed":
            return _recipients(value)
        case "settings":
            return settings(value)
        case _ if field in _TEXTS:
            return _text(field, value)
        case _:
            return value


def look_alike(one: str, other: str) -> bool:
    """Whether two names differ in nothing that people, or every file system, would see: case, or how they are coded."""
    return _folded(one) == _folded(other)


@lru_cache(maxsize=4096)
def _folded(name: str) -> str:
    return normalize("NFKC", normalize("NFKC", name).casefold())


def settings(value: object) -> Mapping[str, object]:
    """As they will be after a restart. Raises `InvalidValueError` for what is no JSON, or more than is kept."""
    if not isinstance(value, Mapping):
        raise _wrong("settings", value, NAMES_WITH_VALUES)
    try:
        written = json.dumps(dict(value), ensure_ascii=False, allow_nan=False)
        written.encode("utf-8")
        copy: Mapping[str, object] = json.loads(written)
    except (RecursionError, TypeError, ValueError) as error:
        raise InvalidValueError(
            field="settings", value=type(error).__name__, expected=Sentence("what_json_can_hold", "what JSON can hold")
        ) from error
    if len(written) > _MAX_SETTINGS:
        raise InvalidValueError(
            field="settings", value=len(written), expected=AT_MOST_NUMBER_CHARACTERS(number=_MAX_SETTINGS)
        )
    _check_readable(copy)
    return copy


def _check_readable(value: object) -> None:
    """Level by level: what is too deep for us is too deep for others."""
    level: list[object] = [value]
    for _ in range(_DEEPEST):
        following: list[object] = []
        for one in level:
            if isinstance(one, dict):
                following += one.values()
            elif isinstance(one, list):
                following += one
            elif isinstance(one, int) and not _SMALLEST <= one <= _LARGEST:
                raise InvalidValueError(
                    field="settings",
                    value=f"{str(one)[:20]}…",
                    expected=Sentence(
                        "whole_numbers_of_at_most_64_bits_or_text", "whole numbers of at most 64 bits, or text"
                    ),
                )
        if not (level := following):
            return
    raise InvalidValueError(
        field="settings",
        value=Sentence("nested_so_deeply", "nested so deeply"),
        expected=Sentence("at_most_number_levels", "at most {number} levels", number=_DEEPEST),
    )


def _category(value: object) -> Category:
    """By its word, too, as formats are."""
    try:
        return Category(value)  # type: ignore[arg-type] # anything else is refused
    except ValueError:
        raise _wrong("category", value, ", ".join(Category)) from None


def _references(value: object) -> Mapping[str, str]:
    if not isinstance(value, Mapping):
        raise InvalidValueError(
            field="auth_config",
            value=type(value).__name__,
            expected=Sentence("names_with_references", "names with references"),
        )
    for name, reference in value.items():
        if not isinstance(name, str) or not isinstance(reference, str):  # never say what: it may be the secret itself
            raise InvalidValueError(
                field="auth_config", value=type(reference).__name__, expected=Sentence("texts_only", "texts only")
            )
    if len(value) > _MOST_REFERENCES:
        expected = Sentence("at_most_number_references", "at most {number} references", number=_MOST_REFERENCES)
        raise InvalidValueError(field="auth_config", value=len(value), expected=expected)
    return {_text("auth_config", name): _text("auth_config", reference) for name, reference in value.items()}


def _recipients(value: object) -> frozenset[str]:
    if isinstance(value, (str, bytes)) or not isinstance(value, (AbstractSet, list, tuple)):
        raise _wrong("allowed", value, Sentence("a_set_of_texts", "a set of texts"))
    return frozenset(_text("allowed", recipient_text(one)) for one in value)


def _text(field: str, value: object) -> str:
    if not isinstance(value, str):
        raise _wrong(field, value, "text")
    if len(value) > _MOST[field]:  # never say what: it may be a secret
        expected = AT_MOST_NUMBER_CHARACTERS(number=_MOST[field])
        raise InvalidValueError(field=field, value=len(value), expected=expected)
    check_characters(field, value)
    return value


def _wrong(field: str, value: object, expected: str) -> InvalidValueError:
    return InvalidValueError(field=field, value=str(value)[:50], expected=expected)
