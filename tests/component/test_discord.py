"""Discord by clicking: a bot that is invited, a webhook, and recipients that are picked instead of typed."""

from collections.abc import AsyncGenerator
from functools import partial
from typing import Any

import pytest
from homeassistant.config_entries import SOURCE_REAUTH, SOURCE_USER
from homeassistant.config_entries import ConfigEntryState as State
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import MockConfigEntry

from bach_lib.testing.discord_server import Bot, Channel, DiscordServer, Fault, User
from tests.component.conftest import recipient, send, set_up, until, until_state
from tests.component.dialogs import choose, close_all, go_on, offered, reconfigure, set_options, start_recipient, submit

TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GtEsT0.not_a_real_token_but_of_its_form-x"
NEW_TOKEN = f"{TOKEN[:-1]}y"

start = partial(start_recipient, menu_options=["place", "person", "manual"])


class World:
    """A server of Discord's with a bot, Ada and a channel."""

    def __init__(self, server: DiscordServer) -> None:
        self.server = server
        self.bot: Bot = server.add_bot(TOKEN, username="home_bot")
        self.guild = server.add_guild("Home")
        self.ada: User = server.add_user("ada", global_name="Ada")
        self.guild.members.append(self.ada)
        self.channel: Channel = server.add_channel(self.guild, "alarms")


@pytest.fixture
async def world(socket_enabled: None) -> AsyncGenerator[World]:
    """That world, on loopback."""
    async with DiscordServer() as server:
        yield World(server)


@pytest.fixture(autouse=True)
async def no_dialog_left_open(world: World, hass: HomeAssistant) -> AsyncGenerator[None]:
    """Close what a new connection leads on to, while the server is still there."""
    yield
    await close_all(hass)


def bot_form(world: World, token: str = TOKEN) -> dict[str, Any]:
    """What a person fills in for a bot."""
    return {"bot_token": token, "server": {"endpoint": world.server.url}}


def bot_entry(hass: HomeAssistant, world: World, *places: str) -> MockConfigEntry:
    """A connection to the bot, with places to write to."""
    entry = MockConfigEntry(
        domain="bach",
        title="@home_bot",
        unique_id=str(world.bot.user.id),
        data={
            "type": "discord",
            "bot_token": TOKEN,
            "endpoint": world.server.url,
            "link": "https://discord.com/oauth2/authorize?client_id=1",
        },
        subentries_data=[recipient(f"place {number}", place) for number, place in enumerate(places)],
    )
    entry.add_to_hass(hass)
    return entry


@pytest.fixture
async def loaded(hass: HomeAssistant, world: World) -> MockConfigEntry:
    """That connection, at work."""
    entry = bot_entry(hass, world, str(world.channel.id))
    await set_up(hass, entry)
    await until_state(hass, "binary_sensor.home_bot_receiving", "on")
    return entry


# -- the bot ---------------------------------------------------------------------------------------------------------


async def test_a_bot_is_tried_invited_and_added(hass: HomeAssistant, world: World) -> None:
    """Without the invitation a person has a bot that sees nobody, and does not know why."""
    form = await choose(hass, "discord")
    assert (form["description_placeholders"] or {})["portal_url"] == "https://discord.com/developers/applications"
    invite = await submit(hass, form, bot_form(world))
    assert (invite["type"], invite["step_id"]) == (FlowResultType.FORM, "invite")
    placeholders = invite["description_placeholders"] or {}
    assert placeholders["name"] == "@home_bot"
    assert placeholders["link"].startswith("https://discord.com/oauth2/authorize?client_id=")

    result = await submit(hass, invite, {})
    assert (result["type"], result["title"]) == (FlowResultType.CREATE_ENTRY, "Discord home_bot")
    entry = result["result"]
    assert (entry.unique_id, entry.state) == (str(world.bot.user.id), State.LOADED)
    assert entry.data == {
        "type": "discord",
        "bot_token": TOKEN,
        "endpoint": world.server.url,
        "link": placeholders["link"],
    }
    _, flow_id = result["next_flow"]
    assert hass.config_entries.subentries.async_get(flow_id)["step_id"] == "user"


async def test_a_wrong_token_is_explained_and_can_be_corrected(hass: HomeAssistant, world: World) -> None:
    """A person would look for the mistake at Telegram's BotFather."""
    result = await submit(hass, await choose(hass, "discord"), bot_form(world, NEW_TOKEN))
    assert result["errors"] == {"bot_token": "invalid_auth"}
    assert (result["description_placeholders"] or {})["portal"] == "Discord Developer Portal"
    assert (await submit(hass, result, bot_form(world)))["step_id"] == "invite"


async def test_a_bot_is_added_once(hass: HomeAssistant, world: World, loaded: MockConfigEntry) -> None:
    """Two connections of one bot would receive everything twice."""
    result = await submit(hass, await choose(hass, "discord"), bot_form(world))
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "already_configured")


async def test_a_reset_token_asks_for_the_new_one(hass: HomeAssistant, world: World, loaded: MockConfigEntry) -> None:
    """After *Reset Token* nothing would be sent, and nobody be asked."""
    world.server.revoke(world.bot)
    await send(hass, "notify.place_0", "waits")
    await until(hass, lambda: bool(hass.config_entries.flow.async_progress()))
    [flow] = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == SOURCE_REAUTH
    new = world.server.add_bot(NEW_TOKEN, username="home_bot")
    new.user = world.bot.user
    form = await hass.config_entries.flow.async_configure(flow["flow_id"])
    result = await submit(hass, form, {"bot_token": NEW_TOKEN})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reauth_successful")
    [message] = await world.server.wait_for(1)
    assert message.content == "waits"


async def test_texts_that_discord_keeps_back_are_a_repair(
    hass: HomeAssistant, world: World, issue_registry: ir.IssueRegistry
) -> None:
    """Commands in channels would never work, and nothing say that a switch is off."""
    world.bot.may_read_texts = False
    entry = bot_entry(hass, world, str(world.channel.id))
    await set_up(hass, entry)
    await until(hass, lambda: bool(issue_registry.issues))
    [issue] = issue_registry.issues.values()
    assert (issue.translation_key, (issue.translation_placeholders or {})["name"]) == ("intent_refused", "@home_bot")
    await send(hass, "notify.place_0", "sending goes on")
    assert len(await world.server.wait_for(1)) == 1
    await hass.config_entries.async_unload(entry.entry_id)
    assert not issue_registry.issues


# -- its recipients --------------------------------------------------------------------------------------------------


async def test_a_channel_is_picked_from_what_the_bot_sees(
    hass: HomeAssistant, world: World, loaded: MockConfigEntry
) -> None:
    """A person would have to switch on the developer mode and copy numbers."""
    thread = world.server.add_thread(world.channel, "water")
    result = await start(hass, loaded, "place")
    address = f"{world.channel.id}/{thread.id}"
    assert offered(result) == {str(world.channel.id): "#alarms (Home)", address: "water (Home)"}
    result = await go_on(hass, result, recipient=address, role="admin")
    assert (result["type"], result["title"]) == (FlowResultType.CREATE_ENTRY, "water (Home)")
    water = {"recipient": address, "kind": "thread", "role": "admin", "notify_action": "water_home"}
    assert result["data"] == water
    await send(hass, "notify.water_home", "hello")
    [message] = await world.server.wait_for(1)
    assert message.channel is thread


async def test_a_bot_on_no_server_is_invited_once_more(
    hass: HomeAssistant, world: World, loaded: MockConfigEntry
) -> None:
    """An empty list would be the end of the way."""
    guilds = dict(world.server.guilds)
    world.server.guilds.clear()
    result = await start(hass, loaded, "place")
    assert (result["type"], result["step_id"]) == (FlowResultType.MENU, "nowhere")
    assert (result["description_placeholders"] or {})["link"].startswith("https://discord.com/oauth2/")
    world.server.guilds.update(guilds)
    result = await go_on(hass, result, next_step_id="place")
    assert str(world.channel.id) in offered(result)


async def test_a_person_is_found_by_name(hass: HomeAssistant, world: World, loaded: MockConfigEntry) -> None:
    """Direct messages would need a number that nobody knows."""
    result = await start(hass, loaded, "person")
    for nobody in ("bob", "  "):
        result = await go_on(hass, result, name=nobody)
        assert result["errors"] == {"name": "nobody_found"}
    result = await go_on(hass, result, name="ad")
    assert offered(result) == {f"@{world.ada.id}": "Ada (ada)"}
    result = await hass.config_entries.subentries.async_configure(result["flow_id"])
    assert result["step_id"] == "person", "whoever loads the page anew is asked again"
    result = await go_on(hass, result, name="ad")
    result = await go_on(hass, result, recipient=f"@{world.ada.id}", role="user")
    assert (result["type"], result["title"]) == (FlowResultType.CREATE_ENTRY, "Ada (ada)")
    await send(hass, "notify.ada_ada", "hello")
    [message] = await world.server.wait_for(1)
    assert message.channel is world.server.direct(world.bot.user, world.ada)


async def test_an_id_that_is_typed_is_asked_for(hass: HomeAssistant, world: World, loaded: MockConfigEntry) -> None:
    """The first message to a slip would become a dead letter, days later; an outage must stop nobody."""
    result = await start(hass, loaded, "manual")
    for unknown in ("123456789012345678", "@123456789012345678"):
        result = await go_on(hass, result, recipient=unknown, role="user", hello=False)
        assert result["errors"] == {"recipient": "unknown_recipient"}
    other = world.server.add_channel(world.guild, "other")
    result = await go_on(hass, result, recipient=str(other.id), title="Alarms", role="user", hello=False)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    [alarms] = [key for key, subentry in loaded.subentries.items() if subentry.title == "Alarms"]
    form = await reconfigure(hass, loaded, alarms)
    changed = await go_on(hass, form, recipient="123456789012345678", title="Alarms", role="user")
    assert changed["errors"] == {"recipient": "unknown_recipient"}
    world.server.fail(Fault.server_error(), times=None, calls=["get_user"])
    person = f"@{world.ada.id}"
    changed = await go_on(hass, changed, recipient=person, title="Alarms", role="user")
    assert changed["errors"] == {"recipient": "cannot_ask"}
    changed = await go_on(hass, changed, recipient=person, title="Alarms", role="user")
    assert changed["reason"] == "reconfigure_successful"


@pytest.mark.parametrize(("choice", "data"), [("place", None), ("person", {"name": "ada"})])
async def test_an_outage_is_told_from_an_empty_server(
    hass: HomeAssistant, world: World, loaded: MockConfigEntry, choice: str, data: dict[str, str] | None
) -> None:
    """A person would invite the bot again and again."""
    world.server.fail(Fault.server_error(), times=None, calls=["get_guilds"])
    result = await start(hass, loaded, choice)
    if data:
        result = await go_on(hass, result, **data)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "cannot_look")


@pytest.mark.parametrize(("choice", "data"), [("place", None), ("person", {"name": "ada"})])
async def test_a_connection_that_does_not_run_finds_nobody(
    hass: HomeAssistant, world: World, loaded: MockConfigEntry, choice: str, data: dict[str, str] | None
) -> None:
    """The dialog would end in an error that nobody understands."""
    await hass.config_entries.async_unload(loaded.entry_id)
    result = await start(hass, loaded, choice)
    if data:
        result = await go_on(hass, result, **data)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "entry_not_loaded")


# -- the webhook -----------------------------------------------------------------------------------------------------


def hook_form(world: World, url: str, *, hello: bool = False, **more: str) -> dict[str, Any]:
    """What a person fills in for a webhook."""
    return {"url": url, "server": {"endpoint": world.server.url}, **({} if hello else {"hello": False}), **more}


async def test_the_set_up_of_a_webhook_ends_in_its_channel(hass: HomeAssistant, world: World) -> None:
    """Of the only kind whose recipient is there from the beginning nobody would know whether anything arrives."""
    url = world.server.webhook_url(world.server.add_webhook(world.channel, "Alarms"))
    result = await submit(hass, await choose(hass, "discord_webhook"), hook_form(world, url, hello=True))
    assert (result["type"], result["description"]) == (FlowResultType.CREATE_ENTRY, "hello_sent")
    assert result["description_placeholders"] == {"name": "Discord webhook Alarms", "reason": ""}
    assert "hello" not in result["data"]
    [message] = await world.server.wait_for(1)
    assert message.content.startswith("Hello from test home.")


async def test_a_webhook_whose_hello_does_not_arrive_is_kept(hass: HomeAssistant, world: World) -> None:
    """A fault of Discord's at the wrong moment would cost the set-up, or be found with the first alarm."""
    url = world.server.webhook_url(world.server.add_webhook(world.channel, "Alarms"))
    world.server.fail(Fault.forbidden(), times=None, calls=["execute_webhook"])
    result = await submit(hass, await choose(hass, "discord_webhook"), hook_form(world, url, hello=True))
    assert (result["type"], result["description"]) == (FlowResultType.CREATE_ENTRY, "hello_failed")
    assert (result["description_placeholders"] or {})["reason"]
    assert hass.states.get("notify.alarms")


async def test_a_webhook_is_tried_added_and_can_write_at_once(hass: HomeAssistant, world: World) -> None:
    """The simplest way to Discord would need a second dialog for the only place it leads to."""
    url = world.server.webhook_url(world.server.add_webhook(world.channel, "Alarms"))
    form = hook_form(world, url, username="House", avatar_url="https://example.org/house.png")
    result = await submit(hass, await choose(hass, "discord_webhook"), form)
    assert (result["type"], result["title"]) == (FlowResultType.CREATE_ENTRY, "Discord webhook Alarms")
    assert "next_flow" not in result
    await send(hass, "notify.alarms", "water!")
    [message] = await world.server.wait_for(1)
    assert (message.content, message.payload["username"]) == ("water!", "House")
    assert message.payload["avatar_url"] == "https://example.org/house.png"
    assert hass.states.get("binary_sensor.discord_webhook_alarms_sending")
    assert not hass.states.get("binary_sensor.discord_webhook_alarms_receiving"), "nothing comes in through a webhook"
    assert not hass.states.async_entity_ids("event")


@pytest.mark.parametrize(
    ("form", "errors"),
    [
        ({"url": "https://example.org/api/webhooks/1/x"}, {"url": "invalid_value"}),
        ({"username": "Clyde"}, {"username": "invalid_value"}),
        ({"avatar_url": "house.png"}, {"avatar_url": "invalid_value"}),
    ],
)
async def test_what_cannot_be_a_webhook_is_said_at_its_field(
    hass: HomeAssistant, world: World, form: dict[str, str], errors: dict[str, str]
) -> None:
    """A typing mistake would be found when the first alarm dies."""
    url = world.server.webhook_url(world.server.add_webhook(world.channel))
    result = await submit(hass, await choose(hass, "discord_webhook"), hook_form(world, url) | form)
    assert result["errors"] == errors
    assert (result["description_placeholders"] or {})["expected"]


async def test_a_deleted_webhook_is_not_added_and_asks_for_a_new_one_later(hass: HomeAssistant, world: World) -> None:
    """Messages would wait for ever for a webhook that is gone."""
    hook = world.server.add_webhook(world.channel, "Alarms")
    url = world.server.webhook_url(hook)
    result = await submit(hass, await choose(hass, "discord_webhook"), hook_form(world, url))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    del world.server.webhooks[hook.id]
    again = await submit(hass, await choose(hass, "discord_webhook"), hook_form(world, url))
    assert again["errors"] == {"url": "invalid_webhook"}
    await send(hass, "notify.alarms", "water!")
    await until(
        hass,
        lambda: any(flow["context"]["source"] == SOURCE_REAUTH for flow in hass.config_entries.flow.async_progress()),
    )


async def test_a_webhook_gets_another_name_and_keeps_its_address(hass: HomeAssistant, world: World) -> None:
    """Whoever changes the name would have to find the secret address again."""
    url = world.server.webhook_url(world.server.add_webhook(world.channel, "Alarms"))
    added = await submit(hass, await choose(hass, "discord_webhook"), hook_form(world, url, username="House"))
    entry = added["result"]
    result = await set_options(hass, entry, username="Clyde")
    assert result["errors"] == {"username": "invalid_value"}
    result = await set_options(hass, entry, username="Home")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert (entry.data["url"], entry.options["username"]) == (url, "Home")
    await send(hass, "notify.alarms", "hello")
    [message] = await world.server.wait_for(1)
    assert message.payload["username"] == "Home"


async def test_a_thread_of_a_webhooks_channel_is_added_by_its_id(hass: HomeAssistant, world: World) -> None:
    """Threads could not be written to; or a role be given where nobody is heard."""
    url = world.server.webhook_url(world.server.add_webhook(world.channel, "Alarms"))
    thread = world.server.add_thread(world.channel, "water")
    added = await submit(hass, await choose(hass, "discord_webhook"), hook_form(world, url))
    manager = hass.config_entries.subentries
    form = await manager.async_init((added["result"].entry_id, "recipient"), context={"source": SOURCE_USER})
    assert form["step_id"] == "manual"
    schema = form["data_schema"]
    assert schema
    assert {str(field) for field in schema.schema} == {"recipient", "title", "hello"}
    assert (await go_on(hass, form, recipient="elsewhere"))["errors"] == {"recipient": "invalid_recipient"}
    result = await go_on(hass, form, recipient=str(thread.id), title="Water", hello=False)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await send(hass, "notify.water", "hello")
    [message] = await world.server.wait_for(1)
    assert message.channel is thread


# -- beside Home Assistant's own -------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore::DeprecationWarning")  # what nextcord's code causes
@pytest.mark.parametrize("expected_lingering_tasks", [True])  # nextcord leaves some
@pytest.mark.parametrize("first", ["ours", "theirs"])
async def test_home_assistants_own_discord_integration_works_beside_ours(
    hass: HomeAssistant, world: World, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    """Whoever tries BACH would lose the notifications they have: both bring a library that speaks Discord."""
    monkeypatch.setattr("nextcord.http.Route.BASE", world.server.url)
    ours = bot_entry(hass, world, str(world.channel.id))
    theirs = MockConfigEntry(domain="discord", title="old_bot", data={"api_token": TOKEN, "name": "old_bot"})
    theirs.add_to_hass(hass)
    for entry in [ours, theirs] if first == "ours" else [theirs, ours]:
        assert hass.config_entries.async_get_entry(entry.entry_id)
        if entry.state is State.NOT_LOADED:
            assert await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()
    assert [ours.state, theirs.state] == [State.LOADED, State.LOADED]
    target = {"message": "through nextcord", "target": [str(world.channel.id)]}
    await hass.services.async_call("notify", "old_bot", target, blocking=True)
    await send(hass, "notify.place_0", "through BACH")
    assert {message.content for message in await world.server.wait_for(2)} == {"through nextcord", "through BACH"}
    await hass.config_entries.async_unload(theirs.entry_id)


# -- what comes in ---------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("with_the_noisy_ones")
async def test_a_command_in_a_channel_comes_in(hass: HomeAssistant, world: World, loaded: MockConfigEntry) -> None:
    """Nobody could talk to the house through Discord."""
    world.server.when_heard(lambda: world.server.says("!status now", channel=world.channel, sender=world.ada))
    await until_state_of_event(hass, "event.place_0_incoming_message", "command")
    found = hass.states.get("event.place_0_incoming_message")
    assert found
    assert found.attributes["command"] == "status"


async def until_state_of_event(hass: HomeAssistant, entity_id: str, event_type: str) -> None:
    """Wait until something of this type has come in."""

    def came_in() -> bool:
        found = hass.states.get(entity_id)
        return found is not None and found.attributes.get("event_type") == event_type

    await until(hass, came_in)
