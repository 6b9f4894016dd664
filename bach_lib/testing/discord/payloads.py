"""The JSON of Discord's objects, as bots get it (https://discord.com/developers/docs/resources/message)."""

from datetime import UTC, datetime
from itertools import count

from bach_lib.testing.discord.models import (
    THREADS,
    Attachment,
    Bot,
    Channel,
    Interaction,
    Message,
    User,
    Webhook,
)

TEXTS_INTENT = 1 << 15


def user(person: User) -> dict[str, object]:
    """A User."""
    return {
        "id": str(person.id),
        "username": person.username,
        "global_name": person.global_name,
        "discriminator": "0",
        "avatar": None,
        "bot": person.bot,
        "public_flags": 0,
        "flags": 0,
        "primary_guild": None,
    }


def myself(bot: User) -> dict[str, object]:
    """A User as it sees itself."""
    own = {"verified": True, "mfa_enabled": False, "email": None, "locale": "en-US"}
    return user(bot) | own


def application(bot: Bot) -> dict[str, object]:
    """An Application, as its own bot sees it."""
    return {
        "id": str(bot.user.id),
        "name": bot.user.username,
        "icon": None,
        "description": "",
        "bot_public": False,
        "bot_require_code_grant": False,
        "owner": user(User(id=1, username="owner")),
        "verify_key": "0" * 64,
        "flags": (flags := 1 << 19 if bot.may_read_texts else 0),  # GATEWAY_MESSAGE_CONTENT_LIMITED
        "flags_new": str(flags),
        "type": None,
        "team": None,
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "approximate_guild_count": 1,
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0,
        "eligible_oauth2_scopes": [],
    }


def channel(place: Channel) -> dict[str, object]:
    """A Channel."""
    body: dict[str, object] = {
        "id": str(place.id),
        "type": int(place.type),
        "last_message_id": str(max(place.messages)) if place.messages else None,
    }
    if place.is_direct and place.person is not None:
        return body | {"recipients": [user(place.person)], "flags": 0}
    body |= {"name": place.name, "guild_id": str(place.guild.id) if place.guild else None, "flags": 0}
    if place.type in THREADS and place.parent is not None:
        return body | {
            "parent_id": str(place.parent.id),
            "owner_id": str(place.guild.owner.id) if place.guild else "0",
            "message_count": len(place.messages),
            "total_message_sent": len(place.messages),
            "member_count": 1,
            "rate_limit_per_user": 0,
            "thread_metadata": {
                "archived": False,
                "auto_archive_duration": 10080,
                "archive_timestamp": timestamp(0),
                "locked": False,
            },
        }
    parent = str(place.parent.id) if place.parent else None
    return body | {"position": 0, "permission_overwrites": [], "parent_id": parent, "topic": None, "nsfw": False}


def message(sent: Message, base: str, reader: Bot | None = None, intents: int = TEXTS_INTENT) -> dict[str, object]:
    """A Message as `reader` may see it; files are at `base`."""
    body: dict[str, object] = {
        "id": str(sent.id),
        "type": sent.type,
        "channel_id": str(sent.channel.id),
        "author": user(sent.author),
        "content": sent.content,
        "timestamp": timestamp(sent.created_at),
        "edited_timestamp": None if sent.edited_at is None else timestamp(sent.edited_at),
        "tts": False,
        "mention_everyone": False,
        "mentions": [],
        "mention_roles": [],
        "attachments": [attachment(one, sent.channel, base) for one in sent.attachments],
        "embeds": [],
        "components": _numbered(sent.components),
        "pinned": False,
        "flags": sent.flags,
    }
    body |= _optional(sent)
    if reader is not None and not _sees(sent, reader, intents):
        body |= {"content": "", "attachments": [], "embeds": [], "components": []}
    return body


def attachment(file: Attachment, place: Channel, base: str) -> dict[str, object]:
    """An Attachment."""
    address = f"{base}/attachments/{place.id}/{file.id}/{file.filename}"
    body: dict[str, object] = {
        "id": str(file.id),
        "filename": file.filename,
        "size": len(file.content),
        "url": address,
        "proxy_url": address,
    }
    if file.content_type:
        body["content_type"] = file.content_type
    if file.duration is not None:
        body |= {"duration_secs": file.duration, "waveform": "AAAA"}
    return body


def webhook(hook: Webhook) -> dict[str, object]:
    """A Webhook."""
    return {
        "id": str(hook.id),
        "type": 1,
        "guild_id": str(hook.channel.guild.id) if hook.channel.guild else None,
        "channel_id": str(hook.channel.id),
        "name": hook.name,
        "avatar": None,
        "token": hook.token,
        "application_id": None,
    }


def interaction(press: Interaction, base: str) -> dict[str, object]:
    """An Interaction of a button."""
    place = press.message.channel
    body: dict[str, object] = {
        "id": str(press.id),
        "application_id": str(press.message.author.id),
        "type": 3,
        "token": press.token,
        "version": 1,
        "data": {"component_type": 2, "custom_id": press.custom_id, "id": 1},
        "channel_id": str(place.id),
        "channel": channel(place),
        "message": message(press.message, base),
        "locale": "en-GB",
        "entitlements": [],
        "authorizing_integration_owners": {},
        "attachment_size_limit": 10 << 20,
    }
    if place.guild is None:
        return body | {"user": user(press.user)}
    who = member(press.user) | {"permissions": "8"}
    return body | {"guild_id": str(place.guild.id), "member": who, "guild_locale": "en-GB"}


def member(person: User, joined_at: float = 0.0) -> dict[str, object]:
    """Somebody as a member of a guild."""
    return {
        **dict.fromkeys(("nick", "avatar", "banner", "premium_since", "communication_disabled_until")),
        "user": user(person),
        "roles": [],
        "joined_at": timestamp(joined_at),
        "flags": 0,
        "pending": False,
        "deaf": False,
        "mute": False,
    }


def timestamp(seconds: float) -> str:
    """A time as Discord writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")


def _optional(sent: Message) -> dict[str, object]:
    body: dict[str, object] = {}
    if sent.nonce is not None:
        body["nonce"] = sent.nonce
    if sent.webhook_id is not None:
        body["webhook_id"] = str(sent.webhook_id)
    if sent.reply_to is not None:
        body["message_reference"] = {"type": 0, "message_id": str(sent.reply_to), "channel_id": str(sent.channel.id)}
    if sent.reactions:
        body["reactions"] = [
            {
                "count": len(who),
                "count_details": {"burst": 0, "normal": len(who)},
                "burst_colors": [],
                "me_burst": False,
                "me": False,
                "emoji": {"id": None, "name": emoji},
            }
            for emoji, who in sent.reactions.items()
        ]
    return body


def _numbered(rows: list[object]) -> list[object]:
    """Discord gives every component a number, from 1 on in the order in which they stand."""
    numbers = count(1)

    def number(component: object) -> object:
        if not isinstance(component, dict):
            return component
        named = {"id": next(numbers), **component}
        inner = component.get("components")
        return named | {"components": [number(one) for one in inner]} if isinstance(inner, list) else named

    return [number(row) for row in rows]


def _sees(sent: Message, reader: Bot, intents: int) -> bool:
    """Whether a bot may read the text: its own, what is written to it, or all with the privileged intent."""
    if sent.channel.is_direct or sent.author is reader.user or f"<@{reader.user.id}>" in sent.content:
        return True
    return reader.may_read_texts and bool(intents & TEXTS_INTENT)
