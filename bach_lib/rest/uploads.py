"""Messages with files: a form with the fields of the message as JSON, and the files as they are. Bounded."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Protocol, runtime_checkable

import orjson
from aiohttp import BodyPartReader, MultipartReader, web

from bach_lib.models import MOST_OF_FILE, File
from bach_lib.rest.answers import RefusedError
from bach_lib.rest.requests import MAX_BODY, invalid, json_object

MAX_CONTENTS = MOST_OF_FILE
"""Bytes of all files in one request, which are in memory: the largest that a message may have fits in."""
MAX_FILES = 20
MULTIPART = "multipart/form-data"
_AT_ONCE = 2
"""Uploads that are read at the same time; others wait for their turn as long as a body may take."""
_SLOWEST = 250_000
"""Bytes a second, below which an upload may be given up."""
_CHUNK = 1 << 16


type Admit = Callable[[dict[str, object]], Awaitable[int]]
"""Looks at the fields, which then have to come first, and says how large each file may be; raises to refuse them."""


@runtime_checkable
class _Patient(Protocol):
    """Protocol of a server of ours for each connection; Home Assistant has none, and `server` is not in its package."""

    def give_more(self, seconds: float) -> None: ...


class Uploads:
    """Reads the bodies of messages, with files and without."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(_AT_ONCE)

    async def read(self, request: web.Request, admit: Admit | None = None) -> tuple[dict[str, object], list[File]]:
        """The fields of the message, and its files. Raises `RefusedError`, and what `admit` raises."""
        if request.content_type != MULTIPART and admit is None:
            return await json_object(request), []
        length = request.content_length or MAX_CONTENTS
        if length > MAX_CONTENTS + MAX_BODY:
            raise _too_large()
        async with self._turn:
            if isinstance(request.transport, asyncio.Transport):
                visitor = request.transport.get_protocol()
                if isinstance(visitor, _Patient):
                    visitor.give_more(length / _SLOWEST)
            return await _read(request, admit)


async def _read(request: web.Request, admit: Admit | None) -> tuple[dict[str, object], list[File]]:
    fields: dict[str, object] | None = None
    files, left, each = list[File](), MAX_CONTENTS, MAX_CONTENTS
    with _as_it_says():
        reader = await request.multipart()
    while (part := await _next(reader)) is not None:
        if not isinstance(part, BodyPartReader) or part.headers.keys() & {
            "Content-Encoding",
            "Content-Transfer-Encoding",
        }:
            raise _unreadable()
        if part.name == "message" and fields is None:
            fields = _object(await _bounded(part, MAX_BODY))
            each = await admit(fields) if admit else each
        elif admit and fields is None:
            raise invalid('The field "message" has to come first.')
        elif part.name == "file" and part.filename and len(files) < MAX_FILES:
            content = await _bounded(part, left, each)
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


async def _next(reader: MultipartReader) -> MultipartReader | BodyPartReader | None:
    with _as_it_says():
        return await reader.next()


async def _bounded(part: BodyPartReader, left: int, each: int = MAX_CONTENTS) -> bytes:
    read = bytearray()
    with _as_it_says():
        while chunk := await part.read_chunk(_CHUNK):
            read += chunk
            if len(read) > min(left, each):
                raise _too_large(each)
    return bytes(read)


@contextmanager
def _as_it_says() -> Iterator[None]:
    """A border: what is read may be anything."""
    try:
        yield
    except RefusedError:
        raise
    except Exception as error:
        raise _unreadable() from error


def _object(written: bytes) -> dict[str, object]:
    try:
        fields = orjson.loads(written)
    except orjson.JSONDecodeError as error:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "invalid_json", 'The field "message" is no JSON.') from error
    if not isinstance(fields, dict):
        raise invalid('The field "message" must be a JSON object.')
    return fields


def _too_large(each: int = MAX_CONTENTS) -> RefusedError:
    of_each = f" Each has at most {each}." if each < MAX_CONTENTS else ""
    detail = f"All files together have at most {MAX_CONTENTS} bytes, and the fields of the message {MAX_BODY}.{of_each}"
    return RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "request_entity_too_large", detail)


def _unreadable() -> RefusedError:
    return RefusedError(
        HTTPStatus.BAD_REQUEST,
        "unreadable_body",
        "The body is not what its headers say, or was not sent to its end.",
    )
