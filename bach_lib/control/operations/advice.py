"""Hints for credentials that a platform does not take: where the right ones come from."""

from collections.abc import Mapping

from bach_lib.models import Fault

_WRONG = frozenset({"auth_failed", "invalid_token", "unauthorized"})
_BARE = frozenset({"Unauthorized", "Not Found", "Forbidden", "Invalid token"})
"""What platforms say and nothing else, whatever code it has."""

_ADVICE: Mapping[str, str] = {
    "discord": "Make a new token in Discord's Developer Portal (Bot, Reset Token), and copy all of it.",
    "discord_webhook": "Copy the webhook's address anew: in Discord, channel settings, Integrations, Webhooks.",
    "homeassistant": "Make a new long-lived access token over there: your profile, Security.",
    "ntfy": "Make a new access token in ntfy (your account, Access tokens), or give user name and password or nothing.",
    "signal": "Look at the server: is the number registered or linked there, and does its proxy want a token?",
    "telegram": "Copy the token from @BotFather once more (/mybots, API Token): all of it, like 123456:ABC-DEF…",
}
_OTHERS = "Copy the key or token once more from where you have your account, or make a new one there."


def advice(type_: str, fault: Fault) -> str | None:
    """A sentence, if it is the credentials."""
    if fault.code not in _WRONG and fault.text.strip(". ") not in _BARE:
        return None
    return _ADVICE.get(type_, _OTHERS)
