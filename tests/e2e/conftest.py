"""A real Home Assistant, a Telegram server as a process of its own, and a browser that a test may click in.

The world lives as long as the tests of a file: starting Home Assistant takes longer than all of them.
"""

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio
import pytest_socket
from playwright.async_api import Browser, async_playwright

from demo.process import ROOT
from demo.telegram import TOKEN
from demo.world import World, make_world
from tests.e2e.chromium import CHROMIUM_FLAGS, CHROMIUM_PATH
from tests.e2e.frontend import Frontend, open_frontend


@pytest.fixture(autouse=True)
def loopback(socket_enabled: None) -> None:
    """Allow sockets; Home Assistant's test plugin has already limited them to 127.0.0.1."""


@pytest.fixture
def verify_cleanup() -> None:
    """Do not look for what a test leaves in its loop: that is for a Home Assistant in this process."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world() -> AsyncGenerator[World]:
    """Home Assistant and Telegram, running, nothing of BACH set up. In the end the log must not speak against us."""
    pytest_socket.enable_socket()  # a fixture of a module is made before those of a test
    async with make_world() as world:
        await world.telegram.start()
        await world.home.start()
        yield world
        assert await world.home.stop() == 0
        assert world.home.problems(secret=TOKEN) == []


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser() -> AsyncGenerator[Browser]:
    """Chromium, without a window."""
    if not CHROMIUM_PATH.exists():
        pytest.fail("no Chromium; script/setup --browser finds or fetches one")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM_PATH.read_text().strip(), args=CHROMIUM_FLAGS
        )
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def frontend(world: World, browser: Browser, request: pytest.FixtureRequest) -> AsyncGenerator[Frontend]:
    """The user interface in a tab of its own, logged in. Screenshots go to artifacts/e2e/, one of each test's end."""
    folder = ROOT / "artifacts" / "e2e"
    folder.mkdir(parents=True, exist_ok=True)
    async with open_frontend(browser, world.home.client, folder) as frontend:
        yield frontend
        await frontend.screenshot(f"{request.node.name}-end")
