"""The `data` of a companion app's notify action: what a message becomes on Android and on Apple's devices.

Over the push service Android gets a fixed list of keys only, so nothing is put anywhere else. Words of others never
choose a key, and never are the whole message where they could be an order to the app (`harmless`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from bach_lib.connecting import Message

from .recipient_choices import Choices

MOST_BUTTONS: Final = {True: 8, False: 3}
"""How many are shown by Apple's devices, and by Android, an answer in words among them."""
CLEAR: Final = "clear_notification"
"""The order to take a notification away."""

_ORDER: Final = re.compile(r"\s*(?:[a-z0-9]+(?:_[a-z0-9]+)+|tts)\s*", re.IGNORECASE)
"""What the apps take, or may take one day, for an order if it is the whole message."""
_QUIET_CHANNEL, _URGENT_CHANNEL = "BACH (quiet)", "BACH (urgent)"
"""Android keeps the importance with which a channel was first used, so each level has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressable:
    """A button as the app gets it: `action` comes back. `takes_text`: it opens a field to write in."""

    action: str
    title: str
    takes_text: bool = False


def is_rich(message: Message, choices: Choices) -> bool:
    """Whether a message needs more than words and title."""
    return bool(message.buttons or message.tag or message.silent or message.priority > 0 or choices.takes_replies)


def harmless(text: str, *, is_apple: bool) -> str:
    """The words so that they are only read: Android would draw some HTML, and an order would be carried out."""
    text = f"“{text.strip()}”" if _ORDER.fullmatch(text) else text
    return text if is_apple else escape(text, quote=False)


def data_of(
    message: Message, choices: Choices, *, is_apple: bool, tag: str, buttons: Sequence[Pressable]
) -> dict[str, object]:
    """All that goes beside text and title."""
    found: dict[str, object] = {"tag": tag}
    if buttons:
        found["actions"] = [_action(one, is_apple=is_apple) for one in buttons]
    is_critical = choices.critical_from is not None and message.priority >= choices.critical_from
    if is_apple:
        return found | _apple(message, is_critical=is_critical)
    return found | {"confirmation": True} | _android(message, is_critical=is_critical)


def _action(one: Pressable, *, is_apple: bool) -> dict[str, str]:
    found = {"action": one.action, "title": one.title}
    if one.takes_text:
        found["behavior"] = "textInput"
        if is_apple:
            found["textInputButtonTitle"] = one.title
    return found


def _apple(message: Message, *, is_critical: bool) -> dict[str, object]:
    if is_critical:
        sound = {"name": "default", "critical": 1, "volume": 1.0}
        return {"push": {"interruption-level": "critical", "sound": sound}}
    if message.silent:
        return {"push": {"interruption-level": "passive", "sound": "none"}}
    return {"push": {"interruption-level": "time-sensitive"}} if message.priority > 0 else {}


def _android(message: Message, *, is_critical: bool) -> dict[str, object]:
    at_once: dict[str, object] = {"ttl": 0, "priority": "high"}
    if is_critical:
        return {**at_once, "channel": "alarm_stream", "importance": "max"}
    if message.silent:
        return {"channel": _QUIET_CHANNEL, "importance": "low"}
    return {**at_once, "channel": _URGENT_CHANNEL, "importance": "high"} if message.priority > 0 else {}
