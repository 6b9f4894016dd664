"""Cache of direct message channels, which Discord creates on request."""

from bach_lib.connectors.discord.json_fields import number
from bach_lib.connectors.discord.recipients import Target
from bach_lib.connectors.discord.rest import Rest
from bach_lib.connectors.observations import CallError, Observation
from bach_lib.said import Sentence


class DirectChannels:
    """Cache of one bot's direct channels; each is asked for once."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest
        self._known: dict[int, int] = {}

    async def place(self, target: Target) -> int:
        """The channel or thread to write to. Raises `CallError`."""
        return target.place or await self.channel(target.person or 0)

    async def channel(self, person: int) -> int:
        """The channel to a person. Raises `CallError`."""
        if person not in self._known:
            try:
                answer = await self._rest.start_private_message(person)
            except CallError as error:
                raise error.of_a_preparation from None
            channel = number(answer, "id") if isinstance(answer, dict) else None
            if channel is None:
                raise CallError(
                    "bad_answer",
                    Sentence(
                        "discord_does_not_say_where_direct_messages_go",
                        "Discord does not say where direct messages go.",
                    ),
                    Observation.UNCLEAR,
                )
            self._known[person] = channel
        return self._known[person]
