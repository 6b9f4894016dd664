"""Messages with files: a form with the fields of the message as JSON, and the files as they are. Bounded."""

import asyncio
from http import HTTPStatus
from typing import Protocol, runtime_checkable

import orjson
from aiohttp import BodyPartReader, web

from bach_lib.models import File
from bach_lib.rest.answers import RefusedError
from bach_lib.rest.requests import MAX_BODY, invalid, json_object

MAX_CONTENTS = 50_000_000
"""Bytes of all files of a message, as many as the library takes."""
MAX_FILES = 20
MULTIPART = "multipart/form-data"
_AT_ONCE = 2
"""Uploads that are read at the same time; others wait for their turn as long as a body may take."""
_SLOWEST = 250_000
"""Bytes a second, below which an upload may be given up."""
_CHUNK = 1 << 16


@runtime_checkable
class _Patient(Protocol):
    """Protocol of a server of ours for each connection; Home Assistant has none, and `server` is not in its package."""

    def give_more(self, seconds: float) -> None: ...


class Uploads:
    """Reads the bodies of messages, with files and without."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(_AT_ONCE)

    async def read(self, request: web.Request) -> tuple[dict[str, object], list[File]]:
        """The fields of the message, and its files. Raises `RefusedError`."""
        if request.content_type != MULTIPART:
            return await json_object(request), []
        length = request.content_length or MAX_CONTENTS
        if length > MAX_CONTENTS + MAX_BODY:
            raise _too_large()
        async with self._turn:
            if isinstance(request.transport, asyncio.Transport):
                visitor = request.transport.get_protocol()
                if isinstance(visitor, _Patient):
                    visitor.give_more(length / _SLOWEST)
            try:
                return await _read(request)
            except RefusedError:
                raise
            except Exception as error:  # a border: what is read may be anything
                raise _unreadable() from error


async def _read(request: web.Request) -> tuple[dict[str, object], list[File]]:
    fields: dict[str, object] | None = None
    files, left = list[File](), MAX_CONTENTS
    reader = await request.multipart()
    while (part := await reader.next()) is not None:
        if not isinstance(part, BodyPartReader) or part.headers.keys() & {
            "Content-Encoding",
            "Content-Transfer-Encoding",
        }:
            raise _unreadable()
        if part.name == "message" and fields is None:
            fields = _object(await _bounded(part, MAX_BODY))
        elif part.name == "file" and part.filename and len(files) < MAX_FILES:
            content = await _bounded(part, left)
            left -= len(content)
            kind = part.headers.get("Content-Type")
            files.append(File(name=part.filename, content=content, mime_type=kind, size=len(content)))
        else:
            raise invalid(
                f'A form has one field "message" and at most {MAX_FILES} fields "file", each with a file name.'
            )
    if fields is None:
        raise invalid('The form has no field "message".')
    return fields, files


async def _bounded(part: BodyPartReader, most: int) -> bytes:
    read = bytearray()
    while chunk := await part.read_chunk(_CHUNK):
        read += chunk
        if len(read) > most:
            raise _too_large()
    return bytes(read)


def _object(written: bytes) -> dict[str, object]:
    try:
        fields = orjson.loads(written)
    except orjson.JSONDecodeError as error:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "invalid_json", 'The field "message" is no JSON.') from error
    if not isinstance(fields, dict):
        raise invalid('The field "message" must be a JSON object.')
    return fields


def _too_large() -> RefusedError:
    detail = f"All files together have at most {MAX_CONTENTS} bytes, and the fields of the message {MAX_BODY}."
    return RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "request_entity_too_large", detail)


def _unreadable() -> RefusedError:
    return RefusedError(
        HTTPStatus.BAD_REQUEST,
        "unreadable_body",
        "The body is not what its headers say, or was not sent to its end.",
    )
