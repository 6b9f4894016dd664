"""The first message to a recipient, and the button for another one: a person looks, and is told what became of it."""

import asyncio
from functools import partial

import pytest
from homeassistant.auth.models import Group
from homeassistant.const import EntityCategory
from homeassistant.core import Context, HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError, Unauthorized
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from bach_lib import Status
from bach_lib.testing.telegram_server import Bot, Fault, TelegramServer
from custom_components.bach.flows.recipient import RecipientFlow
from custom_components.bach.kinds.markdown_escape import escape_links, escape_markdown
from tests.component.conftest import (
    ADA,
    ADA_ENTITY,
    CONNECTION,
    press,
    send,
    state,
    the_bach,
    until,
    until_state,
)
from tests.component.dialogs import go_on, reconfigure
from tests.component.test_recipient_flow import GROUP, code_of, enter, next_page, start, wait
from tests.holes import Hole, holes, is_missed

BUTTON = "button.ada_send_test_message"
EVE = 44
_HELLOS = {
    None: "Hello from test home.",
    "de": "Hallo von test home. Nachrichten von deinem Zuhause",
    "fr": "Bonjour de test home.",
}


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits."""
    monkeypatch.setattr(RecipientFlow, "hello_seconds", 0.01)
    monkeypatch.setattr("custom_components.bach.button.RETRY_SECONDS", 0.01)


async def test_a_test_message(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, entity_registry: er.EntityRegistry
) -> None:
    """The first message to somebody would cost nine clicks in the tools for developers."""
    hass.config.location_name = "The Mill"
    await press(hass, BUTTON)
    await press(hass, BUTTON)
    assert [(message.chat_id, message.text) for message in await telegram.wait_for(2)] == [
        (ADA, "This is a test message from The Mill."),
    ] * 2
    await hass.async_block_till_done()
    assert state(hass, ADA_ENTITY) not in {None, "unknown"}, "what the page of the device shows as Sent"
    registered = entity_registry.async_get(BUTTON)
    assert registered
    assert registered.entity_category is EntityCategory.DIAGNOSTIC
    assert registered.config_subentry_id in loaded.subentries


async def test_a_test_message_is_in_the_language_of_whoever_gets_it(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """A grandmother would be written to by her own home in a language that she does not read."""
    [ada] = [one for one in loaded.subentries.values() if one.data["recipient"] == str(ADA)]
    hass.config_entries.async_update_subentry(loaded, ada, data={**ada.data, "language": "fr"})
    await hass.async_block_till_done()
    await press(hass, BUTTON)
    assert [one.text for one in await telegram.wait_for(1)] == ["Ceci est un message de test de test home."]


@pytest.mark.parametrize(
    ("app", "stored"),
    [
        ("de", "de"),
        ("fr-ca", "fr"),
        ("en-GB", None),  # as the home
        ("ja", None),  # there are no texts
        ("", None),  # Telegram need not tell
    ],
)
async def test_the_hello_is_in_the_language_of_the_app(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, app: str, stored: str | None
) -> None:
    """The first that somebody reads of their home would be in a language that they perhaps do not read."""
    invitation = await start(hass, loaded, "pair")
    telegram.says(f"/start {code_of(invitation)}", chat_id=EVE, first_name="Eve", language_code=app)
    result = await next_page(hass, await go_on(hass, invitation))
    result = await go_on(hass, result, recipient=str(EVE), hello=True)
    assert result["description"] == "hello_sent"
    assert next(one.text for one in await telegram.wait_for(1)).startswith(_HELLOS[stored])
    assert result["data"].get("language") == stored
    await hass.async_block_till_done()
    [eve] = [one for one in loaded.subentries.values() if one.data["recipient"] == str(EVE)]
    form = await reconfigure(hass, loaded, eve.subentry_id)
    schema = form["data_schema"]
    assert schema
    [language] = [key for key in schema.schema["chat"].schema.schema if key == "language"]
    shown = (language.description or {}).get("suggested_value")
    assert shown == stored, "a guess has to be seen, and can be changed"


async def test_a_group_has_no_language_of_one_who_is_in_it(
    hass: HomeAssistant, telegram: TelegramServer, bot: Bot, loaded: MockConfigEntry
) -> None:
    """A family would be greeted in the language of whoever added the bot."""
    telegram.add_chat(GROUP, type="supergroup", title="Family")
    result = await wait(hass, loaded)
    telegram.says("/start", bot=bot, chat_id=GROUP, from_id=7, language_code="de")
    result = await go_on(hass, await next_page(hass, result), recipient=str(GROUP), hello=True)
    assert next(one.text for one in await telegram.wait_for(1)).startswith("Hello from")
    assert "language" not in result["data"]


async def test_one_that_is_refused_says_why_and_leaves_nothing(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """Whoever looks for the reason would have to find the dead letter, which would stay."""
    telegram.fail(Fault.forbidden(), times=1, methods=["sendMessage"])
    with pytest.raises(HomeAssistantError) as raised:
        await press(hass, BUTTON)
    assert raised.value.translation_key == "message_dead"
    assert (
        str(raised.value)
        == "The message to Ada could not be delivered: Forbidden: bot was blocked by the user (/bach/message/1)"
    )
    [message] = await the_bach(hass).messages(connection=CONNECTION)
    assert message.status is Status.CANCELLED


async def test_one_that_cannot_go_yet_says_so(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, patience: None
) -> None:
    """No error would mean that it arrived; and a day later nobody wants it any more."""
    await telegram.pause()
    with pytest.raises(HomeAssistantError) as raised:
        await press(hass, BUTTON)
    assert raised.value.translation_key == "message_waits"
    [message] = await the_bach(hass).messages(connection=CONNECTION)
    assert not message.status.is_final
    assert message.expires_at == pytest.approx(message.created_at + 3600)
    await telegram.resume()


@pytest.mark.parametrize(("controls", "may"), [({BUTTON}, False), ({ADA_ENTITY}, False), ({BUTTON, ADA_ENTITY}, True)])
async def test_it_is_for_whoever_may_write_to_the_recipient(
    hass: HomeAssistant, loaded: MockConfigEntry, controls: set[str], may: bool
) -> None:
    """Who may press all buttons, as many tablets may, could write to people all the same."""
    user = MockUser(groups=[Group(name="made", id="made", policy={})]).add_to_hass(hass)
    user.mock_policy({"entities": {"entity_ids": {one: {"control": True} for one in controls}}})
    call = hass.services.async_call(
        "button", "press", {"entity_id": BUTTON}, blocking=True, context=Context(user_id=user.id)
    )
    if may:
        await call
    else:
        with pytest.raises(Unauthorized):
            await call
    assert len(await the_bach(hass).messages(connection=CONNECTION)) == may


@pytest.mark.slow  # a home for each check
@pytest.mark.parametrize(
    "hole",
    [
        *holes("custom_components.bach.home.permissions:require_recipient_control"),
        *(one for one in holes("custom_components.bach.button") if one and "require_recipient" in one.check),
    ],
    ids=str,
)
async def test_each_check_is_missed(hass: HomeAssistant, loaded: MockConfigEntry, hole: Hole | None) -> None:
    """Whoever takes one out would see all tests pass, and a guest would write to Ada by her button."""
    look = partial(test_it_is_for_whoever_may_write_to_the_recipient, hass, loaded, {BUTTON}, may=False)
    assert await is_missed(hole, look) == (hole is not None)


async def test_the_button_goes_with_its_recipient(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """A button would stay that leads nowhere."""
    ada = next(key for key, subentry in loaded.subentries.items() if subentry.title == "Ada")
    assert state(hass, BUTTON) == "unknown"
    hass.config_entries.async_remove_subentry(loaded, ada)
    await hass.async_block_till_done()
    assert state(hass, BUTTON) is None


# -- the last step of the dialog ---------------------------------------------------------------------------------------

HELLO = "Hello from test home. Messages from your home arrive here from now on."


@pytest.fixture
def eve(telegram: TelegramServer) -> None:
    """Somebody who has written to the bot already."""
    telegram.add_chat(EVE, first_name="Eve")


async def test_the_set_up_ends_on_the_phone(
    hass: HomeAssistant, telegram: TelegramServer, eve: None, loaded: MockConfigEntry
) -> None:
    """The dialog would end with a phone that is silent, and nobody would know whether it works."""
    form = await start(hass, loaded, "manual")
    result = await enter(hass, form, recipient=str(EVE), title="*Eve*")
    assert (result["type"], result["description"]) == (FlowResultType.CREATE_ENTRY, "hello_sent")
    assert result["description_placeholders"] == {"name": r"\*Eve\*", "reason": ""}
    assert "hello" not in result["data"]
    [message] = await telegram.wait_for(1)
    assert (message.chat_id, message.text) == (EVE, HELLO)


async def test_one_that_does_not_arrive_is_explained_and_the_recipient_is_there(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """A chat that the bot may look at but not write to would become a dead letter days later."""
    telegram.add_chat(777)
    telegram.fail(Fault.chat_not_found(), times=None, methods=["sendMessage"])
    result = await enter(hass, await start(hass, loaded, "manual"), recipient="777", title="Nobody")
    assert (result["type"], result["description"]) == (FlowResultType.CREATE_ENTRY, "hello_failed")
    assert result["description_placeholders"] == {"name": "Nobody", "reason": "Chat not found"}
    assert state(hass, "notify.nobody") == "unknown"
    [message] = await the_bach(hass).messages(connection=CONNECTION)
    assert message.status is Status.CANCELLED, "no dead letter is left of it"


async def test_one_that_cannot_go_now_is_on_its_way(
    hass: HomeAssistant, telegram: TelegramServer, eve: None, loaded: MockConfigEntry, patience: None
) -> None:
    """During an outage nobody could add anybody, or the dialog would hang."""
    await telegram.pause()
    await press_check(hass)
    result = await go_on(hass, await start(hass, loaded, "manual"), recipient=str(EVE), title="Eve")
    assert result["errors"] == {"recipient": "cannot_ask"}, "it is taken untried only by whoever knows that"
    result = await go_on(hass, result, recipient=str(EVE), title="Eve")
    assert (result["type"], result["description"]) == (FlowResultType.CREATE_ENTRY, "hello_waits")
    assert (result["description_placeholders"] or {})["reason"]
    assert state(hass, "notify.eve") == "unknown"
    await telegram.resume()
    await the_bach(hass).check(CONNECTION)
    [message] = await telegram.wait_for(1)
    assert message.text == HELLO


async def press_check(hass: HomeAssistant) -> None:
    """Let the connection find out that it is down."""
    with pytest.raises(HomeAssistantError):
        await press(hass, "button.home_bot_check_now")
    await until_state(hass, "binary_sensor.home_bot_sending", "off")


async def test_no_hello_for_whoever_wants_none(
    hass: HomeAssistant, telegram: TelegramServer, eve: None, loaded: MockConfigEntry
) -> None:
    """Whoever adds the whole family in the night would wake it."""
    result = await enter(hass, await start(hass, loaded, "manual"), recipient=str(EVE), hello=False)
    assert (result["type"], result["description"]) == (FlowResultType.CREATE_ENTRY, None)
    assert await the_bach(hass).messages(connection=CONNECTION) == []


async def test_a_form_that_is_submitted_twice_says_hello_once(
    hass: HomeAssistant, telegram: TelegramServer, eve: None, loaded: MockConfigEntry
) -> None:
    """A double click would ring twice."""
    form = await start(hass, loaded, "manual")
    page = await go_on(hass, form, recipient=str(EVE), title="Eve")
    submits = (go_on(hass, page) for _ in range(2))
    await asyncio.gather(*submits, return_exceptions=True)
    assert len(await the_bach(hass).messages(connection=CONNECTION)) == 1
    assert [one.title for one in loaded.subentries.values()].count("Eve") == 1


async def test_whoever_is_there_already_is_not_greeted(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """A dialog that adds nobody would write to somebody."""
    result = await go_on(hass, await start(hass, loaded, "manual"), recipient=str(ADA))
    assert result["errors"] == {"recipient": "recipient_taken"}
    assert await the_bach(hass).messages(connection=CONNECTION) == []


async def test_a_connection_that_is_not_running_greets_nobody(
    hass: HomeAssistant, eve: None, loaded: MockConfigEntry
) -> None:
    """The dialog would end in an error, and the recipient be lost."""
    form = await start(hass, loaded, "manual")
    await hass.config_entries.async_unload(loaded.entry_id)
    result = await go_on(hass, form, recipient=str(EVE), title="Eve")
    assert result["errors"] == {"recipient": "cannot_ask"}
    result = await go_on(hass, result, recipient=str(EVE), title="Eve")
    assert (result["type"], result["description"]) == (FlowResultType.CREATE_ENTRY, "hello_not_sent")
    assert "Eve" in {subentry.title for subentry in loaded.subentries.values()}


def test_what_others_write_makes_no_page() -> None:
    """A stranger's name could put a link to somewhere into the dialog of the home."""
    assert escape_markdown("[Eve](http://x) & <b>") == r"\[Eve\]\(http\:\/\/x\) \& \<b\>"
    reason = "Log in <b>[here](http://evil)</b> ![x](http://evil/x.png) `now`; see https://docs.example/a_b"
    shown = r"Log in \<b\>\[here\](http://evil)\</b\> !\[x\](http://evil/x.png) \`now\`; see https://docs.example/a_b"
    assert escape_links(reason) == shown


async def test_a_server_puts_no_page_into_a_repair(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """A hostile server, or whoever sits before it, would ask for the password in the words of the home."""
    telegram.fail(Fault.forbidden("[Log in again](http://evil) <img src=x>"), methods=["sendMessage"])
    await send(hass, ADA_ENTITY, "hello")
    issues, issue_id = ir.async_get(hass), f"dead_letters_{loaded.entry_id}"
    await until(hass, lambda: issues.async_get_issue("bach", issue_id) is not None)
    issue = issues.async_get_issue("bach", issue_id)
    assert issue
    reason = (issue.translation_placeholders or {})["reason"]
    assert r"\[Log in again\](http://evil) \<img src=x\>" in reason
