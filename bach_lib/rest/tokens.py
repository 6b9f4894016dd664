"""The bearer token of the REST interface: made at the first start, in a file that only its owner can read."""

import os
import secrets
from pathlib import Path

from bach_lib.errors import StoreFailedError
from bach_lib.threads import read_regular

_BYTES = 32
_MODE = 0o600
_MAX_FILE = 1024
_SHORTEST = 20
"""Characters; whoever puts a token of their own there should not make it one that can be guessed."""


def load_token(path: Path) -> str:
    """The token in this file; if there is no file, a new one. Raises `StoreFailedError` if it cannot serve."""
    try:
        _make(path)
        token = read_regular(path, _MAX_FILE).decode("ascii").strip()
        mode = path.stat().st_mode & 0o777
    except OSError as error:
        raise StoreFailedError(path=path, reason=error.strerror or error) from error
    except UnicodeDecodeError as error:
        raise StoreFailedError(path=path, reason="it holds no token") from error
    if len(token) < _SHORTEST or any(character.isspace() for character in token):
        raise StoreFailedError(path=path, reason="it holds no token; delete it to have a new one made")
    if os.name == "posix" and mode & 0o077:
        raise StoreFailedError(path=path, reason=f"others can read the token in it; run chmod 600 {path}")
    return token


def _make(path: Path) -> None:
    """Write a new token unless the file is there: whole or not at all, and never readable for others."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
    try:
        os.write(file, f"{secrets.token_urlsafe(_BYTES)}\n".encode("ascii"))
        os.fsync(file)
    finally:
        os.close(file)
    draft.replace(path)
