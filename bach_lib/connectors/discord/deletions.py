"""Decodes what the gateway tells of messages that are gone; it says neither whose they were nor who took them away."""

from collections.abc import Mapping
from typing import Final

from bach_lib.connectors.base import Incoming
from bach_lib.connectors.discord.channel_cache import ChannelCache
from bach_lib.connectors.discord.json_fields import name_of, number
from bach_lib.connectors.tolerant import UnreadableError
from bach_lib.models.incoming import Kind

DELETIONS: Final = ("MESSAGE_DELETE", "MESSAGE_DELETE_BULK")
_MOST = 100
"""Messages that can go at once (https://discord.com/developers/docs/resources/message#bulk-delete-messages)."""


def deleted(data: Mapping[str, object], channels: ChannelCache, *, now: float) -> list[Incoming]:
    """One for each of them; the inbox finds out who wrote it, and drops what it never had. Raises `UnreadableError`."""
    channel, ids, guild = number(data, "channel_id"), data.get("ids"), name_of(data, "guild_id")
    if channel is None:
        raise UnreadableError("a MESSAGE_DELETE without channel_id")
    place = channels.get(channel)
    recipient = f"{place.parent}/{channel}" if place and place.parent is not None else str(channel)
    found = (number({"id": one}, "id") for one in (ids[:_MOST] if isinstance(ids, list) else [data.get("id")]))
    return [
        Incoming(
            remote_id=f"{message}#gone",
            recipient=recipient,
            recipient_title=place.title if place else recipient,
            sender_id="",
            sender_name="",
            kind=Kind.DELETED,
            text="",
            reply_to=str(message),
            sent_at=now,
            metadata={"chat_type": "channel", "guild_id": guild} if guild else {"chat_type": "private"},
        )
        for message in found
        if message is not None
    ]
