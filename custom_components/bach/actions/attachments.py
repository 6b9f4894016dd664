"""Reads a file that an action attaches, from allowed folders only, before anything is queued.

At most one byte more than allowed is read. A read that hangs (an unreachable network drive) hangs in a thread of its
own, apart from the pool that all of Home Assistant shares.
"""

from pathlib import Path

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError

from bach_lib import File
from bach_lib.models import MOST_OF_FILE
from bach_lib.threads import in_own_thread, read_file
from custom_components.bach.const import DOMAIN


async def read_allowed(hass: HomeAssistant, path: str) -> File:
    """Read the file. Raises `ServiceValidationError`."""
    try:
        is_allowed = "\0" not in path and await in_own_thread(lambda: hass.config.is_allowed_path(path))
        content = await read_file(path, MOST_OF_FILE + 1) if is_allowed else b""
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
