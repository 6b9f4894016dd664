"""What can be read."""

import unicodedata


def has_words(text: str) -> bool:
    """Separators, controls and combining marks (Unicode categories Z, C, M) alone are nothing to read."""
    return any(unicodedata.category(character)[0] not in "ZCM" for character in text)
