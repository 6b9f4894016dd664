"""Redacts free text in diagnostics, which people attach to public issues.

A platform's error text is the most useful line of a bug report, but may quote a chat, a number, a host or the message
itself.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from homeassistant.components.diagnostics import REDACTED

from bach_lib import Message
from custom_components.bach.coordinator import BachConfigEntry

_PATTERNS: Final = (
    re.compile(r"\b[a-z][a-z\d+.-]*://\S+", re.IGNORECASE),  # addresses
    re.compile(r"(?<![\w/])(?:[A-Z]:)?[\\/](?:[^\s\\/:]+[\\/])+[^\s:,;)]*"),  # files
    re.compile(r"[\w.+*-]+@[\w.-]+|(?<!\w)@\w+"),  # of mail, and names on a platform
    re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?"),
    re.compile(r"(?<![\w:])\[?[\da-f]{0,4}(?::[\da-f]{0,4}){2,7}\]?", re.IGNORECASE),
    re.compile(r"\b(?:[\w-]+\.)+[a-z][\w-]+(?::\d+)?\b", re.IGNORECASE),  # hosts, entities
    re.compile(r"[-+]?\d(?:[\d ()/-]{3,}\d)"),  # chats, numbers of telephones and accounts
    re.compile(r"\"[^\"]+\"|“[^”]+”|„[^“”]+[“”]|«[^»]+»|`[^`]+`|(?<!\w)'[^']+'(?!\w)"),
)
"""What nobody told us about. A word too many is no loss."""
_SHORTEST: Final = 2


class Redactor:
    """Removes the values of an entry's private fields, and whatever looks private, from sentences."""

    def __init__(self, entry: BachConfigEntry, keys: Collection[str]) -> None:
        self._words = set(_below(entry.as_dict(), keys))

    def hide(self, sentence: str, message: Message | None = None) -> str:
        """Redact a sentence; `message` names a message whose text and recipient are removed too."""
        own = (message.recipient, message.text, message.title or "") if message else ()
        words = {word for word in (*self._words, *own) if len(word.strip()) >= _SHORTEST}
        for word in sorted(words, key=len, reverse=True):  # so that a name that contains another leaves no tail
            sentence = re.sub(rf"(?<!\w){re.escape(word.strip())}(?!\w)", REDACTED, sentence, flags=re.IGNORECASE)
        for pattern in _PATTERNS:
            sentence = pattern.sub(REDACTED, sentence)
        return sentence


def _below(found: object, keys: Collection[str], *, is_private: bool = False) -> Iterator[str]:
    """All texts below these keys in nested data."""
    if isinstance(found, str):
        yield from (found,) if is_private else ()
    elif isinstance(found, Mapping):
        for key, value in found.items():
            yield from _below(value, keys, is_private=is_private or key in keys)
    elif isinstance(found, Iterable):
        for value in found:
            yield from _below(value, keys, is_private=is_private)
