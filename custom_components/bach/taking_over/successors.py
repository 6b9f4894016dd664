"""What stands in BACH for what an old bot offered: actions, events, entities. The documentation has the same table.

None: there is nothing that does the same. It is said so, and not sold as something similar.
"""

from collections.abc import Mapping
from typing import Final

from .core_entries import TELEGRAM_BOT

NOT_NEEDED: Final = ""
"""BACH does it by itself."""

_SEND: Final = "bach.send_message"
_EDIT: Final = "bach.edit_message"
_RECEIVED: Final = "bach.message_received"

ACTIONS: Final[Mapping[str, str | None]] = {
    f"{TELEGRAM_BOT}.{name}": successor
    for name, successor in {
        "answer_callback_query": NOT_NEEDED,
        "delete_message": "bach.delete_message",
        "download_file": "bach.download",
        "edit_caption": _EDIT,
        "edit_message": _EDIT,
        "edit_message_media": None,
        "edit_replymarkup": _EDIT,
        "leave_chat": None,
        "send_animation": _SEND,
        "send_chat_action": None,
        "send_document": _SEND,
        "send_location": _SEND,
        "send_media_group": _SEND,
        "send_message": _SEND,
        "send_message_draft": None,
        "send_photo": _SEND,
        "send_poll": _SEND,
        "send_sticker": None,
        "send_video": _SEND,
        "send_voice": _SEND,
        "set_message_reaction": "bach.react",
    }.items()
}

EVENTS: Final[Mapping[str, str]] = {
    "telegram_attachment": _RECEIVED,
    "telegram_callback": "bach.button_pressed",
    "telegram_command": "bach.command_received",
    "telegram_sent": "bach.message_sent",
    "telegram_text": _RECEIVED,
}

_OF_DOMAINS: Final[Mapping[str, str]] = {"event": _RECEIVED, "notify": _SEND}


def successor(old: str) -> str | None:
    """What takes the place of an old action, event or entity."""
    known = {**ACTIONS, **EVENTS}
    return known[old] if old in known else _OF_DOMAINS.get(old.partition(".")[0])
