"""Files that an action names: read from where Home Assistant may look, before anything is queued."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError

from bach_lib import File

from .const import DOMAIN

MAX_BYTES: Final = 50_000_000
"""Of one file; platforms take less, and say so."""


async def read_files(hass: HomeAssistant, paths: Sequence[str]) -> list[File]:
    """The files. Raises `ServiceValidationError` for a path that is not allowed or cannot be read."""
    return [await _read_one(hass, path) for path in paths]


async def _read_one(hass: HomeAssistant, path: str) -> File:
    if "\0" in path or not await hass.async_add_executor_job(hass.config.is_allowed_path, path):
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="file_not_allowed", translation_placeholders={"path": path}
        )
    try:
        content = await hass.async_add_executor_job(_read, path)
    except OSError as error:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="file_not_read",
            translation_placeholders={"path": path, "reason": error.strerror or type(error).__name__},
        ) from error
    return File(name=Path(path).name, content=content)


def _read(path: str) -> bytes:
    """One byte more than allowed is enough to be refused."""
    with Path(path).open("rb") as file:
        return file.read(MAX_BYTES + 1)
