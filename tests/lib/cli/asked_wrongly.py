"""Arguments that no well-meaning command gives, for each operation, made from the operations' own parameters.

Whoever adds an operation or a parameter gets its probes without doing anything but naming what is right.
"""

import inspect
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from bach_lib.control.operations import OPERATIONS
from bach_lib.rest.answers import Json

WORDS: Mapping[str, str] = {
    "empty": "",
    "a blank": " ",
    "a word": "x",
    "half a character": "caf\udce9",
    "the other half": "\ud800",
    "a NUL": "a\0b",
    "lines and a bell": "\n\x1b]0;\x07\u0085\u2028",
    "very long": "x" * 60_000,
    "many wide characters": "🔥" * 5_000,
    "a path upwards": "../../etc/passwd",
    "a number": "5",
    "a number below 0": "-1",
    "foreign digits": "٣",
    "NaN": "nan",
    "a dunder": "__class__",
}
"""What a command line can hold, but for the NUL and the other half."""
VALUES: Mapping[str, Json] = {
    **{f"text, {what}": word for what, word in WORDS.items()},
    "nothing": None,
    "true": True,
    "false": False,
    "0": 0,
    "1": 1,
    "-1": -1,
    "63 bit": 2**63,
    "-63 bit": -(2**63) - 1,
    "64 bit": 2**64,
    "25 digits": 10**25,
    "4000 digits": 10**4000,
    "a half": 0.5,
    "below nothing": -0.5,
    "the largest there is": 1.7976931348623157e308,
    "more than that": float("inf"),
    "less than that": float("-inf"),
    "not a number": float("nan"),
    "a list": [],
    "an object": {},
    "a list of odd things": [1, True, "x", None, [], {}, 2**63, -1],
    "a list of half a character": ["\ud800"],
    "a list of one that is too large": [2**63],
    "a list of a half": [0.5],
    "a long list": [1] * 5_000,
    "a list of lists": [["x"], ["y"]],
    "an object of odd things": {"": None, "x": [1], "__class__": {}, "\ud800": 2**64},
}


_RIGHT: Mapping[str, Collection[str]] = {"seconds": ("1", "a half"), "starts": ("true",)}
"""What is right and takes its time, or lets go what waits."""
_INSIDE = tuple(what for what in VALUES if what not in {f"text, {word}" for word in list(WORDS)[9:]})
"""Inside of an object the library looks at what is given, whose own tests know more."""


@dataclass(frozen=True)
class Asked:
    """One question to the daemon. `is_bad`: what is asked does not exist, so it has to be refused."""

    what: str
    arguments: Mapping[str, Json]
    is_bad: bool = False


def asked_wrongly(operation: str, good: Mapping[str, Json]) -> Iterator[Asked]:
    """All of it. `good`: arguments that are right, with all that can be said inside of an object."""
    for name in [*inspect.signature(OPERATIONS[operation]).parameters][1:]:
        for what, value in VALUES.items():
            if what not in _RIGHT.get(name, ()):
                yield Asked(f"{name} is {what}", {**good, name: value})
        if name in good:
            yield Asked(f"without {name}", {one: value for one, value in good.items() if one != name})
        if isinstance(inner := good.get(name), Mapping):
            yield from _inside(name, inner, good)
    for name in ("colour", "bach", "self", "", "\n" * 90, "\ud800"):
        yield Asked(f"with {name!r}", {**good, name: 1}, is_bad=True)


def _inside(name: str, inner: Mapping[str, Json], good: Mapping[str, Json]) -> Iterator[Asked]:
    for key in inner:
        for what in _INSIDE:
            yield Asked(f"{name}.{key} is {what}", {**good, name: {**inner, key: VALUES[what]}})
    for key in ("colour", "self", "connection_", "\n" * 90):
        yield Asked(f"{name}.{key!r}", {**good, name: {**inner, key: 1}}, is_bad=True)
