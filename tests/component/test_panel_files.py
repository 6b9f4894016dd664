"""The address to which the panel sends files: who may, and how much fits."""

import json
from functools import partial
from io import BytesIO
from typing import Any, Final

import pytest
from aiohttp import FormData
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator, WebSocketGenerator

from bach_lib.testing.telegram_server import TelegramServer
from tests.component.conftest import ADA, CONNECTION, the_bach
from tests.component.test_surfaces import PANEL_FILES, Who, context_of, everything
from tests.holes import Hole, holes, is_missed

PATH: Final = PANEL_FILES[0]
LOGINS: Final = (Who.GUEST, Who.READER, Who.CHILD, Who.USER, Who.ADMIN)


def form(recipient: str, *files: bytes) -> FormData:
    """A message with pictures."""
    made = FormData()
    made.add_field("message", json.dumps({"connection": CONNECTION, "recipient": recipient, "text": "Look"}))
    for number, content in enumerate(files):
        made.add_field("file", BytesIO(content), filename=f"{number}.png", content_type="image/png")
    return made


async def token_of(hass: HomeAssistant, who: Who) -> str:
    """What the browser of somebody who has logged in sends."""
    user = await hass.auth.async_get_user((await context_of(hass, who)).user_id or "")
    assert user
    return hass.auth.async_create_access_token(
        await hass.auth.async_create_refresh_token(user, "https://example.com/app")
    )


@pytest.mark.parametrize("who", LOGINS)
async def test_files_are_sent_by_whoever_may_control_the_recipient(
    hass: HomeAssistant, letters: MockConfigEntry, hass_client: ClientSessionGenerator, who: Who
) -> None:
    """The login of the tablet in the hall could send pictures to anybody in the home's name."""
    client = await hass_client(await token_of(hass, who))
    before = await everything(hass)
    for recipient, allowed in (("777", PANEL_FILES[2]), (str(ADA), PANEL_FILES[1])):
        async with client.post(PATH, data=form(recipient, b"\x89PNG")) as response:
            said = await response.json()
            assert response.status == (200 if who in allowed else 403), said
        if who not in allowed:
            assert await everything(hass) == before


async def test_strangers_send_nothing(
    hass: HomeAssistant, letters: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    """Whoever reaches Home Assistant's address could write to its people."""
    before = await everything(hass)
    async with (await hass_client_no_auth()).post(PATH, data=form(str(ADA), b"x")) as response:
        assert response.status == 401
    assert await everything(hass) == before


async def test_more_than_a_socket_or_a_body_may_have_goes(
    hass: HomeAssistant, letters: MockConfigEntry, hass_client: ClientSessionGenerator, telegram: TelegramServer
) -> None:
    """Home Assistant's socket takes 4 MB at once and its bodies 16: photos of a phone would not arrive."""
    client = await hass_client()
    async with client.post(PATH, data=form(str(ADA), b"x" * 9_000_000, b"y" * 9_000_000)) as response:
        assert response.status == 200, await response.text()
        number = (await response.json())["id"]
    message = await the_bach(hass).get(number)
    assert [file.size for file in message.files] == [9_000_000, 9_000_000]


async def test_whoever_sent_a_file_sees_it_at_once(
    hass: HomeAssistant,
    letters: MockConfigEntry,
    hass_client: ClientSessionGenerator,
    hass_ws_client: WebSocketGenerator,
) -> None:
    """It would seem lost for a second, and be sent again."""
    client, page = await hass_client(), await hass_ws_client()

    async def ask(command: str, **data: str) -> dict[str, Any]:
        await page.send_json_auto_id({"type": f"bach/panel/{command}", **data})
        while (answer := await page.receive_json())["type"] == "event":
            pass
        return dict(answer["result"] or {})

    await ask("watch")
    place = {"connection": CONNECTION, "recipient": str(ADA)}
    before = len((await ask("conversation", **place))["items"])
    async with client.post(PATH, data=form(str(ADA), b"x")) as response:
        assert response.status == 200
    assert len((await ask("conversation", **place))["items"]) == before + 1


async def test_a_refusal_is_a_sentence(
    hass: HomeAssistant,
    letters: MockConfigEntry,
    hass_client: ClientSessionGenerator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever attached too much would read "Server error"."""
    monkeypatch.setattr("bach_lib.web.writing.MAX_CONTENTS", 10_000_000)
    client, before = await hass_client(), await everything(hass)
    async with client.post(PATH, data=form(str(ADA), b"x" * 10_000_001)) as response:
        assert (response.status, "10000000" in (await response.json())["detail"]) == (413, True)
    async with client.post(PATH, data=form("nobody at all", b"x")) as response:
        assert response.status == 422
        assert "nobody at all" in (await response.json())["detail"]
    assert await everything(hass) == before
    await hass.config_entries.async_unload(letters.entry_id)
    async with client.post(PATH, data=form(str(ADA), b"x")) as response:
        assert (response.status, bool((await response.json())["detail"])) == (422, True)


@pytest.mark.slow  # a home for each check
@pytest.mark.parametrize(
    "hole",
    [one for one in holes("bach_lib.web.writing:write_with_files") if not one or "require" in one.check],
    ids=str,
)
async def test_each_check_is_missed(
    hass: HomeAssistant, letters: MockConfigEntry, hass_client: ClientSessionGenerator, hole: Hole | None
) -> None:
    """Whoever takes one out would see all tests pass, and a child could write to anybody."""
    tries = [
        partial(test_files_are_sent_by_whoever_may_control_the_recipient, hass, letters, hass_client, who)
        for who in (Who.GUEST, Who.CHILD, Who.ADMIN)
    ]
    assert await is_missed(hole, *tries) == (hole is not None)
