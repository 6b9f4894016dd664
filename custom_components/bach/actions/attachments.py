"""Reads the files that an action attaches, from allowed folders only, before anything is queued.

At most one byte more than allowed is read of each. A read that hangs (an unreachable network drive) hangs in a thread
of its own, apart from the pool that all of Home Assistant shares.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError

from bach_lib import File, Loss
from bach_lib.threads import in_own_thread, read_file
from custom_components.bach.const import DOMAIN

MAX_BYTES: Final = 50_000_000
"""Of one file; platforms take less, and say so."""


async def read_files(hass: HomeAssistant, paths: Sequence[str]) -> tuple[list[File], list[Loss]]:
    """Read the files; return those that could be read, and a `Loss` for each that could not.

    A missing file must not cost the message. Empty paths are ignored, as templates produce them.
    """
    files, lost = list[File](), list[Loss]()
    for path in filter(str.strip, paths):
        found = await _read_one(hass, path)
        if isinstance(found, File):
            files.append(found)
        else:
            lost.append(found)
    return files, lost


async def _read_one(hass: HomeAssistant, path: str) -> File | Loss:
    try:
        is_allowed = "\0" not in path and await in_own_thread(lambda: hass.config.is_allowed_path(path))
        content = await read_file(path, MAX_BYTES + 1) if is_allowed else b""
    except OSError as error:
        unread = ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="file_not_read",
            translation_placeholders={"path": path, "reason": error.strerror or type(error).__name__},
        )
        return Loss(what="file", reason=str(unread))
    if not is_allowed:
        refused = ServiceValidationError(
            translation_domain=DOMAIN, translation_key="file_not_allowed", translation_placeholders={"path": path}
        )
        return Loss(what="file", reason=str(refused))
    return File(name=Path(path).name, content=content)
