"""What the web app asks to change of what was said: other words for a message, taking it back, an emoji on one.

Each is a message of its own in the queue, so it waits its turn as others do, and its state is shown at what it changes.
"""

from typing import Final

from bach_lib.errors import InvalidValueError
from bach_lib.models import Extras, Message, Operation
from bach_lib.registry.sender_tag import without
from bach_lib.rest.answers import Json
from bach_lib.said import Sentence
from bach_lib.web.viewer import Visit

_KEYS: Final = "panel:"
"""Before the keys of the web app: another program may have chosen the same."""


async def edit(visit: Visit, *, message_id: int, text: str, seen: int | None = None, key: str | None = None) -> Json:
    """Give a message that was sent other words. Its title, markup and buttons stay, and that its link has no preview.

    `seen`: the newest change of it, as which it stands there now. `key`: who asks again under it changes nothing again.
    """
    found = await _require(visit, message_id)
    stands = found if seen is None else await _change_of(visit, found, seen)
    receipt = await visit.bach.edit(
        message_id,
        text,
        title=stands.title and without(visit.bach.registry.get(found.connection), stands.title),
        format=stands.format,
        buttons=stands.buttons,
        extras=Extras(link_preview=stands.extras.link_preview),
        idempotency_key=own_key(key),
        context=visit.viewer.context,
    )
    return {"id": receipt.id}


async def delete(visit: Visit, *, message_id: int, key: str | None = None) -> Json:
    """Take a message back that was sent."""
    await _require(visit, message_id)
    receipt = await visit.bach.delete(message_id, idempotency_key=own_key(key), context=visit.viewer.context)
    return {"id": receipt.id}


async def react(visit: Visit, *, incoming_id: int, emoji: str, key: str | None = None) -> Json:
    """Put an emoji on a message that came in."""
    found = await visit.bach.incoming(incoming_id)
    visit.require(found.connection, found.recipient)
    receipt = await visit.bach.react_to(incoming_id, emoji, idempotency_key=own_key(key), context=visit.viewer.context)
    return {"id": receipt.id}


def own_key(key: str | None) -> str | None:
    """The key that the app has chosen, told apart from those of other programs."""
    return key and f"{_KEYS}{key}"


async def _require(visit: Visit, message_id: int) -> Message:
    found = await visit.bach.get(message_id)
    visit.require(found.connection, found.recipient)
    return found


async def _change_of(visit: Visit, message: Message, number: int) -> Message:
    """The change of a message by its number. Raises `InvalidValueError` for one of another message."""
    change = await visit.bach.get(number)
    same = (change.connection, change.target) == (message.connection, message.remote_id)
    if change.operation is not Operation.EDIT or not same:
        raise InvalidValueError(
            field="seen",
            value=number,
            expected=Sentence("a_change_of_message_id", "a change of message {id}", id=message.id),
        )
    return change
