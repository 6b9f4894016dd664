"""What Discord's description says, and of its objects in the events of the gateway, which it does not list itself."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import override

from bach_lib.testing.loopback import Answer, Request
from tests.described.openapi import OpenApi
from tests.described.shapes import Faults, Schema

_PREFIX = "/api/v10"
_FILE = re.compile(r"files\[[0-9]\]")


def _of(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _with(name: str, *words: str, **more: Schema) -> Schema:
    """An object of the description, and what an event adds to it. Of the `words` nothing more is known."""
    return {"allOf": [_of(name), {"properties": {**{word: {} for word in words}, **more}}]}


def _list(shape: Schema) -> Schema:
    return {"type": "array", "items": shape}


_ID, _MEMBER, _MESSAGE = _of("SnowflakeType"), _of("GuildMemberResponse"), _of("MessageResponse")
_IN_AN_EVENT = _with("MessageResponse", guild_id=_ID, member={}, channel_type={"type": "integer"})
_CHANNEL: Schema = {"anyOf": [_of("GuildChannelResponse"), _of("PrivateChannelResponse"), _of("ThreadResponse")]}
_PERMITTED: Schema = {"allOf": [_MEMBER, {"properties": {"permissions": {"type": "string"}}}]}


def _object(needed: Mapping[str, Schema], more: Mapping[str, Schema] | None = None) -> Schema:
    return {"type": "object", "properties": {**needed, **(more or {})}, "required": [*needed]}


_REACTION: Mapping[str, Schema] = {
    **dict.fromkeys(("user_id", "channel_id", "message_id"), _ID),
    "burst": {"type": "boolean"},
    "type": {"enum": [0, 1]},
    "emoji": _object({"id": {"type": ["string", "null"]}, "name": {"type": ["string", "null"]}}),
}
_VOTE: Mapping[str, Schema] = {
    **dict.fromkeys(("user_id", "channel_id", "message_id"), _ID),
    "answer_id": {"type": "integer"},
}
EVENTS: Mapping[str, Schema] = {
    "READY": _object(
        {
            "v": {"const": 10},
            "user": _of("UserPIIResponse"),
            "guilds": _list(_object({"id": _ID, "unavailable": {"const": True}})),
            "session_id": {"type": "string"},
            "resume_gateway_url": {"type": "string"},
            "application": _object({"id": _ID, "flags": {"type": "integer"}}),
        }
    ),
    "RESUMED": {"type": "object"},
    "GUILD_CREATE": _with(
        "GuildResponse",
        "presences",
        "voice_states",
        "stage_instances",
        "guild_scheduled_events",
        "soundboard_sounds",
        joined_at={"type": "string"},
        large={"type": "boolean"},
        unavailable={"type": "boolean"},
        member_count={"type": "integer"},
        members=_list(_MEMBER),
        channels=_list(_of("GuildChannelResponse")),
        threads=_list(_of("ThreadResponse")),
    ),
    "GUILD_ROLE_CREATE": _object({"guild_id": _ID, "role": _of("GuildRoleResponse")}),
    "CHANNEL_CREATE": _of("GuildChannelResponse"),
    "THREAD_CREATE": _with("ThreadResponse", newly_created={"type": "boolean"}),
    "MESSAGE_CREATE": _IN_AN_EVENT,
    "MESSAGE_UPDATE": _IN_AN_EVENT,
    "MESSAGE_DELETE": _object({"id": _ID, "channel_id": _ID}, {"guild_id": _ID}),
    "MESSAGE_DELETE_BULK": _object({"ids": {"type": "array", "items": _ID}, "channel_id": _ID}, {"guild_id": _ID}),
    "MESSAGE_REACTION_ADD": _object(_REACTION, {"guild_id": _ID, "member": _MEMBER, "message_author_id": _ID}),
    "MESSAGE_REACTION_REMOVE": _object(_REACTION, {"guild_id": _ID}),
    "MESSAGE_POLL_VOTE_ADD": _object(_VOTE, {"guild_id": _ID}),
    "MESSAGE_POLL_VOTE_REMOVE": _object(_VOTE, {"guild_id": _ID}),
    "INTERACTION_CREATE": _object(
        {
            "id": _ID,
            "application_id": _ID,
            "type": {"const": 3},
            "token": {"type": "string"},
            "version": {"const": 1},
            "data": _object(
                {"component_type": {"const": 2}, "custom_id": {"type": "string"}}, {"id": {"type": "integer"}}
            ),
            "channel_id": _ID,
            "channel": _CHANNEL,
            "message": _MESSAGE,
            "attachment_size_limit": {"type": "integer"},
        },
        {
            "locale": {"type": "string"},
            "guild_locale": {"type": "string"},
            "guild_id": _ID,
            "guild": {},
            "user": _of("UserResponse"),
            "member": _PERMITTED,
            "context": {"enum": [0, 1, 2]},
            "app_permissions": {"type": "string"},
            "entitlements": {"type": "array"},
            "authorizing_integration_owners": {"type": "object"},
        },
    ),
}
"""https://docs.discord.com/developers/events/gateway-events names the events and what they add."""


_DETAILS = _object({"_errors": _list(_object({"code": {"type": "string"}, "message": {"type": "string"}}))})
"""What is wrong with a field has a word for a code (https://docs.discord.com/developers/reference#error-messages); the
description takes it for the number of a whole refusal."""


class Discord(OpenApi):
    """The description of version 10."""

    def __init__(self, description: Schema) -> None:
        super().__init__(description, prefix=_PREFIX)

    @override
    def resolve(self, reference: str) -> Schema:
        """What a `$ref` means."""
        return _DETAILS if reference.endswith("/InnerErrors") else super().resolve(reference)

    @override
    def request(self, request: Request) -> Faults | None:
        """What is wrong with a request; None where it is no call."""
        return None if self._is_no_call(request.path) else super().request(_as_discord_takes_it(self._call(request)))

    @override
    def answer(self, answer: Answer) -> Faults | None:
        """What is wrong with an answer; None where it answers no call."""
        return None if self._is_no_call(answer.path) else super().answer(self._call(answer))

    def line(self, line: object) -> Faults:
        """What is wrong with an event."""
        match line:
            case {"t": str(event), "d": data} if event in EVENTS:
                return self.shapes.faults(EVENTS[event], data, event)
        return [f"{line!r:.60} is no event that is described"]

    @staticmethod
    def _is_no_call(path: str) -> bool:
        return not path.startswith("/api/")

    @staticmethod
    def _call[Spoken: (Request, Answer)](spoken: Spoken) -> Spoken:
        """Without a version, as the addresses of webhooks are, it is the same."""
        path = spoken.path.removeprefix(_PREFIX).removeprefix("/api")
        return replace(spoken, path=_PREFIX + path)


def _as_discord_takes_it(request: Request) -> Request:
    """The exceptions, where the description says less than Discord takes.

    A person may be named by a number (`recipient_id`), as discord.py does. A message through a webhook may have files:
    https://docs.discord.com/developers/resources/webhook#execute-webhook. A reference may forward (type 1):
    https://docs.discord.com/developers/resources/message#message-reference-types.
    """
    if "/webhooks/" in request.path:
        request = replace(request, files=frozenset(name for name in request.files if not _FILE.fullmatch(name)))
    match request.body:
        case {"recipient_id": int(number), **rest}:
            return replace(request, body={**rest, "recipient_id": str(number)})
        case {"message_reference": {"type": 1, **reference}, **rest}:
            return replace(request, body={**rest, "message_reference": reference})
    return request
