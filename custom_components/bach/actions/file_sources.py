"""Takes what a message carries at the moment its action is called: media, cameras, images, addresses, a voice.

A camera overwrites its picture every few seconds, and may be gone when the platform is back. So what it shows now is
taken now, and BACH keeps it. Everything is taken at the same time and has a limit: an alarm never waits for a camera.
What is not there costs its file and not the message.

Home Assistant's components are imported when one of their entities is asked for: a home may not have them.
"""

import asyncio
import mimetypes
from base64 import b64encode
from collections.abc import Awaitable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import voluptuous as vol
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.selector import MediaSelector
from homeassistant.helpers.typing import VolDictType
from yarl import URL

from bach_lib import File, Loss, fetch_file
from bach_lib.models import MOST_OF_FILE
from bach_lib.threads import read_file
from custom_components.bach.const import DOMAIN
from custom_components.bach.home.permissions import require_read
from custom_components.bach.home.taken_files import SECONDS, picture, require_component, taken

from .attachments import read_allowed

ATTR_CAMERA: Final = "camera"
ATTR_DELAY: Final = "delay"
ATTR_FILES: Final = "files"
ATTR_MEDIA: Final = "media"
ATTR_MESSAGE: Final = "message"
ATTR_PASSWORD: Final = "password"  # noqa: S105  the name of a field, no password
ATTR_PICTURES: Final = "pictures"
ATTR_URL: Final = "url"
ATTR_USERNAME: Final = "username"
ATTR_VERIFY_SSL: Final = "verify_ssl"
ATTR_VOICE: Final = "voice"

CARRIED: Final = (ATTR_FILES, ATTR_MEDIA, ATTR_CAMERA, ATTR_URL, ATTR_VOICE)
"""The fields that bring files."""
MAX_DELAY: Final = 60
MAX_PICTURES: Final = 10
_MEDIA = MediaSelector({"accept": ["*"], "multiple": True})
FILE_FIELDS: Final[VolDictType] = {
    vol.Optional(ATTR_FILES, default=[]): vol.All(cv.ensure_list, [cv.string]),
    vol.Optional(ATTR_MEDIA, default=[]): _MEDIA,
    vol.Optional(ATTR_CAMERA, default=[]): cv.entities_domain(["camera", "image"]),
    vol.Optional(ATTR_PICTURES, default=1): vol.All(vol.Coerce(int), vol.Range(min=1, max=MAX_PICTURES)),
    vol.Optional(ATTR_DELAY, default=0): vol.All(vol.Coerce(float), vol.Range(min=0, max=MAX_DELAY)),
    vol.Optional(ATTR_VOICE): cv.entity_domain("tts"),
    vol.Optional(ATTR_URL, default=[]): vol.All(cv.ensure_list, [cv.string]),
    vol.Optional(ATTR_USERNAME): cv.string,
    vol.Optional(ATTR_PASSWORD): cv.string,
    vol.Optional(ATTR_VERIFY_SSL, default=True): cv.boolean,
}
"""What an action is told of files, beside the message that they go with."""
_READING: Final = 30.0
"""The same for a path: a disk that sleeps takes its time."""
_BETWEEN: Final = 1.0
"""Seconds between two pictures of a camera, unless a longer delay was asked for."""
_NOWHERE: Final = "?"
_MEDIA_SOURCE: Final = "media-source://"
_SHOW_NOW: Final = frozenset({"camera", "image"})


async def take_files(call: ServiceCall) -> tuple[list[File], list[Loss]]:
    """Return what could be taken, in the order of the fields, and a `Loss` for each that could not.

    Raises `Unauthorized` for a camera or image that the caller may not see.
    """
    await require_read(call, _shown_now(call.data))
    files, lost = list[File](), list[Loss]()
    for found in await asyncio.gather(*(taken(call.hass, *source) for source in _sources(call))):
        if isinstance(found, File):
            files.append(found)
        else:
            lost.append(found)
    return files, lost


def _shown_now(data: Mapping[str, Any]) -> list[str]:
    """Return the entities whose pictures are wanted."""
    chosen = [_of_media_source(item["media_content_id"]) for item in data[ATTR_MEDIA]]
    return [*data[ATTR_CAMERA], *(rest for domain, rest in chosen if domain in _SHOW_NOW)]


def _sources(call: ServiceCall) -> Iterator[tuple[str, Awaitable[File], float]]:
    """Yield what each is called, what brings it, and the seconds it may take."""
    hass, data = call.hass, call.data
    for path in filter(str.strip, data[ATTR_FILES]):
        yield path, read_allowed(hass, path), _READING
    for item in data[ATTR_MEDIA]:
        content_id = item["media_content_id"]
        yield content_id, _media(hass, content_id), SECONDS
    for entity_id in data[ATTR_CAMERA]:
        for number in range(data[ATTR_PICTURES]):
            wait = data[ATTR_DELAY] + number * max(data[ATTR_DELAY], _BETWEEN)
            yield entity_id, picture(hass, entity_id, wait, number), wait + SECONDS
    for url in filter(str.strip, data[ATTR_URL]):
        yield _host(url), _fetched(hass, url, data), SECONDS
    if (voice := data.get(ATTR_VOICE)) and data[ATTR_MESSAGE].strip():
        yield voice, _said(hass, data[ATTR_MESSAGE], voice), SECONDS


# -- media and voices -------------------------------------------------------------------------------------------------


def _of_media_source(content_id: str) -> tuple[str, str]:
    """Return the integration whose media this is, and its own name for it; nothing for what is no such media."""
    if not content_id.startswith(_MEDIA_SOURCE):
        return "", content_id
    domain, _, rest = content_id.removeprefix(_MEDIA_SOURCE).partition("/")
    return domain, rest


async def _media(hass: HomeAssistant, content_id: str) -> File:
    domain, rest = _of_media_source(content_id)
    if domain in _SHOW_NOW:
        return await picture(hass, rest)
    if domain == "tts":
        return await _voice(hass, content_id)
    require_component(hass, "media_source", content_id)
    from homeassistant.components.media_player import async_process_play_media_url  # noqa: PLC0415  a home may not have it
    from homeassistant.components.media_source import async_resolve_media  # noqa: PLC0415  a home may not have it

    media = await async_resolve_media(hass, content_id, None)
    if media.path is not None:
        content = await read_file(media.path, MOST_OF_FILE + 1, seconds=SECONDS)
        return File(name=Path(media.path).name, content=content, mime_type=media.mime_type)
    url = async_process_play_media_url(hass, media.url)
    found = await fetch_file(url, async_get_clientsession(hass), limit=MOST_OF_FILE, seconds=SECONDS)
    return File(name=found.name, content=found.content, mime_type=media.mime_type or found.mime_type)


async def _said(hass: HomeAssistant, message: str, voice: str) -> File:
    """Have a text-to-speech entity say the message."""
    require_component(hass, "tts", voice)
    from homeassistant.components.tts import generate_media_source_id  # noqa: PLC0415  a home may not have it

    return await _voice(hass, generate_media_source_id(hass, message, engine=voice))


async def _voice(hass: HomeAssistant, content_id: str) -> File:
    require_component(hass, "tts", content_id.partition("?")[0])
    from homeassistant.components.tts import async_get_media_source_audio  # noqa: PLC0415  a home may not have it

    ending, content = await async_get_media_source_audio(hass, content_id)
    kind = mimetypes.guess_type(f"voice.{ending}")[0]
    return File(name=f"voice.{ending}", content=content, mime_type=kind, is_voice=True)


# -- addresses --------------------------------------------------------------------------------------------------------


async def _fetched(hass: HomeAssistant, url: str, data: Mapping[str, Any]) -> File:
    """Fetch it from where Home Assistant may fetch from, wherever it leads to."""
    if (host := _host(url)) == _NOWHERE or not hass.config.is_allowed_external_url(url.strip()):
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="url_not_allowed",
            translation_placeholders={"host": host},
        )
    return await fetch_file(
        url.strip(),
        async_get_clientsession(hass, data[ATTR_VERIFY_SSL]),
        headers=_proof(data.get(ATTR_USERNAME), data.get(ATTR_PASSWORD)),
        verify_ssl=data[ATTR_VERIFY_SSL],
        limit=MOST_OF_FILE,
        seconds=SECONDS,
        may_fetch=partial(_is_allowed, hass),
    )


def _host(url: str) -> str:
    """Return what may be said of an address, which may hold a password or a token."""
    try:
        return URL(url.strip()).host or _NOWHERE
    except ValueError:
        return _NOWHERE


def _is_allowed(hass: HomeAssistant, url: object) -> bool:
    return hass.config.is_allowed_external_url(str(url))


def _proof(username: str | None, password: str | None) -> dict[str, str]:
    """Return the header that says who we are: name and password, or a token alone."""
    if not password:
        return {}
    if not username:
        return {"Authorization": f"Bearer {password}"}
    return {"Authorization": f"Basic {b64encode(f'{username}:{password}'.encode()).decode()}"}
