"""What the web app sends: words by a command, words with files by a request of their own.

Files do not go through the socket: Home Assistant's takes 4 MB at once, and while they come nothing else would. Who may
not write there, or writes to a platform that takes no files, is told before a byte of them is read.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Final, cast

from aiohttp import web

from bach_lib.control.operations.asked import checked
from bach_lib.control.sentences import SentenceError
from bach_lib.errors import InvalidValueError
from bach_lib.models import File
from bach_lib.models.incoming import IncomingMessage
from bach_lib.rest.answers import Json, RefusedError
from bach_lib.rest.uploads import MAX_CONTENTS, MAX_FILES, Uploads
from bach_lib.said import Sentence, boxed
from bach_lib.web.change_commands import own_key
from bach_lib.web.viewer import Visit

_PATIENCE: Final = 60.0
"""Seconds for an upload, and one more for each of these bytes."""
_SLOWEST: Final = 100_000


async def write(
    visit: Visit, *, connection: str, recipient: str, text: str, answer_to: int | None = None, key: str | None = None
) -> Json:
    """Send words to a place. `answer_to`: a message that came in there. `key`: who asks again sends nothing again."""
    visit.require(connection, recipient)
    return await _send(visit, connection=connection, recipient=recipient, text=text, answer_to=answer_to, key=key)


async def write_with_files(
    visit: Visit, request: web.Request, uploads: Uploads, *, patience: float = _PATIENCE
) -> Json:
    """Send words with the files in a form, whose field `message` has what `write` is told.

    Raises `RefusedError`, a `ForbiddenError` or a `BachError`; nothing is kept then.
    """
    wish = dict[str, object]()

    async def admit(fields: dict[str, object]) -> int:
        wish.update(_checked(fields))
        connection, recipient = str(wish["connection"]), str(wish["recipient"])
        visit.require(connection, recipient)
        if (limits := await file_limits(visit, connection)) is None:
            raise InvalidValueError(
                field="files",
                value=Sentence("a_file", "a file"),
                expected=Sentence("none_its_platform_takes_words_only", "none: its platform takes words only"),
            )
        return limits["each"]

    try:
        async with asyncio.timeout(patience + (request.content_length or MAX_CONTENTS) / _SLOWEST):
            _, files = await uploads.read(request, admit)
    except TimeoutError:
        raise RefusedError(HTTPStatus.REQUEST_TIMEOUT, "too_slow", "The files did not come in time.") from None
    send: Callable[..., Awaitable[Json]] = _send
    return await send(visit, **{"answer_to": None, "key": None, **wish}, files=files)


async def file_limits(visit: Visit, connection: str) -> dict[str, int] | None:
    """How many files a message there may have, and how large they may be; None: it takes words only."""
    able = await visit.bach.capabilities(connection)
    return (
        {"count": MAX_FILES, "each": min(able.file_bytes, MAX_CONTENTS), "all": MAX_CONTENTS}
        if able.max_files
        else None
    )


def _checked(fields: dict[str, object]) -> dict[str, object]:
    try:
        return checked(write, cast("Mapping[str, Json]", fields))  # it was JSON
    except SentenceError as error:
        raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_format", str(error)) from error


async def _send(
    visit: Visit,
    *,
    connection: str,
    recipient: str,
    text: str,
    answer_to: int | None,
    key: str | None,
    files: Sequence[File] = (),
) -> Json:
    reply_to = None
    if answer_to is not None:
        answered = await visit.bach.incoming(answer_to)
        _require_here(visit, answered, connection, recipient)
        reply_to = answered.remote_id
    receipt = await visit.bach.send(
        connection,
        recipient,
        text,
        reply_to=reply_to,
        files=files,
        idempotency_key=own_key(key),
        context=visit.viewer.context,
    )
    return {"id": receipt.id, "lost": [boxed(loss.reason) for loss in receipt.lost]}


def _require_here(visit: Visit, message: IncomingMessage, connection: str, recipient: str) -> None:
    """An answer stays where the question is: else words of one place would be quoted in another."""
    here = visit.bach.normal(connection, recipient)
    if message.connection != connection or visit.bach.normal(connection, message.recipient) != here:
        raise InvalidValueError(
            field="answer_to",
            value=message.id,
            expected=Sentence("a_message_that_came_in_there", "a message that came in there"),
        )
