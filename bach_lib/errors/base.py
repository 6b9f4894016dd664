"""The root of the errors, how they cross process borders, and the branch that a caller can correct."""

from functools import partial
from typing import ClassVar, override


class BachError(Exception):
    """The root. `str()` is the English sentence; `code` and `placeholders` serve translation."""

    code: ClassVar[str] = "error"
    template: ClassVar[str] = "BACH failed."

    def __init__(self, **placeholders: object) -> None:
        self.placeholders = {key: str(value) for key, value in placeholders.items()}
        super().__init__(self.template.format(**self.placeholders))

    @override
    def __reduce__(self) -> tuple[object, ...]:
        """Errors cross process borders (pickle), which would otherwise call `__init__` with the sentence."""
        return partial(type(self), **self.placeholders), ()


class InputError(BachError, ValueError):
    """The caller can correct it. Nothing was written."""
