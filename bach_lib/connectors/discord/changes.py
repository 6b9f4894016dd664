"""Changes of a message that is there: another text, an emoji, a pin, or that it is gone. All raise `CallError`."""

from collections.abc import Awaitable

from discord.http import Route

from bach_lib.connectors.discord import compose
from bach_lib.connectors.discord.errors import expect_message, expect_nothing
from bach_lib.connectors.discord.rest import Rest, as_json
from bach_lib.connectors.observations import CallError
from bach_lib.models import Message


async def edit(rest: Rest, place: int, message: Message) -> None:
    """Give it another text. Without buttons none are left."""
    body = compose.change(message, compose.only_one(message)) | {"components": compose.components(message)}
    expect_message(await rest.edit_message(place, compose.target(message), params=as_json(body)))


async def react(rest: Rest, place: int, message: Message) -> None:
    """Put an emoji on it."""
    reacting: Awaitable[object] = rest.add_reaction(place, compose.target(message), message.text)
    expect_nothing(await reacting)


async def pin(rest: Rest, place: int, message: Message, *, is_on: bool) -> None:
    """Keep it in sight in its channel, or no longer; what is so already is what was wanted.

    https://docs.discord.com/developers/resources/message#pin-message
    """
    path = "/channels/{channel_id}/messages/pins/{message_id}"
    target = compose.target(message)
    route = Route("PUT" if is_on else "DELETE", path, channel_id=place, message_id=target)
    try:
        expect_nothing(await rest.request(route))
    except CallError as error:
        if is_on or error.code != "message_not_found":
            raise


async def delete(rest: Rest, place: int, message: Message) -> None:
    """Take it away, with all that it became. What is gone already is what was wanted."""
    for target in compose.targets(message):
        try:
            deleting: Awaitable[object] = rest.delete_message(place, target)
            expect_nothing(await deleting)
        except CallError as error:
            if error.code != "message_not_found":
                raise
