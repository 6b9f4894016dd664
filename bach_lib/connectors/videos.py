"""What a platform has to be told of a video, so that it stands there in its shape, with a first picture and its length.

A square with a play button does not show who is at the door. ffmpeg and ffprobe find out, where they are there (as in
Home Assistant): in processes of their own, one video at a time, with little time, and told to open nothing but this one
file as what it says it is. Whatever goes wrong, the video goes as it is.
"""

import asyncio
import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from shutil import which
from tempfile import TemporaryFile
from typing import IO, Final
from weakref import WeakKeyDictionary

from bach_lib.models import File
from bach_lib.threads import in_own_thread

MAX_THUMBNAIL: Final = 200_000
"""Bytes, and below it pixels of the longer side: https://core.telegram.org/bots/api#sendvideo."""
_PIXELS: Final = 320
_MOST_SAID: Final = 100_000
"""Bytes of what ffprobe says."""
_SECONDS: Final = 10.0
"""For each of the two programs."""
_MOST_PIXELS: Final = 16_384
_LONGEST: Final = 86_400.0
_REMEMBERED: Final = 16
"""Videos whose facts are kept for the next attempt."""
_ASKED: Final = "format=duration:stream=width,height:stream_tags=rotate:stream_side_data=rotation"
_ASK: Final = ("-v", "error", "-print_format", "json", "-select_streams", "v:0", "-show_entries", _ASKED)
_SCALE: Final = f"scale={_PIXELS}:{_PIXELS}:force_original_aspect_ratio=decrease"
_DRAW: Final = ("-frames:v", "1", "-vf", _SCALE, "-q:v", "5", "-f", "mjpeg", "pipe:1")
_ONLY_THIS: Final = ("-threads", "1", "-protocol_whitelist", "file", "-f", "mp4")
"""With one thread: each has frames of its own in memory, and homes have little."""

_LOCKS: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoFacts:
    """How large a video is shown, how many seconds it lasts, and its first picture, as JPEG."""

    width: int
    height: int
    seconds: int
    thumbnail: bytes | None = None


_KNOWN: Final[dict[str, VideoFacts | None]] = {}


async def facts_of(file: File) -> VideoFacts | None:
    """Those of an MP4 file; None if they cannot be found out here."""
    if file.digest in _KNOWN:
        return _KNOWN[file.digest]
    lock = _LOCKS.setdefault(asyncio.get_running_loop(), asyncio.Lock())
    async with lock:
        try:
            found = await in_own_thread(lambda: _look(file.content), seconds=3 * _SECONDS)
        except Exception:  # noqa: BLE001 - a border: programs of others on a file of anybody; the video goes without
            found = None
    if file.digest:
        _KNOWN[file.digest] = found
        for oldest in list(_KNOWN)[:-_REMEMBERED]:
            del _KNOWN[oldest]
    return found


def _look(content: bytes) -> VideoFacts | None:
    if (probe := which("ffprobe")) is None:
        return None
    with _scratch() as film:
        film.write(content)
        film.flush()
        source = (*_ONLY_THIS, "-i", f"/dev/fd/{film.fileno()}")
        facts = _facts(json.loads(_told([probe, *_ASK, *source], film, _MOST_SAID)))
        if facts is None or (draw := which("ffmpeg")) is None:
            return facts
        try:
            picture = _told([draw, "-v", "error", "-nostdin", *source, *_DRAW], film, MAX_THUMBNAIL + 1)
        except (OSError, subprocess.SubprocessError):
            return facts
    is_one = picture.startswith(b"\xff\xd8") and len(picture) <= MAX_THUMBNAIL
    return VideoFacts(
        width=facts.width, height=facts.height, seconds=facts.seconds, thumbnail=picture if is_one else None
    )


def _scratch() -> IO[bytes]:
    """A file without a name, in memory where there is such a thing: MP4 is read from its end as well."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("bach"), "w+b")
    return TemporaryFile()


def _told(command: Sequence[str], film: IO[bytes], most: int) -> bytes:
    """What a program says, at most so many bytes. Raises `OSError` or `SubprocessError`."""
    with _scratch() as said:
        subprocess.run(  # noqa: S603 - a program that was looked up, and nothing of anybody's among its words
            command,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.DEVNULL,
            pass_fds=(film.fileno(),),
            timeout=_SECONDS,
            check=True,
        )
        said.seek(0)
        return said.read(most)


def _facts(told: object) -> VideoFacts | None:
    match told:
        case {"streams": [{"width": int(width), "height": int(height)} as stream], "format": {"duration": str(length)}}:
            seconds = float(length)
        case _:
            return None
    if not (0 < width <= _MOST_PIXELS and 0 < height <= _MOST_PIXELS and 0 <= seconds <= _LONGEST):
        return None
    if _is_turned(stream):
        width, height = height, width
    return VideoFacts(width=width, height=height, seconds=max(round(seconds), 1))


def _is_turned(stream: object) -> bool:
    """Whether it lies on its side, and is shown upright: phones film so."""
    turns = list[object]()
    match stream:
        case {"side_data_list": [*some]}:
            turns = [one["rotation"] for one in some if isinstance(one, dict) and "rotation" in one]
        case {"tags": {"rotate": turn}}:
            turns = [turn]
    return any(str(turn).lstrip("-") in {"90", "270"} for turn in turns)
