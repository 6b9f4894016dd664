"""Finds out how large files may be in a channel: more where people have boosted its server.

https://discord.com/developers/docs/resources/guild#guild-object-premium-tier
"""

from collections.abc import Mapping
from typing import Final

from discord.http import Route

from bach_lib.clock import Clock
from bach_lib.connectors.discord.compose import FILE_BYTES
from bach_lib.connectors.discord.direct_channels import DirectChannels
from bach_lib.connectors.discord.json_fields import number
from bach_lib.connectors.discord.recipients import Target
from bach_lib.connectors.discord.rest import Rest
from bach_lib.connectors.file_limits import FileLimits
from bach_lib.connectors.observations import CallError, Observation
from bach_lib.models import Message

BY_TIER: Final[Mapping[int, int]] = {2: 50 << 20, 3: 100 << 20}
"""Bytes by the tier of the server (https://support.discord.com/hc/en-us/articles/360028038352)."""
_SECONDS: Final = 3600.0
"""For how long an answer counts; boosts come and go."""
_MOST: Final = 1_000


class Boosts:
    """What one bot has asked, by channel."""

    def __init__(self, rest: Rest, directs: DirectChannels, clock: Clock) -> None:
        self._rest = rest
        self._directs = directs
        self._clock = clock
        self._known = dict[int, tuple[float, int]]()

    async def limits(self, message: Message) -> FileLimits:
        """How large files may be where it goes. Discord is only asked about one that is too large for most places.

        Raises `CallError` where nobody answers.
        """
        target, each = Target.parse(message.recipient), FILE_BYTES
        if target.channel is not None and any(len(file.content) > each for file in message.files):
            each = await self._file_bytes(await self._directs.place(target))
        return FileLimits(who="Discord", each=each, picture=each)

    async def _file_bytes(self, channel: int) -> int:
        now = self._clock.monotonic()
        asked_at, found = self._known.get(channel, (0.0, 0))
        if found and now - asked_at < _SECONDS:
            return found
        try:
            found = await self._ask(channel)
        except CallError as error:
            if error.seen is not Observation.REFUSED:
                raise error.of_a_preparation from None
            found = FILE_BYTES  # the channel is gone, or hidden: what is sent there will be told so itself
        self._known.pop(channel, None)
        self._known[channel] = now, found
        if len(self._known) > _MOST:
            del self._known[next(iter(self._known))]
        return found

    async def _ask(self, channel: int) -> int:
        place = await self._rest.request(Route("GET", "/channels/{channel_id}", channel_id=channel))
        guild = number(place, "guild_id") if isinstance(place, dict) else None
        if guild is None:
            return FILE_BYTES
        server = await self._rest.request(Route("GET", "/guilds/{guild_id}", guild_id=guild))
        tier = number(server, "premium_tier") if isinstance(server, dict) else None
        return max(FILE_BYTES, BY_TIER.get(tier or 0, 0))
