"""What `bach.send_message` takes along when it is called: cameras, images, media, addresses, a voice."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, override
from unittest.mock import patch

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from homeassistant.auth.models import Group
from homeassistant.components import camera, image, media_source, tts
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, Unauthorized
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from bach_lib import Status
from bach_lib.testing.telegram_server import TelegramServer
from custom_components.bach.actions import file_sources
from tests.component.conftest import ADA_ENTITY, the_bach, until
from tests.component.test_send_message import call

PICTURE = b"\xff\xd8 what stands at the door"


class Door(camera.Camera):
    """A camera that can be slow, or say what is wrong."""

    _attr_name = "Door"
    taken = 0
    fault: Exception | None = None
    hold: asyncio.Event | None = None

    @override
    async def async_camera_image(self, width: int | None = None, height: int | None = None) -> bytes | None:
        """Another picture each time."""
        if self.hold:
            await self.hold.wait()
        if self.fault:
            raise self.fault
        self.taken += 1
        return PICTURE + str(self.taken).encode()


class Plan(image.ImageEntity):
    """An image."""

    _attr_name = "Plan"
    _attr_content_type = "image/png"

    @override
    async def async_image(self) -> bytes | None:
        """What it shows."""
        return b"\x89PNG plan"


class Speaker(tts.TextToSpeechEntity):
    """A voice."""

    _attr_name = "Speaker"
    _attr_default_language = "en"

    def __init__(self) -> None:
        self._attr_supported_languages = ["en"]

    @override
    def get_tts_audio(self, message: str, language: str, options: dict[str, Any]) -> tts.TtsAudioType:
        """The words, as sound."""
        return "mp3", f"said: {message}".encode()


@pytest.fixture
async def door(hass: HomeAssistant, loaded: MockConfigEntry) -> Door:
    """A home with a camera."""
    assert await async_setup_component(hass, "camera", {})
    await hass.data[camera.DATA_COMPONENT].async_add_entities([door := Door()])
    return door


async def test_what_a_camera_showed_arrives_although_it_is_gone_when_the_platform_is_back(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, door: Door
) -> None:
    """The network is away while somebody breaks in, and so is the camera when it is back: nobody would see them."""
    await telegram.pause()
    [row] = await call(hass, entity_id=ADA_ENTITY, message="Somebody is at the door", camera="camera.door")
    await door.async_remove()
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await telegram.resume()
    message = await the_bach(hass).wait(row["id"], 60)
    assert (message.status, message.degraded) == (Status.SENT, False)
    [sent] = [one for one in telegram.sent if one.text == "Somebody is at the door"]
    assert sent.file
    assert (sent.kind, sent.file.content) == ("photo", PICTURE + b"1")


async def test_several_pictures_and_an_image(hass: HomeAssistant, telegram: TelegramServer, door: Door) -> None:
    """Of who runs past, one picture would be missing or the same one come twice."""
    assert await async_setup_component(hass, "image", {})
    await hass.data[image.DATA_COMPONENT].async_add_entities([Plan(hass)])
    with patch.object(file_sources, "_BETWEEN", 0.01):
        await call(hass, entity_id=ADA_ENTITY, camera=["camera.door", "image.plan"], pictures=2)
    sent = await telegram.wait_for(4)
    assert [(one.kind, one.file.content if one.file else None) for one in sent] == [
        ("photo", PICTURE + b"1"),
        ("photo", PICTURE + b"2"),
        ("photo", b"\x89PNG plan"),
        ("photo", b"\x89PNG plan"),
    ]
    names = [one.file.name for one in sent if one.file]
    assert (names[0].startswith("door_"), names[1].endswith("_2.jpg"), names[2].endswith(".png")) == (True,) * 3


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (HomeAssistantError("It is switched off."), "camera.door brought no file: It is switched off"),
        (RuntimeError("a mistake"), "camera.door brought no file: RuntimeError"),
        (None, "camera.door brought no file"),
    ],
)
async def test_words_never_wait_for_a_camera(
    hass: HomeAssistant, telegram: TelegramServer, door: Door, fault: Exception | None, words: str
) -> None:
    """An alarm would stay behind because a camera is broken, or hangs."""
    door.fault, door.hold = fault, None if fault else asyncio.Event()
    with patch.object(file_sources, "SECONDS", 0.05 if fault is None else 10.0):
        [row] = await call(hass, entity_id=ADA_ENTITY, camera="camera.door", wait=10)
    assert (row["status"], row["degraded"]) == ("sent", True)
    [lost] = row["lost"]
    assert words in lost["reason"]
    assert [(one.kind, one.text) for one in telegram.sent] == [("text", "hello")]


@pytest.mark.parametrize(
    "field",
    [
        {"camera": "camera.nowhere"},
        {"camera": "image.nowhere"},
        {"voice": "tts.nobody"},
        {"media": {"media_content_id": "media-source://tts/x?message=y", "media_content_type": "audio/mp3"}},
        {"media": {"media_content_id": "media-source://nothing/x", "media_content_type": "audio/mp3"}},
        {"media": {"media_content_id": "nonsense", "media_content_type": "audio/mp3"}},
    ],
)
async def test_what_is_not_there_costs_the_file(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, field: dict[str, Any]
) -> None:
    """A slip in an entity's name would be noticed in the night in which the alarm is due."""
    [row] = await call(hass, entity_id=ADA_ENTITY, wait=10, **field)
    assert (row["status"], row["degraded"], len(row["lost"])) == ("sent", True, 1)
    assert "brought no file" in row["lost"][0]["reason"]


async def test_media_of_every_kind(hass: HomeAssistant, telegram: TelegramServer, door: Door, tmp_path: Path) -> None:
    """What people pick in the browser would not be what arrives."""
    hass.config.media_dirs = {"local": str(tmp_path)}
    (tmp_path / "film.mp4").write_bytes(b"film")
    assert await async_setup_component(hass, "media_source", {})
    media = [
        {"media_content_id": "media-source://media_source/local/film.mp4", "media_content_type": "video/mp4"},
        {"media_content_id": "media-source://camera/camera.door", "media_content_type": "image/jpeg"},
    ]
    await call(hass, entity_id=ADA_ENTITY, media=media)
    found = [(one.kind, one.file.content) for one in await telegram.wait_for(2) if one.file]
    assert found == [("video", b"film"), ("photo", PICTURE + b"1")]


async def test_media_that_only_has_an_address_is_fetched(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, shelf: str
) -> None:
    """The recording of a camera's own disk would not come."""
    assert await async_setup_component(hass, "media_source", {})
    play = media_source.PlayMedia(f"{shelf}/radar.png", "image/png")
    with patch.object(media_source, "async_resolve_media", return_value=play):
        media = {"media_content_id": "media-source://nvr/1", "media_content_type": "image/png"}
        await call(hass, entity_id=ADA_ENTITY, media=media)
    [message] = await telegram.wait_for(1)
    assert message.file
    assert (message.kind, message.file.content, message.file.name) == ("photo", b"radar", "radar.png")


async def test_a_voice_says_the_message(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, tmp_path: Path
) -> None:
    """Who cannot look at the phone while driving would not hear what is wrong."""
    with patch.object(tts, "_get_cache_files", return_value={}):
        hass.config.config_dir = str(tmp_path)
        assert await async_setup_component(hass, "tts", {})
    await hass.data[tts.DATA_COMPONENT].async_add_entities([Speaker()])
    await call(hass, entity_id=ADA_ENTITY, message="Water in the cellar", voice="tts.speaker")
    [message] = await telegram.wait_for(1)
    assert message.file
    assert (message.kind, message.text) == ("voice", "Water in the cellar")
    assert message.file.content == b"said: Water in the cellar"


# -- addresses --------------------------------------------------------------------------------------------------------


@pytest.fixture
async def shelf(socket_enabled: None) -> AsyncIterator[str]:
    """A server that has files, one of which only for those who say who they are."""

    async def radar(request: web.Request) -> web.Response:
        return web.Response(body=b"radar", content_type="image/png")

    async def secret(request: web.Request) -> web.Response:
        said = request.headers.get("Authorization", "")
        return web.Response(body=said.encode(), content_type="image/png")

    async def elsewhere(request: web.Request) -> web.Response:
        raise web.HTTPFound("http://127.0.0.1:9/private")

    app = web.Application()
    app.router.add_get("/radar.png", radar)
    app.router.add_get("/secret.png", secret)
    app.router.add_get("/elsewhere", elsewhere)
    async with TestServer(app, host="127.0.0.1") as server:
        yield str(server.make_url("")).rstrip("/")


async def test_a_file_is_fetched_from_an_allowed_address(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, shelf: str
) -> None:
    """The radar picture of the storm would not come; or its server not be told who asks."""
    hass.config.allowlist_external_urls.add(f"{shelf}/")
    url = [f"{shelf}/radar.png", f"{shelf}/secret.png"]
    await call(hass, entity_id=ADA_ENTITY, url=url, username="ada", password="x")
    first, second = await telegram.wait_for(2)
    assert first.file
    assert second.file
    assert (first.kind, first.file.content, second.file.content) == ("photo", b"radar", b"Basic YWRhOng=")
    await call(hass, entity_id=ADA_ENTITY, url=url[1], password="x")
    assert (await telegram.wait_for(3))[2].file.content == b"Bearer x"  # type: ignore[union-attr] # it has one


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("http://ada:secret@192.0.2.1/x?token=secret", "192.0.2.1 is not a place that Home Assistant may fetch from"),
        ("http://[", "? is not a place"),
        ("{shelf}/elsewhere", "127.0.0.1 is not allowed"),
        ("{shelf}/nothing", "its server answers with HTTP status 404"),
    ],
)
@pytest.mark.usefixtures("loaded", "telegram")
async def test_what_is_not_fetched(hass: HomeAssistant, shelf: str, path: str, words: str) -> None:
    """Somebody's address would lead into the own network; or a password stand in the history of a message."""
    hass.config.allowlist_external_urls.add(f"{shelf}/")
    [row] = await call(hass, entity_id=ADA_ENTITY, url=path.format(shelf=shelf), wait=10)
    assert (row["status"], row["degraded"]) == ("sent", True)
    [lost] = row["lost"]
    assert words in lost["reason"]
    assert "secret" not in lost["reason"]


async def test_who_may_not_see_a_camera_sends_no_picture_of_it(
    hass: HomeAssistant, telegram: TelegramServer, door: Door
) -> None:
    """A guest with an account would have the bedroom's camera sent to their own phone."""
    policy = {"entities": {"entity_ids": {ADA_ENTITY: True}}}
    guest = MockUser(groups=[Group(name="Guests", policy=policy)])
    guest.add_to_hass(hass)
    context = Context(user_id=guest.id)
    media = {"media_content_id": "media-source://camera/camera.door", "media_content_type": "image/jpeg"}
    for field in ({"camera": "camera.door"}, {"media": media}):
        with pytest.raises(Unauthorized):
            await call(hass, entity_id=ADA_ENTITY, context=context, **field)
    await call(hass, entity_id=ADA_ENTITY, context=context)
    await until(hass, lambda: len(telegram.sent) == 1)
    assert door.taken == 0
