"""What the web app asks to change of what was said: other words for a message, an emoji on one, keeping it in sight.

Also passing it on, taking it back, and letting it come again later. Each is a message of its own in the queue, so it
waits its turn as others do, and its state is shown at what it changes.
"""

from typing import Final

from bach_lib.bach.sending_calls import one_of_both
from bach_lib.errors import InvalidValueError
from bach_lib.models import Extras, Message, Operation
from bach_lib.outbound.draft import SendOptions
from bach_lib.registry.sender_tag import without
from bach_lib.rest.answers import Json
from bach_lib.said import Sentence, boxed
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


async def react(
    visit: Visit, *, emoji: str, message_id: int | None = None, incoming_id: int | None = None, key: str | None = None
) -> Json:
    """Put an emoji on a message that was sent, or on one that came in."""
    await _require_either(visit, message_id, incoming_id)
    options = SendOptions(idempotency_key=own_key(key), context=visit.viewer.context)
    if message_id is not None:
        receipt = await visit.bach.react(message_id, emoji, **options)
    else:
        receipt = await visit.bach.react_to(incoming_id or 0, emoji, **options)
    return {"id": receipt.id}


async def pin(
    visit: Visit,
    *,
    is_pinned: bool,
    message_id: int | None = None,
    incoming_id: int | None = None,
    key: str | None = None,
) -> Json:
    """Keep a message that was sent, or one that came in, in sight at the top of its chat, or no longer."""
    await _require_either(visit, message_id, incoming_id)
    change = visit.bach.pin if is_pinned else visit.bach.unpin
    options = SendOptions(idempotency_key=own_key(key), context=visit.viewer.context)
    receipt = await change(message_id, incoming_id=incoming_id, **options)
    return {"id": receipt.id}


async def forward(
    visit: Visit,
    *,
    connection: str,
    recipient: str,
    message_id: int | None = None,
    incoming_id: int | None = None,
    copy: bool = False,
    key: str | None = None,
) -> Json:
    """Pass a message on that was sent, or one that came in; `copy`: without whose words they are."""
    visit.require(connection, recipient)
    await _require_either(visit, message_id, incoming_id)
    options = SendOptions(idempotency_key=own_key(key), context=visit.viewer.context)
    receipt = await visit.bach.forward(connection, recipient, message_id, incoming_id=incoming_id, copy=copy, **options)
    return {"id": receipt.id, "lost": [boxed(loss.reason) for loss in receipt.lost]}


async def put_off(visit: Visit, *, message_id: int, until: str, key: str | None = None) -> Json:
    """Let a message that people can put off come again at a time, in the name of the viewer."""
    await _require(visit, message_id)
    receipt = await visit.bach.put_off(message_id, until, visit.viewer.name, idempotency_key=own_key(key))
    return {"id": receipt.id}


def own_key(key: str | None) -> str | None:
    """The key that the app has chosen, told apart from those of other programs."""
    return key and f"{_KEYS}{key}"


async def _require(visit: Visit, message_id: int) -> Message:
    found = await visit.bach.get(message_id)
    visit.require(found.connection, found.recipient)
    return found


async def _require_either(visit: Visit, message_id: int | None, incoming_id: int | None) -> None:
    """Raise `ForbiddenError` unless they may decide about it; `InvalidValueError` unless one of the two is named."""
    if (number := one_of_both(message_id, incoming_id)) is not None:
        await _require(visit, number)
        return
    found = await visit.bach.incoming(incoming_id or 0)
    visit.require(found.connection, found.recipient)


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
