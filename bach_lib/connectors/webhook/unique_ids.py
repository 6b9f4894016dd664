"""Whether an id looks as if nothing else will ever have it, or like the name of a thing.

A doorbell that posts `{"id": "doorbell"}` has no other id, and rings every day. Whoever numbers deliveries makes the
ids long, so that two never meet.
"""

import re
from typing import Final

_UUID: Final = r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
_NUMBER: Final = r"(?:[0-9][-_:/T ]?){7}[0-9]"
"""A count or a time; an address of a network has points, which do not count."""
_RANDOM: Final = r"(?<![0-9a-z])(?!0x)(?=[a-z]*[0-9])(?=[0-9]*[a-z])[0-9a-z]{20,}"
"""ULID, ObjectId, digests and the like; the address of a radio has 16 digits."""
_UNIQUE: Final = re.compile(f"{_UUID}|{_NUMBER}|{_RANDOM}", re.IGNORECASE | re.ASCII)


def looks_unique(id_: str) -> bool:
    """Whether the same id once more can only be the same delivery."""
    return _UNIQUE.search(id_) is not None
