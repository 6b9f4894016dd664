"""Reads what the library's classes say of their fields, for `reference.py` to write it down.

That is in strings below them, in sentences of docstrings, and in the types of `__init__`.
"""

import ast
import inspect
import re
from annotationlib import Format, get_annotations
from collections.abc import Container, Iterator, Mapping
from functools import cache
from importlib import import_module
from itertools import pairwise

_SENTENCE = re.compile(r"(?<=[.;])\s+(?=`\w+`:)|(?<=\.)\s+(?=[`A-Z])")


@cache
def statements(module: str) -> ast.Module:
    """The source of a module."""
    return ast.parse(inspect.getsource(import_module(module)))


def strings_below(body: list[ast.stmt]) -> dict[str, str]:
    """What stands below names in a class or a module."""
    found: dict[str, str] = {}
    for statement, after in pairwise(body):
        if not (isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)):
            continue
        text = after.value.value
        for target in _targets(statement):
            named = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", None)
            if named and isinstance(text, str):
                found[named] = inspect.cleandoc(text)
    return found


def _targets(statement: ast.stmt) -> Iterator[ast.expr]:
    match statement:
        case ast.Assign(targets=targets):
            yield from targets
        case ast.AnnAssign(target=target):
            yield target
        case ast.TypeAlias(name=target):
            yield target


@cache
def _below(cls: type) -> dict[str, str]:
    """What stands below the fields of a class, those that its `__init__` sets included."""
    return strings_below(_body_of(cls)) | strings_below(_body_of_init(cls))


def _body_of(cls: type) -> list[ast.stmt]:
    classes = [one for one in ast.walk(statements(cls.__module__)) if isinstance(one, ast.ClassDef)]
    return next((one.body for one in classes if one.name == cls.__name__), [])


def _body_of_init(cls: type) -> list[ast.stmt]:
    functions = [one for one in _body_of(cls) if isinstance(one, ast.FunctionDef)]
    return next((one.body for one in functions if one.name == "__init__"), [])


def lines(cls: type) -> Iterator[type]:
    """A class, and those of ours above it."""
    return (one for one in cls.__mro__ if one.__module__.startswith("bach_lib"))


def described(cls: type, name: str) -> str:
    """What the class, or one above it, says of a field."""
    for one in lines(cls):
        if text := _below(one).get(name):
            return " ".join(text.split())
    for one in lines(cls):
        sentences = _SENTENCE.split(" ".join((vars(one).get("__doc__") or "").split()))
        if said := [sentence for sentence in sentences if re.search(rf"`{name}\b[^`]*`", sentence)]:
            return _sentence(re.sub(rf"^`{name}`: ", "", " ".join(said)))
    return f"What stands at `{{{name}}}` in the sentence." if f"{{{name}}}" in getattr(cls, "template", "") else ""


def _sentence(text: str) -> str:
    """With a capital letter and an end."""
    return f"{text[0].upper()}{text[1:].rstrip(';. ')}."


def set_at_start(cls: type, told: Container[str]) -> dict[str, str]:
    """What an object is given when it is made, and its type, but for classes that are told of by themselves."""
    found: dict[str, str] = {}
    for one in reversed([one for one in lines(cls) if one is cls or one.__name__ not in told]):
        if "__init__" not in vars(one):
            continue
        given = get_annotations(vars(one)["__init__"], format=Format.STRING)
        for statement in _body_of_init(one):
            kind = _kind(statement, given)
            for target in _targets(statement):
                match target:
                    case ast.Attribute(value=ast.Name(id="self"), attr=name) if not name.startswith("_"):
                        found[name] = kind
    return found


def _kind(statement: ast.stmt, given: Mapping[str, str]) -> str:
    """The type that stands there, or that of the argument or constant that is kept."""
    match statement:
        case ast.AnnAssign(annotation=annotation):
            return ast.unparse(annotation)
        case ast.Assign(value=ast.Name(id=argument)):
            return given.get(argument, "")
        case ast.Assign(value=ast.Constant(value=constant)):
            return type(constant).__name__
    return ""
