"""Reads paths as they are typed, and says them as a daemon in another folder has to call them."""

from pathlib import Path

from bach_lib.control.sentences import SentenceError


def whole_path(path: Path) -> Path:
    """As the daemon has to call it. What is only this process's (`<(command)`, /dev/stdin) it does not see.

    Raises `SentenceError`.
    """
    whole = path.absolute()
    if not str(whole).startswith(("/dev/", "/proc/")):
        return whole
    real = whole.resolve()
    if not real.is_file():
        raise SentenceError(f"{path} cannot be read: it is no regular file. Write it to one first.")
    return real
