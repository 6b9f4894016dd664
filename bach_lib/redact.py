"""Redaction: keeps secrets out of everything people and logs see.

What an error says often comes from foreign libraries, which like to quote the address they called, and a Telegram
address carries the token; and what a server says could repaint the terminal of whoever reads it. So every text from
outside passes through a `Redactor` that knows the secrets of its connection, and then through patterns for secrets
nobody told us about.
"""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from base64 import b64encode, urlsafe_b64encode
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from functools import partial
from typing import cast
from urllib.parse import quote_plus

MASK = "***"
_SHORTEST = 4
"""Characters; masking shorter ones would only make texts unreadable."""
_SHORTEST_CODED = 8
"""The same for what is left of a secret in base64, wherever it begins: less is found in anything."""

_ACTS = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories of characters that are not read but do something."""
_JOINER = "\u200d"
"""Makes one emoji out of several."""
_JOINED = frozenset({"So", "Sk", "Mn", "Mc"})
"""Categories of what it may stand behind: emojis, and the signs that join letters of India."""
_APART = "\u200c"
"""Keeps two letters from being joined, in Persian and Kurdish within most longer words, and in the scripts of India."""
_CURSIVE = re.compile("[\u0620-\u08ff\u0900-\u0dff\u1000-\u109f\u1780-\u17ff\u1800-\u18aa\ufb50-\ufdff\ufe70-\ufefc]")
"""Scripts in which a letter looks different where it is joined or kept apart: from Arabic to Mongolian."""
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0d\uffa0\U000e0100-\U000e01ef]")
"""What counts as printable and is not to be seen: fillers, and variants that can carry any text unseen."""
_HIDDEN = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\U000e0000-\U000e0fff]")
"""What no words need: controls, and what smuggles words past whoever reads them."""
_MARKS = frozenset({"Mn", "Me"})
_MOST_MARKS = 8
"""On one letter; no script needs more."""
_READ = frozenset("LNPS")
"""Letters, numbers, punctuation and signs, by the first letter of their Unicode category."""
_LONGEST_NAME = 4_096
"""Characters of one that are looked at: nothing that is shown of it stands behind them."""
_FLAG = "\U0001f3f4[\U000e0061-\U000e007a]{2,6}\U000e007f"
_FLAGS = re.compile(_FLAG)
_SEEN = re.compile(f"({_FLAG}|(?<=[\u3400-\u9fff\U00020000-\U0003ffff])[\U000e0100-\U000e01ef])|{_HIDDEN.pattern}")
"""Of those, what belongs to something seen: flags of England and the like, and variants of Chinese characters."""
_MAY_BE_ESCAPED = re.compile(r"[%&\\]")
_PART = 256
"""Characters of a text that are looked up together."""
_NAMED_SIGNS = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_ESCAPE = re.compile(
    r"\\+u(?P<high>d[89ab][0-9a-f]{2})\\+u(?P<low>d[c-f][0-9a-f]{2})|\\+u(?P<unit>[0-9a-f]{4})"  # JSON
    r"|(?P<slashes>\\+)"
    r"|%(?:25)*(?P<byte>[0-9a-f]{2})"  # addresses; %2525 is a percent sign that was escaped twice
    r"|&(?:#0{0,6}(?P<number>[0-9]{1,7})|#x0{0,6}(?P<hex>[0-9a-f]{1,6})|(?P<name>amp|lt|gt|quot|apos));",  # pages
    re.IGNORECASE,
)
_PATTERNS = (
    re.compile(r"\b(?:sk-[\w-]{20,}|AIza[\w-]{30,})"),  # OpenAI and Anthropic, Google
    re.compile(r"(?<!\d)\d{5,}(?::|%3[Aa])[A-Za-z0-9_-]{20,}"),  # Telegram: bot id, colon, 35 characters
    re.compile(r"(?<=/webhooks/)\d+/[\w-]+"),  # Discord webhook address
    re.compile(r"(?<=/services/)T\w{6,}/B\w{6,}/\w{16,}"),  # Slack webhook address
    re.compile(r"\b[\w-]{23,28}\.[\w-]{6,7}\.[\w-]{27,}"),  # Discord bot token
    re.compile(r"(?i)(?<=bearer )[\w.~+/=-]{8,}"),
    re.compile(r"(?<=://)[^\s/?#]+(?=@)"),  # user and password in an address
)


class Composed(str):
    """A text that is put together of parts, each of which may hold a secret."""

    __slots__ = ()

    def changed(self, change: Callable[[str], str]) -> str:
        """The same of changed parts."""
        return change(str(self))


def holds_secret(text: str) -> bool:
    """Whether something in a text looks like a secret."""
    return any(pattern.search(text) for pattern in _PATTERNS)


class Redactor:
    """Masks known secrets and whatever looks like one."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        plain = {" ".join(secret.split()) for secret in secrets}
        known = {form for secret in plain for form in _spellings(secret)}
        # the longest first, so that a secret that contains another leaves no tail
        self._secrets = sorted((secret for secret in known if len(secret) >= _SHORTEST), key=len, reverse=True)
        forms = {form for one in (*plain, *known) if not one.isalnum() or one in plain for form in _unescaped(one)}
        self._forms = [form for form in forms if len(form) >= _SHORTEST]

    def __call__(self, text: str, limit: int = 300) -> str:
        """The text without secrets, in one line that can only be read, at most `limit` characters."""
        if isinstance(text, Composed):
            return text.changed(partial(self, limit=limit))
        text = self.masked(readable(" ".join(text.split())))
        return text if len(text) <= limit else text[: limit - 1] + "…"

    def masked(self, text: str) -> str:
        """The text without secrets, with its lines and its length."""
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        if self._forms and _MAY_BE_ESCAPED.search(text):
            for drops in (True, False):
                text = _Flat(text, drops=drops).masked(self._forms)
        for pattern in _PATTERNS:
            text = pattern.sub(MASK, text)
        return text

    def within[Found](self, found: Found) -> Found:
        """The same with every text in it as a call returns it: of a dataclass, and in tuples and lists.

        What a server says when all is well is as foreign as what it says when it refuses.
        """
        if isinstance(found, str):
            is_text = type(found) is str or isinstance(found, Composed)  # and no word of an enumeration
            return cast("Found", self(found)) if is_text else found
        if isinstance(found, tuple | list):
            return cast("Found", type(found)(self.within(one) for one in found))
        if is_dataclass(found) and not isinstance(found, type):
            return replace(found, **{one.name: self.within(getattr(found, one.name)) for one in fields(found)})
        return found


def _spellings(secret: str) -> Iterator[str]:
    """A secret as it is, and as it stands in addresses, the repr of errors, JSON, pages, and headers."""
    yield from (secret, repr(secret)[1:-1], quote_plus(secret), json.dumps(secret, ensure_ascii=False)[1:-1])
    data = secret.encode(errors="replace")
    codes = (*_coded(data), data.hex(), data.hex().upper())
    yield from (code for code in codes if len(code) >= _SHORTEST_CODED)


class _Flat:
    """A text with its escapes undone, as bytes, and where each of them stood in the text.

    Any character of a secret may be escaped, and in several ways. A pattern of all spellings tries them again and again
    where only the beginning of a secret stands; this takes as long as the text is. `drops`: backslashes go as well, of
    which JSON and reprs put some before other characters.
    """

    def __init__(self, text: str, *, drops: bool) -> None:
        self._text, self._drops = text, drops
        self._bytes = bytearray()
        self._begins, self._parts = list[int](), list[tuple[int, int, bool]]()
        at = 0
        for escape in _ESCAPE.finditer(text):
            self._add_plain(at, escape.start())
            self._add(_meant(escape), *escape.span(), whole=True)
            at = escape.end()
        self._add_plain(at, len(text))
        self.found = bytes(self._bytes).lower()

    def masked(self, forms: Iterable[bytes]) -> str:
        """The text with a mask wherever one of these stands in it."""
        spans = list[tuple[int, int]]()
        for form in forms:
            at = self.found.find(form)
            while at >= 0:
                spans.append((self._where(at)[0], self._where(at + len(form) - 1)[1]))
                at = self.found.find(form, at + len(form))
        kept, end = list[str](), 0
        for first, last in sorted(spans):
            if first >= end:
                kept += (self._text[end:first], MASK)
            end = max(end, last)
        return "".join((*kept, self._text[end:]))

    def _add_plain(self, first: int, last: int) -> None:
        for at in range(first, last, _PART):
            end = min(at + _PART, last)
            self._add(_as_bytes(self._text[at:end]), at, end, whole=False)

    def _add(self, meant: bytes, first: int, last: int, *, whole: bool) -> None:
        if meant := meant.replace(b"\\", b"") if self._drops else meant:
            self._begins.append(len(self._bytes))
            self._parts.append((first, last, whole))
            self._bytes += meant

    def _where(self, at: int) -> tuple[int, int]:
        """Where the character stands in the text of which this byte is."""
        number = bisect_right(self._begins, at) - 1
        first, last, whole = self._parts[number]
        if whole:
            return first, last
        before = self._bytes[self._begins[number] : at + 1]
        place = first + sum(byte & 0xC0 != 0x80 for byte in before) - 1  # all but the bytes that go on with a character
        return place, place + 1


def _meant(escape: re.Match[str]) -> bytes:
    """What an escape stands for."""
    if escape["byte"]:
        return bytes.fromhex(escape["byte"])
    if escape["high"]:
        return _as_bytes(bytes.fromhex(escape["high"] + escape["low"]).decode("utf-16-be"))
    if escape["slashes"] or escape["name"]:
        return _as_bytes(escape["slashes"] or _NAMED_SIGNS[escape["name"].lower()])
    number = int(escape["number"]) if escape["number"] else int(escape["unit"] or escape["hex"], 16)
    return _as_bytes(chr(number) if number <= sys.maxunicode else escape[0])


def _as_bytes(text: str) -> bytes:
    return text.encode("utf-8", errors="surrogatepass")


def _unescaped(secret: str) -> Iterator[bytes]:
    """A secret as it stands in a `_Flat`: as it is, or with that undone in it, too, which only looks like an escape."""
    plain = _as_bytes(secret).lower()
    yield from (plain, plain.replace(b"\\", b""))
    yield from (_Flat(secret, drops=drops).found for drops in (False, True))


def _coded(secret: bytes) -> Iterator[str]:
    """What of its base64 is the same whatever stands before and behind it, as the user before a password."""
    for before in range(3):
        for encode in (b64encode, urlsafe_b64encode):
            code = encode(bytes(before) + secret).decode().rstrip("=")
            first = -(-before * 8 // 6)  # the characters that hold bits of what stands before
            yield code[first : (before + len(secret)) * 8 // 6]


def readable(text: str, *, lines: bool = False) -> str:
    """Without what a terminal or a log would act on, nobody sees, or is shown in another order than it was written.

    Marks that are piled upon a letter, and would cover what stands around it, are no higher than any script needs.
    `lines`: line breaks and tabs stay.
    """
    text = _BLANK.sub("\ufffd", text)
    if text.isascii() and text.isprintable():
        return text
    kept = "\n\t" if lines else ""
    flags = {at for flag in _FLAGS.finditer(text) for at in range(*flag.span())}
    read, marks = list[str](), 0
    for at, one in enumerate(text):
        category = unicodedata.category(one)
        if one != _JOINER:
            marks = marks + 1 if category in _MARKS else 0
        if marks <= _MOST_MARKS:
            acts = category in _ACTS and one not in kept and at not in flags and not _joins(text, at)
            read.append("\ufffd" if acts else one)
    return "".join(read)


def called(name: str, instead: str, limit: int = 256) -> str:
    """A name as it can stand in a line; what is to stand there instead of one in which nothing can be read."""
    quiet = readable(" ".join(name[:_LONGEST_NAME].split()))[:limit]
    is_read = any(unicodedata.category(one)[0] in _READ and one != "\ufffd" for one in quiet)
    return quiet if is_read else readable(" ".join(instead[:_LONGEST_NAME].split()))[:limit]


def _joins(text: str, at: int) -> bool:
    """Whether there is a joiner between two things that it can join, or what keeps two letters apart."""
    if text[at] not in (_JOINER, _APART) or not 0 < at < len(text) - 1:
        return False
    before, behind = text[at - 1], text[at + 1]
    if _CURSIVE.match(before) and _is_letter(before):
        return bool(_CURSIVE.match(behind)) and _is_letter(behind)
    return text[at] == _JOINER and unicodedata.category(before) in _JOINED and behind.isprintable()


def _is_letter(one: str) -> bool:
    """Or a mark upon one."""
    return unicodedata.category(one)[0] in "LM"


def seen(text: str) -> str:
    """Words without what is in them and nobody sees: whoever copies them would hand more on than they read."""
    return text if text.isascii() and text.isprintable() else _SEEN.sub(lambda found: found[1] or "", text)
