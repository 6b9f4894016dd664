"""What programs may rely on: every public name with its signature. A change here is a change for them.

`pytest tests/lib/test_public_surface.py --snapshot-update` accepts it; then say it in CHANGELOG.md.
"""

import inspect
from collections.abc import Iterator
from enum import Enum
from importlib import import_module
from types import FunctionType, ModuleType
from typing import is_protocol, is_typeddict

import pytest
from annotationlib import Format, get_annotations
from syrupy.assertion import SnapshotAssertion

import bach_lib
from bach_lib.bach import connection_calls, inbox_calls, sending_calls

MODULES = [
    "bach_lib",
    "bach_lib.connectors.base",
    "bach_lib.outbound.draft",
    "bach_lib.errors",
    "bach_lib.events",
    "bach_lib.outcomes",
    "bach_lib.bach.connection_calls",
    "bach_lib.bach.inbox_calls",
    "bach_lib.bach.sending_calls",
    "bach_lib.registry",
    "bach_lib.testing",
]
IN_SIGNATURES = {
    "bach_lib.outbound.draft": ["SendOptions"],
    "bach_lib.bach.connection_calls": ["ConnectionCalls"],
    "bach_lib.bach.inbox_calls": ["InboxCalls"],
    "bach_lib.bach.sending_calls": ["SendingCalls"],
    "bach_lib.registry": ["Changes"],
}
"""Names that are public because they stand in the signature of a public name, or in its class statement."""


def public_names(module: ModuleType) -> list[str]:
    """What a module offers."""
    offered: list[str] | None = IN_SIGNATURES.get(module.__name__) or getattr(module, "__all__", None)
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
    """How an object is made, and what can be done with it."""
    if is_typeddict(cls):
        yield from (f"{name}: {annotation}" for name, annotation in get_annotations(cls, format=Format.STRING).items())
    own_init = vars(cls).get("__init__", object.__init__)  # a protocol leaves that of `object` after the first use
    if own_init is not object.__init__ and not is_protocol(cls):
        yield f"def __init__{signature(cls)}"
    for name, member in sorted(vars(cls).items()):
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


def signature(function: object) -> str:
    """The signature, with its annotations as they are written."""
    assert callable(function)
    found = inspect.signature(function, annotation_format=Format.STRING)
    return found.format(max_width=100, quote_annotation_strings=False).replace("\n", "\n    ")


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
    assert bach_lib.__all__ == sorted(set(bach_lib.__all__))
    public = {name for name, value in vars(bach_lib).items() if name[0] != "_" and not isinstance(value, ModuleType)}
    assert public == set(bach_lib.__all__)


def test_what_methods_take_and_return_can_be_imported() -> None:
    """A program could not name the types it works with."""
    others = (sending_calls.SendingCalls, bach_lib.Registry, bach_lib.check_connection)
    words = {
        word
        for one in (bach_lib.Bach, inbox_calls.InboxCalls, connection_calls.ConnectionCalls, *others)
        for line in describe(one, one.__name__).splitlines()
        for word in line.replace("[", " ").replace("]", " ").replace(",", " ").replace("|", " ").split()
    }
    models = {name for name in public_names(bach_lib.models) if name in words}
    assert models - set(bach_lib.__all__) == set()
