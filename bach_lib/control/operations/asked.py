"""Validates the arguments of an operation against its own signature before it begins.

Over the socket anything can come: a number for a name, a word for a list, a field there is not. Whatever an operation
says of its parameters is what it can rely on, and whoever asks wrongly hears of it in a sentence.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from types import UnionType
from typing import get_args, get_origin, is_typeddict

from bach_lib.arguments import one_of, seconds
from bach_lib.control.sentences import SentenceError
from bach_lib.errors import InvalidValueError
from bach_lib.redact import readable
from bach_lib.rest.answers import Json

_SHOWN = 50
"""Characters of a value that are repeated to whoever gave it."""
_PLAIN: Mapping[object, str] = {bool: "true or false", int: "a whole number", str: "a text"}


def checked(operation: Callable[..., object], arguments: Mapping[str, Json]) -> dict[str, object]:
    """The arguments as the operation takes them. Raises a `SentenceError` or an `InvalidValueError`."""
    name, parameters = getattr(operation, "__name__", ""), _parameters(operation)
    if unknown := arguments.keys() - parameters.keys():
        raise SentenceError(f'Nobody can say "{_shown(min(unknown))}" to "{name}". It takes: {_list(parameters)}.')
    for one, parameter in parameters.items():
        if parameter.default is inspect.Parameter.empty and one not in arguments:
            raise SentenceError(f'"{name}" has to be told "{one}".')
    return {one: _fitting(one, value, parameters[one].annotation) for one, value in arguments.items()}


@lru_cache(maxsize=128)
def _parameters(operation: Callable[..., object]) -> Mapping[str, inspect.Parameter]:
    """All but the first, which is the BACH that is asked."""
    [_, *parameters] = inspect.signature(operation, eval_str=True).parameters.values()
    return {parameter.name: parameter for parameter in parameters}


def _fitting(field: str, value: Json, wanted: object) -> object:
    """The value as the parameter has it: a word of an enumeration as that. Raises as `checked` does."""
    if isinstance(wanted, UnionType):
        [inner] = [one for one in get_args(wanted) if one is not type(None)]
        return None if value is None else _fitting(field, value, inner)
    if get_origin(wanted) is Sequence:
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise _wrong(field, value, "a list")
        return [_fitting(field, one, get_args(wanted)[0]) for one in value]
    if get_origin(wanted) is Mapping or is_typeddict(wanted):
        return _object(field, value, wanted)
    if isinstance(wanted, type) and issubclass(wanted, StrEnum):
        return one_of(wanted, field, value if isinstance(value, str) else _shown(value))
    if wanted is float:
        return seconds(field, value if isinstance(value, float) or _is_a(int, value) else _shown(value))
    if wanted in _PLAIN and not _is_a(wanted, value):
        raise _wrong(field, value, _PLAIN[wanted])
    return value


def _is_a(wanted: object, value: Json) -> bool:
    """Whether it is exactly that: true is no whole number here."""
    return type(value) is wanted or (wanted is str and isinstance(value, str))  # a word of an enumeration is a text


def _object(field: str, value: Json, wanted: object) -> object:
    """What can be said there stands in a `TypedDict`; the values are the library's to look at."""
    if not isinstance(value, Mapping):
        raise _wrong(field, value, "names with values")
    known = getattr(wanted, "__annotations__", {}) if is_typeddict(wanted) else value
    if unknown := value.keys() - known.keys():
        raise SentenceError(f'There is no "{_shown(min(unknown))}" in {field}. There are: {_list(known)}.')
    return value


def _wrong(field: str, value: Json, expected: str) -> InvalidValueError:
    return InvalidValueError(field=field, value=_shown(value), expected=expected)


def _shown(value: Json) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case str():
            return readable(value[:_SHOWN])
        case int() if value.bit_length() > _SHOWN * 2:
            return "a very large number"
        case Mapping():
            return "names with values"
        case Sequence():
            return "a list"
        case _:
            return str(value)


def _list(names: Mapping[str, object]) -> str:
    return ", ".join(names) or "nothing"
