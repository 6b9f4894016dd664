"""The panel in a real Home Assistant and a real browser: everything that waits, and what a person does about it."""

import re
from collections.abc import AsyncGenerator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from demo.process import ROOT
from demo.waiting import until
from demo.world import CHAT, PERSON, World
from tests.e2e.frontend import Frontend, open_frontend
from tests.e2e.layout import misplaced
from tests.e2e.test_daemon_page import PICTURE
from tests.e2e.walk import Walk

pytestmark = [
    pytest.mark.slow,  # a browser; what the page shows is held in the tests of the app
    pytest.mark.e2e,
    pytest.mark.browser,
    pytest.mark.frontend,
    pytest.mark.asyncio(loop_scope="session"),
]

AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
WRONG, LATER, EARLIER = "Nobody has this chat", "The garage door is open", "The washing is done"
ALARM = "Water in the cellar"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def entity(world: World) -> str:
    """A recipient; one dead letter, to a chat that nobody has."""
    entity = await world.add_person(await world.add_connection())
    entry = await world.home.client.render(f"{{{{ config_entry_id('{entity}') }}}}")
    lost = {"config_entry_id": entry, "recipient": "777", "message": WRONG}
    await world.home.client.act("bach", "send_message", lost)
    return entity


@pytest_asyncio.fixture(loop_scope="session")
async def page(frontend: Frontend, world: World, entity: str) -> AsyncGenerator[Page]:
    """The panel. In the end nothing was fetched from anywhere else, and nothing went wrong in the console."""
    page, foreign, wrong = frontend.page, list[str](), list[str]()
    own = world.home.client.url
    page.on(
        "request",
        lambda request: foreign.append(request.url) if not request.url.startswith((own, "data:", "blob:")) else None,
    )
    page.on("pageerror", lambda error: wrong.append(str(error)))
    await page.goto("/bach")
    yield page
    assert foreign == []
    assert wrong == []


def row(page: Page, words: str) -> Locator:
    """The line of a message."""
    return page.locator("bach-waiting tbody tr", has_text=words)


async def faults(page: Page) -> list[str]:
    """What axe finds at level AA in our element."""
    await page.add_script_tag(path=AXE)
    found: dict[str, Any] = await page.evaluate(
        "axe.run(document.querySelector('home-assistant').shadowRoot.querySelector('home-assistant-main').shadowRoot"
        ".querySelector('bach-panel'), {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})"
    )
    return [
        f"{one['id']}: {node['html']}: {node['failureSummary']}" for one in found["violations"] for node in one["nodes"]
    ]


async def rename(page: Page, title: str | None) -> None:
    """Give the panel another title, as an administrator can in Home Assistant."""
    command = {"type": "frontend/update_panel", "url_path": "bach", "title": title}
    await page.evaluate("command => document.querySelector('home-assistant').hass.callWS(command)", command)


async def test_a_dead_letter_is_changed_and_sent(page: Page, frontend: Frontend, world: World) -> None:
    """If this fails, whose message did not arrive cannot see why, or not send it elsewhere, without YAML."""
    lost = row(page, WRONG)
    await expect(lost).to_contain_text("Not delivered")
    await expect(lost).to_contain_text("chat not found", ignore_case=True)
    await frontend.screenshot("panel-1-light")
    assert await faults(page) == []
    await lost.get_by_role("button", name=re.compile("^Change and send")).click()
    change = page.locator("bach-change")
    await change.get_by_label("Recipient").select_option("Ada")
    await change.get_by_label("Text").fill("Now it has one")
    await frontend.screenshot("panel-2-change")
    assert await faults(page) == []
    await change.get_by_role("button", name="Change and send").click()
    await expect(page.get_by_role("status").filter(has_text="Sent.")).to_be_visible()
    await expect(page.get_by_text("All is delivered")).to_be_visible()
    await frontend.screenshot("panel-3-empty")
    assert [message.text for message in await world.telegram.arrived(1)] == ["Now it has one"]


async def test_the_sidebar_counts_what_needs_a_person(
    page: Page, frontend: Frontend, world: World, entity: str
) -> None:
    """If this fails, nobody learns of a dead letter who does not look for it, or a draft is lost while it is told."""
    client = world.home.client
    entry = await client.render(f"{{{{ config_entry_id('{entity}') }}}}")
    await client.act("bach", "discard", {"config_entry_id": entry})
    await page.goto("/config")
    sidebar = page.locator("ha-sidebar").get_by_role("link", name=re.compile("BACH"))
    await expect(sidebar).to_have_accessible_name("BACH")
    await sidebar.click()
    await page.get_by_role("link", name="Conversations").click()
    await page.get_by_role("link", name="Ada").click()
    await page.get_by_label("Write to Ada").fill("I am still wri")
    await client.act("bach", "send_message", {"config_entry_id": entry, "recipient": "779", "message": WRONG})
    await expect(page.locator("bach-navigation")).to_contain_text("Waiting (1)")
    await expect(sidebar).to_have_accessible_name("BACH")  # the panel would be built anew
    await rename(page, "Post")  # and now it is
    await expect(page.locator("ha-sidebar").get_by_role("link", name="Post")).to_be_visible()
    await expect(page.get_by_label("Write to Ada")).to_have_value("I am still wri")
    await rename(page, None)
    await page.locator("ha-sidebar").get_by_role("link", name="Settings").click()
    await expect(sidebar).to_have_accessible_name("BACH (1)")
    await frontend.screenshot("panel-11-sidebar")
    await sidebar.click()
    await expect(page).to_have_title(re.compile(r"^BACH \(1\)"))
    await row(page, WRONG).get_by_role("button", name=re.compile("^Discard")).click()
    await expect(page.locator("bach-navigation")).not_to_contain_text("(1)")
    await page.locator("ha-sidebar").get_by_role("link", name="Settings").click()
    await expect(sidebar).to_have_accessible_name("BACH")


async def test_a_repair_leads_to_the_message_and_that_to_the_automation(
    page: Page, frontend: Frontend, world: World, entity: str
) -> None:
    """If this fails, who is told of a dead letter has to look for it, and for the automation that sent it."""
    client = world.home.client
    entry = await client.render(f"{{{{ config_entry_id('{entity}') }}}}")
    data = {"config_entry_id": entry, "recipient": "780", "message": WRONG}
    automation = {"alias": "Cellar", "triggers": [{"trigger": "event", "event_type": "water"}]}
    automation |= {"actions": [{"action": "bach.send_message", "data": data}]}
    await client.post("/api/config/automation/config/cellar", automation)

    async def listens() -> bool:
        """Home Assistant answers before it has loaded what was saved."""
        return await client.render("{{ states('automation.cellar') }}") == "on"

    await until(listens, what="the automation to be loaded", seconds=20)
    await client.post("/api/events/water", {})
    await page.goto("/config/repairs")
    await page.get_by_text("has dead letters").click()
    await page.get_by_role("link", name="See that message").click()
    await expect(page).to_have_url(re.compile("/bach/message/[0-9]+$"))
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await frontend.screenshot("panel-12-message-of-an-automation")
    assert await faults(page) == []
    await page.get_by_role("link", name="Queued by the automation Cellar").click()
    await expect(page).to_have_url(re.compile("/config/automation/trace/cellar\\?run_id="))
    await expect(page.locator("ha-automation-trace")).to_contain_text("Cellar")
    await page.go_back()
    await page.get_by_role("button", name=re.compile("^Discard")).click()


async def test_what_waits_is_seen_and_goes_by_itself(page: Page, frontend: Frontend, world: World, entity: str) -> None:
    """If this fails, a person cannot see that messages wait because the platform is away, or is shown what is over."""
    await world.telegram.kill()
    await world.home.client.act("bach", "send_message", {"entity_id": entity, "message": LATER})
    waiting = row(page, LATER)
    await expect(waiting).to_contain_text("Ada")
    await waiting.get_by_role("button", name=re.compile("^Send now")).click()
    await expect(page.get_by_role("status").filter(has_text="It waits to be sent.")).to_be_visible()
    await frontend.screenshot("panel-4-outage")
    await world.telegram.start()
    await expect(waiting).to_have_count(0, timeout=60_000)
    assert [message.text for message in await world.telegram.arrived(1)] == [LATER]


async def test_how_a_connection_stands_is_seen_and_it_can_rest(page: Page, frontend: Frontend, world: World) -> None:
    """If this fails, a person has to guess whether it is the platform, the network or BACH, or cannot stop it."""
    await page.get_by_role("link", name="Connections").click()
    await expect(page).to_have_url(re.compile("/bach/connections$"))
    card = page.locator("bach-connections article")
    await expect(card).to_contain_text("Messages pass.")
    await card.get_by_role("button", name="Check now").click()
    await expect(card.get_by_role("status")).to_contain_text("It works. The account is")
    await frontend.screenshot("panel-8-connections")
    assert await faults(page) == []
    await card.get_by_role("button", name="Pause").click()
    await expect(card.locator(".state").first).to_have_text("Paused")
    await card.get_by_role("button", name="Resume").click()
    await expect(card.locator(".state").first).to_have_text("Works")
    await page.get_by_role("link", name="Rules and roles").click()
    await expect(page.locator("bach-household")).to_contain_text("Ada")
    await expect(page.locator("bach-household")).not_to_contain_text("Whoever writes there")  # it is her own chat
    await frontend.screenshot("panel-9-household")
    assert await faults(page) == []
    await page.go_back()
    await card.get_by_role("link", name="Settings").click()
    await expect(page).to_have_url(re.compile("/config/integrations/integration/bach"))


async def test_somebody_is_written_to_where_they_write(
    page: Page, frontend: Frontend, world: World, entity: str
) -> None:
    """If this fails, a person who reads what came in cannot answer it there."""
    await world.home.client.act("bach", "send_message", {"entity_id": entity, "message": EARLIER})
    await page.get_by_role("link", name="Conversations").click()
    await page.get_by_role("link", name="Ada").click()
    await expect(page).to_have_url(re.compile("/bach/chat/telegram_[0-9]+/[0-9]+$"))
    talk = page.locator("bach-conversation ol")
    await expect(talk).to_contain_text(EARLIER)
    await page.get_by_label("Write to Ada").fill("Dinner is ready")
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(talk.locator("li").last).to_contain_text("Dinner is ready")
    await expect(talk.locator("li").last).to_contain_text("Sent")
    await frontend.screenshot("panel-10-conversation")
    assert await faults(page) == []
    assert (await world.telegram.arrived())[-1].text == "Dinner is ready"


async def test_both_sides_change_what_they_said_where_it_stands(
    page: Page, frontend: Frontend, world: World, entity: str
) -> None:
    """If this fails, a person reads old words as if they stood, or needs a phone to correct or delete their own."""
    await world.home.client.act("bach", "send_message", {"entity_id": entity, "message": "Bring <b>milk</b>"})
    question = await world.telegram.write(CHAT, "How much mikl?", first_name=PERSON)
    await page.get_by_role("link", name="Conversations").click()
    await page.get_by_role("link", name="Ada").click()
    talk = page.locator("bach-conversation ol > li")
    own, theirs = talk.filter(has_text="Bring"), talk.filter(has_text="How much")
    await expect(theirs).to_contain_text("mikl")
    rows = await talk.count()
    await world.telegram.edit(CHAT, question, "How much milk?")
    await expect(theirs.locator(".said")).to_have_text("How much milk?")
    await own.get_by_role("button", name="Change", exact=True).click()
    await own.get_by_label("New words").fill("Bring bread")
    await page.keyboard.press("Enter")
    await expect(own.locator(".said")).to_have_text("Bring bread")
    await expect(own).to_contain_text("Changed")
    assert await world.telegram.edited() == ["Bring bread"]
    await theirs.get_by_role("button", name="React").click()
    assert await faults(page) == []
    await theirs.get_by_role("button", name="👍").click()
    await expect(theirs.locator("[data-reactions]")).to_have_text("👍 from here")
    await own.get_by_role("button", name="Delete").click()
    await own.locator("form").get_by_role("button", name="Delete").click()
    await expect(own.locator("del")).to_have_text("Bring bread")
    await frontend.screenshot("panel-11-changed")
    assert await talk.count() == rows
    assert await faults(page) == []


async def test_a_picture_of_a_camera_goes_with_words(page: Page, frontend: Frontend, world: World, entity: str) -> None:
    """If this fails, whoever wants to show what the camera sees has to write an automation for it."""
    picture = world.home.config / "door.png"
    picture.write_bytes(PICTURE)
    form = await world.home.client.start_flow("local_file")
    await world.home.client.answer_flow(form, {"name": "Front door", "file_path": str(picture)})
    await page.get_by_role("link", name="Conversations").click()
    await page.get_by_role("link", name="Ada").click()
    talk = page.locator("bach-conversation")
    await talk.get_by_role("button", name="Picture of a camera").click()
    await talk.get_by_role("button", name="Front door").click()
    await expect(talk.locator("bach-attachments img")).to_have_js_property("naturalWidth", 2)
    await talk.get_by_label("Write to Ada").fill("Who is that?")
    await frontend.screenshot("panel-12-camera")
    assert await faults(page) == []
    await talk.get_by_role("button", name="Send", exact=True).click()
    last = talk.locator("li.out").last
    await expect(last).to_contain_text("Front door.png")
    await expect(last).to_contain_text("Sent")
    assert (await world.telegram.arrived())[-1].text == "Who is that?"


async def test_in_the_dark_on_a_phone_and_by_keyboard(
    page: Page, frontend: Frontend, world: World, entity: str
) -> None:
    """If this fails, somebody at three in the morning, or without a mouse, cannot see or do it."""
    entry = await world.home.client.render(f"{{{{ config_entry_id('{entity}') }}}}")
    await world.home.client.act(
        "bach",
        "send_message",
        {"config_entry_id": entry, "recipient": "778", "message": "<b>Water</b> in the cellar " * 12},
    )
    await page.emulate_media(color_scheme="dark")
    await page.set_viewport_size({"width": 390, "height": 844})
    lost = row(page, "Water")
    await expect(lost).to_contain_text("Not delivered")
    await expect(page.get_by_role("button", name="Show the sidebar")).to_be_visible()
    await frontend.screenshot("panel-5-phone-dark")
    assert await faults(page) == []
    wide = await page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390
    await lost.get_by_role("link").focus()
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("/bach/message/[0-9]+$"))
    await expect(page.locator("bach-message ol")).to_contain_text("Attempt 1: failed for good")
    await frontend.screenshot("panel-6-message-phone-dark")
    assert await faults(page) == []
    discard = page.get_by_role("button", name=re.compile("^Discard"))
    await discard.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("bach-message [role=status]")).to_be_focused()
    await expect(page.locator("bach-message .state")).to_have_text("Cancelled")
    await frontend.screenshot("panel-13-undo-phone-dark")
    assert await faults(page) == []
    before = len(await world.telegram.arrived())
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status").filter(has_text="Undone. It stands as it stood before.")).to_be_focused()
    await expect(page.locator("bach-message .state")).to_have_text("Not delivered")
    assert len(await world.telegram.arrived()) == before
    await discard.click()
    await expect(page.locator("bach-message .state")).to_have_text("Cancelled")
    await page.emulate_media(color_scheme="light")
    await page.set_viewport_size({"width": 1280, "height": 900})
    await frontend.screenshot("panel-7-message-light")
    assert await faults(page) == []
    await page.get_by_role("link", name="Waiting and dead letters").click()
    await expect(page.locator("bach-waiting h2")).to_be_visible()
    await expect(lost).to_have_count(0)


async def test_at_three_in_the_morning_an_alarm_gets_out_by_phone(
    page: Page, frontend: Frontend, world: World, entity: str
) -> None:
    """If this fails, somebody half asleep cannot tell whether an alarm has arrived, and why not, or get it out now."""
    walk = Walk()
    client = world.home.client
    await client.act(
        "bach", "discard", {"config_entry_id": await client.render(f"{{{{ config_entry_id('{entity}') }}}}")}
    )
    await world.telegram.control("POST", "faults", {"name": "forbidden", "times": 0, "methods": ["sendMessage"]})
    await client.act("bach", "send_message", {"entity_id": entity, "message": ALARM})
    await page.emulate_media(color_scheme="dark")
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.goto("/")
    await walk.click(page.get_by_role("button", name="Sidebar toggle"))
    await walk.click(page.locator("ha-sidebar").get_by_role("link", name="BACH (1)"))
    lost = row(page, ALARM)
    await expect(lost).to_contain_text("Not delivered")
    await expect(lost).to_contain_text("bot was blocked by the user")
    retry = lost.get_by_role("button", name=re.compile("^Retry"))
    await expect(retry).to_be_in_viewport(ratio=1)  # without scrolling
    await frontend.screenshot("walk-3-phone-dark")
    assert walk.cost == (2, 0), "to whether it arrived, and why not"

    await world.telegram.control("DELETE", "faults")  # on that very phone the bot is let in again
    await walk.click(retry)
    await expect(page.get_by_role("status").filter(has_text="Sent.")).to_be_in_viewport()
    assert (await world.telegram.arrived())[-1].text == ALARM
    assert walk.cost == (3, 0), "until it has arrived"
    await walk.click(page.get_by_role("link", name="Conversations"))
    last = page.locator("bach-conversation li").last
    await expect(last).to_contain_text(re.compile(f"{ALARM}.*Sent", re.DOTALL))
    await expect(last).to_be_in_viewport(ratio=1)
    await expect(page.locator("bach-navigation")).not_to_contain_text("(1)")
    await frontend.screenshot("walk-3-conversation-phone-dark")
    assert await faults(page) == []
    assert await misplaced(page) == []


async def test_it_is_there_in_german(world: World, browser: Browser, entity: str) -> None:
    """If this fails, whoever has Home Assistant in German has the panel in English, or with empty buttons."""
    entry = await world.home.client.render(f"{{{{ config_entry_id('{entity}') }}}}")
    await world.home.client.act("bach", "discard", {"config_entry_id": entry})
    lost = {"config_entry_id": entry, "recipient": "781", "message": WRONG}
    await world.home.client.act("bach", "send_message", lost)
    async with open_frontend(browser, world.home.client, ROOT / "artifacts" / "e2e", locale="de-DE") as frontend:
        page = frontend.page
        await page.goto("/bach")
        await expect(row(page, WRONG)).to_contain_text("Nicht zugestellt")
        await expect(page.locator("[data-counts]")).to_have_text("1 Nachricht braucht dich, nichts wartet.")
        await expect(page.get_by_role("link", name="Wartend (was dich braucht: 1)")).to_be_visible()
        assert await faults(page) == []
        assert await misplaced(page) == []
        await frontend.screenshot("panel-german")
        await page.set_viewport_size({"width": 390, "height": 844})
        await expect(page.get_by_role("button", name="Seitenleiste anzeigen")).to_be_visible()
        assert await misplaced(page) == []
        await page.emulate_media(color_scheme="dark")
        await frontend.screenshot("panel-german-phone-dark")
        assert await faults(page) == []
        await row(page, WRONG).get_by_role("button", name=re.compile("^Verwerfen")).click()
        await expect(page.get_by_role("button", name="Rückgängig")).to_be_visible()
