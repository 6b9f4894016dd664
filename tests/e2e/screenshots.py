"""The command behind `script/screenshots`: pictures of what people see, for a change, a review or the documents.

Where `script/demo` runs, they are of its Home Assistant; otherwise of one that is started for them and gone afterwards.
"""

import asyncio
import re
import sys
from argparse import ArgumentParser
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import ClientError
from playwright.async_api import Browser, async_playwright

from demo.client import Client, RefusedError
from demo.process import HOST, ROOT
from demo.world import FIRST_PORT, PERSON, World, make_world
from tests.e2e import dialog_pictures, panel_pictures, partner_pictures
from tests.e2e.chromium import CHROMIUM_FLAGS, CHROMIUM_PATH
from tests.e2e.frontend import Frontend, open_frontend
from tests.e2e.picture_difference import SMALL, difference

FOLDER = ROOT / "artifacts" / "screenshots"
IMAGES = ROOT / "docs" / "images"
_VARIES = {"activity.png": 0.1, "ai_device.png": 0.02, "pairing.png": 0.08}
"""So much of some pictures is another each time: what was noted within a second, in which order; a code to scan."""
_SETTLED = 2_000  # milliseconds in which a page asks for nothing more and has drawn what it got


def main() -> int:
    """Take them, and say where they are."""
    parser = ArgumentParser(prog="script/screenshots", description=__doc__)
    parser.add_argument("pages", nargs="*", help="paths such as /config/logs; without any, the pages of BACH")
    parser.add_argument("--docs", action="store_true", help="take those of the documents anew, into docs/images/")
    parser.add_argument("--compare", action="store_true", help="say which look otherwise now: then it ends with 1")
    options = parser.parse_args()
    if not CHROMIUM_PATH.exists():
        sys.stderr.write("No Chromium: script/setup --browser finds or fetches one.\n")
        return 1
    try:
        if options.docs or options.compare:
            return asyncio.run(_renew(compares=options.compare))
        asyncio.run(_run(options.pages))
    except RefusedError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


async def _run(pages: Sequence[str]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    async with _browser() as browser, _home() as client:
        await _take(browser, client, pages)


async def take_for_documents(browser: Browser, world: World, folder: Path) -> list[str]:
    """All pictures of the documents, into this folder; their names."""
    panel = await panel_pictures.take(browser, world, folder)
    dialogs = await dialog_pictures.take(browser, world, folder)
    return [*panel, *dialogs, *await partner_pictures.take(browser, world, folder)]


async def _renew(*, compares: bool) -> int:
    """Take those of the documents; with `compares` beside them, to say which look otherwise now. 1 if any does."""
    folder = FOLDER / "docs" if compares else IMAGES
    folder.mkdir(parents=True, exist_ok=True)
    async with _browser() as browser, make_world() as world:
        taken = await take_for_documents(browser, world, folder)
    is_other = False
    for name in sorted(taken):
        said = difference(IMAGES / name, folder / name, small=_VARIES.get(name, SMALL)) if compares else ""
        is_other |= said.startswith(("DIFFERENT", "new"))
        sys.stdout.write(f"{(folder / name).relative_to(ROOT)}{': ' if said else ''}{said}\n")
    return int(is_other)


@asynccontextmanager
async def _browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM_PATH.read_text().strip(), args=CHROMIUM_FLAGS
        )
        yield browser
        await browser.close()


@asynccontextmanager
async def _home() -> AsyncIterator[Client]:
    """A client that is logged in: at the demo that runs, or at one of our own."""
    running = Client(f"http://{HOST}:{FIRST_PORT}")
    try:
        await running.log_in()
    except ClientError:
        async with make_world() as world:
            await _furnish(world)
            yield world.home.client
    else:
        yield running
    finally:
        await running.close()


async def _furnish(world: World) -> None:
    """One connection, one person, one message."""
    await world.telegram.start()
    await world.home.start()
    entity_id = await world.add_person(await world.add_connection())
    await world.add_automation(entity_id)
    await world.send(entity_id, "The garage door is open")


async def _take(browser: Browser, client: Client, pages: Sequence[str]) -> None:
    async with open_frontend(browser, client, FOLDER) as frontend:
        for path in pages:
            await frontend.page.goto(path)
            await _keep(frontend, re.sub(r"\W+", "-", path).strip("-") or "overview")
        if pages:
            return
        await frontend.open_integration("bach")
        await _keep(frontend, "integration")
        for name, device in (("connection", "@demo_bot"), ("recipient", PERSON)):
            await frontend.open_device("bach", device)
            await _keep(frontend, name)
        await frontend.open_action("bach.send_message")
        await _keep(frontend, "action")
        await frontend.page.goto("/logbook")
        await _keep(frontend, "activity")


async def _keep(frontend: Frontend, name: str) -> None:
    await frontend.page.wait_for_timeout(_SETTLED)
    await frontend.screenshot(name)
    sys.stdout.write(f"{(FOLDER / name).relative_to(ROOT)}.png\n")


if __name__ == "__main__":
    sys.exit(main())
