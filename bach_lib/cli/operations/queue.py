"""What can be asked about messages going out."""

from collections.abc import Mapping, Sequence
from typing import cast

from bach_lib.bach import Bach
from bach_lib.cli.operations.rows import Row, message_row, queue_row
from bach_lib.drafting import SendOptions
from bach_lib.models import Status
from bach_lib.rest.answers import Json

_UNFINISHED = (Status.PENDING, Status.SENDING, Status.FAILED)


async def send(bach: Bach, connection: str, recipient: str, text: str, options: Mapping[str, Json]) -> Row:
    """Queue a message."""
    receipt = await bach.send(connection, recipient, text, **cast("SendOptions", dict(options)))
    return message_row(await bach.get(receipt.id))


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
