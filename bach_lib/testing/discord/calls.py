"""Calls of bots that are not about messages: who they are, where they are, and how they listen.

Each is described at https://discord.com/developers/docs under the name it has in `routes`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bach_lib.testing.discord import guild_payloads, payloads
from bach_lib.testing.discord.arguments import Body
from bach_lib.testing.discord.errors import cannot_write_to_user, invalid, unknown
from bach_lib.testing.discord.models import Bot, Channel, Guild
from bach_lib.testing.discord.people import People


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call. `ids` are the numbers in the path, `words` what else stands there."""

    platform: People
    caller: Bot | None
    ids: Mapping[str, int]
    words: Mapping[str, str]
    query: Mapping[str, str]
    body: Body

    @property
    def bot(self) -> Bot:
        """Who calls, where only bots get in."""
        if self.caller is None:
            raise unknown("User")
        return self.caller

    def channel(self) -> Channel:
        """The channel of the path. Raises ApiError (404)."""
        return self.platform.channel(self.bot, self.ids["channel"])

    def writable_channel(self) -> Channel:
        """The channel of the path, if the bot may write there. Raises ApiError (403, 404)."""
        channel = self.channel()
        if channel.refusal is not None:
            raise channel.refusal
        if channel.person is not None and not channel.person.takes_messages:
            raise cannot_write_to_user()
        return channel

    def guild(self) -> Guild:
        """The guild of the path. Raises ApiError (404)."""
        guild = self.platform.guilds.get(self.ids["guild"])
        if guild is None or self.bot.user.id in guild.bots_out:
            raise unknown("Guild")
        return guild


def get_me(call: Call) -> object:
    """Who the bot is."""
    return payloads.myself(call.bot.user)


def get_application(call: Call) -> object:
    """What the bot belongs to."""
    return payloads.application(call.bot)


def get_gateway(call: Call) -> object:
    """Where the gateway is, and how often a session may be begun."""
    left = max(0, 1000 - call.platform.gateway.identified)
    limit = {"total": 1000, "remaining": left, "reset_after": 14_400_000, "max_concurrency": 1}
    return {"url": call.platform.origin.replace("http", "ws", 1), "shards": 1, "session_start_limit": limit}


def get_user(call: Call) -> object:
    """Somebody. Discord shows everybody to everybody."""
    user = call.platform.users.get(call.ids["user"])
    if user is None:
        raise unknown("User")
    return payloads.user(user)


def get_guilds(call: Call) -> object:
    """The servers a bot is in."""
    return [guild_payloads.partial_guild(guild) for guild in call.platform.guilds_of(call.bot)]


def get_guild(call: Call) -> object:
    """One of them."""
    return guild_payloads.guild(call.guild())


def get_guild_channels(call: Call) -> object:
    """Its channels, without threads."""
    return [payloads.channel(one) for one in call.platform.channels_of(call.guild())]


def get_guild_threads(call: Call) -> object:
    """Its threads that are not archived."""
    threads = call.platform.channels_of(call.guild(), threads=True)
    return {"threads": [payloads.channel(one) for one in threads], "members": [], "has_more": False}


def search_members(call: Call) -> object:
    """The people of a server whose names begin like the query; also the list of all, where there is no query."""
    wanted = call.query.get("query", "").lower()
    people = [user for user in call.guild().members if user.username.lower().startswith(wanted)]
    return [payloads.member(user) for user in people[: _limit(call, 1, 1000)]]


def get_channel(call: Call) -> object:
    """One channel."""
    return payloads.channel(call.channel())


def open_direct(call: Call) -> object:
    """The channel to one person."""
    person = call.platform.users.get(int(str(call.body.values.get("recipient_id", "0"))))
    if person is None or person is call.bot.user:
        raise invalid("recipient_id", "NUMBER_TYPE_COERCE", "There is no such user.")
    return payloads.channel(call.platform.direct(call.bot.user, person))


def start_typing(call: Call) -> object:
    """Show that the bot is busy."""
    call.platform.typing.append(call.writable_channel())
    return None


def get_webhook_of_channel(call: Call) -> object:
    """A channel's webhooks."""
    channel = call.channel()
    return [payloads.webhook(hook) for hook in call.platform.webhooks.values() if hook.channel is channel]


def answer_interaction(call: Call) -> object:
    """Say something to the press of a button. Raises ApiError for the second answer."""
    interaction = call.platform.interactions.get(call.ids["interaction"])
    if interaction is None or interaction.token != call.words["token"]:
        raise unknown("interaction")
    if interaction.answer is not None:
        raise invalid("type", "ALREADY_ACKNOWLEDGED", "Interaction has already been acknowledged.")
    kind = call.body.values.get("type")
    if not isinstance(kind, int) or kind not in {4, 5, 6, 7}:
        raise invalid("type", "BASE_TYPE_CHOICES", "Value must be one of {4, 5, 6, 7}.")
    interaction.answer = kind
    return None


def _limit(call: Call, default: int, most: int) -> int:
    text = call.query.get("limit", "")
    return min(max(int(text), 1), most) if text.isdecimal() else default
