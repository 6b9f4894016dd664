"""Where the socket of a database lies, and whether there can be one."""

import os
from pathlib import Path

_LONGEST = 100
"""Bytes; the kernel takes 107 for the address of such a socket."""


def socket_file(database: Path) -> Path:
    """Where who has it open answers."""
    return database.with_name(f"{database.name}.sock")


def can_have_socket(path: Path) -> bool:
    """Whether this system and this path allow it."""
    return os.name == "posix" and len(os.fsencode(path)) <= _LONGEST
