"""Translates rows of the original where its own words meant something else.

It called everything that is asked "ai" or "mcp" by its type, whatever its category was; a Discord webhook was a bot
without a token, whose secret address stood where everybody could read it; `bach notify setup` made rows of a category
of their own, for each of which there is a connector here, or none.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from bach_lib.connectors.declared import DECLARED
from bach_lib.errors import InvalidValueError
from bach_lib.legacy.reading import OldConnection
from bach_lib.models import Category
from bach_lib.registry.partner_types import PARTNER_TYPES

OWNER: Final = "owner_chat_id"
CHANNEL: Final = "default_channel"
NUMBER: Final = "phone_number"
TAG: Final = "sender_tag"
BODY: Final = "body"

_WEBHOOKS = "/api/webhooks/"
_NOTIFICATION = "notification"
_BODIES: Final[Mapping[str, Mapping[str, str]]] = {
    "slack": {"text": "{text}"},
    "webhook": {"text": "{text}", "source": "bach"},
}
"""What its own webhooks posted, so that who takes it goes on reading it."""


def owner_of(old: OldConnection) -> str:
    """Whom or what it listened to, and where it sent if nobody said; a webhook has one place."""
    if old.type == "discord_webhook":
        return "channel"
    if old.type == "webhook":
        return "default"
    return str(old.options.get(OWNER) or old.options.get(CHANNEL) or "")


def listened_to(old: OldConnection) -> str:
    """The same for what comes in; nothing comes in through a webhook."""
    return "" if old.type in {"discord_webhook", "webhook"} else owner_of(old)


def settings_of(old: OldConnection) -> dict[str, object]:
    """What was set there and can be set here."""
    found: dict[str, object] = {}
    if old.type == "signal" and (number := old.options.get(NUMBER)):
        found["number"] = str(number)
    if tag := str(old.options.get(TAG) or "").strip():
        found["sender_tag"] = tag
    if old.type == "webhook" and isinstance(body := old.options.get(BODY), dict):
        found["body"] = body
    return found


def translated(old: OldConnection) -> OldConnection:
    """The same connection, in our words. Raises `InvalidValueError` for what cannot be said in them."""
    is_hook = old.type in {"discord", "discord_webhook"} and _WEBHOOKS in (old.endpoint or "")
    if is_hook and old.secrets and old.category != _NOTIFICATION:  # a bot; the address was never used
        return replace(old, endpoint=None, options={**old.options, "endpoint": ""})
    if is_hook:
        return _to_address(replace(old, type="discord_webhook"))
    if old.type in _BODIES and old.endpoint and "url" not in old.secrets:
        return _to_address(replace(old, type="webhook", options={**old.options, BODY: dict(_BODIES[old.type])}))
    if old.category == _NOTIFICATION:
        raise _left(old)
    if old.type == "ai" and old.name in PARTNER_TYPES:
        return replace(old, type=old.name, category=PARTNER_TYPES[old.name].category)
    if old.type in PARTNER_TYPES:
        return replace(old, category=PARTNER_TYPES[old.type].category)
    if old.type in DECLARED:  # all others are connectors
        return replace(old, category=Category.CONNECTOR)
    return old


def _to_address(old: OldConnection) -> OldConnection:
    """Whoever has the address of a webhook can write there, so it is a secret, and the only one that it needs."""
    return replace(
        old,
        category=Category.CONNECTOR,
        secrets={"url": str(old.endpoint)},
        options={**old.options, **dict.fromkeys(old.secrets, "")},
        endpoint=None,
    )


def _left(old: OldConnection) -> InvalidValueError:
    """Why a way of notifying stays behind, and what to do."""
    expected = {
        "telegram": "the connection of the bot, through which it was sent: bach connector send NAME RECIPIENT TEXT",
        "email": "another way; BACH sends no e-mail",
    }.get(old.type, f"a connection of your own: bach connector add {old.type} NAME")
    return InvalidValueError(field="category", value=old.category, expected=expected)
