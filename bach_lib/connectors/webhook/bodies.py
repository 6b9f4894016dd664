"""Decodes request bodies: JSON, a form, or a text, however its sender writes that down."""

import re
from codecs import lookup
from collections.abc import Iterator
from email.message import Message as Mail
from email.parser import BytesParser
from email.policy import HTTP
from typing import Final
from urllib.parse import parse_qsl

from bach_lib.common_sentences import ITS_FORM_CANNOT_BE_READ
from bach_lib.connectors import tolerant
from bach_lib.said import Sentence

_CHARSET: Final = re.compile(r"charset\s*=\s*\"?([A-Za-z0-9._-]{1,40})", re.IGNORECASE)
_MARKS: Final = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_NO_CHARSETS: Final = frozenset({"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"})
"""What Python has among its charsets and nobody who posts does; some fail, whatever they are asked to replace."""
_MAX_FIELDS: Final = 200
_PAYLOAD: Final = "payload"
"""The one field of a form in which some senders put JSON."""
_ALONE: Final = "data"
"""The same, of others; a name that means much else, so only where no field stands beside it."""


class UnreadableBodyError(Exception):
    """Why nothing can be read in a body."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read(content_type: str, body: bytes) -> object:
    """What a body holds: JSON as it is, a form as names and values, anything else as `{"text": …}`.

    Many senders send JSON and call it something else, so it is tried first. A mark of the byte order (RFC 8259 8.1) and
    other charsets are understood, and what no charset knows becomes a replacement character. Raises
    `UnreadableBodyError`.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return _form(_parts(content_type, body))
    text = _text(content_type, body).strip()
    if not text:
        raise UnreadableBodyError(Sentence("its_body_is_empty", "its body is empty"))
    if text[0] in "{[":
        return _json(text)
    if kind == "application/x-www-form-urlencoded":
        return _form(_pairs(text, _charset(content_type, body)))
    if kind.startswith("text/") and kind not in {"text/html", "text/xml", "text/json"}:
        return {"text": text}
    if "xml" in kind or "html" in kind:
        raise UnreadableBodyError(Sentence("its_body_is_kind", "its body is {kind}", kind=kind))
    return _json(text)


def _text(content_type: str, body: bytes) -> str:
    return body.decode(_charset(content_type, body), errors="replace")


def _charset(content_type: str, body: bytes) -> str:
    """What its mark of the byte order says, or its header; UTF-8 where that names none that there is."""
    marked = next((name for mark, name in _MARKS if body.startswith(mark)), None)
    named = _CHARSET.search(content_type)
    if marked or named is None:
        return marked or "utf-8"
    try:
        b"x".decode(named[1], errors="replace")
        known = lookup(named[1]).name.replace("_", "-")
    except (LookupError, ValueError):  # of which a codec that is none for texts is one as well
        return "utf-8"
    return "utf-8" if known in _NO_CHARSETS else named[1]


def _pairs(text: str, charset: str) -> Iterator[tuple[str, str]]:
    """The fields of a form that is written as in an address. Raises `ValueError` if there are too many."""
    yield from parse_qsl(text, keep_blank_values=True, encoding=charset, errors="replace", max_num_fields=_MAX_FIELDS)


def _json(text: str) -> object:
    try:
        return tolerant.decode(text.encode(errors="replace"))
    except (ValueError, RecursionError):
        raise UnreadableBodyError(Sentence("its_body_is_no_json", "its body is no JSON")) from None


def _form(fields: Iterator[tuple[str, str]]) -> object:
    try:
        found = dict(fields)
    except ValueError:
        raise UnreadableBodyError(ITS_FORM_CANNOT_BE_READ) from None
    if not found:
        raise UnreadableBodyError(Sentence("its_form_is_empty", "its form is empty"))
    payload = found.get(_ALONE if found.keys() == {_ALONE} else _PAYLOAD, "").lstrip()
    return _json(payload) if payload[:1] in {"{", "["} else found


def _parts(content_type: str, body: bytes) -> Iterator[tuple[str, str]]:
    """The fields of a form in parts (RFC 7578); files are passed over."""
    head = b"Content-Type: " + content_type.encode("latin-1", "replace").replace(b"\n", b" ") + b"\r\n\r\n"
    mail: Mail = BytesParser(policy=HTTP).parsebytes(head + body)
    parts = [part for part in mail.walk() if not part.is_multipart()]
    if not mail.is_multipart() or len(parts) > _MAX_FIELDS:
        raise UnreadableBodyError(ITS_FORM_CANNOT_BE_READ)
    for part in parts:
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and part.get_filename() is None and isinstance(content, bytes):
            yield name, _text(part.get("Content-Type", ""), content).strip()
