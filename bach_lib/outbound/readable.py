"""What can be read, and what can be written down at all."""

import unicodedata

from bach_lib.common_sentences import A_BROKEN_CHARACTER, TEXT_WITHOUT_HALVES_OF_CHARACTERS
from bach_lib.errors import InvalidValueError


def check_characters(field: str, value: str) -> None:
    """Halves of characters can be in a Python text, but in no database and no JSON. Raises `InvalidValueError`."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidValueError(
            field=field, value=A_BROKEN_CHARACTER, expected=TEXT_WITHOUT_HALVES_OF_CHARACTERS
        ) from None


def has_words(text: str) -> bool:
    """Separators, controls and combining marks (Unicode categories Z, C, M) alone are nothing to read."""
    return any(unicodedata.category(character)[0] not in "ZCM" for character in text)
