"""The entry point: `bach`, or `python -m bach_lib.cli`."""

import os
import signal
import sys
from contextlib import suppress
from importlib import import_module

_INTERRUPTED = 130


def main() -> None:
    """Run the command, or say what is missing for it."""
    _hear_interrupts(at_once=True)
    _open_what_is_closed()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr] # Python's own always can
    try:
        app = import_module("bach_lib.cli.app").app
    except ModuleNotFoundError as error:
        if error.name not in {"typer", "rich"}:
            raise
        sys.stderr.write("The command bach needs the packages typer and rich. Install bach-lib[cli].\n")
        sys.exit(1)
    _hear_interrupts(at_once=False)
    try:
        app(prog_name="bach")
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    finally:
        _hear_interrupts(at_once=True)


def _hear_interrupts(*, at_once: bool) -> None:
    """Ctrl-C ends `at_once` while nothing is at work that must be tidied up, so that nobody reads a traceback."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # in the background of a script nobody means us
        handler = (lambda *_: os._exit(_INTERRUPTED)) if at_once else signal.default_int_handler
        signal.signal(signal.SIGINT, handler)


def _open_what_is_closed() -> None:
    """Else the next file that is opened, the database, would be our stdin, stdout or stderr."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            with suppress(OSError):
                os.open(os.devnull, os.O_RDWR)


if __name__ == "__main__":
    main()
