"""Keeping secrets out of everything people and logs see.

What an error says often comes from foreign libraries, which like to quote the address they called, and a Telegram
address carries the token; and what a server says could repaint the terminal of whoever reads it. So every text from
outside passes through a `Redactor` that knows the secrets of its connection, and then through patterns for secrets
nobody told us about.
"""

import json
import re
import unicodedata
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from html import escape
from typing import cast
from urllib.parse import quote, quote_plus

MASK = "***"
_SHORTEST = 4
"""Characters; masking shorter ones would only make texts unreadable."""
_SHORTEST_CODED = 8
"""The same for what is left of a secret in base64, wherever it begins: less is found in anything."""

_ACTS = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories of characters that are not read but do something."""
_JOINER = "\u200d"
"""Makes one emoji out of several."""
_PERCENT = re.compile("%[0-9A-F]{2}")
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
        known = {form for secret in secrets for form in _spellings(" ".join(secret.split()))}
        # the longest first, so that a secret that contains another leaves no tail
        self._secrets = sorted((secret for secret in known if len(secret) >= _SHORTEST), key=len, reverse=True)

    def __call__(self, text: str, limit: int = 300) -> str:
        """The text without secrets, in one line that can only be read, at most `limit` characters."""
        text = self.masked(readable(" ".join(text.split())))
        return text if len(text) <= limit else text[: limit - 1] + "…"

    def masked(self, text: str) -> str:
        """The text without secrets, with its lines and its length."""
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        for pattern in _PATTERNS:
            text = pattern.sub(MASK, text)
        return text

    def within[Found](self, found: Found) -> Found:
        """The same with every text in it as a call returns it: of a dataclass, and in tuples and lists.

        What a server says when all is well is as foreign as what it says when it refuses.
        """
        if isinstance(found, str):
            return cast("Found", self(str(found))) if type(found) is str else found  # no word of an enumeration
        if isinstance(found, tuple | list):
            return cast("Found", type(found)(self.within(one) for one in found))
        if is_dataclass(found) and not isinstance(found, type):
            return replace(found, **{one.name: self.within(getattr(found, one.name)) for one in fields(found)})
        return found


def _spellings(secret: str) -> Iterator[str]:
    """A secret as it is, and as it stands in addresses, the repr of errors, JSON, pages, and headers."""
    yield from (secret, repr(secret)[1:-1], quote(secret, safe=""), quote(secret), quote_plus(secret))
    yield from (_PERCENT.sub(lambda code: code[0].lower(), form) for form in (quote(secret, safe=""), quote(secret)))
    in_json = json.dumps(secret)[1:-1]
    yield from (in_json, json.dumps(secret, ensure_ascii=False)[1:-1], in_json.replace("/", "\\/"))
    yield from (escape(secret), escape(secret, quote=False), escape(secret).replace("&#x27;", "&#39;"))
    yield from (code for code in _coded(secret.encode(errors="replace")) if len(code) >= _SHORTEST_CODED)


def _coded(secret: bytes) -> Iterator[str]:
    """What of its base64 is the same whatever stands before and behind it, as the user before a password."""
    for before in range(3):
        for encode in (b64encode, urlsafe_b64encode):
            code = encode(bytes(before) + secret).decode().rstrip("=")
            first = -(-before * 8 // 6)  # the characters that hold bits of what stands before
            yield code[first : (before + len(secret)) * 8 // 6]


def readable(text: str, *, lines: bool = False) -> str:
    """Without what a terminal or a log would act on, or show in another order than it was written.

    `lines`: line breaks and tabs stay.
    """
    if text.isprintable():
        return text
    kept = _JOINER + ("\n\t" if lines else "")
    return "".join(one if one in kept or unicodedata.category(one) not in _ACTS else "\ufffd" for one in text)
