"""Keeping secrets out of everything people and logs see.

What an error says often comes from foreign libraries, which like to quote the address they called, and a Telegram
address carries the token; and what a server says could repaint the terminal of whoever reads it. So every text from
outside passes through a `Redactor` that knows the secrets of its connection, and then through patterns for secrets
nobody told us about.
"""

import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import quote

MASK = "***"
_SHORTEST = 4
"""Characters; masking shorter ones would only make texts unreadable."""

_ACTS = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories of characters that are not read but do something."""
_JOINER = "\u200d"
"""Makes one emoji out of several."""
_PATTERNS = (
    re.compile(r"\b(?:sk-[\w-]{20,}|AIza[\w-]{30,})"),  # OpenAI and Anthropic, Google
    re.compile(r"(?<!\d)\d{5,}(?::|%3[Aa])[A-Za-z0-9_-]{20,}"),  # Telegram: bot id, colon, 35 characters
    re.compile(r"(?<=/webhooks/)\d+/[\w-]+"),  # Discord webhook address
    re.compile(r"(?<=/services/)T\w{6,}/B\w{6,}/\w{16,}"),  # Slack webhook address
    re.compile(r"\b[\w-]{23,28}\.[\w-]{6,7}\.[\w-]{27,}"),  # Discord bot token
    re.compile(r"(?i)(?<=bearer )[\w.~+/=-]{8,}"),
    re.compile(r"(?<=://)[^\s/?#]+(?=@)"),  # user and password in an address
)


def holds_secret(text: str) -> bool:
    """Whether something in a text looks like a secret."""
    return any(pattern.search(text) for pattern in _PATTERNS)


class Redactor:
    """Masks known secrets and whatever looks like one."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = {" ".join(secret.split()) for secret in secrets}
        # as they stand in addresses and in the repr of errors
        known |= {form for secret in known for form in (quote(secret, safe=""), repr(secret)[1:-1])}
        # the longest first, so that a secret that contains another leaves no tail
        self._secrets = sorted((secret for secret in known if len(secret) >= _SHORTEST), key=len, reverse=True)

    def __call__(self, text: str, limit: int = 300) -> str:
        """The text without secrets, in one line that can only be read, at most `limit` characters."""
        text = _readable(" ".join(text.split()))
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        for pattern in _PATTERNS:
            text = pattern.sub(MASK, text)
        return text if len(text) <= limit else text[: limit - 1] + "…"


def _readable(text: str) -> str:
    """Without what a terminal or a log would act on, or show in another order than it was written."""
    if text.isprintable():
        return text
    return "".join(one if one == _JOINER or unicodedata.category(one) not in _ACTS else "\ufffd" for one in text)
