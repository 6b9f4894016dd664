"""What a call brings with it: JSON, or a form with files (https://discord.com/developers/docs/reference#uploading-files)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson
from aiohttp import BodyPartReader
from aiohttp.web import BaseRequest

from bach_lib.testing.discord.errors import ApiError, invalid

MAX_BODY = 105 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file in a form."""

    filename: str
    content_type: str | None
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The arguments of a call, and its files."""

    values: Mapping[str, object] = field(default_factory=dict)
    files: tuple[Upload, ...] = ()


async def read_body(request: BaseRequest) -> Body:
    """Read what came. Raises ApiError (400)."""
    if not request.can_read_body:
        return Body()
    request = request.clone(client_max_size=MAX_BODY)
    if request.content_type == "multipart/form-data":
        return await _form(request)
    if request.content_type == "application/x-www-form-urlencoded":  # what a form without files becomes
        return Body(values=_decode(str((await request.post()).get("payload_json", "")).encode()))
    raw = await request.read()
    if raw and request.content_type != "application/json":
        raise invalid(
            "_misc", "CONTENT_TYPE_INVALID", 'Expected "Content-Type" header to be one of {application/json}.'
        )
    return Body(values=_decode(raw) if raw else {})


async def _form(request: BaseRequest) -> Body:
    values: Mapping[str, object] = {}
    files: list[Upload] = []
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        content = bytes(await part.read(decode=True))
        if part.name == "payload_json":
            values = _decode(content)
        elif part.filename:
            files.append(Upload(filename=part.filename, content_type=part.headers.get("Content-Type"), content=content))
    return Body(values=values, files=tuple(files))


def _decode(raw: bytes) -> Mapping[str, object]:
    try:
        value = orjson.loads(raw)
    except ValueError:
        raise ApiError(400, 50109, "The request body contains invalid JSON.") from None
    if not isinstance(value, dict):
        raise invalid("_misc", "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
    return value
