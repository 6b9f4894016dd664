"""Lists whom a bot can write to: channels and threads of its servers, people by their names, and one by its id.

https://discord.com/developers/docs/resources/guild#get-guild-channels, #list-active-guild-threads,
#search-guild-members; channel#get-channel, user#get-user
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from discord.http import Route

from bach_lib.common_sentences import WHAT_ANSWERED_IS_NOT_DISCORD
from bach_lib.connectors.discord.channel_cache import THREAD_TYPES
from bach_lib.connectors.discord.json_fields import items, name_of, number, part
from bach_lib.connectors.discord.recipients import Target
from bach_lib.connectors.discord.rest import Rest
from bach_lib.connectors.observations import CallError, Observation
from bach_lib.errors import InvalidRecipientError
from bach_lib.models import Candidate

_TEXT_TYPES: Mapping[int, str] = {0: "channel", 2: "voice channel", 5: "announcements", 13: "stage"}
"""Channels that hold messages of their own; https://discord.com/developers/docs/resources/channel#channel-types."""

_DIRECT = 1
_CATEGORY = 4
"""Only holds channels: nobody can write there."""
_UNKNOWN = frozenset({"bad_request", "chat_not_found", "forbidden"})
"""How Discord says that there is no such id, or that the bot may not see what it is."""

_MAX_GUILDS = 100
"""Servers that are looked through; a bot at home is in one or two."""
_MAX_FOUND = 1000
_MAX_QUERY = 100
"""Characters that Discord takes, and more than a name has."""
_MAX_PEOPLE = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class _Guild:
    id: int
    name: str


async def found(rest: Rest, query: str) -> list[Candidate]:
    """All places; with a `query` the one that has this id, or the people whose names begin so. Raises `CallError`."""
    if not query:
        return await find_places(rest)
    try:
        target = Target.parse(query)
    except InvalidRecipientError:
        return await find_people(rest, query)
    return await _find_one(rest, target)


async def find_places(rest: Rest) -> list[Candidate]:
    """The channels of all servers, each with its threads behind it. Raises `CallError`."""
    found: list[Candidate] = []
    for guild in await _guilds(rest):
        channels = await _ask(rest, Route("GET", "/guilds/{guild_id}/channels", guild_id=guild.id))
        threads = await _active(rest, guild)
        ordered = sorted(_objects(channels), key=lambda channel: number(channel, "position") or 0)
        for channel in ordered:
            found += _channel(channel, guild)
            found += _threads(threads, number(channel, "id"), guild)
    return found[:_MAX_FOUND]


async def find_threads(rest: Rest) -> list[Mapping[str, object]]:
    """The threads of all servers that are going on, posts of forums among them. Raises `CallError`."""
    found: list[Mapping[str, object]] = []
    for guild in await _guilds(rest):
        found += await _active(rest, guild)
    return found


async def find_people(rest: Rest, query: str) -> list[Candidate]:
    """The people whose names begin with `query`, each once. Raises `CallError`."""
    query = query.removeprefix("@")
    found: dict[str, Candidate] = {}
    for guild in await _guilds(rest):
        route = Route("GET", "/guilds/{guild_id}/members/search", guild_id=guild.id)
        members = await _ask(rest, route, {"query": query[:_MAX_QUERY], "limit": str(_MAX_PEOPLE)})
        for user in (part(member, "user") for member in _objects(members)):
            if (user_id := number(user, "id")) and user.get("bot") is not True:
                recipient = str(Target(person=user_id))
                found[recipient] = Candidate(recipient=recipient, title=_name(user), kind="private")
    return list(found.values())[:_MAX_PEOPLE]


async def _find_one(rest: Rest, target: Target) -> list[Candidate]:
    """What has this id, if the bot may see it: a person is shown to every bot, also one that it may not write to."""
    if target.person is None:
        route = Route("GET", "/channels/{channel_id}", channel_id=target.place or 0)
    else:
        route = Route("GET", "/users/{user_id}", user_id=target.person)
    try:
        answer: object = await rest.request(route)
    except CallError as error:
        if error.code in _UNKNOWN:
            return []
        raise
    if not isinstance(answer, dict) or number(answer, "id") != (target.person or target.place):
        raise CallError("bad_answer", WHAT_ANSWERED_IS_NOT_DISCORD, Observation.NO_ANSWER)
    return _candidate(answer, target)


def _candidate(answer: Mapping[str, object], target: Target) -> list[Candidate]:
    """Nothing for what cannot be written to: another bot, a heading, a thread of another channel than was said."""
    recipient, type_ = str(target), number(answer, "type")
    if target.person is not None:
        is_bot = answer.get("bot") is True
        return [] if is_bot else [Candidate(recipient=recipient, title=_name(answer) or recipient, kind="private")]
    if type_ == _CATEGORY or (target.thread and number(answer, "parent_id") != target.channel):
        return []
    kind = (
        "thread" if type_ in THREAD_TYPES else "private" if type_ == _DIRECT else _TEXT_TYPES.get(type_ or 0, "channel")
    )
    return [Candidate(recipient=recipient, title=name_of(answer, "name") or recipient, kind=kind)]


async def _ask(rest: Rest, route: Route, params: Mapping[str, str] | None = None) -> object:
    """An answer; None from a server that does not let the bot look. Raises `CallError`."""
    try:
        answer: object = await rest.request(route, params=params)
    except CallError as error:
        if error.code != "forbidden":
            raise
        return None
    return answer


async def _active(rest: Rest, guild: _Guild) -> Sequence[Mapping[str, object]]:
    active = await _ask(rest, Route("GET", "/guilds/{guild_id}/threads/active", guild_id=guild.id))
    return items(active, "threads") if isinstance(active, dict) else []


async def _guilds(rest: Rest) -> list[_Guild]:
    answer = await rest.request(Route("GET", "/users/@me/guilds"))
    guilds = [(number(guild, "id"), name_of(guild, "name")) for guild in _objects(answer)]
    return [_Guild(id=guild_id, name=name) for guild_id, name in guilds if guild_id][:_MAX_GUILDS]


def _channel(channel: Mapping[str, object], guild: _Guild) -> list[Candidate]:
    channel_id, kind = number(channel, "id"), _TEXT_TYPES.get(number(channel, "type") or 0)
    if not channel_id or kind is None or number(channel, "type") is None:
        return []
    title = f"#{name_of(channel, 'name')} ({guild.name})"
    return [Candidate(recipient=str(Target(channel=channel_id)), title=title, kind=kind)]


def _threads(threads: Iterable[Mapping[str, object]], parent: int | None, guild: _Guild) -> list[Candidate]:
    return [
        Candidate(
            recipient=str(Target(channel=parent, thread=thread_id)),
            title=f"{name_of(thread, 'name')} ({guild.name})",
            kind="thread",
        )
        for thread in threads
        if parent
        and number(thread, "parent_id") == parent
        and number(thread, "type") in THREAD_TYPES
        and (thread_id := number(thread, "id"))
    ]


def _objects(answer: object) -> list[Mapping[str, object]]:
    return [one for one in answer if isinstance(one, dict)] if isinstance(answer, list) else []


def _name(user: Mapping[str, object]) -> str:
    """As people see each other, and the name that is only theirs."""
    shown, own = name_of(user, "global_name"), name_of(user, "username")
    return f"{shown} ({own})" if shown and shown != own else own
