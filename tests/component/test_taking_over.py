"""Home Assistant's own bots are taken over: what they had comes along, and nothing is lost whatever fails."""

import re
from collections.abc import AsyncGenerator
from pathlib import Path
from types import MappingProxyType
from typing import Any
from unittest.mock import patch

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.repairs import repairs_flow_manager
from homeassistant.components.telegram_bot import config_flow as core_flow
from homeassistant.components.telegram_bot import const as core
from homeassistant.config_entries import (
    SOURCE_IGNORE,
    SOURCE_INTEGRATION_DISCOVERY,
    SOURCE_USER,
    ConfigEntry,
    ConfigEntryDisabler,
    ConfigEntryState,
    ConfigFlowResult,
    ConfigSubentry,
    ConfigSubentryData,
    OperationNotAllowed,
)
from homeassistant.const import CONF_API_KEY, CONF_PLATFORM
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import ConfigEntryNotReady
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from bach_lib.testing.telegram_server import Bot, Fault, TelegramServer
from custom_components.bach.const import DOMAIN
from custom_components.bach.flows.rival_repair import RivalFlow
from custom_components.bach.flows.take_over_steps import TakeOverSteps, async_offer_take_over, recipients_of
from custom_components.bach.taking_over.core_entries import Chat, found_entries
from custom_components.bach.taking_over.old_uses_issue import OLD_USES
from custom_components.bach.taking_over.successors import ACTIONS, EVENTS, NOT_NEEDED
from tests.component.conftest import ADA, BOT_ID, TOKEN, add_entry, set_up
from tests.component.dialogs import close_all, submit

pytestmark = pytest.mark.filterwarnings("ignore:'asyncio.iscoroutinefunction':DeprecationWarning")
"""What Home Assistant's bot is built with still calls it."""

ROOT = Path(__file__).parents[2]
GROUP = -100777
CORE_ADA = "notify.ada"


def add_core_bot(
    hass: HomeAssistant,
    server: TelegramServer,
    *,
    token: str = TOKEN,
    platform: str = core.PLATFORM_POLLING,
    **more: str,
) -> MockConfigEntry:
    """An entry as Home Assistant's own dialog makes it."""
    chats = {ADA: "Ada", GROUP: "Family"}
    entry = MockConfigEntry(
        domain=core.DOMAIN,
        title="My Bot",
        unique_id=token,
        version=core_flow.TelegramBotConfigFlow.VERSION,
        minor_version=core_flow.TelegramBotConfigFlow.MINOR_VERSION,
        data={
            CONF_PLATFORM: platform,
            CONF_API_KEY: token,
            core.CONF_API_ENDPOINT: server.url,
            core.CONF_PROXY_URL: None,
            **more,
        },
        options={core.ATTR_PARSER: core.PARSER_MD},
        subentries_data=[
            ConfigSubentryData(
                data={core.CONF_CHAT_ID: chat_id},
                subentry_type=core.SUBENTRY_TYPE_ALLOWED_CHAT_IDS,
                title=name,
                unique_id=str(chat_id),
            )
            for chat_id, name in chats.items()
        ],
    )
    entry.add_to_hass(hass)
    return entry


@pytest.fixture
async def core_entry(hass: HomeAssistant, telegram: TelegramServer) -> AsyncGenerator[MockConfigEntry]:
    """Home Assistant's own bot at work: it polls Telegram on this machine."""
    telegram.add_chat(GROUP, title="Family", type="group")
    entry = add_core_bot(hass, telegram)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    yield entry
    await close_all(hass)
    if entry.state is ConfigEntryState.LOADED:
        await hass.config_entries.async_unload(entry.entry_id)


async def begin(hass: HomeAssistant) -> ConfigFlowResult:
    """Choose it in the menu."""
    menu = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    options = menu["menu_options"]
    assert isinstance(options, list)
    assert options[0] == "take_over"
    assert menu["description_placeholders"] == {"found": "My Bot"}
    return await hass.config_entries.flow.async_configure(menu["flow_id"], {"next_step_id": "take_over"})


def listed(hass: HomeAssistant, entry: ConfigEntry) -> dict[str, str]:
    """What the repair says."""
    issue = ir.async_get(hass).async_get_issue(DOMAIN, f"{OLD_USES}_{entry.entry_id}")
    assert issue
    assert issue.learn_more_url
    return issue.translation_placeholders or {}


AUTOMATIONS = [
    {
        "id": "leak",
        "alias": "Water leak",
        "triggers": [{"trigger": "event", "event_type": "telegram_command", "event_data": {"command": "/leak"}}],
        "actions": [
            {"action": "telegram_bot.send_message", "data": {"message": "Leak!"}},
            {"if": "{{ true }}", "then": [{"action": "telegram_bot.send_sticker", "data": {}}]},
            {"action": "telegram_bot.answer_callback_query", "data": {}},
            {"action": "notify.send_message", "target": {"entity_id": CORE_ADA}, "data": {"message": "Leak!"}},
        ],
    },
    {
        "id": "quiet",
        "alias": "telegram_bot.send_message is in its name only",
        "triggers": [{"trigger": "event", "event_type": "other"}],
        "actions": [{"action": "notify.send_message", "target": {"entity_id": CORE_ADA}, "data": {"message": "Hi"}}],
    },
]


async def test_a_home_is_taken_over(
    hass: HomeAssistant,
    telegram: TelegramServer,
    bot: Bot,
    core_entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Every switcher must make a new bot and add everybody anew, or two programs take each other's messages."""
    assert hass.states.get(CORE_ADA)
    assert await async_setup_component(hass, "automation", {"automation": AUTOMATIONS})
    shown = await begin(hass)
    words = shown["description_placeholders"] or {}
    assert (shown["step_id"], words["name"], words["count"]) == ("take_over_confirm", "@home_bot", "2")
    assert words["chats"] == f"- Ada (`{CORE_ADA}`)\n- Family (`notify.family`)"
    assert core_entry.state is ConfigEntryState.LOADED, "nothing happens before it is submitted"

    result = await submit(hass, shown, {})
    assert (result["type"], result["description"]) == (FlowResultType.CREATE_ENTRY, "taken_over")
    assert result["description_placeholders"] == {"name": r"Telegram \@home\_bot", "count": "1"}
    entry = result["result"]
    assert (entry.unique_id, entry.data["bot_token"], entry.data["endpoint"]) == (BOT_ID, TOKEN, telegram.url)
    assert [(one.title, dict(one.data)) for one in entry.subentries.values()] == [
        ("Ada", {"recipient": str(ADA), "kind": "private", "role": "user", "notify_action": "ada"}),
        ("Family", {"recipient": str(GROUP), "kind": "group", "role": "user", "notify_action": "family"}),
    ]
    assert (core_entry.disabled_by, core_entry.state) == (ConfigEntryDisabler.USER, ConfigEntryState.NOT_LOADED)

    registry = er.async_get(hass)
    assert registry.entities[CORE_ADA].platform == DOMAIN
    assert registry.entities[f"{CORE_ADA}_telegram_bot"].platform == core.DOMAIN

    hass.bus.async_fire("other")
    while not (sent := [one.text for one in telegram.chats[ADA].messages.values() if one]):
        await hass.async_block_till_done()
    assert sent == ["Hi"], "what calls the notify entity goes on, through BACH"

    assert listed(hass, entry)["uses"] == (
        "- **Water leak** (`automation.water_leak`): `telegram_bot.answer_callback_query` → not needed any more, "
        "BACH does it by itself, `telegram_bot.send_message` → `bach.send_message`, "
        "`telegram_bot.send_sticker` → nothing that does the same, `telegram_command` → `bach.command_received`"
    )
    assert TOKEN not in caplog.text


async def test_what_does_not_work_is_put_back(hass: HomeAssistant, bot: Bot, core_entry: MockConfigEntry) -> None:
    """A home would have neither bot: the old one is disabled, and the new one receives nothing."""
    shown = await begin(hass)
    bot.webhook = "https://example.org/of-another-program"
    result = await submit(hass, shown, {})
    words = result["description_placeholders"] or {}
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "put_back")
    assert "go to a webhook" in words["reason"]
    assert hass.config_entries.async_entries(DOMAIN) == []
    assert (core_entry.disabled_by, core_entry.state) == (None, ConfigEntryState.LOADED)
    assert er.async_get(hass).entities[CORE_ADA].platform == core.DOMAIN
    assert not hass.states.is_state(CORE_ADA, "unavailable")


async def test_what_cannot_be_set_up_is_put_back(hass: HomeAssistant, core_entry: MockConfigEntry) -> None:
    """The same where BACH itself cannot begin, because its database cannot be opened, say."""
    shown = await begin(hass)
    with patch("custom_components.bach._begin", side_effect=ConfigEntryNotReady("the disk is full")):
        result = await submit(hass, shown, {})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "put_back")
    assert (result["description_placeholders"] or {})["reason"] == "the disk is full"
    assert hass.config_entries.async_entries(DOMAIN) == []
    assert (core_entry.disabled_by, core_entry.state) == (None, ConfigEntryState.LOADED)


@pytest.mark.parametrize("how", [{"return_value": False}, {"side_effect": OperationNotAllowed("it is starting")}])
async def test_what_cannot_be_stopped_is_left_alone(
    hass: HomeAssistant, core_entry: MockConfigEntry, how: dict[str, Any]
) -> None:
    """Two programs would receive for one bot, and each gets what the other one waits for."""
    shown = await begin(hass)
    with patch.object(hass.config_entries, "async_unload", **how):
        result = await submit(hass, shown, {})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "old_not_stopped")
    assert hass.config_entries.async_entries(DOMAIN) == []
    assert (core_entry.disabled_by, core_entry.state) == (None, ConfigEntryState.LOADED)


async def test_a_token_that_does_not_work_changes_nothing(
    hass: HomeAssistant, telegram: TelegramServer, core_entry: MockConfigEntry
) -> None:
    """The old entry would be stopped for nothing; once the token works, the same page goes on."""
    fault = telegram.fail(Fault.unauthorized(), times=None, methods=["getMe"])
    shown = await begin(hass)
    assert shown["errors"] == {"base": "take_over_failed"}
    shown = await submit(hass, shown, {})
    assert shown["errors"] == {"base": "take_over_failed"}
    assert (shown["description_placeholders"] or {})["reason"]
    assert core_entry.state is ConfigEntryState.LOADED
    fault.remove()
    result = await submit(hass, shown, {})
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_an_address_that_cannot_be_one_is_explained(hass: HomeAssistant, telegram: TelegramServer) -> None:
    """The dialog would end with "unknown error" where somebody has edited a file."""
    add_core_bot(hass, telegram, **{core.CONF_API_ENDPOINT: "ftp://here"})
    assert (await begin(hass))["errors"] == {"base": "take_over_failed"}


async def test_of_several_one_is_chosen(hass: HomeAssistant, telegram: TelegramServer, bot: Bot) -> None:
    """Somebody with two bots could take over only the first; and what is gone meanwhile is not taken."""
    add_core_bot(hass, telegram, platform=core.PLATFORM_BROADCAST)
    other = add_core_bot(hass, telegram, token=f"987654321:{TOKEN[10:]}")
    menu = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    flows = [
        await hass.config_entries.flow.async_configure(menu["flow_id"], {"next_step_id": "take_over"}),
        await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER}),
    ]
    flows[1] = await hass.config_entries.flow.async_configure(flows[1]["flow_id"], {"next_step_id": "take_over"})
    empty = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    assert flows[0]["step_id"] == "take_over"
    await hass.config_entries.async_remove(other.entry_id)
    gone = await submit(hass, flows[1], {"found": other.entry_id})
    assert (gone["type"], gone["reason"]) == (FlowResultType.ABORT, "nothing_to_take_over")

    (old,) = hass.config_entries.async_entries(core.DOMAIN)
    result = await submit(hass, await submit(hass, flows[0], {"found": old.entry_id}), {})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["result"].options == {"receiving": False}, "it only sent, perhaps as another program receives"
    assert {one.data["role"] for one in result["result"].subentries.values()} == {"notify_only"}
    assert old.disabled_by is ConfigEntryDisabler.USER
    nothing = await hass.config_entries.flow.async_configure(empty["flow_id"], {"next_step_id": "take_over"})
    assert (nothing["type"], nothing["reason"]) == (FlowResultType.ABORT, "nothing_to_take_over")
    menu = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    assert "take_over" not in menu["menu_options"]
    await close_all(hass)


def test_what_is_stored_is_read(hass: HomeAssistant, telegram: TelegramServer) -> None:
    """A bot behind a proxy would be added without it; what is damaged would break the dialog for all."""
    public = {
        core.CONF_API_ENDPOINT: core.DEFAULT_API_ENDPOINT,
        core.CONF_PROXY_URL: "socks5://ada:pass@proxy.local:1080",
    }
    entry = add_core_bot(hass, telegram, **public)
    odd = ConfigSubentry(
        data=MappingProxyType({}), subentry_type=core.SUBENTRY_TYPE_ALLOWED_CHAT_IDS, title="Odd", unique_id="odd"
    )
    hass.config_entries.async_add_subentry(entry, odd)
    device = dr.async_get(hass).async_get_or_create(config_entry_id=entry.entry_id, identifiers={(core.DOMAIN, "x")})
    dr.async_get(hass).async_update_device(device.id, name_by_user="Our family")
    registry = er.async_get(hass)
    registry.async_get_or_create("notify", core.DOMAIN, f"{BOT_ID}_{GROUP}", device_id=device.id)
    registry.async_get_or_create("notify", core.DOMAIN, f"{BOT_ID}_{ADA}", suggested_object_id="ada")
    registry.async_update_entity(CORE_ADA, name="Ada K.")
    MockConfigEntry(domain=core.DOMAIN, title="Damaged", data={CONF_API_KEY: 7}).add_to_hass(hass)
    (found,) = found_entries(hass)
    assert dict(found.data) == {
        "type": "telegram",
        "bot_token": TOKEN,
        "proxy": "socks5://proxy.local:1080",
        "proxy_user": "ada",
        "proxy_password": "pass",
    }
    assert [(one.name, one.kind) for one in found.chats] == [("Ada K.", "private"), ("Our family", "group")]
    assert TOKEN not in repr(found)


def test_people_of_one_name_have_one_action(hass: HomeAssistant) -> None:
    """The second would get what the first is told, or the first nothing."""
    chats = (Chat(recipient="1", name="Ada"), Chat(recipient="2", name="Ada"), Chat(recipient="3", name="…"))
    assert [dict(one["data"]) for one in recipients_of(hass, chats)] == [
        {"recipient": "1", "role": "notify_only", "notify_action": "ada"},
        {"recipient": "2", "role": "notify_only"},
        {"recipient": "3", "role": "notify_only"},
    ]


def _constants(prefix: str) -> set[str]:
    return {value for name, value in vars(core).items() if name.startswith(prefix)}


def test_every_action_and_event_has_a_line() -> None:
    """What a new Home Assistant adds would be listed as if nothing stood for it, without anybody having looked."""
    assert {f"{core.DOMAIN}.{name}" for name in _constants("SERVICE_")} == ACTIONS.keys()
    assert _constants("EVENT_") == EVENTS.keys()


def test_the_documentation_has_the_same_table() -> None:
    """Somebody would look for an action in vain, or be sent to one that does not do it."""
    page = (ROOT / "docs" / "taking-over.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `([a-z_.]+)` \| (`[a-z_.]+`|nothing|not needed)", page, re.MULTILINE))
    words = {None: "nothing", NOT_NEEDED: "not needed"}
    wanted = {old: words.get(new, f"`{new}`") for old, new in {**ACTIONS, **EVENTS}.items()}
    assert {old: new for old, new in rows.items() if old in wanted} == wanted


def test_what_successors_there_are() -> None:
    """An action would be recommended that is not there."""
    ours = {f"{DOMAIN}.{name}" for name in (*_yaml("services"), *_yaml("triggers"))}
    assert {one for one in (*ACTIONS.values(), *EVENTS.values()) if one} <= ours


def _yaml(name: str) -> list[str]:
    text = (ROOT / "custom_components" / "bach" / f"{name}.yaml").read_text("utf-8")
    return re.findall(r"^([a-z_]+):", text, re.MULTILINE)


async def test_the_list_follows_what_is_changed(
    hass: HomeAssistant, telegram: TelegramServer, bot: Bot, freezer: FrozenDateTimeFactory
) -> None:
    """The repair would stay after everything is mended, or be silent about a script that was forgotten."""
    many = {
        f"s{number}": {"alias": f"S {number:02}", "sequence": [{"action": "telegram_bot.send_photo"}]}
        for number in range(27)
    }
    many["s0"]["sequence"] = [{"event": "x", "event_data": {"y": "{{ states('event.my_bot_update') }}"}}]
    assert await async_setup_component(hass, "script", {"script": many})
    entry = add_entry(hass, telegram)
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, "taken_from": "telegram_bot", "old_names": ["event.my_bot_update"]}
    )
    await set_up(hass, entry)
    lines = listed(hass, entry)["uses"].splitlines()
    assert lines[0] == "- **S 00** (`script.s0`): `event.my_bot_update` → `bach.message_received`"
    assert (len(lines), lines[-1], listed(hass, entry)["count"]) == (26, "- … (+2)", "27")

    with patch("homeassistant.config.load_yaml_config_file", return_value={"script": {}}):
        await hass.services.async_call("script", "reload", blocking=True)
    freezer.tick(3)
    async_fire_time_changed(hass)
    await hass.async_block_till_done()
    assert ir.async_get(hass).async_get_issue(DOMAIN, f"{OLD_USES}_{entry.entry_id}") is None


async def test_silence_is_put_back_too(
    hass: HomeAssistant, telegram: TelegramServer, core_entry: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The dialog would wait for ever where Telegram does not answer."""
    monkeypatch.setattr(TakeOverSteps, "works_seconds", 0.1)
    shown = await begin(hass)
    telegram.fail(Fault.server_error(), times=None, methods=["getUpdates"])
    result = await submit(hass, shown, {})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "put_back")
    assert (core_entry.disabled_by, core_entry.state) == (None, ConfigEntryState.LOADED)


async def test_who_has_bach_is_offered_it(hass: HomeAssistant, telegram: TelegramServer, bot: Bot) -> None:
    """Whoever does not open the dialog anew would never hear of it; who does not want it, at every start."""
    other = add_core_bot(hass, telegram, token=f"987654321:{TOKEN[10:]}")
    core_entry = add_core_bot(hass, telegram)
    asked = telegram.fail(Fault.server_error(), times=None)
    ours = MockConfigEntry(domain=DOMAIN, title="Other", unique_id="1", data={"type": "this_home"})
    ours.add_to_hass(hass)
    await set_up(hass, ours)
    cards = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert [card["step_id"] for card in cards] == ["take_over_confirm", "take_over_confirm"]
    assert [card["context"]["title_placeholders"] for card in cards] == [{"name": "My Bot"}, {"name": "My Bot"}]
    assert asked.hits == 0, "nobody is asked before somebody takes it"
    asked.remove()

    taken = next(card["flow_id"] for card in cards if card["context"]["unique_id"] == BOT_ID)
    unique_id = next(card["context"]["unique_id"] for card in cards if card["flow_id"] != taken)
    await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_IGNORE}, data={"unique_id": unique_id, "title": "My Bot"}
    )
    await hass.config_entries.async_remove(other.entry_id)  # Home Assistant would set it up when the other is disabled
    result = await hass.config_entries.flow.async_configure(taken, {})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert core_entry.disabled_by is ConfigEntryDisabler.USER
    add_core_bot(hass, telegram, token=f"987654321:{TOKEN[10:]}")
    async_offer_take_over(hass)
    await hass.async_block_till_done()
    assert hass.config_entries.flow.async_progress_by_handler(DOMAIN) == []
    gone = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_INTEGRATION_DISCOVERY}, data={"found": core_entry.entry_id}
    )
    assert (gone["type"], gone["reason"]) == (FlowResultType.ABORT, "nothing_to_take_over")
    await close_all(hass)


async def test_who_was_taken_over_by_halves_is_put_right_with_one_click(
    hass: HomeAssistant, telegram: TelegramServer, bot: Bot, core_entry: MockConfigEntry
) -> None:
    """After a crash in between, each of the two bots would get every other message, and no sentence says why."""
    assert await async_setup_component(hass, "repairs", {})
    telegram.fail(Fault.conflict(), times=None, methods=["getUpdates"])
    entry = add_entry(hass, telegram)
    await set_up(hass, entry)
    issue_id, issues = f"conflict_{entry.entry_id}", ir.async_get(hass)
    while (issue := issues.async_get_issue(DOMAIN, issue_id)) is None:
        await hass.async_block_till_done()
    assert (issue.translation_key, issue.is_fixable) == ("conflict_at_home", True)
    assert (issue.translation_placeholders or {})["other"] == "My Bot"
    flows = repairs_flow_manager(hass)
    assert flows
    shown = await flows.async_init(DOMAIN, data={"issue_id": issue_id})
    assert (shown["type"], (shown["description_placeholders"] or {}).get("other_text")) == (
        FlowResultType.FORM,
        "My Bot",
    ), shown
    assert core_entry.state is ConfigEntryState.LOADED, "nothing happens before it is submitted"
    telegram.clear_faults()
    done = await flows.async_configure(shown["flow_id"], {})
    assert done["type"] is FlowResultType.CREATE_ENTRY
    assert (core_entry.disabled_by, core_entry.state) == (ConfigEntryDisabler.USER, ConfigEntryState.NOT_LOADED)
    registry = er.async_get(hass)
    assert registry.entities[CORE_ADA].platform == DOMAIN, "what calls it goes on"
    assert registry.entities["notify.family"].platform == core.DOMAIN, "BACH knows nobody of that name"
    late = RivalFlow(entry.entry_id)
    late.hass = hass
    again = await late.async_step_confirm({})
    assert (again["type"], again["reason"]) == (FlowResultType.ABORT, "no_rival")


@pytest.mark.parametrize("kind", ["another bot", "only sends", "disabled"])
async def test_another_program_elsewhere_is_no_matter_of_this_home(
    hass: HomeAssistant, telegram: TelegramServer, bot: Bot, kind: str
) -> None:
    """Somebody would disable a bot that has nothing to do with it, and hear nothing all the same."""
    more = {"another bot": {"token": "1:other"}, "only sends": {"platform": core.PLATFORM_BROADCAST}}.get(kind, {})
    core_entry = add_core_bot(hass, telegram, **more)
    if kind == "disabled":
        await hass.config_entries.async_set_disabled_by(core_entry.entry_id, ConfigEntryDisabler.USER)
    telegram.fail(Fault.conflict(), times=None, methods=["getUpdates"])
    entry = add_entry(hass, telegram)
    await set_up(hass, entry)
    while (issue := ir.async_get(hass).async_get_issue(DOMAIN, f"conflict_{entry.entry_id}")) is None:
        await hass.async_block_till_done()
    assert (issue.translation_key, issue.is_fixable) == ("conflict", False)
