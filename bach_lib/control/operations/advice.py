"""Hints for credentials that a platform does not take: where the right ones come from."""

from collections.abc import Mapping

from bach_lib.models import Fault, HopName

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
WHAT_TO_DO: Mapping[HopName, str] = {
    HopName.DNS: "Is the name in the address right, and is this machine online? What is its DNS server?",
    HopName.TCP: "Does the server run, at this port? Is a firewall in between, or no route?",
    HopName.PROXY: "Does the proxy let this host through, and does it want a password?",
    HopName.TLS: "Is this machine's clock right? Is the certificate for this name, from somebody trusted here?",
    HopName.HTTP: "Something answers. Is it the right address and port? If so, it has trouble of its own: look there.",
    HopName.CREDENTIALS: "Give the token, key or password once more: all of it, and a new one if it was revoked.",
    HopName.PERMISSION: "The account is known, and may not do this, or not now: its owner can change that there.",
}
"""By the hop at which the way ends."""
_OTHERS = "Copy the key or token once more from where you have your account, or make a new one there."


def advice(type_: str, fault: Fault) -> str | None:
    """A sentence, if it is the credentials."""
    if fault.code not in _WRONG and fault.text.strip(". ") not in _BARE:
        return None
    return _ADVICE.get(type_, _OTHERS)
