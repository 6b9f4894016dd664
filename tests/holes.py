"""Takes the checks of a module out, one at a time: one that nobody misses could be lost with the next change.

What a check is, is read from the source, so a new one is taken out as well. Functions get other code and stay the same
objects, so it does not matter who holds them already: a route, a decorator, a table of commands.
"""

import ast
import asyncio
import importlib
import inspect
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from types import CodeType, FunctionType
from typing import Final, Self, override

import pytest

_REQUIRES: Final = ("require", "_require")
"""How functions begin that raise unless somebody may."""
_OF_COOKIES: Final = frozenset({"httponly", "samesite", "secure"})
_ENDS: Final = (ast.Raise, ast.Return, ast.Continue, ast.Break)

_YES: Final = ast.Constant(value=True)
_NO: Final = ast.Constant(value=False)
_NOTHING: Final = ast.Constant("X-Nothing")

_PATIENCE: Final = 600.0
"""Seconds for the tests of one hole. Whoever needs them has noticed nothing: the machine is busy, or a test waits for
what does not come without the check, and has to say so itself.
"""
_FAILED: Final = (Exception, pytest.fail.Exception)
"""What a test raises that fails; the second is of `pytest.raises`, where nothing was raised."""

type _Check = tuple[str, Callable[[], object]]


@dataclass(slots=True)
class Hole:
    """A function without one of its checks, while it is entered."""

    module: str
    function: str
    """Its name inside the module, with that of its class."""
    number: int
    check: str
    _kept: tuple[FunctionType, CodeType] | None = None

    @override
    def __str__(self) -> str:
        return f"{self.module.rpartition('.')[2]}.{self.function}: {self.check}"

    def __enter__(self) -> Self:
        tree = _tree(self.module)
        take_out = [taken for _, taken in _checks(_functions(tree)[self.function])][self.number]
        take_out()
        [code] = _codes(
            compile(ast.fix_missing_locations(tree), _file(self.module), "exec", dont_inherit=True), self.function
        )
        function = _running(self.module, self.function)
        self._kept = function, function.__code__
        function.__code__ = code
        return self

    def __exit__(self, *_: object) -> None:
        assert self._kept
        function, code = self._kept
        function.__code__ = code


def holes(*names: str) -> list[Hole | None]:
    """All checks of modules, or of `module:function` and those it names; None: the program as it is."""
    found: list[Hole | None] = [None]
    for name in names:
        module, _, wanted = name.partition(":")
        functions = {one: node for one, node in _functions(_tree(module)).items() if wanted in ("", one)}
        assert functions, name
        for function, node in functions.items():
            found += [Hole(module, function, number, text) for number, (text, _) in enumerate(_checks(node))]
    return found


async def is_missed(hole: Hole | None, *tests: Callable[[], Awaitable[object]]) -> bool:
    """Whether one of these tests fails without the check. Raises TimeoutError where they neither fail nor end."""
    if hole is None:
        for test in tests:
            await test()
        return False
    with hole:
        async with asyncio.timeout(_PATIENCE):
            try:
                for test in tests:
                    await test()
            except _FAILED:
                return True
    return False


def _file(module: str) -> str:
    return str(importlib.import_module(module).__file__)


@cache
def _source(module: str) -> str:
    return inspect.getsource(importlib.import_module(module))


def _tree(module: str) -> ast.Module:
    return ast.parse(_source(module))


def _functions(tree: ast.AST, within: str = "") -> dict[str, ast.AST]:
    """Functions and methods by name; what stands inside one of them is a part of it."""
    found = dict[str, ast.AST]()
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found[f"{within}{node.name}"] = node
        elif isinstance(node, ast.ClassDef):
            found |= _functions(node, f"{within}{node.name}.")
    return found


def _running(module: str, name: str) -> FunctionType:
    """The function of a name, below what was wrapped around it."""
    found: object = importlib.import_module(module)
    for part in name.split("."):
        found = vars(found)[part]
    found = getattr(found, "fget", None) or getattr(found, "__func__", found)
    found = inspect.unwrap(found) if callable(found) else found
    assert isinstance(found, FunctionType)
    return found


def _codes(code: CodeType, name: str) -> Iterator[CodeType]:
    for one in code.co_consts:
        if isinstance(one, CodeType):
            if one.co_qualname == name:
                yield one
            yield from _codes(one, name)


def _checks(function: ast.AST) -> Iterator[_Check]:
    """What can be taken out: its words, and how."""
    returned = getattr(function, "returns", None)
    is_judging = isinstance(returned, ast.Name) and returned.id == "bool"
    for node in ast.walk(function):
        yield from _calls_and_headers(node)
        yield from _choices(node)
        match node:
            case ast.If(body=[*_, ast.Return(value=ast.Constant(value=True))]):
                pass  # it lets through: without it, less is let through
            case ast.If(test=test, body=[*_, last]) if isinstance(last, _ENDS):
                yield from _terms(test, partial(setattr, node, "test"), ast.Or)
            case ast.If(test=ast.BoolOp(op=ast.And()) as test):
                yield from _terms(test, partial(setattr, node, "test"), ast.And)
            case ast.Return(value=ast.expr() as value) if is_judging and not isinstance(value, ast.Constant):
                yield from _terms(value, partial(setattr, node, "value"), ast.And)
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name.startswith("is_"):
                yield from _terms(value, partial(setattr, node, "value"), ast.And)


def _choices(node: ast.AST) -> Iterator[_Check]:
    """What is chosen of many, or of two."""
    match node:
        case ast.comprehension(ifs=ifs):
            for place, test in enumerate(ifs):
                yield from _terms(test, partial(ifs.__setitem__, place), ast.And)
        case ast.GeneratorExp(elt=ast.BoolOp(op=ast.And()) as test):
            yield from _terms(test, partial(setattr, node, "elt"), ast.And)
        case ast.IfExp(test=test) if not isinstance(test, ast.Name):
            yield f"{ast.unparse(node)} [always]", partial(setattr, node, "test", ast.BoolOp(ast.Or(), [test, _YES]))
            yield f"{ast.unparse(node)} [never]", partial(setattr, node, "test", ast.BoolOp(ast.And(), [test, _NO]))


def _calls_and_headers(node: ast.AST) -> Iterator[_Check]:
    """What is asked of another function, or told to a browser."""
    match node:
        case ast.Expr(value=ast.Call() | ast.Await() as value) if _called(value).startswith(_REQUIRES):
            yield ast.unparse(value), partial(setattr, node, "value", ast.IfExp(_NO, value, _NO))
        case ast.Assign(targets=[ast.Subscript(value=ast.Attribute(attr="headers")) as header]):
            yield ast.unparse(node), partial(setattr, header, "slice", _NOTHING)
        case ast.Assign(targets=[ast.Name(id="headers")], value=ast.Dict(keys=keys)):
            for place, key in enumerate(keys):
                if isinstance(key, ast.Constant):
                    yield ast.unparse(key), partial(keys.__setitem__, place, _NOTHING)
        case ast.Call(keywords=keywords):
            for one in keywords:
                if one.arg in _OF_COOKIES:
                    yield ast.unparse(one), partial(keywords.remove, one)


def _terms(found: ast.expr, put: Callable[[ast.expr], object], op: type[ast.And | ast.Or]) -> Iterator[_Check]:
    """The parts of a condition, each as if it let through: of what refuses "or" its parts, of what allows "and"."""
    if isinstance(found, ast.BoolOp) and isinstance(found.op, op):
        for place, part in enumerate(found.values):
            yield from _terms(part, partial(found.values.__setitem__, place), op)
        return
    yield (
        ast.unparse(found),
        partial(put, ast.BoolOp(ast.And(), [found, _NO]) if op is ast.Or else ast.BoolOp(ast.Or(), [found, _YES])),
    )


def _called(value: ast.expr) -> str:
    """The name of the function that is called, without that of its object."""
    call = value.value if isinstance(value, ast.Await) else value
    return ast.unparse(call.func).rpartition(".")[2] if isinstance(call, ast.Call) else ""
