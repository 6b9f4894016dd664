"""The root of the error tree, how errors cross process borders, and the branch that a caller can correct."""

from functools import partial
from typing import ClassVar, override

from bach_lib.redact import readable

_LONGEST = 500
"""Characters of what is repeated in a sentence: whoever gave a book for a name knows which one."""


class BachError(Exception):
    """The root. `str()` is the English sentence; `code` and `placeholders` serve translation.

    What is repeated of what somebody gave is one line, that can only be read, and not longer than a person reads.
    """

    code: ClassVar[str] = "error"
    template: ClassVar[str] = "BACH failed."

    def __init__(self, **placeholders: object) -> None:
        self.placeholders = {key: _said(value) for key, value in placeholders.items()}
        super().__init__(self.template.format(**self.placeholders))

    @override
    def __reduce__(self) -> tuple[object, ...]:
        """Errors cross process borders (pickle), which would otherwise call `__init__` with the sentence."""
        return partial(type(self), **self.placeholders), ()


class InputError(BachError, ValueError):
    """The caller can correct it. Nothing was written."""


def _said(value: object) -> str:
    try:
        text = str(value)
    except ValueError:  # a number of more digits than Python writes
        text = "so large a number"
    text = readable(" ".join(text[: _LONGEST + 1].splitlines()))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
