"""Says in front of a message that it comes late: "⏱ 3 h: The door is open", after an outage, or a night's rest.

Whoever reads "The door is open" in the morning goes and looks; it has been shut since eleven. A connection says from
when on that is worth saying (`delayed_minutes`). The mark needs no words, so it is in everybody's language. It is not
stored: each attempt says how late it is by then. What somebody wanted late is not late (`not_before`).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from bach_lib.connectors.ours import DELAYED_MINUTES
from bach_lib.models import Format, Message, Operation

_MINUTE, _HOUR, _DAY = 60.0, 3_600.0, 86_400.0
_LONGEST: Final = 1_000
"""Characters of what is surely one message there: the parts of a longer text must be the same at each attempt."""


def with_delay(message: Message, settings: Mapping[str, object], now: float) -> Message:
    """The same, or with how late it is in front of what is read first."""
    least = settings.get(DELAYED_MINUTES.name)
    if not isinstance(least, int) or isinstance(least, bool):
        return message
    late = now - (message.created_at if message.asked_at is None else message.asked_at)
    is_whole = message.progress is None and len(message.text) <= _LONGEST
    if late < least * _MINUTE or not is_whole or message.operation is not Operation.SEND:
        return message
    if message.format is Format.JSON:
        return message
    if message.title:
        return replace(message, title=f"⏱ {_shown(late)}: {message.title}")
    return replace(message, text=f"⏱ {_shown(late)}: {message.text}" if message.text else f"⏱ {_shown(late)}")


def _shown(seconds: float) -> str:
    """In the largest unit of which it has one; all our languages write them so."""
    if seconds >= _DAY:
        return f"{seconds / _DAY:.0f} d"
    return f"{seconds / _HOUR:.0f} h" if seconds >= _HOUR else f"{seconds / _MINUTE:.0f} min"
