"""Reads the content of a message: a command, a file, a location (https://core.telegram.org/bots/api#message)."""

import re
from collections.abc import Mapping
from dataclasses import replace

from bach_lib.connectors.telegram.json_fields import MAX_NAME, Fields, degrees, number, part, parts, text
from bach_lib.connectors.telegram.message_metadata import entities, is_own, words
from bach_lib.models.incoming import Content, Kind, Location, Media

_TEXTS = ("text", "rich_message")
_FILES: Mapping[str, str] = {
    "animation": "animation",  # before document, which comes with it
    "audio": "audio",
    "document": "document",
    "photo": "photo",
    "sticker": "sticker",
    "video": "video",
    "video_note": "video",
    "voice": "voice",
}
"""The fields that hold a file, and what BACH calls each."""

_PLACES = ("venue", "location")
_MEMBERS: Mapping[str, str] = {"new_chat_members": "member", "left_chat_member": "left"}
_OTHERS = (
    "contact",
    "dice",
    "poll",
    "story",
    *("paid_media", "checklist", "game", "invoice", "gift", "unique_gift", "giveaway", "giveaway_winners"),
    *("users_shared", "chat_shared", "web_app_data", "passport_data", "proximity_alert_triggered"),
    *("checklist_tasks_done", "checklist_tasks_added", "giveaway_created", "giveaway_completed"),
    *("poll_option_added", "poll_option_deleted", "successful_payment", "refunded_payment", "gift_upgrade_sent"),
    *("suggested_post_approved", "suggested_post_approval_failed", "suggested_post_declined"),
    *("suggested_post_paid", "suggested_post_refunded"),
    *("pinned_message", "migrate_to_chat_id", "migrate_from_chat_id", "new_chat_title", "new_chat_photo"),
    *("delete_chat_photo", "group_chat_created", "supergroup_chat_created", "channel_chat_created"),
    *("message_auto_delete_timer_changed", "chat_background_set", "boost_added", "connected_website"),
    *("forum_topic_created", "forum_topic_edited", "forum_topic_closed", "forum_topic_reopened"),
    *("general_forum_topic_hidden", "general_forum_topic_unhidden", "write_access_allowed"),
    *("video_chat_scheduled", "video_chat_started", "video_chat_ended", "video_chat_participants_invited"),
    *("paid_message_price_changed", "direct_message_price_changed", "chat_owner_left", "chat_owner_changed"),
    "managed_bot_created",
)
"""The fields of which there is one in a message of kind `other`."""

_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,64})(?:@([A-Za-z0-9_]{1,64}))?")
_GOES_ON = re.compile(r"[\w@]")
_MAX_REFERENCE = 512
_MAX_SIZE = 1 << 42
"""Bytes and seconds above this are made up."""


def name_of_content(message: Fields) -> str:
    """The field that says what a message is."""
    names = (*_TEXTS, *_FILES, *_PLACES, *_MEMBERS, *_OTHERS)
    return next((name for name in names if name in message), "other")


def read_content(message: Fields, bot_name: str | None) -> tuple[Kind, str, Content]:
    """Kind, text and content of a new message. `bot_name` is ours, as in `/command@name`, without the @.

    A command may stand below a file, which comes with it then.
    """
    name, written = name_of_content(message), words(message)
    media = _media(message, name) if name in _FILES else None
    if (name == "text" or name in _FILES) and (command := _command(message, written, bot_name)):
        return Kind.COMMAND, written, replace(command, media=media)
    if name in _TEXTS:
        return Kind.TEXT, written, Content()
    if name in _FILES:
        return Kind.MEDIA, written, Content(media=media)
    if name in _PLACES:
        return Kind.LOCATION, written, Content(location=_location(part(message, "location")))
    if name in _MEMBERS:
        return Kind.MEMBERSHIP, _MEMBERS[name], Content()
    return Kind.OTHER, written, Content()


def read_edited(message: Fields) -> tuple[str, Content]:
    """Text and content of a message that was changed; a live location that moves is one."""
    marked = ("entities", "caption_entities")
    _, written, content = read_content({key: message[key] for key in message if key not in marked}, None)
    return written, content


def _command(message: Fields, written: str, bot_name: str | None) -> Content | None:
    """What Telegram itself marks as a command at the very beginning, to us and by the person's own hand.

    Passing somebody else's words on is not asking for something.
    """
    length = _marked_length(message)
    match = _COMMAND.fullmatch(written[:length])  # all of it ASCII, so the UTF-16 units of the mark are characters
    if match is None or _GOES_ON.match(written[length:]) or not is_own(message):
        return None
    command, addressee = match.groups()
    if addressee and (bot_name is None or addressee.lower() != bot_name.lower()):
        return None
    return Content(command=command.lower(), args=written[length:].strip())


def _marked_length(message: Fields) -> int:
    """How much of the beginning is marked as a command, in UTF-16 code units; 0 for nothing."""
    lengths = (
        number(entity, "length")
        for entity in entities(message)
        if text(entity, "type") == "bot_command" and number(entity, "offset") == 0
    )
    return max(next(lengths, None) or 0, 0)


def _media(message: Fields, name: str) -> Media | None:
    file = part(message, name)
    if name == "photo":  # in several sizes
        file = max(reversed(parts(message, "photo")), key=_size, default={})
    reference = text(file, "file_id")
    if not 0 < len(reference) <= _MAX_REFERENCE:
        return None
    return Media(
        type=_FILES[name],
        reference=reference,
        name=text(file, "file_name")[:MAX_NAME] or None,
        size=_amount(file, "file_size"),
        mime_type=text(file, "mime_type")[:MAX_NAME] or ("image/jpeg" if name == "photo" else None),
        duration=_amount(file, "duration"),
    )


def _size(photo: Fields) -> tuple[int, int]:
    """What one size of a picture is compared by: not every server says how many bytes it has."""
    return (_amount(photo, "width") or 0) * (_amount(photo, "height") or 0), _amount(photo, "file_size") or 0


def _amount(value: Fields, field: str) -> int | None:
    found = number(value, field)
    return found if found is not None and 0 <= found < _MAX_SIZE else None


def _location(place: Fields) -> Location | None:
    latitude, longitude = degrees(place, "latitude", 90), degrees(place, "longitude", 180)
    if latitude is None or longitude is None:
        return None
    return Location(latitude=latitude, longitude=longitude)
