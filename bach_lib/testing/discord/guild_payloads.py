"""The JSON of Discord's guilds and their roles, as bots get it (https://discord.com/developers/docs/resources/guild)."""

from bach_lib.testing.discord import payloads
from bach_lib.testing.discord.models import THREADS, Channel, Guild, User


def partial_guild(server: Guild) -> dict[str, object]:
    """A guild in the list of a bot's guilds."""
    return {
        "id": str(server.id),
        "name": server.name,
        "icon": None,
        "banner": None,
        "owner": False,
        "permissions": "8",
        "features": [],
    }


def guild(server: Guild) -> dict[str, object]:
    """A Guild. Nobody has changed anything of how Discord makes one."""
    nothing = (
        *("icon", "banner", "description", "home_header", "splash", "discovery_splash", "application_id"),
        *("afk_channel_id", "system_channel_id", "widget_channel_id", "rules_channel_id", "max_presences"),
        *("safety_alerts_channel_id", "public_updates_channel_id", "vanity_url_code", "incidents_data"),
    )
    zero = (
        *("system_channel_flags", "verification_level", "default_message_notifications", "mfa_level"),
        *("explicit_content_filter", "premium_subscription_count", "nsfw_level"),
    )
    return {
        **dict.fromkeys(nothing),
        **dict.fromkeys(zero, 0),
        **dict.fromkeys(("widget_enabled", "premium_progress_bar_enabled", "nsfw"), False),
        "id": str(server.id),
        "premium_tier": server.premium_tier,
        "name": server.name,
        "owner_id": str(server.owner.id),
        "roles": [role(*one) for one in ((server.id, "@everyone"), *server.roles.items())],
        "emojis": [],
        "stickers": [],
        "features": [],
        "region": "deprecated",
        "afk_timeout": 300,
        "max_members": 25_000_000,
        "max_stage_video_channel_users": 50,
        "max_video_channel_users": 25,
        "preferred_locale": "en-US",
    }


def new_guild(server: Guild, channels: list[Channel], bot: User, joined_at: float) -> dict[str, object]:
    """A Guild as GUILD_CREATE brings it, with the channels and threads that the bot sees."""
    return guild(server) | {
        "unavailable": False,
        "large": False,
        "joined_at": payloads.timestamp(joined_at),
        "member_count": len(server.members) + 1,
        "members": [payloads.member(bot, joined_at)],
        "channels": [payloads.channel(one) for one in channels if one.type not in THREADS],
        "threads": [payloads.channel(one) for one in channels if one.type in THREADS],
        "presences": [],
        "voice_states": [],
    }


def role(number: int, name: str) -> dict[str, object]:
    """A Role."""
    return {
        "id": str(number),
        "name": name,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "position": 0,
        "permissions": str((1 << 50) - 1),
        "managed": False,
        "mentionable": False,
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
    }
