"""What programs may rely on: every public name with its signature. A change here is a change for them.

`pytest tests/lib/test_public_surface.py --snapshot-update` accepts it; then say it in CHANGELOG.md.
"""

import inspect
import re
import sys
from collections.abc import Iterator
from enum import Enum
from importlib import import_module
from pathlib import Path
from types import FunctionType, ModuleType
from typing import TypeAliasType, is_protocol, is_typeddict

import pytest
from annotationlib import Format, get_annotations
from syrupy.assertion import SnapshotAssertion

import bach_lib
from bach_lib import BachError, Event, errors, events
from bach_lib.questions import unanswered

MODULES = [
    "bach_lib",
    "bach_lib.connecting",
    "bach_lib.errors",
    "bach_lib.events",
    "bach_lib.outcomes",
    "bach_lib.rest",
    "bach_lib.testing",
]
"""Those that docs/library.md names; everything else may move."""
MADE_BY_BACH = {"Bridges", "Registry", "Rules"}
"""Nobody else makes them, so what they are made from is nobody else's."""
OPAQUE = {"Store"}
"""Can be passed on, and that is all: what it is made of may move."""


def public_names(module: ModuleType) -> list[str]:
    """What a module offers."""
    offered: list[str] | None = getattr(module, "__all__", None)
    if offered is not None:
        return offered
    own = (name for name, value in vars(module).items() if getattr(value, "__module__", None) == module.__name__)
    return sorted(name for name in own if not name.startswith("_"))


def describe(value: object, name: str) -> str:
    """A name as a program sees it."""
    if isinstance(value, type) and issubclass(value, Enum):
        return f"enum {name}: {', '.join(f'{member.name}={member.value!r}' for member in value)}"
    if isinstance(value, type):
        parents = ", ".join(parent.__name__ for parent in value.__bases__ if parent is not object)
        return "\n".join([f"class {name}({parents})", *(f"    {line}" for line in members(value))])
    if isinstance(value, FunctionType):
        return f"{keyword(value)} {name}{signature(value)}"
    return f"{name}: {type(value).__name__}"


def members(cls: type) -> Iterator[str]:
    """How an object is made, and what can be done with it; what it has of a class that nobody may name is its own."""
    if is_typeddict(cls):
        yield from (f"{name}: {annotation}" for name, annotation in get_annotations(cls, format=Format.STRING).items())
    own_init = vars(cls).get("__init__", object.__init__)  # a protocol leaves that of `object` after the first use
    if own_init is not object.__init__ and not is_protocol(cls):
        yield f"def __init__{signature(cls)}"
    for name, member in sorted(own_and_hidden(cls).items()):
        if name.startswith("_"):
            continue
        if isinstance(member, property):
            yield f"{name}: property"
        elif isinstance(member, classmethod | staticmethod):
            yield f"classmethod {name}{signature(member.__func__)}"
        elif isinstance(member, FunctionType):
            yield f"{keyword(member)} {name}{signature(member)}"
        elif isinstance(member, str):
            yield f"{name} = {member!r}"


def own_and_hidden(cls: type) -> dict[str, object]:
    """What stands in a class, and in those of ours above it that are not public."""
    hidden = [one for one in cls.__mro__[1:] if one.__module__.startswith("bach_lib") and not is_public(one)]
    return {name: value for one in (*reversed(hidden), cls) for name, value in vars(one).items()}


def is_public(cls: type) -> bool:
    """Whether a program can name it."""
    return any(cls.__name__ in public_names(import_module(module)) for module in MODULES)


def signature(function: object) -> str:
    """The signature, with its annotations as they are written."""
    assert callable(function)
    found = inspect.signature(function, annotation_format=Format.STRING)
    text = found.format(max_width=100, quote_annotation_strings=False).replace("\n", "\n    ")
    return re.sub(r" at 0x[0-9a-f]+", "", text)  # where a default that is a function happens to lie


def keyword(function: FunctionType) -> str:
    """How it is defined."""
    return "async def" if inspect.iscoroutinefunction(function) else "def"


@pytest.mark.parametrize("name", MODULES)
def test_what_programs_use_stays_as_it_is(name: str, snapshot: SnapshotAssertion) -> None:
    """Programs and the integration would break with an update that nobody thought was one."""
    module = import_module(name)
    assert "\n\n".join(describe(getattr(module, one), one) for one in public_names(module)) == snapshot


@pytest.mark.parametrize("name", MODULES)
def test_every_public_name_exists_and_says_what_it_is(name: str) -> None:
    """`from bach_lib import *` would fail, or a name would have to be guessed."""
    module = import_module(name)
    for one in public_names(module):
        value = getattr(module, one)
        assert not isinstance(value, type | FunctionType) or value.__doc__


def test_the_names_are_sorted_and_nothing_else() -> None:
    """Nobody would find a name, or notice that it is there twice."""
    theirs = [errors.__all__, events.__all__]
    own = [name for name in bach_lib.__all__ if not any(name in some for some in theirs)]
    assert all(some == sorted(set(some)) for some in [own, *theirs])
    assert bach_lib.__all__ == [*own, *errors.__all__, *events.__all__]
    public = {name for name, value in vars(bach_lib).items() if name[0] != "_" and not isinstance(value, ModuleType)}
    assert public == set(bach_lib.__all__)


def test_every_event_and_error_is_at_the_top() -> None:
    """A program would import what it subscribes to and what it catches from places that it has to look for."""
    ours = {one for module in (events, unanswered) for one in vars(module).values() if isinstance(one, type)}
    wanted = {one.__name__ for one in ours if issubclass(one, Event | BachError)}
    assert wanted <= set(bach_lib.__all__)


def test_what_stands_in_a_signature_can_be_imported() -> None:
    """A program could not name the types it works with."""
    names = {name for module in MODULES for name in public_names(import_module(module))}
    known = {name: value for module in ours_loaded() for name, value in vars(module).items() if is_ours(value)}
    lacking = {
        f"{word} in {one}"
        for one in bach_lib.__all__
        for annotation in annotations_of(getattr(bach_lib, one), one)
        for word in re.findall(r"\b[A-Z]\w+", annotation)
        if word in known and word not in names
    }
    assert lacking == set()


def ours_loaded() -> list[ModuleType]:
    """The modules of the library that its use has brought."""
    return [module for name, module in list(sys.modules.items()) if name.partition(".")[0] == "bach_lib"]


def is_ours(value: object) -> bool:
    """Whether it is a type of the library's."""
    return isinstance(value, type | TypeAliasType) and str(value.__module__).startswith("bach_lib")


def annotations_of(value: object, name: str) -> Iterator[str]:
    """What stands in the signatures and fields of a public name."""
    if isinstance(value, TypeAliasType):
        yield str(value.__value__)
    elif isinstance(value, FunctionType):
        yield from get_annotations(value, format=Format.STRING).values()
    elif isinstance(value, type) and name not in OPAQUE:
        for one in (one for one in value.__mro__ if is_ours(one)):
            yield from (text for key, text in get_annotations(one, format=Format.STRING).items() if key[0] != "_")
            for key, member in vars(one).items():
                if key[0] != "_" or (key == "__init__" and name not in MADE_BY_BACH):
                    function = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
                    yield from annotations_of(function, key) if isinstance(function, FunctionType) else ()


def test_the_page_names_the_public_modules() -> None:
    """A program would rely on what may move, or not dare to use what is there for it."""
    page = (Path(__file__).parents[2] / "docs" / "library.md").read_text("utf-8")
    table = page.split("## What may be relied on")[1].split("\n## ")[0]
    assert re.findall(r"^\| `(bach_lib[\w.]*)` \|", table, re.MULTILINE) == MODULES
