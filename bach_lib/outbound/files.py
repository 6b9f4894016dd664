"""Validates files to send before any of them is written to the disk.

A file that cannot go does not cost the words: it is left out, and the message says so.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from bach_lib.common_sentences import (
    FILE_WITH_A_NAME_AND_BYTES,
    IT_HAS_SIZE_BYTES_AND_TYPE_TAKES_LIMIT,
    NAME_AND_REASON,
)
from bach_lib.connectors.capabilities import Capabilities
from bach_lib.connectors.file_limits import is_picture
from bach_lib.errors import InvalidValueError
from bach_lib.models import MOST_OF_FILE, MOST_OF_FILES, File, Loss
from bach_lib.said import Sentence

_MAX_NAME = 128
_MAX_FILES = 50
_MIME_TYPE = re.compile(r"[\w.+-]{1,64}/[\w.+-]{1,64}", re.ASCII)
_NO_NAME = "file"


def check_files(type_: str, capabilities: Capabilities, files: object) -> tuple[tuple[File, ...], tuple[Loss, ...]]:
    """Those that can go, with their sizes and with names that are only names; and why the others cannot.

    Raises `InvalidValueError` for what are no files.
    """
    able, lost, left = list[File](), list[Loss](), MOST_OF_FILES
    for given in _files(files):
        mime_type = (
            given.mime_type if isinstance(given.mime_type, str) and _MIME_TYPE.fullmatch(given.mime_type) else None
        )
        file = replace(given, name=_name(given.name), mime_type=mime_type, size=len(given.content), digest="")
        reason = _reason(type_, capabilities, file, left, len(able))
        if reason:
            lost.append(left_out(file.name, reason))
            continue
        left -= file.size
        able.append(replace(file, is_voice=given.is_voice is True))
    return tuple(able), tuple(lost)


def _reason(type_: str, capabilities: Capabilities, file: File, left: int, before: int) -> str | None:
    """Why a file cannot go. A picture may be made smaller when it goes."""
    size = file.size
    if not capabilities.max_files:
        return Sentence("type_takes_text_only", "{type} takes text only", type=type_)
    if before >= _MAX_FILES:
        return Sentence("a_message_can_have_number_files", "a message can have {number} files", number=_MAX_FILES)
    if not size:
        return Sentence("it_is_empty", "it is empty")
    is_any_size = capabilities.fits_pictures and is_picture(file)
    limit = MOST_OF_FILE if is_any_size else min(capabilities.file_bytes, MOST_OF_FILE)
    if size > limit:
        return IT_HAS_SIZE_BYTES_AND_TYPE_TAKES_LIMIT(size=size, type=type_, limit=limit)
    return _too_much(size) if size > left else None


def _too_much(size: int) -> str:
    return Sentence(
        "it_has_size_bytes_and_all_files_of_a_message",
        "it has {size} bytes, and all files of a message can have {number}",
        size=size,
        number=MOST_OF_FILES,
    )


def left_out(name: str, reason: str) -> Loss:
    """That a file does not go, and why."""
    return Loss(what="file", reason=NAME_AND_REASON(name=name, reason=reason))


def no_file_goes(lost: Sequence[Loss]) -> InvalidValueError:
    """What is raised for files alone, none of which can go."""
    return InvalidValueError(
        field="files",
        value=lost[0].reason,
        expected=Sentence(
            "a_file_that_can_go_or_say_something_in_words", "a file that can go, or say something in words"
        ),
    )


def bounded_files(files: object) -> tuple[tuple[File, ...], tuple[Loss, ...]]:
    """Those that may be carried to who sends them, and why the others are left behind, whatever the platform takes."""
    able, lost, left = list[File](), list[Loss](), MOST_OF_FILES
    for file in _files(files):
        if (size := len(file.content)) > left:
            lost.append(left_out(_name(file.name), _too_much(size)))
            continue
        left -= size
        able.append(file)
    return tuple(able), tuple(lost)


def _files(files: object) -> list[File]:
    """With bytes of their own. What people without a type checker give first is a path, or a text for the bytes."""
    found = list[File]()
    for file in files if isinstance(files, Sequence) and not isinstance(files, str | bytes) else (files,):
        if not isinstance(file, File) or not isinstance(file.name, str) or (content := _bytes(file.content)) is None:
            raise InvalidValueError(field="files", value=type(file).__name__, expected=FILE_WITH_A_NAME_AND_BYTES)
        found.append(replace(file, content=content))
    return found


def _bytes(content: object) -> bytes | None:
    """A copy of what may still change (`BytesIO.getbuffer`, a bytearray); None for a text, whose coding is unknown."""
    return bytes(content) if isinstance(content, bytes | bytearray | memoryview) else None


def _name(given: str) -> str:
    """A name without folders, that can be shown and written."""
    name = re.split(r"[/\\]", given)[-1]
    name = "".join(one if one.isprintable() else "_" for one in name).strip()
    if len(name) > _MAX_NAME:
        stem, dot, ending = name.rpartition(".")
        name = f"{(stem or name)[: _MAX_NAME - 11]}{dot}{ending[:10]}" if dot else name[:_MAX_NAME]
    return _NO_NAME if name in {"", ".", ".."} else name
