"""The pictures of the dialogs about what a home need not have: AI partners, another home, Discord.

They are taken in the home that the other pictures have left, with doubles of what is connected.
"""

import asyncio
import json
import re
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, Locator, Page, ViewportSize, expect

from bach_lib.testing import HomeAssistantServer, OllamaServer
from demo.client import Client
from demo.waiting import until
from demo.world import PERSON, World
from tests.e2e.dialog_pictures import keep
from tests.e2e.frontend import Frontend, open_frontend

NAMES: Final = frozenset({"ai_device.png", "ai_dialog.png", "discord.png", "letters.png", "switched_off.png"})
_MODELS: Final = ("gemma3:4b", "llama3.2", "qwen3:8b")
_TWO_DAYS: Final = 48 * 3600
_SIZE: Final[ViewportSize] = {"width": 1024, "height": 1100}


async def take(browser: Browser, world: World, folder: Path) -> list[str]:
    """All of them; their names. The home is started anew for the last."""
    client = world.home.client
    async with OllamaServer(models=_MODELS) as ollama, HomeAssistantServer() as summer_house:
        async with open_frontend(browser, client, folder) as frontend:
            page = frontend.page
            await page.set_viewport_size(_SIZE)
            await keep(folder, "ai_dialog", await _model(frontend, ollama.url))
            await keep(folder, "ai_device", await _partner(frontend))
            await page.set_viewport_size(_SIZE)
            await keep(folder, "discord", await _channels(frontend))
            await _connect(client, summer_house.url)
            await keep(folder, "letters", await _letters(frontend))
        await _rest_for_two_days(world)
        async with open_frontend(browser, client, folder) as frontend:
            await keep(folder, "switched_off", await _switched_off(frontend.page))
    return sorted(NAMES)


async def _dialog(page: Page) -> Locator:
    """The one that is open, without the list of a field before it."""
    dialogs = page.get_by_role("dialog")
    await expect(dialogs).to_have_count(1)
    return dialogs


async def _begin(frontend: Frontend, *choices: str) -> None:
    """Add a connection, as far as these menus."""
    await frontend.open_integration("bach")
    await frontend.press("Add service")
    for choice in choices:
        await frontend.choose(choice)


async def _begin_recipient(frontend: Frontend, connection: str, choice: str) -> None:
    await frontend.open_integration("bach")
    await frontend.press("Add recipient")
    await frontend.page.locator("dialog-pick-config-entry").get_by_text(connection).first.click()
    await frontend.choose(choice)


async def _model(frontend: Frontend, url: str) -> Locator:
    """The second page of the dialog, with all that can be chosen."""
    await _begin(frontend, "AI partner", "Ollama")
    await frontend.fill("Address", url)
    await frontend.press("Submit")
    await frontend.page.get_by_text("Thinking and limits").click()
    await frontend.pick_model(_MODELS[0])
    return await _dialog(frontend.page)


async def _partner(frontend: Frontend) -> Page:
    """The page of its device, once it has answered."""
    await frontend.press("Submit")
    await frontend.page.locator("step-flow-create-entry").wait_for()
    await frontend.open_device("bach", "Ollama")
    await frontend.see_state("Reachable", "Connected")
    page = frontend.page
    await page.set_viewport_size({"width": 1280, "height": 620})
    told = re.compile("Reachable|No activity found")  # it may have answered before there was an entity to note it
    await expect(page.locator("ha-logbook").get_by_text(told).first).to_be_visible()
    await expect(page.locator("hui-generic-entity-row ha-state-icon svg").first).to_be_visible()
    return page


async def _channels(frontend: Frontend) -> Locator:
    await _begin_recipient(frontend, "Discord", "A channel or thread")
    await frontend.see("Channel or thread")
    return await _dialog(frontend.page)


async def _connect(client: Client, url: str) -> None:
    """Add the other home, whose dialog is no picture."""
    step = await client.answer_flow(await client.start_flow("bach"), {"next_step_id": "homeassistant"})
    await client.answer_flow(step, {"endpoint": url, "token": "token"})


async def _letters(frontend: Frontend) -> Locator:
    await _begin_recipient(frontend, "Summer house", "BACH there")
    await frontend.pick_option("Its user here", "Demo")
    return await _dialog(frontend.page)


async def _rest_for_two_days(world: World) -> None:
    """Switch Telegram off, and let that be some time ago, as a message that waits for it."""
    client, config = world.home.client, world.home.config
    switch = await client.render("{{ integration_entities('bach') | select('match', 'switch.*demo_bot') | first }}")
    connection = await client.render(f"{{{{ config_entry_id('{switch}') }}}}")
    await client.post("/api/services/switch/turn_off", {"entity_id": switch})
    data = {"entity_id": f"notify.{PERSON.lower()}", "message": "The washing machine is done"}
    await client.act("bach", "send_message", data)
    since = config / ".storage" / "bach.inactive"
    await until(_is_there(since), what="the home to note since when", seconds=20)
    await world.home.stop()
    stored = json.loads(since.read_text())
    stored["data"][connection] -= _TWO_DAYS
    since.write_text(json.dumps(stored))
    with sqlite3.connect(config / ".storage" / "bach" / "bach.db") as database:
        database.execute("UPDATE messages SET created_at = created_at - ?", (_TWO_DAYS,))
    await world.home.start()


def _is_there(file: Path) -> Callable[[], Awaitable[bool]]:
    async def look() -> bool:
        return await asyncio.to_thread(file.exists)

    return look


async def _switched_off(page: Page) -> Locator:
    await page.set_viewport_size({"width": 1024, "height": 820})
    await page.goto("/config/repairs")
    await page.get_by_text("is off while messages wait").first.click()
    await expect(page.get_by_text("Switch it on and send them")).to_be_visible()
    return await _dialog(page)
