"""Errors inside of a form's section, on a phone, in the frontend of a real Home Assistant."""

from typing import Literal

import pytest
from playwright.async_api import expect

from demo.telegram import TOKEN
from demo.world import World
from tests.e2e.frontend import Frontend

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PHONE = {"width": 390, "height": 844}


@pytest.mark.slow  # a Home Assistant of its own
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_section_is_open_and_in_sight_while_a_field_in_it_is_wrong(
    frontend: Frontend, world: World, scheme: Literal["light", "dark"]
) -> None:
    """Somebody would read what is wrong, and see no field that it could be said of."""
    page = frontend.page
    await page.emulate_media(color_scheme=scheme)
    await frontend.open_integrations()
    await frontend.add_integration("BACH")
    await frontend.choose("Telegram")
    section = page.locator("ha-form-expandable", has_text="Own server")
    await section.get_by_text("Own server").click()
    await frontend.fill("Address", "no address")
    await frontend.fill("Bot token", TOKEN)
    await page.set_viewport_size(PHONE)  # type: ignore[arg-type] # a TypedDict of theirs
    for time in ("first", "second"):
        await section.get_by_text("Own server").click()
        await expect(section.get_by_role("button", expanded=False)).to_be_visible()
        await frontend.press("Submit")
        await expect(section.get_by_role("button", expanded=True)).to_be_visible()
        for wrong in (page.get_by_text("This is not a server address"), section.get_by_role("textbox")):
            await expect(wrong.first).to_be_in_viewport()
        await frontend.screenshot(f"section-{scheme}-{time}")
