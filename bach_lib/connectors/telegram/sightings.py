"""Reads ids and names of chats and people from updates, and where groups have moved.

A name belongs to whoever has it now, an id to the same chat or person for good, but for a group that becomes a
supergroup: then both chats say so, each in a message of Telegram's own (https://core.telegram.org/bots/api#message).
"""

import re

from bach_lib.connectors.telegram.json_fields import Fields, number, part, text
from bach_lib.models.spellings import Sighting

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{3,31}")


def of_answer(answer: object, asked: str) -> Sighting | None:
    """What an answer says of the chat that was asked for by name."""
    if not asked.startswith("@"):
        return None
    found = _of(part(answer, "chat") if isinstance(answer, dict) else {})
    if found is None:
        return None
    return Sighting(id=found.id, names=tuple(dict.fromkeys((asked, *found.names))))


def of_update(fields: Fields, sender: Fields) -> tuple[Sighting, ...]:
    """What a message, or whatever else happened in a chat, says of chat and sender."""
    chat = part(fields, "chat")
    here = number(chat, "id")
    found = [_of(chat), _of(sender)]
    if here is not None:
        if there := number(fields, "migrate_to_chat_id"):
            found.append(Sighting(id=str(there), was=(str(here),)))
        if before := number(fields, "migrate_from_chat_id"):
            found.append(Sighting(id=str(here), was=(str(before),)))
    return tuple(dict.fromkeys(one for one in found if one is not None and (one.names or one.was)))


def _of(entity: Fields) -> Sighting | None:
    found, username = number(entity, "id"), text(entity, "username")
    if not found:
        return None
    return Sighting(id=str(found), names=(f"@{username.lower()}",) if _NAME.fullmatch(username) else ())
