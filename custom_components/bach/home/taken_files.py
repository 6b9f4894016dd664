"""Takes what cameras and images show now, and anything else within a time: an alarm waits no longer for a camera.

What is not there costs its file and not the message. Home Assistant's components are imported when one of their
entities is asked for: a home may not have them.
"""

import asyncio
import logging
import mimetypes
from collections.abc import Awaitable, Sequence
from typing import TYPE_CHECKING, Final

from homeassistant.core import HomeAssistant, split_entity_id
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.util import dt as dt_util

from bach_lib import BachError, File, Loss
from custom_components.bach.const import DOMAIN
from custom_components.bach.home.language import in_home_language

if TYPE_CHECKING:
    from homeassistant.components.camera import Image as CameraImage
    from homeassistant.components.image import Image as ImageImage

_LOGGER = logging.getLogger(__name__)

SECONDS: Final = 10.0
"""What anything may take; a delay that was asked for comes on top."""


async def pictures_now(hass: HomeAssistant, entity_ids: Sequence[str]) -> tuple[list[File], list[Loss]]:
    """What these cameras and images show, and a `Loss` for each that shows nothing."""
    found = await asyncio.gather(*(taken(hass, one, picture(hass, one), SECONDS) for one in entity_ids))
    return [one for one in found if isinstance(one, File)], [one for one in found if isinstance(one, Loss)]


async def taken(hass: HomeAssistant, name: str, source: Awaitable[File], seconds: float) -> File | Loss:
    """What could be taken within so many seconds, or why it could not. `name`: what the source is called."""
    try:
        async with asyncio.timeout(seconds):
            return await source
    except TimeoutError:
        late = ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="file_too_late",
            translation_placeholders={"name": name, "seconds": f"{seconds:g}"},
        )
        return Loss(what="file", reason=str(late))
    except BachError as error:
        return Loss(what="file", reason=in_home_language(hass, error.sentence))
    except HomeAssistantError as error:
        if error.translation_domain == DOMAIN:
            return Loss(what="file", reason=str(error))
        return Loss(what="file", reason=str(not_taken(name, str(error).rstrip(".") or type(error).__name__)))
    except Exception as error:  # the code of another integration: the words go all the same
        _LOGGER.exception("%s brought no file", name)
        return Loss(what="file", reason=str(not_taken(name, type(error).__name__)))


def not_taken(name: str, reason: str) -> ServiceValidationError:
    """Why a source brought nothing."""
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key="file_not_taken",
        translation_placeholders={"name": name, "reason": reason},
    )


async def picture(hass: HomeAssistant, entity_id: str, wait: float = 0.0, number: int = 0) -> File:
    """Take what a camera or an image entity shows after so many seconds."""
    if wait:
        await asyncio.sleep(wait)
    domain, name = split_entity_id(entity_id)
    require_component(hass, domain, entity_id)
    if domain == "camera":
        from homeassistant.components import camera  # noqa: PLC0415  a home may not have it

        kind, content = _shown(await camera.async_get_image(hass, entity_id))
    else:
        from homeassistant.components import image  # noqa: PLC0415  a home may not have it

        kind, content = _shown(await image.async_get_image(hass, entity_id))
    ending = mimetypes.guess_extension(kind) or ".jpg"
    time = dt_util.now().strftime("%Y-%m-%d_%H-%M-%S")
    several = f"_{number + 1}" if number else ""
    return File(name=f"{name}_{time}{several}{ending}", content=content, mime_type=kind)


def _shown(shown: CameraImage | ImageImage) -> tuple[str, bytes]:
    return shown.content_type, shown.content


def require_component(hass: HomeAssistant, component: str, name: str) -> None:
    """Raise if there is no such component, whose module would be loaded for nothing."""
    if component not in hass.config.components:
        raise not_taken(name, f"{component}?")
