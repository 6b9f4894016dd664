"""What a person sees and clicks, in the frontend of a real Home Assistant."""

import pytest
import pytest_asyncio
from yarl import URL

from demo.telegram import TOKEN
from demo.world import CHAT, PERSON, World
from tests.e2e.frontend import Frontend
from tests.senders import run

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

WRONG_TOKEN = "111111:of-no-bot-at-all"
TEXT = "The garage door is open"


@pytest_asyncio.fixture(loop_scope="session")
async def entity(world: World) -> str:
    """The entity of a recipient, set up now unless a test has done it by clicking."""
    return await world.person() or await world.add_person(await world.add_connection())


async def test_from_nothing_to_a_delivered_message(frontend: Frontend, world: World) -> None:
    """If this fails, a new user does not get a first message out by clicking."""
    await frontend.open_integrations()
    await frontend.add_integration("BACH")
    await frontend.see("What do you want to connect?")
    await frontend.screenshot("1-what-to-connect")
    await frontend.choose("Telegram")

    await frontend.page.get_by_text("Own server").click()
    await frontend.fill("Address", world.telegram.url)
    await frontend.fill("Bot token", WRONG_TOKEN)
    await frontend.press("Submit")
    await frontend.see("This token is refused")
    await frontend.screenshot("2-wrong-token")
    await frontend.fill("Bot token", TOKEN)
    await frontend.press("Submit")

    await frontend.see("Add a recipient")
    await frontend.screenshot("3-add-a-recipient")
    await frontend.choose("Wait for a message")
    await frontend.see("Open the bot")
    await frontend.page.locator("ha-qr-code canvas").wait_for()
    await frontend.screenshot("4-open-the-bot")
    link = await frontend.page.get_by_role("link", name="this link").get_attribute("href")
    code = URL(link or "").query["start"]
    await frontend.press("Go on")
    await frontend.see(code)
    await frontend.screenshot("4-waiting-for-start")
    await world.telegram.write(CHAT + 1, "/start", first_name=PERSON)
    await frontend.see(f"{PERSON} ({CHAT + 1})")
    await frontend.page.get_by_text("Somebody else: keep waiting").click()
    await frontend.press("Submit")
    await world.telegram.write(CHAT, f"/start {code}", first_name=PERSON)
    await frontend.see(f"✓ {PERSON} ({CHAT})")
    await frontend.screenshot("5-pick")
    await frontend.press("Submit")
    await frontend.see("Did it arrive?")
    await frontend.screenshot("5-hello")
    [hello] = [message.text for message in await world.telegram.arrived(1)]
    assert hello.startswith("Hello from")
    await frontend.finish()

    await frontend.open_integration("bach")
    await frontend.see(PERSON)
    await frontend.screenshot("6-integration")

    await frontend.open_action("bach.send_message")
    await frontend.add_target(PERSON)
    await frontend.fill_field("Message", TEXT)
    await frontend.fill_field("Wait", "10")
    await frontend.screenshot("7-send")
    await frontend.press("Perform action")
    await frontend.see("status: sent")
    await frontend.screenshot("8-sent")
    assert [message.text for message in await world.telegram.arrived(2)] == [hello, TEXT]

    await frontend.open_device("bach", PERSON)
    await frontend.see("Send test message")
    await frontend.screenshot("8-recipient-device")
    await frontend.page.get_by_role("button", name="Press").click()
    assert (await world.telegram.arrived(3))[-1].text.startswith("This is a test message")


@pytest.mark.slow  # a browser watches an outage
async def test_an_outage_can_be_watched(frontend: Frontend, world: World, entity: str) -> None:
    """If this fails, a person cannot see that the platform is away, what waits, and that it has gone out in the end."""
    await frontend.open_device("bach", "@demo_bot")
    await frontend.see_state("Sending", "Connected")
    await frontend.screenshot("9-device")

    await world.telegram.kill()
    await world.home.client.act("bach", "send_message", {"entity_id": entity, "message": TEXT})
    await frontend.see_state("Sending", "Disconnected")
    await frontend.see_state("Waiting messages", "1")
    await frontend.screenshot("10-outage")

    await world.telegram.start()
    await frontend.see_state("Sending", "Connected")
    await frontend.see_state("Waiting messages", "0")
    await frontend.screenshot("11-recovered")
    assert [message.text for message in await world.telegram.arrived()] == [TEXT]


@pytest.mark.slow
async def test_from_nothing_to_a_post_that_is_heard(frontend: Frontend, world: World) -> None:
    """If this fails, a person cannot find out where to post and with what, or cannot add who posts."""
    await frontend.open_integrations()
    await frontend.add_integration("BACH")
    await frontend.choose("take what programs post")
    await frontend.see("What is the webhook for?")
    await frontend.choose("Take what programs post")
    await frontend.see("How they prove that they may")
    await frontend.screenshot("12-webhook")
    await frontend.press("Submit")
    await frontend.see("Take this to the other side")
    line = await frontend.page.get_by_role("textbox", name="Try it in a shell").input_value()
    await frontend.screenshot("13-take-this")
    await frontend.press("Next")
    await frontend.choose("Wait for a message")
    await frontend.see("try it in a shell")
    await frontend.screenshot("13-wait-for-post")
    # as it stands, but for the host: this home listens on one address only, and believes in another
    believed = URL(line.partition("'")[2].partition("'")[0]).origin()
    said = await run("sh", "-c", line.replace(str(believed), world.home.client.url, 1))
    assert "HTTP/1.1 204" in said, said
    await frontend.page.get_by_text("curl (curl)").click()
    await frontend.see("What is posted with a secret of its own")
    await frontend.screenshot("13-who-posts")
    await frontend.press("Submit")
    await frontend.finish()
    await frontend.open_device("bach", "Webhook")
    await frontend.see_state("Receiving", "Connected")
    await frontend.screenshot("14-webhook-device")
