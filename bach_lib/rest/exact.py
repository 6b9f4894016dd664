"""Exact JSON: messages and events with all their fields, as programs beside the owner get them, and back again.

The rows of the REST interface are for whoever reads them with eyes or another language; here nothing is rounded and
nothing renamed. What holds the contents of files is left out.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import TypeAliasType, cast, get_args, get_origin, get_type_hints

from bach_lib import events
from bach_lib.events import Event
from bach_lib.models import Buttons, Extras, Snooze, extras_of
from bach_lib.rest.answers import Json
from bach_lib.said import Sentence, packed, unpacked

SAID = "_said"
"""Behind the name of a text: what makes a sentence of it."""


def exact(value: object) -> Json:
    """As JSON. A number that JSON does not have is its name."""
    if isinstance(value, Enum):
        return exact(value.value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, Extras):  # only what is asked for, as it is written everywhere
        return exact(value.written())
    if is_dataclass(value):
        named = {one.name: getattr(value, one.name) for one in fields(value)}
        return _with_sentences({name: inner for name, inner in named.items() if not isinstance(inner, bytes)})
    if isinstance(value, Mapping):
        return _with_sentences({str(key): inner for key, inner in value.items()})
    if isinstance(value, tuple | list | frozenset | set):
        return [exact(inner) for inner in value]
    return str(value)


def _with_sentences(values: Mapping[str, object]) -> Json:
    """Beside the words of each sentence, what other languages need."""
    said = {f"{name}{SAID}": packed(one) for name, one in values.items() if isinstance(one, Sentence)}
    return {name: exact(inner) for name, inner in {**values, **said}.items()}


def sentences_in(values: Mapping[str, Json]) -> dict[str, Json]:
    """The same values with the sentences that they were."""
    return {
        name: unpacked(one, values.get(f"{name}{SAID}")) if isinstance(one, str) else one
        for name, one in values.items()
        if not name.endswith(SAID)
    }


def made[T](kind: type[T], value: Json) -> T:
    """What was made JSON of. What a newer version says besides is left out. Raises ValueError."""
    try:
        return cast("T", _made(kind, value))
    except (AttributeError, KeyError, TypeError, RecursionError, OverflowError) as error:
        raise ValueError(f"this is no {kind.__name__}") from error


def buttons_of(value: object) -> Buttons:
    """Rows of buttons, as somebody asks for them. Raises ValueError."""
    return cast("Buttons", _asked(Buttons, value))


def snooze_of(value: object) -> Snooze:
    """How a message is put off, as somebody asks for it. Raises ValueError."""
    return cast("Snooze", _asked(Snooze, value))


def _asked(hint: object, value: object) -> object:
    """What a request says. What it says besides is misspelt, and refused."""
    given = cast("Json", value)
    try:
        found = _made(hint, given)
    except (AttributeError, KeyError, TypeError, RecursionError, OverflowError) as error:
        raise ValueError("this is something else") from error
    if not _says_all(exact(found), given):
        raise ValueError("there is more in it")
    return found


def _says_all(known: Json, given: Json) -> bool:
    """Whether nothing was left out of what was given, and no word or truth taken for a number."""
    if isinstance(known, Mapping) and isinstance(given, Mapping):
        return all(name in known and _says_all(known[name], one) for name, one in given.items())
    if isinstance(known, Sequence) and isinstance(given, Sequence) and not isinstance(given, str):
        return all(_says_all(one, other) for one, other in zip(known, given, strict=True))
    return all(isinstance(known, kind) is isinstance(given, kind) for kind in (str, bool))


def event_of(name: str, value: Json) -> Event | None:
    """The event of this name; None for one that only a newer version knows. Raises ValueError."""
    kind = kinds_of_events().get(name)
    return None if kind is None else made(kind, value)


@cache
def kinds_of_events() -> Mapping[str, type[Event]]:
    """All kinds of events by name, those that stand for several included."""
    return {name: kind for name, kind in vars(events).items() if isinstance(kind, type) and issubclass(kind, Event)}


def _made(hint: object, value: Json) -> object:
    if isinstance(hint, TypeAliasType):
        return _made(hint.__value__, value)
    if isinstance(hint, UnionType):
        return _one_of(get_args(hint), value)
    if hint is Extras:
        return extras_of(value)
    if isinstance(hint, type) and is_dataclass(hint):
        return hint(**dict(_fields(hint, value)))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(value)
    if get_origin(hint) in (tuple, frozenset):
        return _several(hint, value)
    if hint is float and isinstance(value, str | int | float):
        return float(value)
    wanted = get_origin(hint) or hint
    if wanted is not object and not (isinstance(wanted, type) and isinstance(value, wanted)):
        raise TypeError
    return value


def _several(hint: object, value: Json) -> object:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise TypeError
    kind = frozenset if get_origin(hint) is frozenset else tuple
    return kind(_made(get_args(hint)[0], one) for one in value)


def _one_of(hints: Sequence[object], value: Json) -> object:
    """The first that it can be: of two records the one that has all of its fields."""
    if value is None and NoneType in hints:
        return None
    for hint in hints:
        if hint is NoneType:
            continue
        try:
            return _made(hint, value)
        except (AttributeError, KeyError, TypeError, ValueError):
            continue
    raise TypeError


def _fields(kind: type, value: Json) -> Iterator[tuple[str, object]]:
    if not isinstance(value, Mapping) or not is_dataclass(kind):
        raise TypeError
    hints = _hints(kind)
    for one in fields(kind):
        if one.name in value:
            found = _made(hints[one.name], value[one.name])
            beside = value.get(f"{one.name}{SAID}")
            yield one.name, unpacked(found, beside) if type(found) is str and beside is not None else found
        elif one.default is MISSING and one.default_factory is MISSING:
            raise KeyError(one.name)


@cache
def _hints(kind: type) -> Mapping[str, object]:
    return get_type_hints(kind)
