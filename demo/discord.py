"""Discord in the demo: a server with one channel, a bot and a person, and what arrives there."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from demo.double import Double

TOKEN: Final = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GtEsT0.a_token_that_exists_on_loopback_only"  # noqa: S105
USERNAME: Final = "demo_bot"
CHANNEL: Final = "alarms"
PERSON: Final = "ada"


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A message as Discord has it."""

    id: str
    text: str


class Discord(Double):
    """Each life begins with the same names, but with other ids."""

    def __init__(self, folder: Path) -> None:
        names = ["--username", USERNAME, "--guild", "Home", "--channel", CHANNEL, "--user", PERSON]
        super().__init__(folder, "discord_server", ["--token", TOKEN, *names])

    @property
    def api(self) -> str:
        """What a bot uses as its API server."""
        return f"{self.url}/api/v10"

    async def posted(self, count: int = 0, *, seconds: float = 5.0) -> list[Posted]:
        """All messages of bots, oldest first, once there are `count`, at the latest after `seconds`."""
        return [Posted(id=message["id"], text=message["content"]) for message in await self.stored(count, seconds)]

    async def channel(self) -> str:
        """The id of the channel."""
        places = await self.control("GET", "places")
        number: str = places["channels"][CHANNEL]
        return number

    async def write(self, text: str) -> None:
        """The person writes in the channel."""
        user = (await self.control("GET", "places"))["users"][PERSON]
        await self.control("POST", "texts", {"channel": await self.channel(), "user": user, "text": text})

    async def lose_the_next_answer(self) -> None:
        """Store the next message, and break the line before saying so."""
        await self.control("POST", "faults", {"name": "drop_after_store", "calls": ["create_message"]})
