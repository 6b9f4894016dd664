"""The way of somebody who has no Home Assistant, at a real `bach serve`: it is held to what it costs them."""

import asyncio
import os
import re
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from demo.telegram import TOKEN, Telegram
from demo.world import CHAT, PERSON
from tests.e2e.test_daemon_page import PICTURES, faults
from tests.e2e.walk import Walk
from tests.senders import run

pytestmark = [
    pytest.mark.browser,
    pytest.mark.frontend,
    pytest.mark.slow,  # four processes of their own
    pytest.mark.asyncio(loop_scope="session"),
]

ALARM = "Water in the cellar"


@pytest_asyncio.fixture(loop_scope="session")
async def telegram(tmp_path: Path) -> AsyncGenerator[Telegram]:
    """A process of its own."""
    async with Telegram(tmp_path, chats=[f"{CHAT}:{PERSON}"]) as telegram:
        await telegram.start()
        yield telegram


def settings(folder: Path) -> dict[str, str]:
    """Where all is kept, and the secret, which is stored nowhere."""
    return {"BACH_DB": str(folder / "bach.db"), "BOT": TOKEN}


async def bach(folder: Path, *words: str) -> str:
    """The command, as somebody types it."""
    return await run(sys.executable, "-m", "bach_lib.cli", *words, **settings(folder))


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[str]:
    """`bach serve`, and where it is."""
    command = (sys.executable, "-m", "bach_lib.cli", "serve", "--port", "0")
    daemon = await asyncio.create_subprocess_exec(*command, stdout=PIPE, env=os.environ | settings(folder))
    try:
        assert daemon.stdout is not None
        said = (await daemon.stdout.readline()).decode()
        yield said.partition("answers on ")[2].partition(". Token")[0]
    finally:
        daemon.terminate()
        await daemon.wait()


async def test_an_alarm_gets_out_by_phone(telegram: Telegram, browser: Browser, tmp_path: Path) -> None:
    """If this fails, who runs BACH without Home Assistant has to read tables in a terminal at three in the morning."""
    walk = Walk()
    added = await bach(
        tmp_path,
        *("connector", "add", "telegram", "home", telegram.url),
        *("--allow", str(CHAT), "--secret", "bot_token=env:BOT"),
    )
    assert "home" in added, added
    await telegram.control("POST", "faults", {"name": "forbidden", "times": 0, "methods": ["sendMessage"]})
    async with serving(tmp_path) as address:
        await bach(tmp_path, "connector", "send", "home", str(CHAT), ALARM)
        context = await browser.new_context(
            base_url=address, color_scheme="dark", viewport={"width": 390, "height": 844}, reduced_motion="reduce"
        )
        page = await context.new_page()
        await page.goto("/")
        await walk.fill(page.get_by_label("Token"), (tmp_path / "bach.db.token").read_text("ascii").strip())
        await walk.click(page.get_by_role("button", name="Log in"))
        lost = page.locator("bach-waiting tbody tr")
        await expect(lost).to_contain_text("bot was blocked by the user")
        assert walk.cost == (1, 1), "to whether it arrived, and why not"

        await telegram.control("DELETE", "faults")
        await walk.click(lost.get_by_role("button", name=re.compile("^Retry")))
        await expect(page.get_by_role("status").filter(has_text="Sent.")).to_be_in_viewport()
        assert [message.text for message in await telegram.arrived(1)] == [ALARM]
        assert walk.cost == (2, 1), "until it has arrived"
        await walk.click(page.get_by_role("link", name="Conversations"))
        await walk.fill(page.get_by_label(f"Write to {CHAT}"), "Is it dry again?")
        await page.keyboard.press("Enter")
        last = page.locator("bach-conversation li").last
        await expect(last).to_contain_text(re.compile(r"Is it dry again\?.*Sent", re.DOTALL))
        assert (await telegram.arrived(2))[-1].text == "Is it dry again?"
        assert walk.cost == (3, 2), "to an answer"
        await expect(page.locator("bach-navigation")).not_to_contain_text("(1)")
        await page.screenshot(path=PICTURES / "walk-daemon-phone-dark.png")
        assert await faults(page) == []
        await context.close()
