"""Adding a connection by clicking, and changing its credentials: every way through, and back from every error."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
from homeassistant.config_entries import SOURCE_USER, ConfigEntryState, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from pytest_homeassistant_custom_component.common import MockConfigEntry

from bach_lib import Connection, Identity
from bach_lib import Fault as PlatformFault
from bach_lib.testing.telegram_server import Fault, TelegramServer
from custom_components.bach.home.entry import connection_name
from custom_components.bach.home.hub import HUB
from tests.component.conftest import BOT_ID, TOKEN, entity_ids, until_state
from tests.component.dialogs import close_recipient_dialogs, set_options, submit

OTHER_TOKEN = "987654321:AAaaBBbbCCccDDddEEeeFFffGGggHHhhIIi"
THIRD_TOKEN = "192837465:AAaaBBbbCCccDDddEEeeFFffGGggHHhhIIi"
NEW_TOKEN = f"{TOKEN[:-3]}new"


def form(server: TelegramServer, token: str = TOKEN) -> dict[str, Any]:
    """What a person fills in."""
    return {"bot_token": token, "server": {"endpoint": server.url}}


async def start(hass: HomeAssistant) -> ConfigFlowResult:
    """Choose Telegram in the menu."""
    menu = await hass.config_entries.flow.async_init("bach", context={"source": SOURCE_USER})
    assert menu["type"] is FlowResultType.MENU
    assert menu["menu_options"] == [
        "telegram",
        "discord",
        "discord_webhook",
        "homeassistant",
        "signal",
        "ntfy",
        "this_home",
        "routes",
        "webhook",
        "ai",
        "mcp",
        "http",
        "database",
    ]
    result = await hass.config_entries.flow.async_configure(menu["flow_id"], {"next_step_id": "telegram"})
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "telegram")
    return result


@pytest.fixture(autouse=True)
async def no_dialog_left_open(hass: HomeAssistant) -> AsyncGenerator[None]:
    """Close what a new connection leads on to."""
    yield
    close_recipient_dialogs(hass)


async def test_a_bot_is_added(hass: HomeAssistant, telegram: TelegramServer) -> None:
    """The first thing everybody does; it ends with the question for the first recipient."""
    result = await submit(hass, await start(hass), form(telegram, f"  {TOKEN}\n"))

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "Telegram @home_bot"
    entry = result["result"]
    assert entry.unique_id == BOT_ID
    assert entry.data == {
        "type": "telegram",
        "bot_token": TOKEN,
        "endpoint": telegram.url,
        "link": "https://t.me/home_bot",
    }
    assert entry.state is ConfigEntryState.LOADED
    flow_type, flow_id = result["next_flow"]
    assert flow_type == "config_subentries_flow"
    assert hass.config_entries.subentries.async_get(flow_id)["step_id"] == "user"


async def test_bots_of_one_name_are_told_apart(hass: HomeAssistant, telegram: TelegramServer) -> None:
    """Two rows "Telegram @home_bot" in every list, and nobody knows on which server each of them is."""
    titles: list[str] = []
    for token in (TOKEN, OTHER_TOKEN, THIRD_TOKEN):
        telegram.add_bot(token, username="home_bot")
        titles.append((await submit(hass, await start(hass), form(telegram, token)))["title"])
    await hass.async_block_till_done()
    bot = "Telegram @home_bot"
    assert titles == [bot, f"{bot} (127.0.0.1)", f"{bot} (2)"]


@pytest.mark.parametrize(
    ("fault", "error", "place"),
    [
        (Fault.unauthorized(), "invalid_auth", "bot_token"),
        (Fault.server_error(), "server_error", "base"),
        (Fault.garbage(), "bad_answer", "server"),
        (Fault.too_many_requests(), "rate_limited", "base"),
        (Fault.drop_after_store(), "cannot_connect", "server"),
    ],
)
async def test_what_the_platform_answers_is_explained(
    hass: HomeAssistant, telegram: TelegramServer, fault: Fault, error: str, place: str
) -> None:
    """The form says what is wrong, keeps what was typed, and works once it is right."""
    active = telegram.fail(fault, times=None, methods=["getMe"])
    result = await submit(hass, await start(hass), form(telegram))
    assert (result["type"], result["errors"]) == (FlowResultType.FORM, {place: error})

    active.remove()
    result = await submit(hass, result, form(telegram))
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_a_server_that_is_not_there_is_named_as_the_problem(
    hass: HomeAssistant, telegram: TelegramServer
) -> None:
    """People look at the server after "refused", at the router after "DNS"; one word for both sends them nowhere."""
    await telegram.pause()
    result = await submit(hass, await start(hass), form(telegram))
    assert result["errors"] == {"server": "refused"}

    await telegram.resume()
    result = await submit(hass, result, form(telegram))
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("code", "error"),
    [("dns", "dns"), ("tls", "tls"), ("timeout", "timeout"), ("something_new", "cannot_connect")],
)
async def test_every_failing_hop_has_a_text_of_its_own(
    hass: HomeAssistant, telegram: TelegramServer, monkeypatch: pytest.MonkeyPatch, code: str, error: str
) -> None:
    """Hops that a loopback server cannot break; the platform's own words reach the form."""

    async def check(*args: object, **kwargs: object) -> PlatformFault:
        return PlatformFault(code=code, text="its own words")

    with monkeypatch.context() as patch:
        patch.setattr("custom_components.bach.flows.trying.check_connection", check)
        result = await submit(hass, await start(hass), form(telegram))
    assert result["errors"] == {"server": error}
    placeholders = result["description_placeholders"]
    assert placeholders
    assert placeholders["reason"] == "its own words"

    result = await submit(hass, result, form(telegram))
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("data", "place", "error"),
    [
        ({"bot_token": TOKEN, "server": {"endpoint": "ftp://example.org"}}, "server", "invalid_endpoint"),
        ({"bot_token": "   ", "server": {}}, "bot_token", "invalid_auth"),
    ],
)
async def test_impossible_input_is_refused_without_asking_anybody(
    hass: HomeAssistant, telegram: TelegramServer, data: dict[str, Any], place: str, error: str
) -> None:
    """A typing mistake gets an answer at once, and can be corrected."""
    result = await submit(hass, await start(hass), data)
    assert result["errors"] == {place: error}
    assert not telegram.calls

    result = await submit(hass, result, form(telegram))
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_a_section_with_an_error_is_open(hass: HomeAssistant, telegram: TelegramServer) -> None:
    """The message would stand above a section that hides what has to be corrected."""
    wrong = {"bot_token": TOKEN, "server": {"endpoint": "ftp://example.org"}}
    first = await start(hass)
    result = await submit(hass, first, wrong)
    assert first["data_schema"]
    assert result["data_schema"]
    assert first["data_schema"].schema["server"].options["collapsed"]
    assert not result["data_schema"].schema["server"].options["collapsed"]


async def test_what_is_pasted_is_understood(hass: HomeAssistant, telegram: TelegramServer) -> None:
    """A person who copied a word too much, or left http:// out, would be sent back to copy it once more."""
    pasted = {"bot_token": f"bot{TOKEN}", "server": {"endpoint": telegram.url.removeprefix("http://")}}
    result = await submit(hass, await start(hass), pasted)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert (result["data"]["bot_token"], result["data"]["endpoint"]) == (TOKEN, telegram.url)


async def test_a_server_at_home_with_encryption_is_found(
    hass: HomeAssistant, telegram: TelegramServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever writes host and port has to know whether it is http or https."""
    asked = []

    async def check(connection: Connection, **kwargs: object) -> Identity | PlatformFault:
        asked.append(connection.endpoint)
        if str(connection.endpoint).startswith("https:"):
            return Identity(id=BOT_ID, name="@home_bot")
        return PlatformFault(code="bad_answer", text="no HTTP")

    monkeypatch.setattr("custom_components.bach.flows.trying.check_connection", check)
    given = {"bot_token": TOKEN, "server": {"endpoint": "nas.local:8443"}}
    result = await submit(hass, await start(hass), given)
    assert result["data"]["endpoint"] == "https://nas.local:8443"
    assert asked[:2] == ["http://nas.local:8443", "https://nas.local:8443"]


async def test_without_an_own_server_the_public_one_is_asked(
    hass: HomeAssistant, telegram: TelegramServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nearly everybody leaves the server address empty."""
    endpoints = []

    async def check(connection: Connection, **kwargs: object) -> Identity:
        endpoints.append(connection.endpoint)
        return Identity(id=BOT_ID, name="@home_bot")

    monkeypatch.setattr("custom_components.bach.flows.trying.check_connection", check)
    monkeypatch.setattr("bach_lib.connectors.telegram.server_address.PUBLIC_ENDPOINT", telegram.url)
    result = await submit(hass, await start(hass), {"bot_token": TOKEN, "server": {}})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert endpoints == [None]
    assert "endpoint" not in result["data"]


async def test_the_same_bot_is_refused(hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry) -> None:
    """Two connections with one bot would take each other's messages away."""
    result = await submit(hass, await start(hass), form(telegram))
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "already_configured")


async def test_a_refused_token_is_renewed(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """After /revoke at the BotFather people must be able to go on with everything they had."""
    telegram.revoke(telegram.bots[TOKEN])
    telegram.add_bot(NEW_TOKEN, username="home_bot")
    before = entity_ids(hass, loaded)
    result = await loaded.start_reauth_flow(hass)
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "reauth_confirm")

    result = await submit(hass, result, {"bot_token": TOKEN})
    assert result["errors"] == {"bot_token": "invalid_auth"}

    result = await submit(hass, result, {"bot_token": NEW_TOKEN})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reauth_successful")
    assert loaded.data["bot_token"] == NEW_TOKEN
    assert loaded.data["endpoint"] == telegram.url
    await until_state(hass, "binary_sensor.home_bot_sending", "on")
    assert entity_ids(hass, loaded) == before


async def test_the_token_of_another_bot_does_not_renew_this_one(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """The wrong bot under the right name would send to people who do not know it."""
    telegram.add_bot(OTHER_TOKEN, username="other_bot")
    result = await submit(hass, await loaded.start_reauth_flow(hass), {"bot_token": OTHER_TOKEN})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "unique_id_mismatch")
    assert loaded.data["bot_token"] == TOKEN


async def test_a_connection_is_reconfigured(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """A server that moved costs nobody their recipients; the token need not be typed again, nor is it shown."""
    async with TelegramServer() as new_home:
        new_home.add_bot(TOKEN, username="home_bot")
        result = await loaded.start_reconfigure_flow(hass)
        assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "reconfigure")
        assert TOKEN not in str(result["data_schema"])

        result = await submit(hass, result, {"server": {"endpoint": "http://user:secret@127.0.0.1"}})
        assert result["errors"] == {"server": "secret_in_endpoint"}

        result = await submit(hass, result, {"server": {"endpoint": new_home.url}})
        assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
        assert (loaded.data["bot_token"], loaded.data["endpoint"]) == (TOKEN, new_home.url)
        await until_state(hass, "binary_sensor.home_bot_sending", "on")
        assert new_home.calls["getMe"] >= 2
        await hass.config_entries.async_unload(loaded.entry_id)


async def test_a_word_before_every_message_can_be_set_and_taken_away(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """Two homes that share an account could only be told apart by whoever uses the command line."""
    name = connection_name(loaded)
    result = await set_options(hass, loaded, sender_tag="x" * 60)
    assert result["errors"] == {"sender_tag": "invalid_value"}
    await set_options(hass, loaded, sender_tag=" Summer house ")
    assert hass.data[HUB].bach.registry.get(name).settings == {"sender_tag": "Summer house"}
    await set_options(hass, loaded)
    assert hass.data[HUB].bach.registry.get(name).settings == {}


async def test_an_emptied_server_address_means_the_public_server(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who gives up their own server must get rid of its address."""
    monkeypatch.setattr("bach_lib.connectors.telegram.server_address.PUBLIC_ENDPOINT", telegram.url)
    result = await submit(hass, await loaded.start_reconfigure_flow(hass), {"server": {}})
    assert result["reason"] == "reconfigure_successful"
    assert "endpoint" not in loaded.data
