"""Secrets that the command was told: files beside the database that only their owner can read.

The database holds references only. A secret that a person types becomes a file of its own, and its `file:` reference
goes into the registry.
"""

import os
import re
import sys
from getpass import getpass
from pathlib import Path

from bach_lib.cli.faults import SentenceError
from bach_lib.cli.paths import secrets_folder

_CONNECTION = re.compile(r"[\w.-]{1,100}")
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,39}")


def ask_for(field: str, connection: str) -> str:
    """A secret, typed without echo, or the next line of what is piped in. Raises `SentenceError` for none."""
    secret = getpass(f"{field} of {connection} (not shown): ") if sys.stdin.isatty() else sys.stdin.readline()
    if not (secret := secret.strip()):
        raise SentenceError(
            f"No {field} was given. Type it, pipe it in, or name where it is: --secret {field}=env:NAME."
        )
    return secret


def reference(database: Path, connection: str, field: str) -> str:
    """What leads to the secret. Raises `SentenceError` for names that would lead elsewhere."""
    if not _FIELD.fullmatch(field):
        raise SentenceError(f'"{field}" is no name for a secret. Use small letters, digits and "_".')
    if not _CONNECTION.fullmatch(connection):
        raise SentenceError(f'"{connection}" is no name for a connection. Use letters, digits, "_", "-" or ".".')
    return f"file:{secrets_folder(database) / f'{connection}.{field}'}"


def exists(reference: str) -> bool:
    """Whether there is something behind a reference of ours."""
    return Path(reference.removeprefix("file:")).exists()


def keep(database: Path, connection: str, field: str, secret: str) -> str:
    """Write a secret to its file; return the reference to it."""
    path = Path(reference(database, connection, field).removeprefix("file:"))
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(file, f"{secret}\n".encode())
        os.fsync(file)
    finally:
        os.close(file)
    draft.replace(path)
    return f"file:{path}"


def forget(database: Path, reference: str) -> None:
    """Delete the file behind a reference, if it is one of ours."""
    path = Path(reference.removeprefix("file:"))
    if reference.startswith("file:") and path.parent == secrets_folder(database):
        path.unlink(missing_ok=True)
