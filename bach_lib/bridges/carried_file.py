"""The file of a message that is carried over: fetched once, and what is said where it cannot go along."""

import mimetypes
from dataclasses import dataclass
from typing import Final

from bach_lib.bridges.bridge_services import BridgeServices
from bach_lib.connectors.capabilities import Capabilities
from bach_lib.errors import FileTooLargeError, InputError, NotFetchedError
from bach_lib.models import File
from bach_lib.models.bridge import Bridge
from bach_lib.models.incoming import IncomingMessage, Media

_MOST: Final = 25 << 20
"""Bytes of a file that is carried: nobody is asked beforehand, and it lies on our disk meanwhile."""
_ENDINGS: Final = {"photo": ".jpg", "voice": ".ogg", "audio": ".mp3", "video": ".mp4", "animation": ".gif"}


@dataclass(frozen=True, slots=True)
class CarriedFile:
    """What came in, if anything did. `words` are said instead, also where the platform cannot have it."""

    file: File | None = None
    words: str = ""
    too_large: str = ""
    unshown: str = ""

    def at(self, able: Capabilities) -> tuple[tuple[File, ...], str]:
        """What goes to a platform, and what is said instead."""
        if self.file is None:
            return (), self.words
        if not able.max_files:
            return (), self.unshown
        if self.file.size > able.file_bytes:
            return (), self.too_large
        return (self.file,), ""


async def fetched(services: BridgeServices, bridge: Bridge, message: IncomingMessage, *, last: bool) -> CarriedFile:
    """The file of a message. Raises `NotFetchedError`, as it may be had later, unless this is the `last` try."""
    media = message.content.media
    if media is None or not bridge.files:
        return CarriedFile()
    if message.metadata.get("view_once") is True:  # whoever sent it wants no copies of it
        return CarriedFile(words=bridge.words.unshown)
    name = _name(media)
    too_large = bridge.words.too_large.replace("{file}", _with_size(name, media.size))
    try:
        content = await services.fetch(message.id, _MOST)
    except FileTooLargeError:
        return CarriedFile(words=too_large)
    except (NotFetchedError, InputError) as error:
        if isinstance(error, NotFetchedError) and not last:
            raise
        return CarriedFile(words=bridge.words.not_fetched.replace("{file}", name))
    file = File(
        name=name, content=content, mime_type=media.mime_type, size=len(content), is_voice=media.type == "voice"
    )
    return CarriedFile(file=file, too_large=too_large, unshown=bridge.words.unshown)


def _name(media: Media) -> str:
    ending = mimetypes.guess_extension(media.mime_type or "") or _ENDINGS.get(media.type, "")
    return media.name or f"{media.type}{ending}"


def _with_size(name: str, size: int | None) -> str:
    return name if size is None else f"{name}, {max(size // 1_000_000, 1)} MB"
