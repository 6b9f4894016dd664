"""The pictures of the panel that the documents show: a home in which things happen, and where to look.

`script/screenshots --docs` takes them into docs/images/, so that they show what there is, and not what there was.
"""

import asyncio
import io
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Literal

from PIL import Image
from playwright.async_api import Browser, Page, expect

from demo.telegram import Arrived
from demo.waiting import until
from demo.world import CHAT, PERSON, World
from tests.e2e.frontend import open_frontend

type Look = Literal["light", "dark"]

NAMES: Final = frozenset(
    {
        "panel-alarms.webp",
        "panel-alarms-phone.webp",
        "panel-change-german.webp",
        "panel-connections.webp",
        "panel-conversation.webp",
        "panel-conversation-phone.webp",
        "panel-dashboard.webp",
        "panel-message.webp",
        "panel-roles.webp",
        "panel-waiting.webp",
        "panel-waiting-phone.webp",
    }
)
_DESK, _PHONE = (1280, 800), (390, 844)
_BOTH: Final[tuple[tuple[tuple[int, int], Look, str], ...]] = ((_DESK, "light", ""), (_PHONE, "dark", "-phone"))
_LOW = 440  # one card is all there is
_QUALITY = 80
_LOST, _WAITS = "Water in the cellar!", "The washing machine is done"
_CALL = "message => document.querySelector('home-assistant').hass.callWS(message)"


async def take(browser: Browser, world: World, folder: Path) -> list[str]:
    """All of them; their names."""
    camera = _Camera(browser, world, folder)
    entity = await _furnish(world)
    async with _asked(world, entity, "Is anybody in?", "Yes", "No"):
        await camera.of_a_quiet_day()
    await world.telegram.kill()
    await world.home.client.act("bach", "send_message", {"entity_id": entity, "message": _WAITS})
    await camera.of_an_outage()
    await world.telegram.start()
    await _alarm(world, entity)
    await camera.of_an_alarm()
    if camera.taken != NAMES:
        raise AssertionError(f"not as promised: {camera.taken ^ NAMES}")
    return sorted(camera.taken)


class _Camera:
    """Opens pages, and keeps what can be seen there."""

    def __init__(self, browser: Browser, world: World, folder: Path) -> None:
        self._browser = browser
        self._world = world
        self._folder = folder
        self.taken: set[str] = set()

    async def of_a_quiet_day(self) -> None:
        """While all works."""
        for size, look, ending in _BOTH:
            async with self._page("/bach/chat", size, look) as page:
                await page.get_by_role("link", name=PERSON).click()
                await expect(page.locator("bach-conversation .pressed")).to_have_text("Close it ✓ Ada")
                await self._keep(page, f"conversation{ending}")
        async with self._page("/bach/connections", _DESK, "light") as page:
            await expect(page.locator("bach-connections article")).to_have_count(2)
            await self._keep(page, "connections")
        async with self._page("/bach/household", _DESK, "light") as page:
            await expect(page.locator("bach-household")).to_contain_text("Is anybody in?")
            await self._keep(page, "roles")

    async def of_an_outage(self) -> None:
        """While Telegram is away: what waits, and what was not delivered before."""
        for size, look, ending in _BOTH:
            async with self._page("/bach", size, look) as page:
                await expect(page.locator("bach-waiting tbody tr").first).to_contain_text("It goes out by itself")
                await self._keep(page, f"waiting{ending}")
        async with self._page("/bach", _DESK, "dark") as page:
            await page.get_by_role("link", name=_LOST).click()
            await expect(page.locator("bach-message ol")).to_contain_text("Attempt 1")
            await self._keep(page, "message")
        async with self._page("/bach", _DESK, "light", locale="de-DE") as page:
            lost = page.locator("bach-waiting tbody tr", has_text=_LOST)
            await lost.get_by_role("button", name=re.compile("^Ändern und senden")).click()
            await page.locator("bach-change").get_by_label("Empfänger").select_option(PERSON)
            await self._keep(page, "change-german")
        async with self._page("/config/lovelace/dashboards", _DESK, "light") as page:
            await page.get_by_role("button", name="Add dashboard").wait_for()
            made = {"type": "lovelace/dashboards/create", "url_path": "our-messages", "title": "Messages"}
            await page.evaluate(_CALL, made | {"mode": "storage", "icon": "mdi:message-text"})
            config = {"strategy": {"type": "custom:bach"}}
            await page.evaluate(_CALL, {"type": "lovelace/config/save", "url_path": "our-messages", "config": config})
            await page.goto("/our-messages/0")
            await expect(page.locator("bach-waiting tbody tr")).to_have_count(2)
            await self._keep(page, "dashboard")

    async def of_an_alarm(self) -> None:
        """While there is water in the cellar, and nobody has said that they know."""
        for size, look, ending in _BOTH:
            async with self._page("/bach/alarms", (size[0], _LOW), look) as page:
                await expect(page.locator("bach-alarms article")).to_contain_text("I have it")
                await expect(page.locator("bach-alarms li")).to_have_count(1)
                await self._keep(page, f"alarms{ending}")

    @asynccontextmanager
    async def _page(
        self, path: str, size: tuple[int, int], look: Look, *, locale: str = "en-GB"
    ) -> AsyncIterator[Page]:
        async with open_frontend(self._browser, self._world.home.client, self._folder, locale=locale) as frontend:
            await frontend.page.set_viewport_size({"width": size[0], "height": size[1]})
            await frontend.page.emulate_media(color_scheme=look)
            await frontend.page.goto(path)
            yield frontend.page

    async def _keep(self, page: Page, name: str) -> None:
        """As small as a picture of a page can be without looking so."""
        await page.evaluate("document.fonts.ready")
        picture = Image.open(io.BytesIO(await page.screenshot(animations="disabled", caret="hide")))
        picture.save(self._folder / f"panel-{name}.webp", quality=_QUALITY, method=6)
        self.taken.add(f"panel-{name}.webp")


async def _furnish(world: World) -> str:
    """Two places, what was said there, and a message of an automation that nobody could get; one's entity."""
    await world.telegram.start()
    await world.discord.start()
    await world.home.start()
    entity = await world.add_person(await world.add_connection())
    await world.send(await world.add_discord(), "The backup is done: 3.2 GB in 4 minutes.")
    await world.send(entity, "Good morning! Dry until six, 8 to 14 degrees.")
    await _hear(world, "Thanks. Who is at the door?")
    await world.send(entity, "Nobody. The postman was there at half past nine.")
    async with _asked(world, entity, "The garage door is open. Shall I close it?", "Close it", "Leave it open"):
        pass
    await _lose(world, entity)
    return entity


async def _alarm(world: World, entity: str) -> None:
    """An alert watches the cellar, and there is water; somebody is told."""
    client, leak = world.home.client, "/api/states/binary_sensor.cellar_leak"
    made = await client.answer_flow(await client.start_flow("bach"), {"next_step_id": "routes"})
    await client.post(leak, {"state": "off", "attributes": {"friendly_name": "Water in the cellar"}})
    asked = {"handler": [made["result"]["entry_id"], "alert"]}
    flow = await client.post("/api/config/config_entries/subentries/flow", asked)
    told = {"title": "Water in the cellar", "recipients": [entity], "message": "There is water in the cellar."}
    more = {"skip_first": False, "snooze": 60, "priority": 5}
    for answer in (
        {"next_step_id": "state"},
        {"entity_id": "binary_sensor.cellar_leak"},
        {"states": ["on"], "hold": {"seconds": 0}},
        {**told, "done_message": "The cellar is dry again.", "reminders": "30", "more": more},
        {"next_step_id": "save"},
    ):
        await client.subentry_flow(flow["flow_id"], answer)

    async def watches() -> bool:
        return await client.render("{{ states('sensor.water_in_the_cellar') }}") == "idle"

    await until(watches, what="the alert to be loaded", seconds=20)
    await client.post(leak, {"state": "on"})


async def _hear(world: World, text: str) -> None:
    """Let the person write, and wait until the home has it: what is answered sooner may stand above it."""

    async def is_there() -> bool:
        inbox = await world.home.client.act("bach", "get_inbox", {})
        return any(message["text"] == text for message in inbox["messages"])

    await world.telegram.write(CHAT, text, first_name=PERSON)
    await until(is_there, what="what was written to come in", seconds=20)


async def _arrived(world: World, text: str) -> Arrived:
    """The message, once it is there."""

    async def look() -> Arrived | None:
        return next((one for one in await world.telegram.arrived() if one.text.startswith(text)), None)

    found = await until(look, what="the question to arrive", seconds=20)
    assert found is not None
    return found


async def _lose(world: World, entity: str) -> None:
    """An automation writes to a chat that nobody has."""
    client = world.home.client
    data = {"config_entry_id": await client.render(f"{{{{ config_entry_id('{entity}') }}}}")}
    action = {"action": "bach.send_message", "data": data | {"recipient": "780", "message": _LOST}}
    automation = {"alias": "Cellar", "triggers": [{"trigger": "event", "event_type": "water"}], "actions": [action]}
    await client.post("/api/config/automation/config/cellar", automation)

    async def listens() -> bool:
        return await client.render("{{ states('automation.cellar') }}") == "on"

    await until(listens, what="the automation to be loaded", seconds=20)
    await client.post("/api/events/water", {})
    await world.rows_with("dead", count=1, seconds=20)


@asynccontextmanager
async def _asked(world: World, entity: str, question: str, *answers: str) -> AsyncIterator[None]:
    """While the person is being asked; in the end she gives the first answer."""
    data = {"entity_id": entity, "message": question, "answers": list(answers), "timeout": 600}
    asking = asyncio.create_task(world.home.client.act("bach", "ask", data))
    there, before = await _arrived(world, question), len(await world.telegram.edited())
    yield
    await world.telegram.press(there, answers[0], first_name=PERSON)
    await asking

    async def said() -> bool:
        return len(await world.telegram.edited()) > before

    await until(said, what="the question to say who answered", seconds=20)
