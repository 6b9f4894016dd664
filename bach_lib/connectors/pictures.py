"""Makes pictures smaller that are too large for their place, so that somebody sees at once who is at the door.

A document has to be opened, and a file that is left out shows nothing. Pillow does it, where it is there (as in Home
Assistant; elsewhere by the extra `pictures`), in a thread of its own and one picture at a time: a picture in memory is
many times as large as its file, so what has too many pixels stays as it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from bach_lib.common_sentences import IT_TOOK_TOO_LONG
from bach_lib.models import File
from bach_lib.said import Sentence
from bach_lib.threads import in_own_thread

if TYPE_CHECKING:
    from PIL.Image import Image

_STEPS: Final = ((2560, 85), (1920, 80), (1280, 75), (800, 70), (480, 60))
"""Pixels of the longer side, and the quality of the JPEG, one after the other until it fits."""
_MOST_PIXELS: Final = 32_000_000
"""As many bytes four times over. JPEG is decoded at a half, a quarter or an eighth, so there it is of many more."""
_FORMATS: Final = ("JPEG", "PNG", "WEBP")
_SECONDS: Final = 60.0

_NO_PILLOW = Sentence("the_package_pillow_is_not_there", "the Python package Pillow is not there")
_UNREADABLE = Sentence("it_cannot_be_read_as_a_picture", "it cannot be read as a picture")
_TOO_MANY_PIXELS = Sentence("it_has_too_many_pixels", "it has too many pixels")

_LOCKS: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


class NotSmallerError(Exception):
    """A picture stays as large as it is. `reason`: why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


async def smaller(file: File, limit: int) -> File:
    """The same picture with at most `limit` bytes, as JPEG and the right way up. Raises `NotSmallerError`."""
    lock = _LOCKS.setdefault(asyncio.get_running_loop(), asyncio.Lock())
    async with lock:
        try:
            content = await in_own_thread(lambda: _smaller(file.content, limit), seconds=_SECONDS)
        except ImportError as error:
            raise NotSmallerError(_NO_PILLOW) from error
        except TimeoutError as error:
            raise NotSmallerError(IT_TOOK_TOO_LONG) from error
        except NotSmallerError:
            raise
        except Exception as error:  # a border: a file can be anything, and Pillow raises what its decoders do
            raise NotSmallerError(_UNREADABLE) from error
    name = f"{file.name.rpartition('.')[0] or file.name}.jpg"
    return replace(file, name=name, content=content, mime_type="image/jpeg", size=len(content), digest="")


def _smaller(content: bytes, limit: int) -> bytes:
    from PIL import Image, ImageOps  # noqa: PLC0415 - heavy, and needed by few

    with Image.open(BytesIO(content), formats=_FORMATS) as picture:
        if getattr(picture, "is_animated", False):
            raise NotSmallerError(_UNREADABLE)
        picture.draft("RGB", (_STEPS[0][0], _STEPS[0][0]))
        if picture.width * picture.height > _MOST_PIXELS:
            raise NotSmallerError(_TOO_MANY_PIXELS)
        ImageOps.exif_transpose(picture, in_place=True)
        for made in _tries(picture, Image.new):
            if len(made) <= limit:
                return made
    raise NotSmallerError(_UNREADABLE)


def _tries(picture: Image, new: Callable[[str, tuple[int, int], str], Image]) -> Iterator[bytes]:
    """The picture as JPEG, smaller each time; what one sees through is white."""
    for longest, quality in _STEPS:
        picture.thumbnail((longest, longest))
        flat = picture.convert("RGB")
        if picture.has_transparency_data:
            seen = picture.convert("RGBA")
            flat = new("RGB", picture.size, "white")
            flat.paste(seen, mask=seen.getchannel("A"))
        written = BytesIO()
        flat.save(written, "JPEG", quality=quality)
        yield written.getvalue()
