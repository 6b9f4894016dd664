"""One-time codes of a pairing: shown in a dialog, brought back in a message.

Only who sees the dialog knows the code, so who brings it has seen it. It is short enough to be typed, and lives for
minutes: nobody can try 2^49 of them through a chat.
"""

import hmac
from secrets import choice
from typing import Final

from bach_lib.connectors.base import Incoming
from bach_lib.models.incoming import Kind, own_words

PAIRING_SECONDS: Final = 600.0
"""How long a code is worth something, and how long it is remembered who pressed *Start* before it was there."""

_ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without what looks like something else. Links to Telegram take A-Z, a-z, 0-9, - and _."""
_HALF: Final = 5
_LONGEST: Final = 64
"""Characters: https://core.telegram.org/bots/features#deep-linking. What is longer is no code."""
_START: Final = "/start"
_WRITTEN: Final = frozenset({Kind.TEXT, Kind.COMMAND})


def new_code() -> str:
    """A code that nobody can guess, in two halves that are easily typed."""
    first, second = ("".join(choice(_ALPHABET) for _ in range(_HALF)) for _ in range(2))
    return f"{first}-{second}"


def brings(message: Incoming, code: str) -> bool:
    """Whether a message is this code, typed or handed over by a link; in constant time for all that may be one."""
    wanted = _plain(code)
    return any(hmac.compare_digest(_plain(shown), wanted) for shown in _shown(message))


def is_start(message: Incoming) -> bool:
    """Whether somebody pressed *Start*, which is how a person begins with a bot of Telegram."""
    return message.kind in _WRITTEN and message.text.strip() == _START and own_words(message.metadata)


def _shown(message: Incoming) -> list[str]:
    """What of a message may be a code: all of it, its last word (an account may be named before), what starts it."""
    if message.kind not in _WRITTEN or not own_words(message.metadata):
        return []
    written = message.text.strip()
    shown = [written, written[-_LONGEST:].split()[-1] if written else "", message.content.args or ""]
    return [one for one in shown if 0 < len(one) <= _LONGEST]


def _plain(code: str) -> bytes:
    """As it is compared: people type small letters, and a blank where a stroke is."""
    return "".join(code.upper().replace("-", " ").split()).encode(errors="replace")
