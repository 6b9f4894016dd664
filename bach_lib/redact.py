"""Keeping secrets out of everything people and logs see.

What an error says often comes from foreign libraries, which like to quote the address they called, and a Telegram
address carries the token. So every text from outside passes through a `Redactor` that knows the secrets of its
connection, and then through patterns for secrets nobody told us about.
"""

import re
from collections.abc import Iterable

MASK = "***"

_PATTERNS = (
    re.compile(r"\b\d{5,}:[A-Za-z0-9_-]{20,}"),  # Telegram: bot id, colon, 35 characters
    re.compile(r"(?<=/api/webhooks/)\d+/[\w-]+"),  # Discord webhook address
    re.compile(r"\b[\w-]{23,28}\.[\w-]{6,7}\.[\w-]{27,}"),  # Discord bot token
    re.compile(r"(?i)(?<=bearer )[\w.~+/=-]{8,}"),
    re.compile(r"(?<=://)[^\s/@]+(?=@)"),  # user and password in an address
)


class Redactor:
    """Masks known secrets and whatever looks like one."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        # the longest first, so that a secret that contains another leaves no tail
        self._secrets = sorted((secret for secret in secrets if len(secret) >= 4), key=len, reverse=True)

    def __call__(self, text: str, limit: int = 300) -> str:
        """The text without secrets, in one line, at most `limit` characters."""
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        for pattern in _PATTERNS:
            text = pattern.sub(MASK, text)
        text = " ".join(text.split())
        return text if len(text) <= limit else text[: limit - 1] + "…"
