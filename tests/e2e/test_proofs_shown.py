"""What is known of a message after it was sent, on the daemon's page in a real browser: live, in words and marks."""

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from bach_lib import ProofKind
from bach_lib.testing import World, world
from tests.e2e.test_daemon_page import PICTURES, faults, log_in, open_page

pytestmark = [pytest.mark.browser, pytest.mark.frontend, pytest.mark.asyncio(loop_scope="session")]

DELIVERED, SEEN, _ = ProofKind


@pytest_asyncio.fixture(loop_scope="session")
async def house() -> AsyncGenerator[World]:
    """A BACH whose platform tells what became of messages."""
    async with world() as made:
        made.platform.tells_proofs = True
        yield made


async def test_a_conversation_says_what_was_delivered_and_seen(house: World, browser: Browser) -> None:
    """If this fails, whoever asks whether anybody has looked at the alarm finds "Sent", and is no wiser."""
    bach, platform, clock = house
    await bach.registry.update("home", allowed=frozenset({"42"}))
    for text in ("Good morning", "The cellar is wet", "Somebody at the door", "Still there"):
        await clock.advance(60)
        await bach.send("home", "42", text)
        await clock.settle()
    async with open_page(house, browser, "en-GB") as page:
        await log_in(page)
        await page.get_by_role("link", name="Conversations").click()
        await page.get_by_role("link", name="42").click()
        said = page.locator("bach-conversation li.out")
        await expect(said.nth(1)).to_contain_text("✓ Sent")
        platform.proves(SEEN, platform.sent[0])
        platform.proves(DELIVERED, platform.sent[1])
        platform.proves(SEEN, platform.sent[2])
        await clock.advance(2)
        await expect(said.nth(1)).to_contain_text("✓✓ Delivered")
        await expect(said.nth(2)).to_contain_text("✓✓ Seen")
        answer = platform.says("I am coming", sender="42")
        await clock.advance(2)
        await expect(page.locator("bach-conversation")).to_contain_text(answer.text)
        await expect(said.nth(3)).to_contain_text("✓ Sent")
        assert await faults(page) == []
        await page.screenshot(path=PICTURES / "daemon-proofs.png")
        await page.emulate_media(color_scheme="dark")
        await page.set_viewport_size({"width": 390, "height": 844})
        assert await faults(page) == []
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390
        await page.screenshot(path=PICTURES / "daemon-proofs-phone-dark.png")
        await said.nth(2).get_by_role("link", name="Seen").click()
        history = page.locator("bach-message ol")
        await expect(history).to_contain_text("Seen by Person 42")
        await expect(history).to_contain_text("Delivered to Person 42")
        assert await faults(page) == []
        await page.screenshot(path=PICTURES / "daemon-proofs-message-phone-dark.png", full_page=True)
        await page.emulate_media(color_scheme="light")
        await page.screenshot(path=PICTURES / "daemon-proofs-message-phone.png", full_page=True)
