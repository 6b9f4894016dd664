"""The root of the error tree, how errors cross process borders, and the branch that a caller can correct."""

import inspect
from collections.abc import Iterable
from functools import partial
from string import Formatter
from typing import ClassVar, Self, dataclass_transform, override

from bach_lib.said import Sentence, fitted, said


@dataclass_transform(kw_only_default=True)
class BachError(Exception):
    """The root. `str()` is the English sentence; `code` and `placeholders` serve translation.

    What is repeated of what somebody gave is one line, that can only be read, and not longer than a person reads.

    What a class annotates is what its errors are made from, by keyword, as a dataclass is; type checkers know it. It
    fills its place in `template`, and can be read from the error: a number as it was given, all else as it is said.
    """

    code: ClassVar[str] = "error"
    """The name of the sentence, for translations and programs."""
    template: ClassVar[str] = "BACH failed."
    """The English sentence, with the names of the placeholders in braces."""
    _needs: ClassVar[tuple[str, ...]] = ()

    @override
    def __init_subclass__(cls) -> None:
        """Raises TypeError where the sentence has a place that nothing would fill."""
        super().__init_subclass__()
        cls._needs = tuple(dict.fromkeys(name for _, name, _, _ in Formatter().parse(cls.template) if name))
        known = {name for one in cls.__mro__ for name in inspect.get_annotations(one)}
        if unknown := set(cls._needs) - known:
            raise TypeError(f"{cls.__name__} has a sentence with {_listed(unknown)}, and no annotation of that name")

    def __init__(self, **placeholders: object) -> None:
        """Raises TypeError where a placeholder is missing or unknown; the message names them."""
        kind = type(self)
        values = {name: getattr(kind, name) for name in kind._needs if hasattr(kind, name)} | placeholders
        if values.keys() != set(kind._needs):
            raise TypeError(f"{kind.__name__} is made from {_listed(kind._needs)}, not from {_listed(placeholders)}")
        self.placeholders: dict[str, str] = fitted(self.template, {name: said(value) for name, value in values.items()})
        """What fills the places of `template`, as text."""
        for name, value in values.items():
            setattr(self, name, value if isinstance(value, int | float) else self.placeholders[name])
        super().__init__(self.template.format(**self.placeholders))

    @property
    def sentence(self) -> str:
        """What it says, as a part of something else that is said, so that it can be translated there, too."""
        if self._needs and not self.placeholders:  # it is retold
            return str(self)
        return Sentence.made(str(self), self.code, self.placeholders, self.template)

    @property
    def values(self) -> dict[str, str | int | float]:
        """What it was made from: numbers as they were given, all else as it is said."""
        return {name: getattr(self, name) for name in self.placeholders}

    @classmethod
    def retold(cls, sentence: str) -> Self:
        """An error of another process, of which only the sentence is known; its placeholders are empty."""
        error = cls.__new__(cls)
        error.placeholders = {}
        for name in cls._needs:
            setattr(error, name, "")
        Exception.__init__(error, sentence)
        return error

    @override
    def __reduce__(self) -> tuple[object, ...]:
        """Errors cross process borders (pickle), which would otherwise call `__init__` with the sentence."""
        if self._needs and not self.placeholders:
            return type(self).retold, (str(self),)
        return partial(type(self), **{name: getattr(self, name) for name in self._needs}), ()


class InputError(BachError, ValueError):
    """The caller can correct it. Nothing was written."""


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "nothing"
