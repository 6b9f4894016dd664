"""Signatures of Standard Webhooks: HMAC-SHA256 over id, time and body.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Iterable
from hashlib import sha256
from secrets import token_bytes

from bach_lib.errors import InvalidValueError
from bach_lib.said import Sentence

_PREFIX = "whsec_"
_SHORTEST = 16
"""Bytes. Shorter keys can be guessed."""
_LONGEST = 7000
_NEW = 32


def new_secret() -> str:
    """A secret that nobody guesses."""
    return f"{_PREFIX}{b64encode(token_bytes(_NEW)).decode()}"


def key_of(secret: str, field: str = "secret") -> bytes:
    """The key: base64 after `whsec_`, else the secret itself. Raises `InvalidValueError`, which never quotes it."""
    try:
        encoded = secret.removeprefix(_PREFIX)
        key = b64decode(encoded, validate=True) if secret.startswith(_PREFIX) else secret.encode()
    except ValueError:
        key = b""
    if not _SHORTEST <= len(key) <= _LONGEST:
        raise InvalidValueError(
            field=field,
            value="***",
            expected=Sentence(
                "whsec_and_base64_or_a_text_of_number",
                '"whsec_" and base64, or a text, of {number} to {number2} bytes',
                number=_SHORTEST,
                number2=_LONGEST,
            ),
        )
    return key


def sign(key: bytes, id_: str, timestamp: int, body: bytes) -> str:
    """The value of the header `webhook-signature`."""
    signed = f"{id_}.{timestamp}.".encode() + body
    return f"v1,{b64encode(hmac.digest(key, signed, sha256)).decode()}"


def signatures(keys: Iterable[bytes], id_: str, timestamp: int, body: bytes) -> str:
    """The same with each of several keys: while a key changes, who checks may have the old one or the new one."""
    return " ".join(sign(key, id_, timestamp, body) for key in keys)
