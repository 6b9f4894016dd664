"""The action `bach.download`: saves the file of an incoming message in an allowed folder.

The target is validated before the download, and the file appears whole or not at all.
"""

import mimetypes
import re
from contextlib import suppress
from pathlib import Path
from typing import Final
from uuid import uuid4

import voluptuous as vol
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import config_validation as cv

from bach_lib import IncomingMessage, Media
from bach_lib.errors import NoFileError
from custom_components.bach.const import DOMAIN
from custom_components.bach.home.errors import translated_errors
from custom_components.bach.home.hub import HUB

from .inbox import ATTR_INCOMING_ID, INCOMING_ID

ATTR_OVERWRITE: Final = "overwrite"
ATTR_PATH: Final = "path"
ATTR_SIZE_LIMIT: Final = "size_limit"

MEGABYTE: Final = 1_000_000
MAX_SIZE: Final = 2_000
"""Megabytes that can be asked for; a platform may give less."""

DOWNLOAD_SCHEMA: Final = vol.Schema(
    {
        vol.Required(ATTR_INCOMING_ID): INCOMING_ID,
        vol.Required(ATTR_PATH): cv.string,
        vol.Optional(ATTR_SIZE_LIMIT, default=20): vol.All(vol.Coerce(float), vol.Range(min=0.001, max=MAX_SIZE)),
        vol.Optional(ATTR_OVERWRITE, default=False): cv.boolean,
    }
)

_UNSAFE = re.compile(r"[^\w.-]", re.ASCII)
_MAX_NAME = 100
"""Characters of a name that a stranger's phone chose."""


async def async_download(call: ServiceCall) -> ServiceResponse:
    """Handle the action: validate the target, fetch the file, and write it."""
    hass, data = call.hass, call.data
    with translated_errors(hass):
        bach = hass.data[HUB].bach
        message = await bach.incoming(data[ATTR_INCOMING_ID])
        media = message.content.media
        if media is None:
            raise NoFileError(id=message.id)
        path = await hass.async_add_executor_job(_target, hass, call, message, media)
        content = await bach.fetch(message.id, int(data[ATTR_SIZE_LIMIT] * MEGABYTE))
    await hass.async_add_executor_job(_write, path, content)
    if not call.return_response:
        return None
    return {ATTR_PATH: str(path), "size": len(content), "name": media.name, "mime_type": media.mime_type}


def _target(hass: HomeAssistant, call: ServiceCall, message: IncomingMessage, media: Media) -> Path:
    """The path to write to; in a folder, with a generated name. Raises `ServiceValidationError`."""
    given = call.data[ATTR_PATH]
    try:
        path = Path(hass.config.path(given)).resolve()
        if path.is_dir():
            path /= _file_name(message, media)
        if not hass.config.is_allowed_path(str(path)):
            raise _refused(translation_key="path_not_allowed", path=given)
        if path.exists() and not call.data[ATTR_OVERWRITE]:
            raise _refused(translation_key="file_exists", path=str(path))
    except (OSError, ValueError) as error:  # a loop of links, a name that is too long, a character that no name has
        raise _refused(translation_key="path_not_allowed", path=given) from error
    return path


def _file_name(message: IncomingMessage, media: Media) -> str:
    """A safe file name, made of the message id and the sender's name for the file."""
    name = _UNSAFE.sub("_", media.name or "").strip("._-")[-_MAX_NAME:]
    extension = mimetypes.guess_extension(media.mime_type or "") or ""
    return f"{message.id}_{name or media.type + extension}"


def _write(path: Path, content: bytes) -> None:
    """Write atomically, by renaming a temporary file. Raises `HomeAssistantError`."""
    part = path.with_name(f".{uuid4().hex}.part")
    try:
        try:
            part.write_bytes(content)
            part.replace(path)
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
    except OSError as error:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="file_not_written",
            translation_placeholders={"path": str(path), "reason": error.strerror or type(error).__name__},
        ) from error


def _refused(*, translation_key: str, path: str) -> ServiceValidationError:
    return ServiceValidationError(
        translation_domain=DOMAIN, translation_key=translation_key, translation_placeholders={"path": path[:200]}
    )
