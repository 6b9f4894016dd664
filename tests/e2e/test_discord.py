"""A Discord bot by clicking, in the frontend of a real Home Assistant, beside Telegram."""

import pytest

from demo.discord import CHANNEL, TOKEN
from demo.waiting import until
from demo.world import World
from tests.e2e.frontend import Frontend

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

TEXT = "The garage door is open"


async def test_from_nothing_to_a_message_in_a_channel_and_back(frontend: Frontend, world: World) -> None:
    """If this fails, a new user does not get a message to a Discord channel by clicking, or nothing back."""
    await world.discord.start()
    await frontend.open_integrations()
    await frontend.add_integration("BACH")
    await frontend.choose("Discord bot")
    await frontend.screenshot("discord-1-token")
    await frontend.page.get_by_text("Own server").click()
    await frontend.fill("Address", world.discord.api)
    await frontend.fill("Bot token", TOKEN)
    await frontend.press("Submit")
    await frontend.see("Invite the bot")
    await frontend.screenshot("discord-2-invite")
    await frontend.press("Submit")
    await frontend.choose("A channel or thread")
    await frontend.page.locator("ha-selector-select").first.click()
    await frontend.page.get_by_text(f"#{CHANNEL} (Home)").last.click()
    await frontend.screenshot("discord-3-channel")
    await frontend.press("Submit")
    await frontend.finish()

    await frontend.open_action("bach.send_message")
    await frontend.add_target(f"#{CHANNEL} (Home)")
    await frontend.fill_field("Message", TEXT)
    await frontend.fill_field("Wait", "10")
    await frontend.press("Perform action")
    await frontend.see("status: sent")
    hello, text = [message.text for message in await world.discord.posted(2)]
    assert (hello.startswith("Hello from"), text) == (True, TEXT)

    await world.discord.write("!status now")

    async def came_in() -> bool:
        inbox = await world.home.client.act("bach", "get_inbox", {})
        return any(message.get("command") == "status" for message in inbox["messages"])

    await until(came_in, what="the command to come in", seconds=20)
    await frontend.open_device("bach", "Discord demo_bot")
    await frontend.see_state("Receiving", "Connected")
    await frontend.screenshot("discord-4-device")
