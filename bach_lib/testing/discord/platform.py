"""The state of the Discord double: who there is, what was said, and who listens. `people` adds what people do."""

import re
from collections import Counter
from collections.abc import Callable
from secrets import token_urlsafe
from typing import override

from bach_lib.clock import Clock
from bach_lib.testing.discord import guild_payloads, payloads
from bach_lib.testing.discord.errors import unknown
from bach_lib.testing.discord.gateway import Gateway
from bach_lib.testing.discord.limits import RateLimits
from bach_lib.testing.discord.models import (
    THREADS,
    Bot,
    Channel,
    ChannelType,
    Guild,
    Interaction,
    Message,
    User,
    Webhook,
)
from bach_lib.testing.discord.snowflakes import Snowflakes
from bach_lib.testing.loopback import Loopback
from bach_lib.testing.outbox import Outbox

_ESCAPED = re.compile(r"\\([^\w\s])")
"""What stands as it is written."""


class Platform(Outbox[Message], Loopback):
    """What the platform knows. `DiscordServer` adds the way in over HTTP.

    `sent` holds the messages of bots and webhooks, oldest first, and `deleted` those that are gone; `typing` the
    channels where a bot began to type; `interactions` every press by its id; `calls` counts calls by their names.
    """

    platform = "discord"

    def __init__(self, *, port: int, clock: Clock, enforce_limits: bool) -> None:
        Outbox.__init__(self)
        Loopback.__init__(self, port)
        self.clock = clock
        """Tells when messages were written, and when limits are over."""
        self.bots: dict[str, Bot] = {}
        """By token."""
        self.users: dict[int, User] = {}
        """By id; `add_user` and `says` bring them."""
        self.guilds: dict[int, Guild] = {}
        """By id; `add_guild` brings them."""
        self.channels: dict[int, Channel] = {}
        """By id, those of two people included."""
        self.webhooks: dict[int, Webhook] = {}
        """By id."""
        self.interactions: dict[int, Interaction] = {}
        self.deleted: list[Message] = []
        self.typing: list[Channel] = []
        self.calls: Counter[str] = Counter()
        self.nonces: dict[tuple[int, str], Message] = {}
        """What each channel got under a nonce: the same one brings no second message."""
        self.snowflakes: Snowflakes = Snowflakes(clock.now)
        """Gives ids, which tell the time."""
        self.limits: RateLimits = RateLimits(clock.monotonic, clock.now, enforced=enforce_limits)
        """Counts calls, and refuses what is too much where that is asked for."""
        self.gateway: Gateway = Gateway(self)
        """Where bots listen."""
        self._unheard: list[Callable[[], object]] = []

    @property
    @override
    def texts(self) -> list[str]:
        return [_ESCAPED.sub(r"\1", message.content) for message in self.sent]

    async def wait_until_heard(self, timeout: float = 30.0) -> None:
        """Wait until a bot listens at the gateway: nobody else is told. Raises TimeoutError after `timeout` seconds."""
        await self.wait_until(lambda: bool(self.gateway.connected), timeout)

    def add_bot(self, token: str, *, username: str = "test_bot", may_read_texts: bool = True) -> Bot:
        """Let the bot with this token call the server."""
        user = self.add_user(username, bot=True)
        self.bots[token] = Bot(token=token, user=user, may_read_texts=may_read_texts)
        return self.bots[token]

    def revoke(self, bot: Bot) -> None:
        """The token stops working, as after "Reset Token" in the developer portal."""
        self.bots.pop(bot.token, None)
        self.gateway.close(bot, 4004)

    def add_user(
        self,
        username: str,
        *,
        global_name: str | None = None,
        bot: bool = False,
        id: int | None = None,  # noqa: A002 - Discord's word
    ) -> User:
        """Somebody; by default with the next id."""
        user = User(id=id or self.snowflakes.take(), username=username, global_name=global_name, bot=bot)
        self.users[user.id] = user
        return user

    def add_guild(self, name: str = "Home") -> Guild:
        """A server; every bot is in it, those that are connected learn of it."""
        guild = Guild(id=self.snowflakes.take(), name=name, owner=self.add_user(f"owner_of_{name.lower()}"))
        self.guilds[guild.id] = guild
        self.gateway.dispatch("GUILD_CREATE", lambda bot, _: self.guild_json(guild, bot), self.bots.values())
        return guild

    def add_role(self, guild: Guild, name: str) -> int:
        """A role in a server; its id."""
        number = self.snowflakes.take()
        guild.roles[number] = name
        body = {"guild_id": str(guild.id), "role": guild_payloads.role(number, name)}
        self.gateway.dispatch("GUILD_ROLE_CREATE", lambda _, __: body, self.bots.values())
        return number

    def add_channel(self, guild: Guild, name: str = "general", type: ChannelType = ChannelType.TEXT) -> Channel:  # noqa: A002 - Discord's word
        """A channel in a server."""
        return self._keep(Channel(id=self.snowflakes.take(), type=type, name=name, guild=guild), "CHANNEL_CREATE")

    def add_thread(self, channel: Channel, name: str = "thread") -> Channel:
        """A thread in a channel."""
        made = Channel(
            id=self.snowflakes.take(), type=ChannelType.PUBLIC_THREAD, name=name, guild=channel.guild, parent=channel
        )
        return self._keep(made, "THREAD_CREATE")

    def add_webhook(
        self,
        channel: Channel,
        name: str = "Home",
        *,
        id: int | None = None,  # noqa: A002 - Discord's word
        token: str | None = None,
    ) -> Webhook:
        """An address for writing to a channel; `webhook_url` says which. By default nobody could guess it."""
        number = id or self.snowflakes.take()
        hook = Webhook(id=number, token=token or token_urlsafe(51), channel=channel, name=name)
        self.webhooks[hook.id] = hook
        return hook

    def webhook_url(self, hook: Webhook) -> str:
        """The address of a webhook, which is its secret."""
        return f"{self.origin}/api/webhooks/{hook.id}/{hook.token}"

    def direct(self, bot: User, person: User) -> Channel:
        """The channel between a bot and a person, made when it is first needed."""
        for channel in self.channels.values():
            if channel.is_direct and channel.bot is bot and channel.person is person:
                return channel
        made = Channel(id=self.snowflakes.take(), type=ChannelType.DM, bot=bot, person=person)
        self.channels[made.id] = made
        return made

    def channel(self, bot: Bot, channel_id: int) -> Channel:
        """The channel a bot asks for. Raises ApiError (404) where it sees none."""
        found = self.channels.get(channel_id)
        if found is None or not self.sees(bot, found):
            raise unknown("Channel")
        return found

    def sees(self, bot: Bot, channel: Channel) -> bool:
        """Whether a bot is where the channel is."""
        if channel.guild is None:
            return channel.bot is bot.user
        return bot.user.id not in channel.guild.bots_out

    def bots_at(self, channel: Channel) -> list[Bot]:
        """The bots that see a channel."""
        return [bot for bot in self.bots.values() if self.sees(bot, channel)]

    def guilds_of(self, bot: Bot) -> list[Guild]:
        """The servers a bot is in."""
        return [guild for guild in self.guilds.values() if bot.user.id not in guild.bots_out]

    def channels_of(self, guild: Guild, *, threads: bool = False) -> list[Channel]:
        """The channels, or the threads, of a server."""
        return [one for one in self.channels.values() if one.guild is guild and (one.type in THREADS) is threads]

    def guild_json(self, guild: Guild, bot: Bot) -> dict[str, object]:
        """A server as GUILD_CREATE brings it."""
        channels = self.channels_of(guild) + self.channels_of(guild, threads=True)
        return guild_payloads.new_guild(guild, channels, bot.user, self.clock.now())

    def store(self, message: Message) -> None:
        """Keep a message and tell all bots that see it."""
        message.channel.messages[message.id] = message
        if message.author.bot:
            self.sent.append(message)
        self.tell_message("MESSAGE_CREATE", message)
        self.changed()

    def tell_message(self, event: str, message: Message) -> None:
        """Tell all bots that see a message of it."""
        place = message.channel
        extra: dict[str, object] = {} if place.guild is None else {"guild_id": str(place.guild.id)}
        self.gateway.dispatch(
            event,
            lambda bot, intents: payloads.message(message, self.origin, bot, intents) | extra,
            self.bots_at(place),
            channel=place,
        )

    def when_heard(self, act: Callable[[], object]) -> None:
        """Do something as soon as a bot listens at the gateway, which tells everything once."""
        if self.gateway.connected:
            act()
        else:
            self._unheard.append(act)

    @override
    def changed(self) -> None:
        """Let those who wait look again."""
        while self._unheard and self.gateway.connected:
            self._unheard.pop(0)()
        super().changed()

    def _keep(self, channel: Channel, event: str) -> Channel:
        self.channels[channel.id] = channel
        body = payloads.channel(channel) | ({"newly_created": True} if channel.type in THREADS else {})
        self.gateway.dispatch(event, lambda *_: body, self.bots_at(channel))
        return channel
