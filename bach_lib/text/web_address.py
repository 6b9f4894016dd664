"""What is an address that anybody can open."""

import re
from typing import Final

LONGEST_ADDRESS: Final = 2048
"""Characters; what is longer, browsers and platforms cut off."""
_ADDRESS = re.compile(r"https?://[^\s/?#<>\"\\]+[^\s<>\"\\]*", re.IGNORECASE)


def is_address(text: str) -> bool:
    """Whether it is an address of the web, whole and alone: what a button opens must be no script and no app."""
    return len(text) <= LONGEST_ADDRESS and text.isprintable() and _ADDRESS.fullmatch(text) is not None
