"""Files that an action names: read from where Home Assistant may look, before anything is queued.

One byte more than allowed is enough to be refused. What hangs (a network drive that is gone) hangs apart from the
threads that all of Home Assistant shares.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError

from bach_lib import File
from bach_lib.apart import apart, read_file

from .const import DOMAIN

MAX_BYTES: Final = 50_000_000
"""Of one file; platforms take less, and say so."""


async def read_files(hass: HomeAssistant, paths: Sequence[str]) -> list[File]:
    """The files. Raises `ServiceValidationError` for a path that is not allowed or cannot be read."""
    return [await _read_one(hass, path) for path in paths]


async def _read_one(hass: HomeAssistant, path: str) -> File:
    try:
        is_allowed = "\0" not in path and await apart(lambda: hass.config.is_allowed_path(path))
        content = await read_file(path, MAX_BYTES + 1) if is_allowed else b""
    except OSError as error:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="file_not_read",
            translation_placeholders={"path": path, "reason": error.strerror or type(error).__name__},
        ) from error
    if not is_allowed:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="file_not_allowed", translation_placeholders={"path": path}
        )
    return File(name=Path(path).name, content=content)
