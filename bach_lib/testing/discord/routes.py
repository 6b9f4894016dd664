"""Which path and method is which call of Discord's HTTP API, version 10."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bach_lib.testing.discord import calls, messages
from bach_lib.testing.discord.calls import Call


@dataclass(frozen=True, slots=True)
class Route:
    """One call: how it is known to `DiscordServer.fail` and `calls`, and whether only bots get in."""

    name: str
    run: Callable[[Call], object]
    pattern: re.Pattern[str]
    is_public: bool


def _route(path: str, run: Callable[[Call], object], *, is_public: bool = False) -> Route:
    """`{name}` stands for an id, `{name:}` for anything else without a slash."""
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[0-9]{1,20})", path)
    pattern = re.sub(r"\{(\w+):\}", r"(?P<\1>[^/]+)", pattern)
    return Route(run.__name__, run, re.compile(pattern), is_public)


_CHANNEL, _MESSAGE = "/channels/{channel}", "/channels/{channel}/messages/{message}"
_HOOK = "/webhooks/{webhook}/{token:}"

ROUTES: Mapping[str, tuple[Route, ...]] = {
    "GET": (
        _route("/users/@me", calls.get_me),
        _route("/users/@me/guilds", calls.get_guilds),
        _route("/users/{user}", calls.get_user),
        _route("/(?:oauth2/)?applications/@me", calls.get_application),
        _route("/gateway/bot", calls.get_gateway),
        _route("/guilds/{guild}", calls.get_guild),
        _route("/guilds/{guild}/channels", calls.get_guild_channels),
        _route("/guilds/{guild}/threads/active", calls.get_guild_threads),
        _route("/guilds/{guild}/members(?:/search)?", calls.search_members),
        _route(_CHANNEL, calls.get_channel),
        _route(f"{_CHANNEL}/messages", messages.get_messages),
        _route(f"{_CHANNEL}/webhooks", calls.get_webhook_of_channel),
        _route(_MESSAGE, messages.get_message),
        _route(_HOOK, messages.get_webhook, is_public=True),
        _route(f"{_HOOK}/messages/{{message}}", messages.get_webhook_message, is_public=True),
    ),
    "POST": (
        _route("/users/@me/channels", calls.open_direct),
        _route(f"{_CHANNEL}/messages", messages.create_message),
        _route(f"{_CHANNEL}/typing", calls.start_typing),
        _route("/interactions/{interaction}/{token:}/callback", calls.answer_interaction, is_public=True),
        _route(_HOOK, messages.execute_webhook, is_public=True),
    ),
    "PATCH": (
        _route(_MESSAGE, messages.edit_message),
        _route(f"{_HOOK}/messages/{{message}}", messages.edit_webhook_message, is_public=True),
    ),
    "PUT": (
        _route(f"{_MESSAGE}/reactions/{{emoji:}}/@me", messages.add_reaction),
        _route(f"{_CHANNEL}/messages/pins/{{message}}", messages.pin_message),
    ),
    "DELETE": (
        _route(_MESSAGE, messages.delete_message),
        _route(f"{_MESSAGE}/reactions/{{emoji:}}/@me", messages.remove_reaction),
        _route(f"{_CHANNEL}/messages/pins/{{message}}", messages.unpin_message),
        _route(f"{_HOOK}/messages/{{message}}", messages.delete_webhook_message, is_public=True),
    ),
}

NAMES = frozenset(route.name for routes in ROUTES.values() for route in routes)


def find(method: str, path: str) -> tuple[Route, Mapping[str, str]] | None:
    """The call, and the parts of its path."""
    for route in ROUTES.get(method, ()):
        if match := route.pattern.fullmatch(path):
            return route, match.groupdict()
    return None
