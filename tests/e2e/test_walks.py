"""The ways of two people through the pages of a real Home Assistant, without YAML; each is held to what it costs.

The third, at night and on a phone, is among the tests of the panel; docs/panel.md compares all of them with before.
"""

import re

import pytest
from playwright.async_api import Locator, Page, expect

from demo.telegram import TOKEN
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

NOBODY = "780"
LOST = "Water in the cellar"


def option(page: Page, name: str) -> Locator:
    """Of the menu in a dialog."""
    return page.locator("step-flow-menu ha-list-item", has_text=name)


async def test_the_first_message_arrives(frontend: Frontend, world: World) -> None:
    """If this fails, who has just installed BACH needs more steps until their phone says something, or is lost."""
    page, walk = frontend.page, Walk()
    await page.goto("/")
    await walk.click(page.get_by_role("link", name="Settings"), page.get_by_text("Devices & services"))
    await walk.click(button(page, "Add integration"))
    await page.get_by_placeholder("Search for a brand name").fill("BACH")
    await walk.click(button(page, "BACH"), option(page, "Telegram"))
    await walk.fill(page.get_by_role("textbox", name="Bot token"), TOKEN)
    await page.get_by_text("Own server").click()  # nobody else has Telegram on loopback, so it is not counted
    await frontend.fill("Address", world.telegram.url)
    await walk.click(button(page, "Submit"), option(page, "Wait for a message"))
    link = await page.get_by_role("link", name="this link").get_attribute("href")
    await world.telegram.write(CHAT, f"/start {(link or '').partition('start=')[2]}", first_name=PERSON)
    await walk.click(button(page, "Go on"))
    await frontend.see(f"✓ {PERSON} ({CHAT})")
    await walk.click(button(page, "Submit"))
    await frontend.see("Did it arrive?")
    assert [message.text[:10] for message in await world.telegram.arrived(1)] == ["Hello from"]
    assert walk.cost == (9, 1), "to the first message on the phone"

    await walk.click(button(page, "Finish"), page.locator("ha-sidebar").get_by_role("link", name="BACH"))
    await walk.click(page.get_by_role("link", name="Conversations"))
    await walk.fill(page.get_by_label(f"Write to {PERSON}"), "Dinner is ready")
    await page.keyboard.press("Enter")
    last = page.locator("bach-conversation li").last
    await expect(last).to_contain_text(re.compile("Dinner is ready.*Sent", re.DOTALL))
    await frontend.screenshot("walk-1-first-message")
    assert (await world.telegram.arrived(2))[-1].text == "Dinner is ready"
    assert walk.cost == (12, 2), "to their own words"


async def test_what_an_automation_could_not_send_is_noticed_and_sent(frontend: Frontend, world: World) -> None:
    """If this fails, who has a mistake in an automation learns of it too late, or cannot save what it said."""
    client, page, walk = world.home.client, frontend.page, Walk()
    entity = await world.person() or await world.add_person(await world.add_connection())
    entry = await client.render(f"{{{{ config_entry_id('{entity}') }}}}")
    data = {"config_entry_id": entry, "recipient": NOBODY, "message": LOST}
    automation = {"alias": "Cellar", "triggers": [{"trigger": "event", "event_type": "water"}]}
    automation |= {"actions": [{"action": "bach.send_message", "data": data}]}
    await client.post("/api/config/automation/config/cellar", automation)

    async def listens() -> bool:
        """Home Assistant answers before it has loaded what was saved."""
        return await client.render("{{ states('automation.cellar') }}") == "on"

    await until(listens, what="the automation to be loaded", seconds=20)
    await client.post("/api/events/water", {})
    await page.goto("/")
    await walk.click(page.locator("ha-sidebar").get_by_role("link", name="BACH (1)"))
    lost = page.locator("bach-waiting tbody tr", has_text=LOST)
    await expect(lost).to_contain_text("Chat not found")
    assert walk.cost == (1, 0), "from noticing it to the reason"

    await walk.click(lost.get_by_role("link"))
    await expect(page.get_by_role("link", name="Queued by the automation Cellar")).to_be_visible()
    await walk.click(page.get_by_role("button", name=re.compile("^Change and send")))
    change = page.locator("bach-change")
    await walk.choose(change.get_by_label("Recipient"), PERSON)
    await frontend.screenshot("walk-2-change-and-send")
    await walk.click(change.get_by_role("button", name="Change and send"))
    await expect(page.locator("bach-message [role=status]")).to_have_text("Sent.")
    await frontend.screenshot("walk-2-sent")
    assert (await world.telegram.arrived())[-1].text == LOST
    assert walk.cost == (6, 0), "until it has arrived"
