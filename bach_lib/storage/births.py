"""Birth time of a file, which no copy of it has in common with it, and which no file system forgets.

The number of a file may be another one after the next mount (FAT and others make numbers up). Nobody can set the time
of its birth. Python does not tell it on Linux yet.
"""

import ctypes
import os
import struct
from contextlib import suppress

_EMPTY_PATH, _BIRTH = 0x1000, 0x800
_TIMES = struct.Struct("qI")
_MASK_AT, _BIRTH_AT, _SIZE = 0, 80, 256
"""Of `struct statx`, whose form is the kernel's and the same on every machine."""


def birth_of(file: int) -> int | None:
    """Nanoseconds since 1970 of an open file; None where the system does not tell."""
    found = getattr(os.fstat(file), "st_birthtime_ns", None)
    if isinstance(found, int):
        return found
    with suppress(OSError, AttributeError):
        told = ctypes.create_string_buffer(_SIZE)
        if ctypes.CDLL(None).statx(file, b"", _EMPTY_PATH, _BIRTH, told) == 0:
            [mask] = struct.unpack_from("I", told, _MASK_AT)
            seconds, nanoseconds = _TIMES.unpack_from(told, _BIRTH_AT)
            if mask & _BIRTH:
                return int(seconds) * 1_000_000_000 + int(nanoseconds)
    return None
