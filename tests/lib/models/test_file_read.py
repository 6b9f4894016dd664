"""Files are read by their path, without holding anybody up."""

import asyncio
import os
import threading
from pathlib import Path

import pytest

from bach_lib import File
from bach_lib.errors import FileNotReadError
from bach_lib.models import file as messages


async def test_a_file_is_read_under_its_name(tmp_path: Path) -> None:
    """Each program would read files itself, and hold up everything else meanwhile."""
    (tmp_path / "df.txt").write_bytes(b"98 %")
    read = await File.read(tmp_path / "df.txt")
    assert (read.name, read.content, read.size) == ("df.txt", b"98 %", 4)
    named = await File.read(str(tmp_path / "df.txt"), name="disk.txt", mime_type="text/plain")
    assert (named.name, named.mime_type) == ("disk.txt", "text/plain")


async def test_what_is_no_file_is_refused_at_once_with_a_sentence(tmp_path: Path) -> None:
    """A pipe would be waited for, for ever; what is missing would be an error of the operating system."""
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, tmp_path / "missing", "a\0b", None, 7):
        async with asyncio.timeout(60):
            with pytest.raises(FileNotReadError, match="cannot be read"):
                await File.read(path)  # type: ignore[arg-type] # as people without a type checker do


async def test_a_drive_that_does_not_answer_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network drive that is gone would hold an alarm for ever, and everything else with it."""
    free = threading.Event()
    monkeypatch.setattr("bach_lib.threads.read_regular", lambda *_: free.wait(30))
    monkeypatch.setattr(messages, "_SECONDS", 0.05)
    with pytest.raises(FileNotReadError, match="more than 0 seconds"):
        await File.read(tmp_path / "df.txt")
    free.set()


async def test_more_than_a_message_can_have_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk image that is named by mistake would fill the memory."""
    monkeypatch.setattr(messages, "MOST_OF_FILE", 10)
    (tmp_path / "large").write_bytes(bytes(11))
    with pytest.raises(FileNotReadError, match="more than 10 bytes"):
        await File.read(tmp_path / "large")
    (tmp_path / "large").write_bytes(bytes(10))
    assert (await File.read(tmp_path / "large")).size == 10
