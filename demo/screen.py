"""What the demo says in the terminal: short lines, and how long a step takes. Colour only where it is a terminal."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, TextIO

_WIDTH: Final = 62
_BOLD: Final = "\x1b[1m{}\x1b[0m"


class Screen:
    """Writes to a terminal or to a file."""

    def __init__(self, out: TextIO = sys.stdout) -> None:
        self._out = out
        self._is_terminal = out.isatty()

    def heading(self, text: str) -> None:
        """A new part."""
        self._write(f"\n{_BOLD.format(text) if self._is_terminal else text}\n")

    def line(self, text: str = "") -> None:
        """A line of the part."""
        self._write(f"  {text}\n" if text else "\n")

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        """Something that takes a while; its seconds are shown when it is done."""
        self._write(f"  {f'{text} ':.<{_WIDTH}} ")
        began = time.monotonic()
        try:
            yield
        except BaseException:
            self._write("not done\n")
            raise
        self._write(f"{time.monotonic() - began:.1f} s\n")

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()
