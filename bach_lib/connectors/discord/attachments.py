"""Decodes the files of a message (https://discord.com/developers/docs/resources/message#attachment-object)."""

from collections.abc import Mapping

from bach_lib.connectors.discord.json_fields import name_of, number
from bach_lib.models.incoming import Media

_VOICE = 1 << 13
_MAX_SECONDS = 1 << 32


def media_of(data: Mapping[str, object], file: Mapping[str, object]) -> Media | None:
    """A file by its place, not by its address: that expires within a day."""
    channel, message, attachment = number(data, "channel_id"), number(data, "id"), number(file, "id")
    if attachment is None:
        return None
    mime_type = name_of(file, "content_type").partition(";")[0] or None
    seconds = file.get("duration_secs")
    kind = {"image": "photo", "audio": "audio", "video": "video"}.get((mime_type or "").partition("/")[0], "document")
    if (number(data, "flags") or 0) & _VOICE:
        kind = "voice"
    elif mime_type == "image/gif":
        kind = "animation"
    return Media(
        type=kind,
        reference=f"{channel}/{message}/{attachment}",
        name=name_of(file, "filename") or None,
        size=number(file, "size"),
        mime_type=mime_type,
        duration=float(seconds) if isinstance(seconds, int | float) and 0 <= seconds < _MAX_SECONDS else None,
    )
