"""Home Assistant's user interface, as far as the tests click in it: a method for what a person would call a step."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from playwright.async_api import Browser, Page, expect
from playwright.async_api import TimeoutError as TooLateError

from demo.client import Client

_TRIES, _OPENS = 4, 5_000  # how often, and milliseconds
_TIMEOUT = 60_000  # milliseconds; on a machine with three homes on two cores, 15 seconds were not enough for a dialog


class Frontend:
    """One tab."""

    def __init__(self, page: Page, screenshots: Path) -> None:
        self.page = page
        self._screenshots = screenshots

    async def screenshot(self, name: str) -> None:
        """Keep what can be seen now."""
        await self.page.screenshot(path=self._screenshots / f"{name}.png", animations="disabled")

    async def see(self, text: str) -> None:
        """Fail unless this text appears."""
        await expect(self.page.get_by_text(text).first).to_be_visible()

    async def open_integrations(self) -> None:
        """Settings > Devices & services."""
        await self.page.goto("/")
        await self.page.get_by_role("link", name="Settings").click()
        await self.page.get_by_text("Devices & services").click()

    async def add_integration(self, name: str) -> None:
        """The button, the search, the first step of the dialog."""
        await self.page.get_by_role("button", name="Add integration").click()
        await self.page.get_by_placeholder("Search for a brand name").fill(name)
        await self.page.get_by_role("button", name=name, exact=True).click()

    async def choose(self, option: str) -> None:
        """An option of a menu in a dialog."""
        await self.page.locator("step-flow-menu ha-list-item", has_text=option).click()

    async def fill(self, label: str, text: str) -> None:
        """A field of a form."""
        await self.page.get_by_role("textbox", name=label).fill(text)

    async def press(self, button: str) -> None:
        """A button with this text."""
        await self.page.get_by_role("button", name=button, exact=True).click()

    async def finish(self) -> None:
        """Close the last page of a dialog, which then takes its entry out of the browser's history."""
        await self.press("Finish")
        await self.page.wait_for_function("!history.state?.dialog")

    async def open_action(self, action: str) -> None:
        """Settings > Tools > Actions, and the form of this action."""
        await self.page.goto("/config/tools/action")
        await self.page.get_by_text("Action", exact=True).click()
        await self._pick(action, action)

    async def add_target(self, entity: str) -> None:
        """Pick an entity by its name."""
        await self.press("Add target")
        await self._pick(entity, entity)

    async def open_integration(self, domain: str) -> None:
        """The page that lists its entries."""
        await self.page.goto(f"/config/integrations/integration/{domain}")

    async def change(self, name: str, button: str) -> None:
        """The gear of a sub-entry on the page of the integration."""
        row = self.page.locator("ha-config-sub-entry-row", has_text=name).first
        await row.get_by_role("button", name=button).click()

    async def pick_option(self, field: str, option: str) -> None:
        """Open a list of a form, and choose. It closes again where the form was still being drawn."""
        box, choice = (
            self.page.locator("ha-selector-select", has_text=field).first,
            self.page.get_by_text(option, exact=True),
        )
        for _ in range(_TRIES):
            await box.click()
            with suppress(TooLateError):
                await choice.last.wait_for(timeout=_OPENS)
                break
        await choice.last.click()

    async def pick_model(self, name: str) -> None:
        """Choose among the models that a partner offers."""
        await self.page.locator("dialog-data-entry-flow ha-selector-select").first.click()
        await self.page.get_by_text(name, exact=True).last.click()

    async def empty_option(self, field: str) -> None:
        """Choose nothing in a list of a form."""
        await self.page.locator("ha-selector-select", has_text=field).first.locator(".clear").click()

    async def open_chat_settings(self, name: str) -> None:
        """The gear of a recipient on the page of the integration, and the part about chatting."""
        await self.open_integration("bach")
        row = self.page.locator("ha-config-sub-entry-row", has_text=name).first
        await row.get_by_role("button", name="Change recipient").click()
        await self.page.get_by_text("Chat with your home").click()

    async def choose_agent(self, name: str) -> None:
        """Who answers."""
        await self.page.locator("ha-conversation-agent-picker").click()
        await self.page.get_by_text(name, exact=True).last.click()

    async def choose_engine(self, name: str) -> None:
        """Who listens."""
        await self.page.locator("ha-selector-entity").get_by_text("Select an entity").click()
        await self.page.get_by_text(name, exact=True).first.click()

    async def empty_engine(self) -> None:
        """Nobody listens."""
        await self.page.locator("ha-selector-entity .clear").click()

    async def fill_field(self, name: str, text: str) -> None:
        """A field of an action."""
        row = self.page.locator("ha-service-control ha-settings-row").filter(has_text=name).first
        box = row.locator("textarea, input:not([type=checkbox])").first
        await box.fill(text)
        await expect(box).to_have_value(text)

    async def add_button(self, text: str, value: str) -> None:
        """One more answer in a field of an action that holds buttons."""
        await self.page.locator("ha-selector-object").get_by_role("button", name="Add").click()
        dialog = self.page.locator("dialog-form")
        await dialog.locator("input").nth(0).fill(text)
        await dialog.locator("input").nth(1).fill(value)
        await dialog.get_by_role("button", name="Add").click()

    async def open_automation(self, automation_id: str) -> None:
        """An automation in the visual editor."""
        await self.page.goto(f"/config/automation/edit/{automation_id}")

    async def add_trigger(self, integration: str, name: str) -> None:
        """Add trigger > By type, the integration, the trigger; its form opens beside the automation."""
        await self.press("Add trigger")
        dialog = self.page.locator("add-automation-element-dialog")
        await dialog.get_by_text("By type").click()
        await dialog.get_by_text(integration, exact=True).click()
        await dialog.get_by_text(name, exact=True).first.click()

    async def add_trigger_target(self, search: str, entity: str) -> None:
        """Pick an entity for the trigger whose form is open."""
        await self.page.locator("ha-automation-sidebar").get_by_role("button", name="Add target").click()
        await self._pick(search, entity)

    async def add_to_list(self, field: str, text: str) -> None:
        """Add a line to a field, of the trigger whose form is open, that holds a list of texts."""
        row = self.page.locator("ha-automation-sidebar ha-settings-row").filter(has_text=field).first
        await row.get_by_role("button", name="Add", exact=True).click()
        await row.locator("input").last.fill(text)

    async def open_device(self, domain: str, name: str) -> None:
        """The page of a device of an integration."""
        await self.open_integration(domain)
        await self.page.locator("ha-config-entry-device-row", has_text=name).first.click()

    async def see_state(self, entity: str, state: str) -> None:
        """Fail unless the device page shows this state for an entity, sooner or later."""
        row = self.page.locator("ha-device-entities-card hui-generic-entity-row", has_text=entity).first
        await expect(row).to_contain_text(state)

    async def _pick(self, search: str, text: str) -> None:
        """The first answer to a search in the box that has just opened."""
        box = self.page.get_by_role("dialog", name="Select option")
        await box.get_by_placeholder("Search").fill(search)
        await box.get_by_text(text, exact=True).first.click()
        await expect(box).to_be_hidden()


@asynccontextmanager
async def open_frontend(
    browser: Browser, client: Client, screenshots: Path, *, locale: str = "en-GB"
) -> AsyncIterator[Frontend]:
    """A tab in which the client's user is logged in, whose browser says that they read this language."""
    context = await browser.new_context(
        base_url=client.url, viewport={"width": 1280, "height": 1180}, locale=locale, reduced_motion="reduce"
    )
    context.set_default_timeout(_TIMEOUT)
    expect.set_options(timeout=_TIMEOUT)
    login = client.tokens | {
        "hassUrl": client.url,
        "clientId": client.client_id,
        "expires": int((time.time() + client.tokens["expires_in"]) * 1000),
    }
    await context.add_init_script(f"localStorage.setItem('hassTokens', {json.dumps(json.dumps(login))})")
    yield Frontend(await context.new_page(), screenshots)
    await context.close()
