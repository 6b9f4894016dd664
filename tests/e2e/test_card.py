"""The card and the dashboard in a real Home Assistant and a real browser, added by clicks."""

import re
from collections.abc import AsyncGenerator
from typing import Any, Final

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, Route, expect

from demo.client import Client
from demo.process import ROOT
from demo.world import World
from tests.e2e.frontend import Frontend, open_frontend

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.browser,
    pytest.mark.frontend,
    pytest.mark.slow,  # each page of Home Assistant takes a second or two, and these open many
    pytest.mark.asyncio(loop_scope="session"),
]

AXE: Final = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
PICTURES: Final = ROOT / "artifacts" / "e2e"
ASK: Final = "message => document.querySelector('home-assistant').hass.callWS(message)"
READ: Final = "el => axe.run(el, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})"
LOADS: Final = 5
CHILD: Final = "child"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def entity(world: World) -> str:
    """A recipient, to whom something was said; one dead letter, to a chat that nobody has."""
    entity = await world.add_person(await world.add_connection())
    await world.send(entity, "The garage door is open")
    entry = await world.home.client.render(f"{{{{ config_entry_id('{entity}') }}}}")
    lost = {"config_entry_id": entry, "recipient": "777", "message": "Nobody has this chat"}
    await world.home.client.act("bach", "send_message", lost)
    return entity


@pytest_asyncio.fixture(loop_scope="session")
async def page(frontend: Frontend, world: World, entity: str) -> AsyncGenerator[Page]:
    """Home Assistant. In the end nothing of BACH was fetched from anywhere else."""
    foreign = list[str]()
    own = world.home.client.url
    frontend.page.on(
        "request",
        lambda one: foreign.append(one.url) if "bach" in one.url and not one.url.startswith(own) else None,
    )
    yield frontend.page
    assert foreign == []


async def make_dashboard(page: Page, path: str, *cards: dict[str, Any]) -> None:
    """One that was made before, with one section."""
    await page.goto("/config/lovelace/dashboards")
    await page.get_by_role("button", name="Add dashboard").wait_for()
    await page.evaluate(
        ASK, {"type": "lovelace/dashboards/create", "url_path": path, "title": "Hall", "mode": "storage"}
    )
    view = {"type": "sections", "sections": [{"type": "grid", "cards": cards}]}
    await page.evaluate(ASK, {"type": "lovelace/config/save", "url_path": path, "config": {"views": [view]}})


async def faults(page: Page, card: Locator) -> list[str]:
    """What axe finds at level AA in a card."""
    await page.add_script_tag(path=AXE)
    found: dict[str, Any] = await card.evaluate(READ)
    return [
        f"{one['id']}: {node['html']}: {node['failureSummary']}" for one in found["violations"] for node in one["nodes"]
    ]


async def write(card: Locator, text: str) -> None:
    """Into its box, and send."""
    await card.get_by_label("Write to Ada").fill(text)
    await card.get_by_role("button", name="Send", exact=True).click()
    last = card.locator("bach-conversation ol > li").last
    await expect(last).to_contain_text(text)
    await expect(last).to_contain_text("Sent")


async def test_a_card_is_added_by_clicks_and_written_in(page: Page, frontend: Frontend, world: World) -> None:
    """If this fails, nobody gets a conversation onto a dashboard without YAML, or it is gone with the next look."""
    await make_dashboard(page, "by-clicks")
    await page.goto("/by-clicks/0?edit=1")
    await page.get_by_role("button", name="Add card").first.click()
    await page.get_by_role("tab", name="By card").click()
    await page.get_by_placeholder("Search cards").fill("bach")
    shown = page.locator("hui-card-picker bach-card-state")
    await expect(shown).to_contain_text("All connections work.")
    await frontend.screenshot("card-1-picker")
    await page.locator("hui-card-picker .overlay").first.click()
    form = page.locator("hui-form-editor")
    await expect(form.get_by_text("Choose none to see all.")).to_be_visible()
    await frontend.screenshot("card-2-form")
    await form.locator("ha-selector-select").first.click()
    await page.get_by_text("A conversation", exact=True).last.click()
    preview = page.locator("hui-dialog-edit-card bach-card")
    await expect(preview).to_contain_text("Choose whose conversation")
    await form.get_by_text("Select an entity").click()
    await form.locator("ha-entity-picker").get_by_text("Ada", exact=True).first.click()
    await expect(preview).to_contain_text("The garage door is open")
    await frontend.screenshot("card-3-chosen")
    await page.get_by_role("button", name="Save", exact=True).click()
    await page.get_by_role("button", name="Done", exact=True).click()
    card = page.locator("bach-card")
    await write(card, "Dinner is ready")
    await frontend.screenshot("card-4-conversation")
    assert (await world.telegram.arrived())[-1].text == "Dinner is ready"
    assert await faults(page, card) == []


@pytest.mark.parametrize("comes_first", [True, False])
async def test_a_card_is_there_with_each_load(page: Page, entity: str, comes_first: bool) -> None:
    """If this fails, whether there is a card or an error depends on which of two files the browser gets first."""

    async def hold(route: Route) -> None:
        await page.wait_for_function("window.customCards?.some(one => one.type === 'bach-card')")
        await route.continue_()

    path = f"loads-{comes_first}".lower()
    await make_dashboard(page, path, {"type": "custom:bach-card", "entity": entity})
    if comes_first:  # Home Assistant's own code, which may replace the registry of elements, waits for ours
        await page.route(re.compile(r"/frontend_latest/(core|app)\."), hold)
    for _ in range(LOADS):
        await page.goto(f"/{path}/0")
        await expect(page.locator("bach-card").get_by_label("Write to Ada")).to_be_visible()


async def test_an_entity_brings_its_card(page: Page, frontend: Frontend) -> None:
    """If this fails, who looks for Ada among the entities does not learn that there is a card for her."""
    await make_dashboard(page, "by-entity")
    await page.goto("/by-entity/0?edit=1")
    await page.get_by_role("button", name="Add card").first.click()
    await page.get_by_placeholder("Search entities").fill("Ada")
    await page.locator("ha-dialog").get_by_text("Ada", exact=True).first.click()
    await expect(page.locator("ha-dialog bach-conversation")).to_contain_text("The garage door is open")
    await frontend.screenshot("card-5-suggested")


async def test_the_dashboard_makes_itself(page: Page, frontend: Frontend, world: World) -> None:
    """If this fails, who wants all of BACH on the wall has to write it, or does not learn of an outage there."""
    await page.goto("/config/lovelace/dashboards")
    await page.get_by_role("button", name="Add dashboard").click()
    await page.locator("dashboard-card", has_text="BACH").click()
    await page.get_by_role("textbox", name="Title").fill("Messages")
    await page.get_by_role("button", name="Create").click()
    await page.get_by_role("link", name="Messages").click()
    state = page.locator("bach-card-state")
    await expect(state).to_contain_text("All connections work.")
    await expect(state).to_contain_text("Needs a person: 1")
    await expect(page.locator("bach-waiting")).to_contain_text("Nobody has this chat")
    await frontend.screenshot("card-6-dashboard")
    await world.telegram.kill()
    await world.home.client.act("bach", "send_message", {"entity_id": "notify.ada", "message": "The cellar is wet"})
    await expect(state).to_contain_text("Does not work: Telegram @demo_bot.")
    await expect(state).to_contain_text("Waiting: 1")
    for look in ("light", "dark"):
        await page.emulate_media(color_scheme="dark" if look == "dark" else "light")
        await frontend.screenshot(f"card-7-outage-{look}")
        assert await faults(page, page.locator("bach-card").first) == []
        assert await faults(page, page.locator("bach-card").last) == []
    await world.telegram.start()
    await expect(state).to_contain_text("All connections work.", timeout=60_000)
    await page.get_by_role("tab", name="Ada").click()
    await expect(page.locator("bach-conversation")).to_contain_text("The cellar is wet")
    await page.set_viewport_size({"width": 390, "height": 844})
    card = page.locator("bach-card")
    await frontend.screenshot("card-8-phone-dark")
    assert await faults(page, card) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390


async def test_a_card_that_was_written_wrongly_says_so(page: Page, frontend: Frontend) -> None:
    """If this fails, who writes YAML sees an empty box, or an error nobody understands."""
    wrong: dict[str, dict[str, object]] = {
        "cannot show": {"kind": "pie"},
        "Choose whose conversation": {"kind": "conversation"},
        "not yours to see, or its recipient was removed": {"entity": "notify.nobody"},
        "have to be a list": {"connections": "telegram"},
        "Not yours to see, or removed: signal.": {"connections": ["signal"]},
    }
    await make_dashboard(page, "odd-cards", *({"type": "custom:bach-card", **one} for one in wrong.values()))
    await page.goto("/odd-cards/0")
    for number, said in enumerate(wrong):
        await expect(page.locator("bach-card").nth(number)).to_contain_text(said)
    await frontend.screenshot("card-9-wrong")


async def test_a_page_from_before_an_update_says_so(page: Page, frontend: Frontend, entity: str) -> None:
    """If this fails, a screen on the wall shows an empty box after an update until somebody guesses why."""
    await make_dashboard(page, "old-page", {"type": "custom:bach-card", "entity": entity})
    await page.route("**/bach_panel/*/shared-*.js", lambda route: route.fulfill(status=404))
    await page.goto("/old-page/0")
    await expect(page.locator("bach-card")).to_have_text("BACH was updated. Reload!")


async def test_somebody_sees_only_what_is_theirs(page: Page, browser: Browser, world: World, entity: str) -> None:
    """If this fails, a child reads what its parents were told, or cannot write where it may."""
    cards = ({"entity": entity}, {"kind": "state"}, {"kind": "waiting"})
    await make_dashboard(page, "for-all", *({"type": "custom:bach-card", **one} for one in cards))
    made = await page.evaluate(ASK, {"type": "config/auth/create", "name": CHILD, "group_ids": ["system-users"]})
    login = {"user_id": made["user"]["id"], "username": CHILD, "password": CHILD}
    await page.evaluate(ASK, {"type": "config/auth_provider/homeassistant/create", **login})
    client = Client(world.home.client.url)
    await client.log_in(CHILD, CHILD)
    async with open_frontend(browser, client, PICTURES) as theirs:
        await theirs.page.goto("/for-all/0")
        [talk, state, waiting] = [theirs.page.locator("bach-card").nth(number) for number in range(3)]
        await write(talk, "I am home")
        assert (await world.telegram.arrived())[-1].text == "I am home"
        await expect(state).to_contain_text("All connections work.")
        await expect(state).to_contain_text("Needs a person: 0")  # the dead letter went to nobody's recipient
        await expect(waiting).to_contain_text("All is delivered")
        assert await theirs.page.locator("bach-card a").count() == 0  # they are shown no panel
        await theirs.screenshot("card-10-child")
        assert await faults(theirs.page, talk) == []
        assert await faults(theirs.page, state) == []
    await client.close()
