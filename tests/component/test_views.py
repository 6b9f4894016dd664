"""The original's endpoints in Home Assistant: for administrators, with its own login."""

from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from bach_lib.testing.telegram_server import Bot, TelegramServer
from tests.component.conftest import ADA, CONNECTION, the_bach, until
from tests.component.test_routes import connect, route

pytestmark = pytest.mark.usefixtures("with_the_noisy_ones")

API = "/api/bach"
BASE = f"{API}/messages"
MESSAGE = {"connector": CONNECTION, "recipient": str(ADA), "content": "hello"}

type Client = TestClient[Any, Any]


@pytest.fixture
async def client(hass_client: ClientSessionGenerator, loaded: MockConfigEntry) -> Client:
    """An administrator who is logged in."""
    return await hass_client()


@pytest.fixture
async def water(hass: HomeAssistant, loaded: MockConfigEntry) -> MockConfigEntry:
    """The route "Water": Ada, and after five minutes Bob; beside one in which nobody is left."""
    steps = [{"recipients": [name], "wait": 300} for name in ("Ada", "Bob")]
    empty = ConfigSubentryData(
        data={"recipient": "empty", "steps": []}, subentry_type="route", title="Empty", unique_id="recipient_empty"
    )
    return await connect(hass, route(loaded, *steps), empty)


async def test_a_message_is_queued_once_for_a_key(client: Client, telegram: TelegramServer) -> None:
    """Programs written for the original could not send."""
    headers = {"Idempotency-Key": "k"}
    for _ in range(2):
        async with client.post(f"{BASE}/send", json=MESSAGE, headers=headers) as response:
            assert response.status == 201
            body = await response.json()
    assert (body["connector"], body["recipient"], body["status"]) == (CONNECTION, str(ADA), "pending")
    assert [message.text for message in await telegram.wait_for(1)] == ["hello"]


async def test_the_queue_and_the_inbox_can_be_read(
    hass: HomeAssistant, client: Client, telegram: TelegramServer, bot: Bot
) -> None:
    """A dashboard made for the original would stay empty."""
    telegram.says("Is the door open?", bot=bot, chat_id=ADA, first_name="Ada")
    await until(hass, lambda: hass.states.get("event.ada_incoming_message") is not None)
    while not await the_bach(hass).inbox():
        await hass.async_block_till_done()
    async with client.get(f"{BASE}/inbox", params={"status": "all"}) as response:
        inbox = await response.json()
    assert [message["body"] for message in inbox["messages"]] == ["Is the door open?"]
    async with client.get(f"{BASE}/queue") as response:
        assert CONNECTION in (await response.json())["connectors"]
    async with client.post(f"{BASE}/route") as response:
        assert await response.json() == {"routed": 0, "error_count": 0, "errors": []}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (MESSAGE | {"connector": "nobody"}, 404),
        (MESSAGE | {"content": ""}, 422),
        (MESSAGE | {"surprise": 1}, 422),
        ([], 422),
        (MESSAGE | {"content": "x" * 70_000}, 413),
    ],
)
async def test_what_is_wrong_is_said(client: Client, body: object, status: int) -> None:
    """A program would get Home Assistant's page for errors, or fill its memory."""
    async with client.post(f"{BASE}/send", json=body) as response:
        assert response.status == status
        assert (await response.json())["detail"]


async def test_only_administrators_may(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    hass_client: ClientSessionGenerator,
    hass_client_no_auth: ClientSessionGenerator,
    hass_read_only_access_token: str,
) -> None:
    """Whoever has a login for the tablet in the hall could read what everybody wrote."""
    reader = await hass_client(hass_read_only_access_token)
    stranger = await hass_client_no_auth()
    for method, name in (("POST", "send"), ("GET", "queue"), ("GET", "inbox"), ("POST", "route")):
        for who in (reader, stranger):
            async with who.request(method, f"{BASE}/{name}") as response:
                assert response.status == 401


async def test_without_a_connection_there_is_a_sentence(
    hass: HomeAssistant, client: Client, loaded: MockConfigEntry
) -> None:
    """A program that asks while BACH is being set up would get an error of ours."""
    await hass.config_entries.async_unload(loaded.entry_id)
    async with client.get(f"{BASE}/queue") as response:
        assert response.status == 503
        assert "not open" in (await response.json())["detail"]


async def test_an_alarm_is_started_by_its_route_acknowledged_and_cleared(
    client: Client, telegram: TelegramServer, water: MockConfigEntry
) -> None:
    """What finds the leak could send a message through Home Assistant, and never have somebody know."""
    async with client.get(f"{API}/routes") as response:
        found = await response.json()
    assert [(one["name"], len(one["steps"])) for one in found["routes"]] == [("water", 2)]
    headers = {"Idempotency-Key": "leak-1"}
    for _ in range(2):
        async with client.post(f"{API}/routes/water/start", json={"content": "Water!"}, headers=headers) as response:
            run = await response.json()
            assert (response.status, run["status"]) == (201, "under_way")
    assert [message.text for message in await telegram.wait_for(1)] == ["Water!"]
    one = f"{API}/routes/runs/{run['id']}"
    async with client.post(f"{one}/acknowledge", json={"by": "Ada"}) as response:
        assert (await response.json())["by"] == "Ada"
    async with client.post(f"{one}/clear", json={"content": "Dry."}) as response:
        assert (await response.json())["cleared_at"]
    async with client.get(f"{API}/routes/runs", params={"route": "water"}) as response:
        assert [one["id"] for one in (await response.json())["runs"]] == [run["id"]]
    async with client.post(f"{API}/routes/fire/start", json={"content": "Fire!"}) as response:
        assert (response.status, (await response.json())["code"]) == (404, "unknown_route")


async def test_what_was_sent_is_pinned_and_passed_on(
    hass: HomeAssistant, client: Client, telegram: TelegramServer
) -> None:
    """A program could pin a message at a daemon, and not through Home Assistant."""
    async with client.post(f"{API}/messages/send", json=MESSAGE) as response:
        number = (await response.json())["id"]
    await the_bach(hass).wait(number, 60)
    async with client.post(f"{API}/messages/pin", json={"id": number}) as response:
        assert response.status == 201
    passed = {"id": number, "connector": CONNECTION, "recipient": str(ADA), "copy": True}
    async with client.post(f"{API}/messages/forward", json=passed) as response:
        assert response.status == 201
    async with client.get(f"{API}/messages", params={"limit": 10}) as response:
        assert (await response.json())["count"] == 3
    async with client.get(f"{API}/bridges") as response:
        assert await response.json() == {"bridges": [], "count": 0}


async def test_one_message_and_its_ways_out(
    hass: HomeAssistant, client: Client, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """A program could send through Home Assistant, and not find out what became of it."""
    async with client.post(f"{BASE}/send", json=MESSAGE | {"recipient": "7"}) as response:
        number = (await response.json())["id"]
    await the_bach(hass).wait(number, 60)
    async with client.get(f"{BASE}/{number}") as response:
        assert (response.status, (await response.json())["status"]) == (200, "dead")
    async with client.post(f"{BASE}/{number}/retry", params={"wait": 30}) as response:
        assert (response.status, (await response.json())["error"]) == (200, "Chat not found")
    async with client.post(f"{BASE}/{number}/amend", params={"wait": 30}, json={"recipient": str(ADA)}) as response:
        assert (response.status, (await response.json())["status"]) == (200, "sent")
    async with client.post(f"{BASE}/discard", json={"ids": [number]}) as response:
        assert response.status == 422
    assert [message.text for message in telegram.sent] == ["hello"]
