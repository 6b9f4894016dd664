"""Operations on a message that is there, whether it was sent or came in."""

from bach_lib.bach import Bach
from bach_lib.common_sentences import ONE_OF_BOTH
from bach_lib.control.operations.json_rows import Row, message_row
from bach_lib.errors import InvalidValueError


async def pin(
    bach: Bach, message_id: int | None = None, incoming_id: int | None = None, *, silent: bool = False
) -> Row:
    """Keep it in sight at the top of its chat."""
    receipt = await bach.pin(message_id, incoming_id=incoming_id, silent=silent)
    return message_row(await bach.get(receipt.id))


async def unpin(bach: Bach, message_id: int | None = None, incoming_id: int | None = None) -> Row:
    """No longer."""
    receipt = await bach.unpin(message_id, incoming_id=incoming_id)
    return message_row(await bach.get(receipt.id))


async def react(bach: Bach, emoji: str, message_id: int | None = None, incoming_id: int | None = None) -> Row:
    """Put an emoji on it."""
    if (message_id is None) == (incoming_id is None):
        raise InvalidValueError(field="message_id", value=message_id or "", expected=ONE_OF_BOTH)
    if message_id is not None:
        receipt = await bach.react(message_id, emoji)
    else:
        receipt = await bach.react_to(incoming_id or 0, emoji)
    return message_row(await bach.get(receipt.id))


async def forward(
    bach: Bach,
    connection: str,
    recipient: str,
    message_id: int | None = None,
    incoming_id: int | None = None,
    *,
    copy: bool = False,
    silent: bool = False,
) -> Row:
    """Pass it on."""
    receipt = await bach.forward(connection, recipient, message_id, incoming_id=incoming_id, copy=copy, silent=silent)
    return message_row(await bach.get(receipt.id))
