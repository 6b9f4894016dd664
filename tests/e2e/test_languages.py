"""The app in each language, and from right to left: in the daemon's page, which can be put up in a second."""

import asyncio
import json
import re
from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from bach_lib import Button, Fault, Place, Question, Rule
from bach_lib.common_sentences import HOST_DID_NOT_ANSWER_IN_TIME
from bach_lib.outcomes import Dead, Retry, Scope
from bach_lib.testing import World, world
from tests.e2e.layout import misplaced
from tests.e2e.test_daemon_page import PICTURES, TOKEN, faults, open_page
from tests.packages import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.frontend, pytest.mark.asyncio(loop_scope="session")]

PAGES = ("/", "/chat", "/chat/home/42", "/connections", "/bridges", "/household", "/message/1")
ARABIC = "باب المرآب مفتوح (Garage 2)."
"""The garage door is open."""
TEXTS = {
    file.stem: json.loads(file.read_text("utf-8"))["config_panel"]
    for file in (ROOT / "custom_components/bach/translations").glob("*.json")
}


@pytest_asyncio.fixture(loop_scope="session")
async def house() -> AsyncGenerator[World]:
    """A BACH with something on each page: a dead letter, a message that waits, a conversation, a question."""
    async with world() as made:
        bach, platform, clock = made
        platform.outcomes += [
            Dead(fault=Fault(code="refused", text="Chat not found")),
            Retry(
                fault=Fault(code="timeout", text=HOST_DID_NOT_ANSWER_IN_TIME(host="example.org")), scope=Scope.MESSAGE
            ),
        ]
        for to, text in (("ada", "The garage door is open"), ("bob", "The washing is done"), ("42", ARABIC)):
            await bach.send("home", to, text)
            await clock.settle()
        platform.says("Is the door shut?", sender="42")
        await bach.rules.set(Rule(name="leak", phrases=("water", "leak"), hint="Close the valve"))
        yes = Button(text="Yes", value="yes")
        places = (Place(connection="home", recipient="42"),)
        question = Question(text="Is anybody in?", places=places, timeout=60, answers=((yes,),))
        asking = asyncio.create_task(bach.ask(question))
        await clock.settle()
        yield made
        asking.cancel()


@pytest_asyncio.fixture(loop_scope="session")
async def german(house: World, browser: Browser) -> AsyncGenerator[Page]:
    """The page of somebody who reads German."""
    async with open_page(house, browser, "de-DE") as page:
        yield page


async def log_in(page: Page, language: str = "de") -> None:
    """In this language."""
    texts = TEXTS[language]["page"]
    await page.get_by_label(texts["token"], exact=True).fill(TOKEN)
    await page.get_by_role("button", name=texts["log_in"], exact=True).click()
    await expect(page.get_by_role("button", name=texts["log_out"], exact=True)).to_be_visible()


async def test_whoever_reads_german_finds_the_page_in_german(german: Page) -> None:
    """If this fails, whoever reads no English cannot use it, or a screen reader says German as if it was English."""
    await expect(german.locator("html")).to_have_attribute("lang", "de")
    await german.get_by_label("Token").fill("falsch")
    await german.get_by_role("button", name="Anmelden").click()
    await expect(german.get_by_role("alert")).to_contain_text("This is not the token.")
    await german.screenshot(path=PICTURES / "german-log-in.png")
    await log_in(german)
    await expect(german.locator("[data-counts]")).to_have_text("1 Nachricht braucht dich, 1 wartet.")
    waits = german.locator("bach-waiting tbody tr", has_text="The washing is done")
    await expect(waits).to_contain_text("example.org hat nicht rechtzeitig geantwortet.")
    lost = german.locator("bach-waiting tbody tr", has_text="Chat not found")
    await expect(lost).to_contain_text("Nicht zugestellt")
    await lost.get_by_role("button", name=re.compile("^Verwerfen")).click()
    await expect(german.get_by_role("status").filter(has_text="Erledigt. Sie wird nicht gesendet.")).to_be_visible()
    await german.get_by_role("button", name="Rückgängig").click()
    await expect(german.get_by_role("status").filter(has_text="Alles ist wie zuvor.")).to_be_visible()


@pytest.mark.slow  # each page in each language, at both widths, and in both directions
@pytest.mark.parametrize(("language", "direction"), [*((language, "ltr") for language in sorted(TEXTS)), ("de", "rtl")])
@pytest.mark.parametrize("width", [390, 1280])
async def test_nothing_is_cut_off_or_covered(
    house: World, browser: Browser, width: int, language: str, direction: str
) -> None:
    """If this fails, somebody cannot read a long word or press a button, on a phone or where one reads to the left."""
    async with open_page(house, browser, language) as page:
        await log_in(page, language)
        turned = f"document.documentElement.dir = '{direction}'"  # before the page looks where it is
        await page.add_init_script(f"addEventListener('DOMContentLoaded', () => {{ {turned} }})")
        await page.set_viewport_size({"width": width, "height": 900})
        for path in PAGES:
            await look(page, path, width, language, direction)


async def look(page: Page, path: str, width: int, language: str, direction: str) -> None:
    """At one page, as it is at this width."""
    await page.goto(path)
    assert await page.evaluate("document.documentElement.dir") == direction
    await expect(page.locator("bach-app h2:visible, bach-app h3:visible").first).to_be_visible()
    await expect(page.get_by_text(TEXTS[language]["app"]["loading"])).to_have_count(0)
    assert await page.evaluate("document.documentElement.scrollWidth") <= width, path
    assert await misplaced(page) == [], path
    here = page.locator("bach-navigation [aria-current]")
    if await here.count():  # a message is no page of its own there
        await expect(here).to_be_in_viewport(ratio=0.95)
    name = f"{language}-{direction}-{width}-{path.strip('/').replace('/', '-') or 'waiting'}"
    await page.screenshot(path=PICTURES / f"{name}.png")
    assert await faults(page) == [], path
    if direction == "ltr":  # colours are the same in both
        await page.emulate_media(color_scheme="dark")
        assert await faults(page) == [], path
        await page.screenshot(path=PICTURES / f"{name}-dark.png")
        await page.emulate_media(color_scheme="light")
