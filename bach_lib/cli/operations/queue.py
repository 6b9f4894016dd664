"""What can be asked about messages going out."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from bach_lib.bach import Bach
from bach_lib.cli.faults import SentenceError
from bach_lib.cli.operations.rows import Row, message_row, queue_row
from bach_lib.drafting import SendOptions
from bach_lib.models import File, Status
from bach_lib.rest.answers import Json

_MAX_BYTES = 50_000_000
_UNFINISHED = (Status.PENDING, Status.SENDING, Status.FAILED)


async def send(
    bach: Bach, connection: str, recipient: str, text: str, *, options: Mapping[str, Json], paths: Sequence[str] = ()
) -> Row:
    """Queue a message, with the files at `paths`. The daemon reads them itself; it is the same person's."""
    files = [await asyncio.to_thread(_read, Path(path)) for path in paths]
    chosen = cast("SendOptions", {**options, "files": files})
    receipt = await bach.send(connection, recipient, text, **chosen)
    return message_row(await bach.get(receipt.id))


def _read(path: Path) -> File:
    """Raises `SentenceError`. One byte more than anybody takes is enough to be refused."""
    try:
        with path.open("rb") as file:
            return File(name=path.name, content=file.read(_MAX_BYTES + 1))
    except OSError as error:
        raise SentenceError(f"{path} cannot be read: {error.strerror or type(error).__name__}.") from error


async def wait(bach: Bach, message_id: int, seconds: float) -> Row:
    """The message when nothing more happens to it, or as it stands then."""
    return message_row(await bach.wait(message_id, seconds))


async def messages(
    bach: Bach, connection: str | None = None, status: Sequence[str] | None = None, limit: int = 50
) -> list[Row]:
    """The newest, newest first."""
    wanted = None if status is None else [Status(one) for one in status]
    return [message_row(one) for one in await bach.messages(connection=connection, status=wanted, limit=limit)]


async def waiting(bach: Bach, connection: str | None = None, limit: int = 500) -> list[Row]:
    """What is still to be delivered, newest first."""
    return await messages(bach, connection, _UNFINISHED, limit)


async def queue_status(bach: Bach) -> list[Row]:
    """How the queue of each connection stands."""
    return [queue_row(status) for _, status in sorted((await bach.queue_status()).items())]


async def retry(bach: Bach, message_id: int) -> Row:
    """Send an ended message again."""
    return message_row(await bach.retry(message_id))


async def retry_all(bach: Bach, connection: str | None = None) -> int:
    """Send all dead letters again; how many."""
    return await bach.retry_all(connection)


async def cancel(bach: Bach, message_id: int) -> Row:
    """Take a waiting message out."""
    return message_row(await bach.cancel(message_id))
