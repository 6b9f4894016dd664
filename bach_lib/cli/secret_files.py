"""Secret files: secrets typed at the command, beside the database, readable by their owner only.

The database holds references only. A secret that a person types becomes a file of its own, and its `file:` reference
goes into the registry. A file is never written over: until the registry has taken the new reference, the old secret is
the one that works, and a command that is refused takes back what it wrote and nothing else.
"""

import os
import re
import sys
from getpass import getpass
from itertools import count
from pathlib import Path

from bach_lib.cli.paths import secrets_folder
from bach_lib.control.sentences import SentenceError

_CONNECTION = re.compile(r"[\w.-]{1,100}")
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,39}")
_MAX_SECRET = 16_000
"""Bytes; as much as is read of such a file."""


def ask_for(field: str, connection: str) -> str:
    """A secret, typed without echo, or the next line of what is piped in. Raises `SentenceError` for none."""
    if sys.stdin is None:
        raise SentenceError(f"No {field} can be read: stdin is closed. Name where it is: --secret {field}=env:NAME.")
    unreadable = f"This is no {field}: it is too long, or has characters that no secret has."
    try:
        secret = _typed(field, connection) if sys.stdin.isatty() else sys.stdin.readline(_MAX_SECRET)
    except UnicodeError:
        raise SentenceError(unreadable) from None
    if not (secret := secret.strip()):
        raise SentenceError(
            f"No {field} was given. Type it, pipe it in, or name where it is: --secret {field}=env:NAME."
        )
    if not secret.isprintable() or len(secret.encode("utf-8", "surrogateescape")) >= _MAX_SECRET:
        raise SentenceError(unreadable)
    return secret


def _typed(field: str, connection: str) -> str:
    try:
        return getpass(f"{field} of {connection} (not shown): ")
    except EOFError:
        return ""


def reference(database: Path, connection: str, field: str) -> str:
    """What usually leads to the secret. Raises `SentenceError` for names that would lead elsewhere."""
    if not _FIELD.fullmatch(field):
        raise SentenceError(f'"{field}" is no name for a secret. Use small letters, digits and "_".')
    if not _CONNECTION.fullmatch(connection):
        raise SentenceError(
            f'"{connection}" is no name for a connection. Use 1 to 100 letters, digits, "_", "-" or ".".'
        )
    return f"file:{secrets_folder(database) / f'{connection}.{field}'}"


def keep(database: Path, connection: str, field: str, secret: str) -> str:
    """Write a secret to a file that was not there; return the reference to it."""
    usual = _path(reference(database, connection, field))
    usual.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path, file = _fresh(usual)
    try:
        with os.fdopen(file, "w", encoding="utf-8") as writing:
            writing.write(f"{secret}\n")
            writing.flush()
            os.fsync(writing.fileno())
    except BaseException:  # raised again: half a secret must not stay, whatever stopped us
        path.unlink(missing_ok=True)
        raise
    return f"file:{path}"


def usual_place(database: Path, connection: str, field: str, reference_: str) -> str:
    """The secret of a file of ours, also under the name that it usually has; return the reference to that.

    Only for a secret that the registry has taken: what lay there before is gone then.
    """
    usual, now = _path(reference(database, connection, field)), _path(reference_)
    if now == usual or now.parent != usual.parent:
        return reference_
    again = _path(keep(database, connection, field, now.read_text("utf-8").strip()))
    again.replace(usual)
    return f"file:{usual}"


def forget(database: Path, reference: str) -> None:
    """Delete the file behind a reference, if it is one of ours."""
    path = _path(reference)
    if reference.startswith("file:") and path.parent == secrets_folder(database):
        path.unlink(missing_ok=True)


def _path(reference: str) -> Path:
    return Path(reference.removeprefix("file:"))


def _fresh(usual: Path) -> tuple[Path, int]:
    """A file of ours that was not there, open for writing: of the usual name, or with a number behind it."""
    for number in count(1):
        path = usual if number == 1 else usual.with_name(f"{usual.name}.{number}")
        try:
            return path, os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            continue
    raise AssertionError  # count() has no end
