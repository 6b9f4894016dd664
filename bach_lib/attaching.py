"""Files to send: what is checked before any of them is written to the disk."""

import re
from collections.abc import Sequence
from dataclasses import replace

from bach_lib.connectors.base import Capabilities
from bach_lib.errors import InvalidValueError
from bach_lib.models import File

_MAX_NAME = 128
_MAX_ALL = 50_000_000
"""Bytes of all files of a message: every one lies in the database until it has been sent."""
_MIME_TYPE = re.compile(r"[\w.+-]{1,64}/[\w.+-]{1,64}", re.ASCII)


def check_files(type_: str, capabilities: Capabilities, files: Sequence[File]) -> tuple[File, ...]:
    """The same files, with their sizes and with names that are only names. Raises `InvalidValueError`."""
    _check_kinds(files)
    if len(files) > capabilities.max_files:
        most = capabilities.max_files
        expected = f"at most {most} with {type_}" if most else f"none, {type_} takes text only"
        raise InvalidValueError(field="files", value=len(files), expected=expected)
    checked = tuple(_check(file, capabilities.file_bytes) for file in files)
    if sum(file.size for file in checked) > _MAX_ALL:
        raise InvalidValueError(field="files", value="all together", expected=f"at most {_MAX_ALL} bytes")
    return checked


def _check_kinds(files: object) -> None:
    """What people without a type checker give first is a path, or a text for the bytes."""
    for file in files if isinstance(files, Sequence) else (files,):
        if not isinstance(file, File) or not isinstance(file.name, str) or not isinstance(file.content, bytes):
            raise InvalidValueError(field="files", value=type(file).__name__, expected="File, with a name and bytes")


def _check(file: File, limit: int) -> File:
    name = re.split(r"[/\\]", file.name)[-1].strip()
    if not 0 < len(name) <= _MAX_NAME or not name.isprintable() or name in {".", ".."}:
        raise InvalidValueError(field="the name of a file", value=file.name[:50], expected="a short visible name")
    if not 0 < len(file.content) <= limit:
        raise InvalidValueError(field=name, value=f"{len(file.content)} bytes", expected=f"1 to {limit} bytes")
    if file.mime_type is not None and not _MIME_TYPE.fullmatch(file.mime_type):
        raise InvalidValueError(field="a MIME type", value=file.mime_type[:50], expected='a form like "image/jpeg"')
    return replace(file, name=name, size=len(file.content))
