"""What is found out of a video, by programs of others that may be missing, fail, hang or say anything."""

import asyncio
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bach_lib.connectors import videos
from bach_lib.connectors.videos import MAX_THUMBNAIL, VideoFacts, facts_of
from bach_lib.models import File

FILM = File(name="door.mp4", content=b"\0\0\0\x18ftypmp42")
LYING: dict[str, object] = {"width": 640, "height": 360}
TOLD: dict[str, object] = {"streams": [LYING], "format": {"duration": "12.6"}}
PICTURE = b"\xff\xd8picture"
READS = 'for film; do :; done; for one; do [ "$before" = -i ] && film="$one"; before="$one"; done; cat "$film"'
"""Words of a shell that print the file which a program is told to open."""


@pytest.fixture(autouse=True)
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with programs that stand in for those of ffmpeg, and the shell's own."""
    for name in ("cat", "head", "sleep"):
        (tmp_path / name).symlink_to(str(shutil.which(name)))
    monkeypatch.setenv("PATH", str(tmp_path))
    yield tmp_path
    videos._KNOWN.clear()


def install(folder: Path, name: str, script: str) -> None:
    """A program."""
    program = folder / name
    program.write_text(f"#!/bin/sh\necho call >> {folder}/{name}.calls\n{script}\n", "utf-8")
    program.chmod(0o755)


def probe(folder: Path, told: object = TOLD) -> None:
    """An ffprobe that says this, if the file is there for it to read."""
    (folder / "told").write_text(json.dumps(told), "utf-8")
    install(folder, "ffprobe", f'[ "$({READS} | head -c 12 | cat -v)" = "^@^@^@^Xftypmp42" ] && cat {folder}/told')


async def test_a_video_is_told_of(programs: Path) -> None:
    """It would stand in the chat as a grey square of unknown length."""
    probe(programs)
    (programs / "picture").write_bytes(PICTURE)
    install(programs, "ffmpeg", f"cat {programs}/picture")
    assert await facts_of(FILM) == VideoFacts(width=640, height=360, seconds=13, thumbnail=PICTURE)


@pytest.mark.parametrize(
    "turn", [{"side_data_list": [{"x": 1}, {"rotation": -90}]}, {"tags": {"rotate": "270"}}], ids=["new", "old"]
)
async def test_a_video_of_a_phone_stands_upright(programs: Path, turn: dict[str, object]) -> None:
    """It would be shown squeezed to the width it was stored in."""
    probe(programs, {**TOLD, "streams": [LYING | turn]})
    assert await facts_of(FILM) == VideoFacts(width=360, height=640, seconds=13)


@pytest.mark.parametrize(
    "told",
    [
        {},
        [],
        {"streams": [], "format": {"duration": "1"}},
        {**TOLD, "format": {"duration": "nan"}},
        {**TOLD, "format": {"duration": "long"}},
        {**TOLD, "streams": [LYING | {"width": 10**9}]},
        {**TOLD, "streams": [LYING | {"height": "360"}]},
    ],
)
async def test_what_makes_no_sense_is_not_told(programs: Path, told: object) -> None:
    """A platform would refuse the video because of a number of ours."""
    probe(programs, told)
    assert await facts_of(FILM) is None


@pytest.mark.parametrize("script", ["exit 1", "printf 'no JSON'", "cat /dev/zero | head -c 300000"])
async def test_a_program_that_fails_costs_nothing(programs: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """A message would wait for ffmpeg, or die of it."""
    install(programs, "ffprobe", script)
    assert await facts_of(FILM) is None
    probe(programs)
    install(programs, "ffmpeg", script)
    assert await facts_of(FILM) == VideoFacts(width=640, height=360, seconds=13)


async def test_a_program_that_hangs_is_given_up(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message would wait for ffmpeg for ever."""
    monkeypatch.setattr(videos, "_SECONDS", 0.1)
    install(programs, "ffprobe", "exec sleep 60")
    assert await facts_of(FILM) is None


async def test_a_first_picture_that_is_too_large_is_left_out(programs: Path) -> None:
    """Telegram would refuse the video."""
    probe(programs)
    (programs / "picture").write_bytes(PICTURE + bytes(MAX_THUMBNAIL))
    install(programs, "ffmpeg", f"cat {programs}/picture")
    assert await facts_of(FILM) == VideoFacts(width=640, height=360, seconds=13)


async def test_without_the_programs_it_goes_as_it_is(programs: Path) -> None:
    """A home without ffmpeg would send no videos."""
    assert await facts_of(FILM) is None


async def test_a_video_is_looked_at_once(programs: Path) -> None:
    """Each attempt, and each recipient of the same video, would cost a second of the machine."""
    probe(programs)
    kept = File(name="door.mp4", content=FILM.content, digest="a" * 64)
    assert await facts_of(kept) == await facts_of(kept)
    assert (programs / "ffprobe.calls").read_text("utf-8") == "call\n"
    for number in range(videos._REMEMBERED):
        await facts_of(File(name="door.mp4", content=FILM.content, digest=str(number)))
    assert len(videos._KNOWN) == videos._REMEMBERED


_FFMPEG = shutil.which("ffmpeg") if shutil.which("ffprobe") else None


@pytest.mark.skipif(_FFMPEG is None, reason="NOT RUN: no ffmpeg is here")
async def test_the_real_programs_are_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What ffmpeg says, and how it reads a file without a name, is not as we think."""
    monkeypatch.undo()
    monkeypatch.setattr(videos, "_SECONDS", 60.0)
    film = tmp_path / "film.mp4"
    source = ["-f", "lavfi", "-i", "testsrc=size=320x180:rate=5:duration=2", "-pix_fmt", "yuv420p"]
    making = await asyncio.create_subprocess_exec(str(_FFMPEG), "-v", "error", *source, "-c:v", "mpeg4", str(film))
    assert await making.wait() == 0
    found = await facts_of(File(name="film.mp4", content=film.read_bytes()))
    assert found
    assert (found.width, found.height, found.seconds) == (320, 180, 2)
    assert found.thumbnail
    playlist = File(name="film.mp4", content=f"#EXTM3U\n#EXTINF:1,\nfile://{film}\n".encode())
    assert await facts_of(playlist) is None, "what calls itself a video may have another file opened"
