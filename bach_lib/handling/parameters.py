"""Reads what a handler of a command takes from its signature, and makes that of the words that somebody wrote."""

import inspect
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bach_lib.bus import is_asynchronous
from bach_lib.errors import InvalidValueError

_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,18}(?:[.,][0-9]{0,18})?|[.,][0-9]{1,18})")
_SWITCH = {"on": True, "yes": True, "true": True, "1": True, "off": False, "no": False, "false": False, "0": False}
_OPTIONAL = re.compile(r"\s*\|\s*None|None\s*\|\s*")
_TAKEN = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)


class WrongWordsError(Exception):
    """What somebody wrote is not what the command takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One thing that a handler takes. `is_rest`: as many of it as there are."""

    name: str
    read: Callable[[str], object]
    is_needed: bool
    is_rest: bool

    @property
    def shown(self) -> str:
        """How it stands in the sentence that says what to write."""
        if self.is_rest:
            return f"[{self.name} …]"
        return f"<{self.name}>" if self.is_needed else f"[{self.name}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What a handler takes after the message."""

    each: Sequence[Parameter]

    def read(self, words: Sequence[str]) -> list[object]:
        """The arguments. Raises `WrongWordsError`."""
        rest = self.each[-1] if self.each and self.each[-1].is_rest else None
        single = [one for one in self.each if not one.is_rest]
        needed = sum(one.is_needed for one in single)
        if len(words) < needed or (rest is None and len(words) > len(single)):
            raise WrongWordsError
        values = [one.read(word) for one, word in zip(single, words, strict=False)]
        return values + [rest.read(word) for word in words[len(single) :]] if rest else values

    def usage(self, command: str) -> str:
        """One sentence that says what to write."""
        return f"Write it like this: {' '.join([f'/{command}', *(one.shown for one in self.each)])}"


def parameters_of(handler: Callable[..., object]) -> Parameters:
    """What it takes. Raises `InvalidValueError` for what is no handler of a command."""
    if not is_asynchronous(handler):
        raise InvalidValueError(field="a handler", value=_name(handler), expected="an asynchronous function")
    found = list(_signature(handler).parameters.values())
    if not found or found[0].kind not in _TAKEN:
        raise InvalidValueError(field="a handler", value=_name(handler), expected="a function that takes the message")
    first, *others = found
    if first.kind is inspect.Parameter.VAR_POSITIONAL:
        return Parameters(each=())
    for one in others:
        if one.kind is inspect.Parameter.KEYWORD_ONLY and one.default is inspect.Parameter.empty:
            raise InvalidValueError(field="a parameter", value=one.name, expected="one that a word can be given for")
    return Parameters(each=tuple(_parameter(one) for one in others if one.kind in _TAKEN))


def _parameter(one: inspect.Parameter) -> Parameter:
    written = one.annotation.__name__ if isinstance(one.annotation, type) else str(one.annotation)
    kind = "str" if one.annotation is inspect.Parameter.empty else _OPTIONAL.sub("", written.strip("'\""))
    if kind not in _READERS:
        expected = f"one of {', '.join(_READERS)}"
        raise InvalidValueError(field=f'the type of "{one.name}"', value=written, expected=expected)
    is_rest = one.kind is inspect.Parameter.VAR_POSITIONAL
    is_needed = one.default is inspect.Parameter.empty and not is_rest
    return Parameter(name=one.name, read=_READERS[kind], is_needed=is_needed, is_rest=is_rest)


def _signature(handler: Callable[..., object]) -> inspect.Signature:
    """Annotations as they are written: what is imported for types alone does not exist now."""
    if sys.version_info >= (3, 14):
        from annotationlib import Format  # noqa: PLC0415 - there is none before

        return inspect.signature(handler, annotation_format=Format.FORWARDREF)
    else:  # noqa: RET505 - so mypy knows that one of both is meant
        return inspect.signature(handler)


def _name(handler: object) -> str:
    return str(getattr(handler, "__name__", type(handler).__name__))


def _whole(word: str) -> int:
    if not _WHOLE.fullmatch(word):
        raise WrongWordsError
    return int(word)


def _number(word: str) -> float:
    if not _NUMBER.fullmatch(word):
        raise WrongWordsError
    return float(word.replace(",", "."))


def _switch(word: str) -> bool:
    if word.lower() not in _SWITCH:
        raise WrongWordsError
    return _SWITCH[word.lower()]


_READERS: dict[str, Callable[[str], object]] = {"str": str, "int": _whole, "float": _number, "bool": _switch}
