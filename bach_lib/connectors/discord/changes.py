"""Changes of a message that a bot has sent: another text, an emoji, or that it is gone. All raise `CallError`."""

from collections.abc import Awaitable

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


async def delete(rest: Rest, place: int, message: Message) -> None:
    """Take it away, with all that it became. What is gone already is what was wanted."""
    for target in compose.targets(message):
        try:
            deleting: Awaitable[object] = rest.delete_message(place, target)
            expect_nothing(await deleting)
        except CallError as error:
            if error.code != "message_not_found":
                raise
