"""Cache of channels, threads and roles that the gateway announced: names, and what they belong to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bach_lib.connectors.discord.json_fields import items, name_of, number, part

THREAD_TYPES = frozenset({10, 11, 12})
_MAX_KEPT = 20_000
"""Everybody can open threads, and nobody tells when one is forgotten."""
_MAX_ROLES = 20_000
"""A server may have 250."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedChannel:
    """Name and parent of a channel or thread, as the gateway announced it."""

    id: int
    name: str
    parent: int | None = None
    guild: str = ""

    @property
    def title(self) -> str:
        """How people recognise it."""
        return f"#{self.name}" + (f" ({self.guild})" if self.guild else "")


class ChannelCache:
    """Channels and threads, by their ids."""

    def __init__(self) -> None:
        self._channels: dict[int, CachedChannel] = {}
        self._roles: dict[int, str] = {}

    def get(self, channel: int) -> CachedChannel | None:
        """A place, if the gateway has told of it."""
        found = self._channels.pop(channel, None)
        if found is not None:
            self._channels[channel] = found  # to the end: what nobody asks for goes first
        return found

    def follow(self, event: str, data: Mapping[str, object]) -> None:
        """Take in what an event of the gateway tells."""
        TOLD[event](self, data)

    def learn_guild(self, guild: Mapping[str, object]) -> None:
        """A server with everything that is told of it."""
        name = name_of(guild, "name")
        for role in items(guild, "roles"):
            self.learn_role(role)
        for channel in (*items(guild, "channels"), *items(guild, "threads")):
            self.learn(channel, name)

    def learn(self, channel: Mapping[str, object], guild: str = "") -> None:
        """A channel or thread that is new or was changed."""
        channel_id = number(channel, "id")
        if channel_id is None:
            return
        known = self._channels.get(channel_id)
        parent = number(channel, "parent_id") if number(channel, "type") in THREAD_TYPES else None
        above = self._channels.get(parent) if parent else None
        guild = guild or (known.guild if known else above.guild if above else "")
        self._channels.pop(channel_id, None)
        self._channels[channel_id] = CachedChannel(
            id=channel_id, name=name_of(channel, "name"), parent=parent, guild=guild
        )
        if len(self._channels) > _MAX_KEPT:
            del self._channels[next(iter(self._channels))]

    def forget(self, channel: Mapping[str, object]) -> None:
        """A channel or thread that is gone."""
        self._channels.pop(number(channel, "id") or 0, None)

    def role(self, role: int) -> str | None:
        """The name of a role, if the gateway has told of it."""
        return self._roles.get(role)

    def learn_role(self, role: Mapping[str, object]) -> None:
        """A role that is new or was changed. That of everybody has its sign in its name."""
        role_id, name = number(role, "id"), name_of(role, "name").removeprefix("@")
        if role_id is None or not name:
            return
        self._roles.pop(role_id, None)
        self._roles[role_id] = name
        if len(self._roles) > _MAX_ROLES:
            del self._roles[next(iter(self._roles))]

    def follow_role(self, data: Mapping[str, object]) -> None:
        """An event with a role that is new or was changed."""
        self.learn_role(part(data, "role"))

    def forget_role(self, data: Mapping[str, object]) -> None:
        """A role that is gone."""
        self._roles.pop(number(data, "role_id") or 0, None)

    def learn_threads(self, data: Mapping[str, object]) -> None:
        """The threads of channels that the bot has just been let into."""
        for thread in items(data, "threads"):
            self.learn(thread)


TOLD: Mapping[str, Callable[[ChannelCache, Mapping[str, object]], None]] = {
    **dict.fromkeys(("GUILD_CREATE", "GUILD_UPDATE"), ChannelCache.learn_guild),
    **dict.fromkeys(("GUILD_ROLE_CREATE", "GUILD_ROLE_UPDATE"), ChannelCache.follow_role),
    "GUILD_ROLE_DELETE": ChannelCache.forget_role,
    "THREAD_LIST_SYNC": ChannelCache.learn_threads,
    **dict.fromkeys(("CHANNEL_DELETE", "THREAD_DELETE"), ChannelCache.forget),
    **dict.fromkeys(("CHANNEL_CREATE", "CHANNEL_UPDATE", "THREAD_CREATE", "THREAD_UPDATE"), ChannelCache.learn),
}
"""The events of the gateway that tell of places, and what each changes."""


def guild_name(data: Mapping[str, object]) -> str:
    """The name of a server in an event."""
    return name_of(part(data, "guild"), "name")
