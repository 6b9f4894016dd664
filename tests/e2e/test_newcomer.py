"""What comes after the first message: the first automation, and the day on which somebody leaves, held to their clicks.

The first message itself is among the walks (`test_walks.py`).
"""

import pytest
from playwright.async_api import Page, expect

from demo.waiting import until
from demo.world import CHAT, PERSON, World
from tests.e2e.frontend import Frontend
from tests.e2e.walk import Walk, button

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.browser,
    pytest.mark.frontend,
    pytest.mark.slow,  # a home of its own, from nothing on
    pytest.mark.asyncio(loop_scope="session"),
]


async def test_the_first_automation_answers(frontend: Frontend, world: World) -> None:
    """If this fails, who has just got a hello needs more steps, or YAML, until their home answers what they write."""
    await world.add_person(await world.add_connection())
    page, walk = frontend.page, Walk()
    adding, side = page.locator("add-automation-element-dialog"), page.locator("ha-automation-sidebar")
    await page.goto("/")
    await walk.click(page.get_by_role("link", name="Settings"), page.get_by_text("Automations & scenes"))
    await walk.click(button(page, "Create automation"), page.get_by_text("Create new automation"))
    await walk.click(button(page, "Add trigger"))
    await adding.get_by_placeholder("Search").fill("message received")
    await walk.click(adding.get_by_text("Message received").first)
    await pick(page, walk)
    await walk.click(button(page, "Add action"))
    await adding.get_by_placeholder("Search").fill("send message")
    await walk.click(adding.get_by_text("BACH: Send message"))
    await pick(page, walk)
    message = side.locator("ha-settings-row").filter(has_text="Message").locator("textarea").first
    await walk.fill(message, "Dinner is ready")
    await page.keyboard.press("Tab")
    await expect(message).to_have_value("Dinner is ready")
    await frontend.screenshot("newcomer-automation")
    await walk.click(button(page, "Save"))
    saving = page.locator("ha-dialog").filter(has_text="Name").last
    await walk.fill(saving.get_by_role("textbox").first, "Answer")
    await walk.click(button(saving, "Save"))
    await until(lambda: is_loaded(world), what="the automation to be loaded", seconds=20)
    await world.telegram.write(CHAT, "What is new?", first_name=PERSON)
    assert [message.text for message in await world.telegram.arrived(1, seconds=20)] == ["Dinner is ready"]
    assert walk.cost == (14, 2)


async def pick(page: Page, walk: Walk) -> None:
    """Take the recipient as the target of what is open at the side, which is drawn anew with it."""
    side, box = page.locator("ha-automation-sidebar"), page.get_by_role("dialog", name="Select option")
    await walk.click(button(side, "Add target"), box.get_by_text(PERSON, exact=True).first)
    await expect(box).to_be_hidden()
    await expect(side.get_by_text(PERSON, exact=True)).to_be_visible()


async def is_loaded(world: World) -> bool:
    """Home Assistant answers before it has loaded what was saved."""
    return await world.home.client.render("{{ states('automation.answer') }}") == "on"


async def test_whoever_leaves_leaves_nothing(frontend: Frontend, world: World) -> None:
    """If this fails, messages of somebody who has deleted BACH stay on the disk."""
    page, walk = frontend.page, Walk()
    if not await world.person():
        await world.add_person(await world.add_connection())
    storage = world.home.config / ".storage"
    assert [*storage.glob("bach*")]
    await frontend.open_integration("bach")
    row = page.locator("ha-config-entry-row").first
    await walk.click(row.get_by_role("button", name="Menu").first, page.get_by_role("menuitem", name="Delete").last)
    await frontend.see("will be permanently deleted")
    await frontend.screenshot("newcomer-delete")
    await walk.click(button(page, "Delete").last)

    async def is_nothing_left() -> bool:
        return not [*storage.glob("bach*")]

    await until(is_nothing_left, what="what was stored to be gone", seconds=20)
    assert walk.cost == (3, 0)
