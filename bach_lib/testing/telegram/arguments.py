"""The arguments of a call, whichever way they came.

The Bot API takes them in the query string, as a form, as multipart/form-data or as JSON
(https://core.telegram.org/bots/api#making-requests). Outside JSON everything is text, nested values are JSON in text.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson
from aiohttp.web import BaseRequest, FileField, HTTPRequestEntityTooLarge

from bach_lib.testing.telegram.errors import ApiError, bad_request

MOST_BYTES = 51_000_000
"""Of a form: files of 50 MB (https://core.telegram.org/bots/api#sending-files), and what stands beside them."""
TRUE_WORDS = frozenset({"true", "yes", "1"})  # `to_bool` of TDLib's tdutils


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file in a form."""

    name: str
    content: bytes = field(repr=False)
    mime_type: str


class Arguments:
    """Reads one call's arguments as the type a method wants."""

    __slots__ = ("files", "values")

    def __init__(self, values: Mapping[str, object], files: Mapping[str, Upload] | None = None) -> None:
        self.values: Mapping[str, object] = values
        self.files: Mapping[str, Upload] = files or {}

    def text(self, name: str) -> str:
        """The value as text; empty when it is missing."""
        value = self.values.get(name)
        if value is None:
            return ""
        return value if isinstance(value, str) else orjson.dumps(value).decode()

    def integer(self, name: str, default: int = 0) -> int:
        """The value as a whole number; `default` when it is missing, 0 when it is none (as for the real server)."""
        value = self.values.get(name)
        if value is None:
            return default
        return value if isinstance(value, int) else whole_number(self.text(name))

    def seconds(self, name: str, default: float) -> float:
        """The value as seconds; `default` when it is missing. Raises ValueError when it is no number."""
        text = self.text(name)
        return float(text) if text else default

    def flag(self, name: str) -> bool:
        """The value as yes or no."""
        value = self.values.get(name)
        return value if isinstance(value, bool) else self.text(name).lower() in TRUE_WORDS

    def nested(self, name: str) -> object:
        """The value as JSON, or None when it is missing. Raises ApiError (400) for text that is no JSON."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        try:
            return decode(value.encode()) if value else None
        except ValueError:
            raise bad_request(f"can't parse {name.replace('_', ' ')} JSON object") from None


def decode(raw: bytes) -> object:
    """Parse JSON. Raises ValueError."""
    value: object = orjson.loads(raw)
    return value


def whole_number(text: str) -> int:
    """The number in `text`, or 0."""
    try:
        return int(text)
    except ValueError:
        return 0


async def read_arguments(request: BaseRequest, most_bytes: int = MOST_BYTES) -> Arguments:
    """Read the body, a form of at most `most_bytes` or JSON, and the query string. Raises ApiError (400, 413)."""
    try:
        values, files = await _read_body(request, most_bytes)
    except HTTPRequestEntityTooLarge:
        raise ApiError(413, "Request Entity Too Large") from None
    if request.query_string:
        values = dict(request.query) | values
    return Arguments(values, files)


async def _read_body(request: BaseRequest, most_bytes: int) -> tuple[dict[str, object], dict[str, Upload]]:
    if not request.can_read_body:
        return {}, {}
    if request.content_type != "application/json":
        form = await request.clone(client_max_size=most_bytes).post()
        files = {name: _upload(part) for name, part in form.items() if isinstance(part, FileField)}
        return {name: value for name, value in form.items() if isinstance(value, str)}, files
    raw = await request.read()
    try:
        value = decode(raw) if raw else {}
    except ValueError:
        raise bad_request("can't parse parameter value") from None
    if not isinstance(value, dict):
        raise bad_request("JSON object expected")
    return value, {}


def _upload(part: FileField) -> Upload:
    with part.file:
        return Upload(name=part.filename, content=part.file.read(), mime_type=part.content_type)
