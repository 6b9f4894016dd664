"""What a row of the original means here, where its own words say something else.

It called everything that is asked "ai" or "mcp" by its type, whatever its category was; a Discord webhook was a bot
without a token, whose secret address stood where everybody could read it.
"""

from dataclasses import replace
from typing import Final

from bach_lib.legacy.reading import OldConnection
from bach_lib.models import Category
from bach_lib.probes.kinds import KINDS

OWNER: Final = "owner_chat_id"
CHANNEL: Final = "default_channel"
NUMBER: Final = "phone_number"

_WEBHOOKS = "/api/webhooks/"


def owner_of(old: OldConnection) -> str:
    """Whom or what it listened to, and where it sent if nobody said."""
    return str(old.options.get(OWNER) or old.options.get(CHANNEL) or "")


def translated(old: OldConnection) -> OldConnection:
    """The same connection, in our words."""
    if old.type in {"discord", "discord_webhook"} and _WEBHOOKS in (old.endpoint or "") and not old.secrets:
        return replace(old, type="discord_webhook", secrets={"url": str(old.endpoint)}, endpoint=None)
    if old.type == "ai" and old.name in KINDS:
        return replace(old, type=old.name, category=KINDS[old.name].category)
    if old.type in KINDS and old.category != Category.CONNECTOR:
        return replace(old, category=KINDS[old.type].category)
    return old
