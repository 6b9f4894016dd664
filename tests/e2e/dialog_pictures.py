"""The pictures of Home Assistant's own pages, as BACH fills them, that the documents show: dialogs, editors, a repair.

They are taken in the home that those of the panel have left: with a person, a dead letter and an outage behind it.
"""

import io
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.async_api import Browser, Locator, Page, expect

from demo.world import PERSON, World
from tests.e2e.frontend import Frontend, open_frontend

NAMES: Final = frozenset({"activity.png", "ask.png", "pairing.png", "repair.png", "trigger_editor.png"})
_QUESTION = "Somebody rings at the gate. Open it?"
_ANSWER: Final = {
    "action": "bach.send_message",
    "target": {"entity_id": f"notify.{PERSON.lower()}"},
    "data": {"message": "It opens."},
}


async def take(browser: Browser, world: World, folder: Path) -> list[str]:
    """All of them; their names."""
    await world.telegram.start()
    await world.home.client.post(
        "/api/config/automation/config/door", {"alias": "Door", "triggers": [], "actions": [_ANSWER]}
    )
    async with open_frontend(browser, world.home.client, folder) as frontend:
        page = frontend.page
        await page.set_viewport_size({"width": 1024, "height": 820})
        await keep(folder, "pairing", await _pairing(frontend))
        await keep(folder, "repair", await _repair(page))
        await keep(folder, "trigger_editor", await _trigger(frontend))
        await keep(folder, "ask", await _ask(frontend))
        await keep(folder, "activity", await _activity(page))
    return sorted(NAMES)


async def _pairing(frontend: Frontend) -> Locator:
    await frontend.open_integration("bach")
    await frontend.press("Add recipient")
    await frontend.page.locator("dialog-pick-config-entry").get_by_text("Telegram").click()
    await frontend.choose("Wait for a message")
    await frontend.page.locator("ha-qr-code canvas").wait_for()
    return frontend.page.get_by_role("dialog").last


async def _repair(page: Page) -> Locator:
    await page.goto("/config/repairs")
    await page.get_by_text("has dead letters").first.click()
    await expect(page.get_by_text("Send them again")).to_be_visible()
    return page.get_by_role("dialog").last


async def _trigger(frontend: Frontend) -> Page:
    await frontend.open_automation("door")
    await frontend.add_trigger("BACH", "Command received")
    await frontend.add_trigger_target(PERSON, PERSON)
    await frontend.add_to_list("Command", "door")
    return frontend.page


async def _ask(frontend: Frontend) -> Page:
    await frontend.open_action("bach.ask")
    await frontend.add_target(PERSON)
    await frontend.fill_field("Message", _QUESTION)
    await frontend.add_button("Open", "open")
    await frontend.add_button("Leave it shut", "leave")
    return frontend.page


async def _activity(page: Page) -> Locator:
    await page.set_viewport_size({"width": 680, "height": 1000})
    await page.goto("/logbook")
    for line in ("does not work", "not delivered", "pressed the button"):
        await expect(page.get_by_text(line).first).to_be_visible()
    return page.locator("ha-logbook").first


async def keep(folder: Path, name: str, shown: Page | Locator) -> None:
    """Keep a picture, with few colours, which is all that such pages have."""
    picture = Image.open(io.BytesIO(await shown.screenshot(animations="disabled", caret="hide")))
    picture.convert("RGB").quantize(256).save(folder / f"{name}.png", optimize=True)
