"""The daemon's own page in a real browser, under its own policy: log in once, and mend what was not delivered."""

import base64
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, FilePayload, Page, expect

from bach_lib import Fault, Snooze
from bach_lib.outcomes import Dead
from bach_lib.rest import make_application
from bach_lib.testing import World, world
from bach_lib.web.page import Page as DaemonPage
from demo.process import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.frontend, pytest.mark.asyncio(loop_scope="session")]

AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
PICTURES = ROOT / "artifacts" / "e2e"
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAEElEQVR4nGP4z8AARAwQCgAf7gP9i18U1AAAAABJRU5ErkJggg=="
)
"""Of 2 by 2 pixels."""
TOKEN = "a-token-that-nobody-guesses"


@pytest_asyncio.fixture(loop_scope="session")
async def house() -> AsyncGenerator[World]:
    """A BACH whose platform does as it is told."""
    async with world() as made:
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def page(house: World, browser: Browser) -> AsyncGenerator[Page]:
    """Its page."""
    async with open_page(house, browser, "en-GB") as page:
        yield page


@asynccontextmanager
async def open_page(house: World, browser: Browser, locale: str) -> AsyncIterator[Page]:
    """The page, for whoever reads this language. In the end nothing came from elsewhere or was against the policy."""
    bach, _, _ = house
    shown = DaemonPage(bach, token=TOKEN)
    application = make_application(bach, token=TOKEN, pages=shown.routes)
    application.on_shutdown.append(shown.close)
    server = TestServer(application)
    await server.start_server()
    own = f"127.0.0.1:{server.port}"
    context = await browser.new_context(base_url=f"http://{own}", locale=locale, reduced_motion="reduce")
    page, wrong = await context.new_page(), list[str]()
    page.on(
        "request", lambda request: None if own in request.url or request.url == "data:," else wrong.append(request.url)
    )
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if "Content Security" in said.text else None)
    PICTURES.mkdir(parents=True, exist_ok=True)
    try:
        await page.goto("/")
        yield page
    finally:  # also if the test fails: what is left open would be held against another one
        await context.close()
        await server.close()
    assert wrong == []


async def faults(page: Page) -> list[str]:
    """What axe finds at level AA. It is no part of the page, so it goes around the page's policy."""
    script = AXE.read_text("utf-8")
    await page.evaluate(f"() => {{ {script} }}")
    found = await page.evaluate("axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})")
    return [f"{one['id']}: {node['html']}" for one in found["violations"] for node in one["nodes"]]


async def log_in(page: Page) -> None:
    """As somebody does once."""
    await page.get_by_label("Token").fill(TOKEN)
    await page.get_by_role("button", name="Log in").click()
    await expect(page.get_by_role("button", name="Log out")).to_be_visible()  # who goes elsewhere before is not let in


@pytest.mark.slow  # a browser, and what it shows is held in the tests of the app
async def test_a_connection_is_looked_at_checked_and_paused(page: Page, house: World) -> None:
    """If this fails, whoever is asked why nothing arrives cannot see which connection is to blame, or stop it."""
    bach, platform, clock = house
    for text in ("one", "two"):
        await bach.send("home", "ada", text)
        await clock.settle()
    platform.fault = Fault(code="unavailable", text="The server is being repaired.")
    await log_in(page)
    await page.get_by_role("link", name="Connections").click()
    card = page.locator("bach-connections article")
    await expect(card).to_contain_text("Last 24 hours: 2 sent, 0 failed")
    await card.get_by_role("button", name="Check now").click()
    await expect(card.get_by_role("status")).to_contain_text(
        "It does not work: The server is being repaired. The way: HTTP"
    )
    assert await faults(page) == []
    await page.screenshot(path=PICTURES / "daemon-4-connections.png")
    await card.get_by_role("button", name="Pause").click()
    await expect(card.get_by_role("status")).to_contain_text("Paused.")
    await page.emulate_media(color_scheme="dark")
    await page.set_viewport_size({"width": 390, "height": 844})
    assert await faults(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await page.screenshot(path=PICTURES / "daemon-5-connections-phone-dark.png")
    await page.get_by_role("link", name="Rules and roles").click()
    await expect(page.locator("bach-household")).to_contain_text("There are no rules.")
    await page.reload()
    await expect(page.locator("bach-household")).to_contain_text("Nobody is being asked anything.")
    assert await faults(page) == []
    await page.screenshot(path=PICTURES / "daemon-6-household-phone-dark.png")


async def test_a_conversation_is_read_and_gone_on_with(page: Page, house: World) -> None:
    """If this fails, whoever wants to answer has to look for the message in a table, or write YAML."""
    bach, platform, clock = house
    await bach.registry.update("home", allowed=frozenset({"42", "43"}))
    for number in range(60):
        await clock.advance(1)
        await bach.send("home", "42", f"Note {number}")
        await clock.settle()
    await clock.advance(1)
    platform.says("Is the <b>door</b> open?", sender="42")
    await clock.settle()
    await log_in(page)
    await page.get_by_role("link", name="Conversations").click()
    await page.get_by_role("link", name="42").click()
    talk = page.locator("bach-conversation ol")
    await expect(talk.locator("li").last).to_contain_text("Is the <b>door</b> open?")
    await expect(talk.locator("li").last).to_be_in_viewport()
    await expect(talk).not_to_contain_text("Note 10")
    assert await faults(page) == []
    await page.screenshot(path=PICTURES / "daemon-7-conversation.png")
    await talk.get_by_role("button", name="Answer").click()
    await page.get_by_label("Write to 42").fill("No, it is shut")
    await page.keyboard.press("Enter")
    await expect(talk.locator("li.out").last).to_contain_text("No, it is shut")
    await expect(talk.locator("li.out").last).to_contain_text("Sent")
    assert [(one.text, bool(one.reply_to)) for one in platform.sent][-1] == ("No, it is shut", True)
    await talk.evaluate("list => list.scrollTop = 0")
    await expect(talk.locator("li.out")).to_have_count(61)  # the page before came by itself
    await page.emulate_media(color_scheme="dark")
    await page.set_viewport_size({"width": 390, "height": 844})
    assert await faults(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await page.screenshot(path=PICTURES / "daemon-8-conversation-phone-dark.png")
    await page.reload()
    await expect(talk.locator("li").last).to_contain_text("No, it is shut")
    await page.get_by_role("link", name="All conversations").click()
    await expect(page.get_by_role("link", name="42")).to_be_visible()
    await page.screenshot(path=PICTURES / "daemon-9-conversations-phone-dark.png")


@pytest.mark.slow  # a browser, and what it shows is held in the tests of the app
async def test_what_was_said_is_changed_taken_back_and_reacted_to(page: Page, house: World) -> None:
    """If this fails, whoever made a mistake can mend it on their phone only, or sees old words as if they stood."""
    bach, platform, clock = house
    for text in ("Dinner is at six", "This was for somebody else"):
        await clock.advance(1)
        await bach.send("home", "42", text)
        await clock.settle()
    await clock.advance(1)
    platform.says("Great, what is there?", sender="42")
    await clock.settle()
    await log_in(page)
    await page.goto("/chat/home/42")
    dinner, mistake, question = (page.locator("bach-conversation li").nth(place) for place in range(3))
    await dinner.get_by_role("button", name="Change", exact=True).click()
    words = dinner.get_by_label("New words")
    await expect(words).to_be_focused()
    await expect(words).to_be_in_viewport(ratio=1)
    await words.fill("Dinner is at seven")
    assert await faults(page) == []
    await page.screenshot(path=PICTURES / "daemon-10-change.png")
    platform.holds()
    await page.keyboard.press("Enter")
    await expect(dinner).to_contain_text("To be changed to: Dinner is at seven Being sent")
    await expect(dinner.get_by_role("button", name="Change", exact=True)).to_be_focused()
    platform.works()
    await clock.settle()
    await expect(dinner.locator(".said")).to_have_text("Dinner is at seven")
    await expect(dinner).to_contain_text("Changed")
    await mistake.get_by_role("button", name="Delete").click()
    await expect(mistake).to_contain_text("Take this message away for everybody there?")
    await page.keyboard.press("Escape")
    await expect(mistake.locator("form")).to_have_count(0)
    platform.outcomes.append(Dead(fault=Fault(code="refused", text="It is too old")))
    await mistake.get_by_role("button", name="Delete").click()
    await mistake.locator("form").get_by_role("button", name="Delete").click()
    await expect(mistake).to_contain_text("To be deleted. Not delivered It is too old")
    await mistake.get_by_role("button", name="Delete").click()
    await mistake.locator("form").get_by_role("button", name="Delete").click()
    await expect(mistake.locator("del")).to_have_text("This was for somebody else")
    await page.emulate_media(color_scheme="dark")
    await page.set_viewport_size({"width": 390, "height": 844})
    await question.get_by_role("button", name="React").click()
    assert await faults(page) == []
    await page.screenshot(path=PICTURES / "daemon-11-react-phone-dark.png")
    await question.get_by_role("button", name="🎉").click()
    await expect(question.locator("[data-reactions]")).to_have_text("🎉 from here")
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    assert await faults(page) == []
    await page.screenshot(path=PICTURES / "daemon-12-changed-phone-dark.png")
    await page.emulate_media(color_scheme="light")
    await page.set_viewport_size({"width": 1280, "height": 900})
    await expect(page.locator("bach-conversation li")).to_have_count(3)
    await page.screenshot(path=PICTURES / "daemon-13-changed.png")
    assert [(one.operation, one.text) for one in platform.sent[2:]] == [
        ("edit", "Dinner is at seven"),
        ("delete", ""),
        ("react", "🎉"),
    ]


@pytest.mark.slow  # a browser, and what it shows is held in the tests of the app
async def test_what_was_said_is_pinned_passed_on_and_put_off(page: Page, house: World) -> None:
    """If this fails, whoever has no phone at hand cannot pin a list, pass a word on, or be reminded later."""
    bach, platform, clock = house
    await page.clock.set_fixed_time(datetime.fromtimestamp(clock.now(), UTC))
    await bach.registry.update("home", allowed=frozenset({"42", "43"}))
    await bach.send("home", "43", "Hello")
    await bach.send("home", "42", "The laundry is done", snooze=Snooze(seconds=3600, button="In 1 h"))
    await clock.advance(1)
    platform.says("The plumber comes at nine", sender="42")
    await clock.settle()
    await log_in(page)
    await page.goto("/chat/home/42")
    laundry, plumber = (page.locator("bach-conversation li").nth(place) for place in range(2))
    await laundry.get_by_role("button", name="More").click()
    await laundry.get_by_role("button", name="Pin", exact=True).click()
    await expect(laundry).to_contain_text("Pinned")
    await expect(laundry.get_by_role("button", name="Unpin")).to_be_visible()
    await plumber.get_by_role("button", name="More").click()
    assert await faults(page) == []
    await page.screenshot(path=PICTURES / "daemon-16-more.png")
    await plumber.get_by_role("button", name="Forward").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Recipient").select_option("43")
    assert await faults(page) == []
    await page.screenshot(path=PICTURES / "daemon-17-forward.png")
    await dialog.get_by_role("button", name="Forward").click()
    await expect(page.locator("bach-conversation [role=status]").first).to_contain_text("Forwarded to 43.")
    await page.emulate_media(color_scheme="dark")
    await page.set_viewport_size({"width": 390, "height": 844})
    await laundry.get_by_role("link", name="Sent").click()
    await page.get_by_role("button", name="Later").click()
    await page.get_by_role("button", name="Tomorrow at 8").click()
    await expect(page.get_by_label("Date and time")).to_have_value(re.compile("T08:00$"))
    await page.get_by_label("Date and time").fill("2027-02-01T08:00")
    assert await faults(page) == []
    await page.screenshot(path=PICTURES / "daemon-18-later-phone-dark.png")
    await page.get_by_role("button", name="Set the time").click()
    await expect(page.locator("bach-message [role=status]").first).to_contain_text("It comes again: ")
    await expect(page.locator("bach-message ol")).to_contain_text("Pins a message")
    assert await faults(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await page.screenshot(path=PICTURES / "daemon-19-message-phone-dark.png", full_page=True)
    await page.emulate_media(color_scheme="light")
    await page.goto("/")
    waits = page.locator("bach-waiting tbody tr")
    await waits.get_by_role("button", name=re.compile("^Another time")).click()
    await page.get_by_label("Date and time").fill("2027-02-02T07:30")
    await page.screenshot(path=PICTURES / "daemon-20-another-time-phone.png")
    await page.get_by_role("button", name="Set the time").click()
    await expect(page.locator("bach-waiting [role=status]").first).to_contain_text("It will be sent: 2 Feb 2027")
    await expect(waits).to_contain_text("2 Feb 2027, 07:30")
    await clock.settle()
    operations = [(one.operation, one.recipient) for one in platform.sent[2:]]
    assert operations == [("pin", "42"), ("send", "43"), ("edit", "42")]


@pytest.mark.slow  # a browser, and what it shows is held in the tests of the app
async def test_a_bridge_is_made_looked_at_and_removed(page: Page, house: World) -> None:
    """If this fails, two chats are joined in a terminal only, and nobody sees why nothing comes over."""
    bach, platform, clock = house
    await bach.registry.update("home", allowed=frozenset({"42", "43"}))
    await log_in(page)
    await page.get_by_role("link", name="Bridges").click()
    bridges = page.locator("bach-bridges")
    await expect(bridges).to_contain_text("There is no bridge yet.")
    await bridges.get_by_role("button", name="Add bridge").click()
    await page.get_by_label("Name").fill("club")
    await page.get_by_label("From").select_option("42 (home)")
    await page.get_by_role("checkbox", name="43 (home)").check()
    assert await faults(page) == []
    await page.screenshot(path=PICTURES / "daemon-21-bridge-form.png")
    await page.get_by_role("button", name="Save").click()
    card = bridges.locator("article")
    await expect(card).to_contain_text("What is written in 42 (home) appears in 43 (home).")
    platform.says("Dinner at six", sender="42")
    await clock.settle()
    await expect(card).to_contain_text("Carried over so far: 1.")
    await bach.registry.update("home", is_active=False)
    await bach.send("home", "43", "Dinner at seven")
    await page.emulate_media(color_scheme="dark")
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.reload()
    await expect(card).to_contain_text("1 waits there The connection is switched off.")
    await expect(page.get_by_role("link", name="Bridges")).to_be_in_viewport()
    assert await faults(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await page.screenshot(path=PICTURES / "daemon-22-bridges-phone-dark.png", full_page=True)
    await card.get_by_role("button", name="Change").click()
    await page.get_by_label("Corrections").uncheck()
    await page.screenshot(path=PICTURES / "daemon-23-bridge-form-phone-dark.png")
    await page.get_by_role("button", name="Save").click()
    await expect(card).not_to_contain_text("corrections")
    await card.get_by_role("button", name="Pause").click()
    await expect(card).to_contain_text("Paused")
    await page.emulate_media(color_scheme="light")
    await page.set_viewport_size({"width": 1280, "height": 800})
    await card.get_by_role("button", name="Remove").click()
    await page.screenshot(path=PICTURES / "daemon-24-bridges.png")
    await card.get_by_role("button", name="Remove").click()
    await expect(card).to_have_count(0)
    assert bach.bridges.list() == []


_DROP = """(form, names) => {
    const data = new DataTransfer();
    for (const [name, size] of names) data.items.add(new File(['x'.repeat(size)], name, {type: 'text/plain'}));
    form.dispatchEvent(new DragEvent('drop', {dataTransfer: data, bubbles: true, composed: true, cancelable: true}));
}"""


@pytest.mark.slow  # a browser, and what it shows is held in the tests of the app
async def test_files_go_with_what_is_written(page: Page, house: World) -> None:
    """If this fails, whoever wants to show something has to find another way to send a picture."""
    bach, platform, clock = house
    await bach.send("home", "42", "What does it look like?")
    await clock.settle()
    await log_in(page)
    await page.goto("/chat/home/42")
    talk = page.locator("bach-conversation")
    async with page.expect_file_chooser() as chooser:
        await talk.get_by_role("button", name="Attach a file").click()
    await (await chooser.value).set_files(FilePayload(name="cat.png", mimeType="image/png", buffer=PICTURE))
    picture = talk.locator("bach-attachments img")
    await expect(picture).to_have_js_property("complete", value=True)
    assert await picture.evaluate("image => image.naturalWidth") == 2
    await talk.evaluate(_DROP, [["note.txt", 20], ["large.txt", 1001]])
    await expect(talk.get_by_role("alert")).to_have_text(
        "large.txt is too large (1 kB): this connection takes files of 1 kB at most."
    )
    await talk.get_by_label("Write to 42").fill("Like this")
    assert await faults(page) == []
    await page.screenshot(path=PICTURES / "daemon-14-attached.png")
    await page.emulate_media(color_scheme="dark")
    await page.set_viewport_size({"width": 390, "height": 844})
    await expect(talk.get_by_role("button", name="Send", exact=True)).to_be_in_viewport(ratio=1)
    await expect(talk.get_by_role("button", name="Attach a file")).to_be_in_viewport(ratio=1)
    assert await faults(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await page.screenshot(path=PICTURES / "daemon-15-attached-phone-dark.png")
    await talk.get_by_role("button", name="Remove note.txt").click()
    await page.keyboard.press("Tab")
    await talk.get_by_role("button", name="Send", exact=True).click()
    await expect(talk.locator("li.out").last).to_contain_text("cat.png")
    await expect(talk.locator("bach-attachments li")).to_have_count(0)
    await clock.settle()
    message = platform.sent[-1]
    assert (message.text, [(file.name, file.content) for file in message.files]) == (
        "Like this",
        [("cat.png", PICTURE)],
    )


async def test_somebody_logs_in_once_and_mends_what_was_not_delivered(page: Page, house: World) -> None:
    """If this fails, whoever has no Home Assistant sees a blank page, or dead letters that they cannot mend."""
    bach, platform, clock = house
    platform.outcomes.append(Dead(fault=Fault(code="refused", text="Chat not found")))
    await bach.send("home", "ada", "The garage door is open")
    await clock.settle()
    await page.get_by_label("Token").fill("wrong")
    await page.get_by_role("button", name="Log in").click()
    await expect(page.get_by_role("alert")).to_contain_text("This is not the token.")
    assert await faults(page) == []
    await page.screenshot(path=PICTURES / "daemon-1-log-in.png")
    await log_in(page)
    lost = page.locator("bach-waiting tbody tr")
    await expect(lost).to_contain_text("Chat not found")
    await expect(page.locator("[data-counts]")).to_have_text("1 message needs you, nothing waits.")
    await expect(page.get_by_role("link", name="Waiting (what needs you: 1)")).to_be_visible()
    await expect(page).to_have_title("BACH (1)")
    assert await faults(page) == []
    await page.screenshot(path=PICTURES / "daemon-2-light.png")
    await page.emulate_media(color_scheme="dark")
    await page.set_viewport_size({"width": 390, "height": 844})
    assert await faults(page) == []
    await page.screenshot(path=PICTURES / "daemon-3-phone-dark.png")
    await lost.get_by_role("link").click()
    await expect(page).to_have_url(re.compile("/message/1$"))
    await page.reload()  # still logged in, and the address leads here
    await expect(page.locator("bach-message")).to_contain_text("Attempt 1: failed for good")
    await page.get_by_role("button", name=re.compile("^Retry")).click()
    await expect(page.locator("bach-message [role=status]")).to_have_text("Sent.")
    assert platform.texts == ["The garage door is open"]
    await page.go_back()
    await expect(page.get_by_text("All is delivered")).to_be_visible()
    await expect(page).to_have_title("BACH")
    await page.get_by_role("button", name="Log out").click()
    await expect(page.get_by_label("Token")).to_be_visible()
    await page.goto("/message/1")
    await expect(page.get_by_label("Token")).to_be_visible()
