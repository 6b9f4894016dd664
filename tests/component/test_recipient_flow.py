"""Adding recipients by clicking: whoever writes appears, and an id can be typed."""

import pytest
from homeassistant.config_entries import SOURCE_USER, SubentryFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import EVENT_DATA_ENTRY_FLOW_PROGRESSED, FlowResultType, InvalidData
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser, async_capture_events

from bach_lib.events import SenderBlocked
from bach_lib.testing.telegram_server import Bot, Fault, TelegramServer
from tests.component.conftest import (
    ADA_ENTITY,
    CONNECTION,
    add_entry,
    person,
    recipient,
    set_up,
    state,
    the_bach,
    until,
)
from tests.component.dialogs import go_on, reconfigure

EVE, GROUP = 98, -1001234567890


async def start(hass: HomeAssistant, entry: MockConfigEntry, choice: str) -> SubentryFlowResult:
    """Open the dialog and choose in its menu."""
    menu = await hass.config_entries.subentries.async_init(
        (entry.entry_id, "recipient"), context={"source": SOURCE_USER}
    )
    assert menu["type"] is FlowResultType.MENU
    assert menu["menu_options"] == ["pair", "manual"]
    return await go_on(hass, menu, next_step_id=choice)


async def wait(hass: HomeAssistant, entry: MockConfigEntry) -> SubentryFlowResult:
    """Open the dialog, and go on from the page with the link without anybody having opened it."""
    invitation = await start(hass, entry, "pair")
    assert (invitation["type"], invitation["step_id"]) == (FlowResultType.FORM, "invite")
    return await go_on(hass, invitation)


def code_of(result: SubentryFlowResult) -> str:
    """The code that a page of the dialog shows."""
    placeholders = result["description_placeholders"]
    assert placeholders
    return placeholders["code"]


def fields(result: SubentryFlowResult) -> set[str]:
    """What a page asks for."""
    schema = result["data_schema"]
    assert schema
    return {str(field) for field in schema.schema}


async def enter(hass: HomeAssistant, result: SubentryFlowResult, **data: object) -> SubentryFlowResult:
    """Submit a typed address, and where it turns out to be a person's, that it is nobody with a user."""
    answer = await go_on(hass, result, **data)
    return await go_on(hass, answer) if answer.get("step_id") == "whose" else answer


async def next_page(hass: HomeAssistant, result: SubentryFlowResult) -> SubentryFlowResult:
    """Do as the UI does: wait for the news that the dialog has gone on, and fetch its new page."""
    manager, flow_id = hass.config_entries.subentries, result["flow_id"]
    await until(hass, lambda: manager.async_get(flow_id)["step_id"] != result["step_id"])
    return await manager.async_configure(flow_id)


def options(result: SubentryFlowResult) -> dict[str, str]:
    """What can be picked, as value and label."""
    schema = result["data_schema"]
    assert schema
    return {option["value"]: option["label"] for option in schema.schema["recipient"].config["options"]}


def suggested(result: SubentryFlowResult) -> dict[str, object]:
    """What the fields of a page show at first, where they show something."""
    schema = result["data_schema"]
    assert schema
    return {
        str(key): key.description["suggested_value"]
        for key in schema.schema
        if key.description and "suggested_value" in key.description
    }


async def test_whoever_writes_can_be_picked(
    hass: HomeAssistant, telegram: TelegramServer, bot: Bot, loaded: MockConfigEntry
) -> None:
    """Nobody should have to find out a chat id: write to the bot, see yourself appear, pick yourself."""
    events = async_capture_events(hass, EVENT_DATA_ENTRY_FLOW_PROGRESSED)
    result = await wait(hass, loaded)
    assert (result["type"], result["progress_action"]) == (FlowResultType.SHOW_PROGRESS, "wait_for_message")
    code = code_of(result)
    link, group_link = f"https://t.me/home_bot?start={code}", f"https://t.me/home_bot?startgroup={code}"
    assert result["description_placeholders"] == {
        "name": "@home_bot",
        "name_text": r"\@home\_bot",
        "link": link,
        "group_link": group_link,
        "code": code,
    }

    telegram.says("/start", bot=bot, chat_id=EVE, first_name="Eve")
    result = await next_page(hass, result)

    assert events, "the page would not go on by itself"
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "pick")
    assert options(result) == {"98": "Eve (98)", "keep_waiting": "keep_waiting"}
    result = await go_on(hass, result, recipient="98")
    assert (result["type"], result["title"]) == (FlowResultType.CREATE_ENTRY, "Eve")
    assert result["data"] == {"recipient": "98", "kind": "private", "role": "user", "notify_action": "eve"}
    assert result["unique_id"] == "recipient_98"
    assert state(hass, "notify.eve") == "unknown"
    assert "98" in the_bach(hass).registry.get(CONNECTION).allowed


async def test_who_brings_the_code_is_first_and_marked_whoever_else_writes(
    hass: HomeAssistant, telegram: TelegramServer, bot: Bot, loaded: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    """Strangers who call themselves Eve could be picked in her place, or push her out of the list."""
    invitation = await start(hass, loaded, "pair")
    schema = invitation["data_schema"]
    assert schema
    [qr_code] = schema.schema.values()
    code = code_of(invitation)
    assert qr_code.config["data"] == f"https://t.me/home_bot?start={code}"
    for number in range(1000, 1030):
        telegram.says("hi", bot=bot, chat_id=number, first_name="✓ Eve")
    telegram.says(f"/start {code}", bot=bot, chat_id=EVE, first_name="Eve")
    for number in range(1030, 1060):
        telegram.says("/start", bot=bot, chat_id=number, first_name="✓ Eve")
    await telegram.wait_until(lambda: the_bach(hass).registry.get(CONNECTION).blocked_count >= 60)
    await hass.async_block_till_done()

    result = await go_on(hass, invitation)
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "pick")
    labels = list(options(result).values())
    assert labels[0] == "✓ Eve (98)"
    assert not any("✓" in label for label in labels[1:])
    schema = result["data_schema"]
    assert schema
    assert schema({"role": "user"})["recipient"] == "98", "who is meant is chosen already"
    assert code not in caplog.text
    assert "nobody allowed" not in caplog.text

    again = await go_on(hass, result, recipient="keep_waiting")
    assert again["step_id"] == "invite"
    assert code_of(again) != code, "a code is good once"


async def test_a_group_brings_the_code_when_the_bot_is_added_through_its_link(
    hass: HomeAssistant, telegram: TelegramServer, bot: Bot, loaded: MockConfigEntry
) -> None:
    """Whoever adds the bot to the family's group would get themselves as the recipient, or nobody."""
    telegram.add_chat(GROUP, type="supergroup", title="Family")
    waiting = await wait(hass, loaded)
    placeholders = waiting["description_placeholders"]
    assert placeholders
    account, code = placeholders["group_link"].split("?startgroup=")
    assert account == "https://t.me/home_bot"
    telegram.says(f"/start@home_bot {code}", bot=bot, chat_id=GROUP, from_id=EVE, first_name="Eve")
    result = await next_page(hass, waiting)
    assert next(iter(options(result).values())) == f"✓ Family ({GROUP})"
    assert fields(result) == {"recipient", "role", "hello"}, "several people are no user of Home Assistant"
    result = await go_on(hass, result, recipient=str(GROUP), hello=False)
    assert (result["title"], result["data"]["recipient"]) == ("Family", str(GROUP))
    assert await the_bach(hass).inbox() == [], "a code is no command"


async def test_who_pressed_start_before_is_offered_without_a_mark(
    hass: HomeAssistant, telegram: TelegramServer, bot: Bot, loaded: MockConfigEntry
) -> None:
    """After BotFather people press *Start* first, and the dialog would wait for somebody who has come already."""
    blocked = the_bach(hass).registry.get(CONNECTION).blocked_count
    telegram.says("/start", bot=bot, chat_id=EVE, first_name="Eve")
    await telegram.wait_until(lambda: the_bach(hass).registry.get(CONNECTION).blocked_count > blocked)
    await hass.async_block_till_done()
    result = await wait(hass, loaded)
    assert options(result) == {"98": "Eve (98)", "keep_waiting": "keep_waiting"}


async def test_a_code_of_somebody_who_is_let_in_is_no_command(
    hass: HomeAssistant, telegram: TelegramServer, bot: Bot, loaded: MockConfigEntry
) -> None:
    """The code would start whatever waits for /start, and stand in traces."""
    events = async_capture_events(hass, "bach_message")
    invitation = await start(hass, loaded, "pair")
    telegram.says(f"/start {code_of(invitation)}", bot=bot, chat_id=42, first_name="Ada")
    telegram.says("/hello", bot=bot, chat_id=42, first_name="Ada")
    await until(hass, lambda: len(events) > 0)
    assert [event.data["command"] for event in events] == ["hello"]


async def test_the_second_who_writes_can_be_picked_too(
    hass: HomeAssistant, telegram: TelegramServer, bot: Bot, loaded: MockConfigEntry
) -> None:
    """The first message may be anybody's; the one we wait for must still get a chance."""
    result = await wait(hass, loaded)
    telegram.says("spam", bot=bot, chat_id=EVE, first_name="Mallory")
    result = await next_page(hass, result)

    result = await go_on(hass, result, recipient="keep_waiting")
    assert result["type"] is FlowResultType.SHOW_PROGRESS
    telegram.add_chat(GROUP, type="supergroup", title="Family")
    telegram.says("/start", bot=bot, chat_id=GROUP, from_id=7)
    result = await next_page(hass, result)

    assert options(result) == {
        "98": "Mallory (98)",
        str(GROUP): f"Family ({GROUP})",
        "keep_waiting": "keep_waiting",
    }
    result = await go_on(hass, result, recipient=str(GROUP))
    assert result["data"] == {"recipient": str(GROUP), "kind": "supergroup", "role": "user", "notify_action": "family"}


async def test_a_long_name_of_a_stranger_is_cut(
    hass: HomeAssistant, telegram: TelegramServer, bot: Bot, loaded: MockConfigEntry
) -> None:
    """Strangers choose their names; one must not be able to fill the page."""
    result = await wait(hass, loaded)
    telegram.says("/start", bot=bot, chat_id=EVE, first_name="x" * 1000)
    result = await next_page(hass, result)
    result = await go_on(hass, result, recipient="98")
    assert result["title"] == "x" * 100


async def test_an_id_that_nobody_knows_is_said_at_once(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """The first message would become a dead letter, days later."""
    result = await go_on(hass, await start(hass, loaded, "manual"), recipient="-1009", role="user", hello=False)
    assert result["errors"] == {"recipient": "unknown_recipient"}
    telegram.add_chat(GROUP, type="supergroup", title="Family")
    result = await go_on(hass, result, recipient=str(GROUP), role="user", hello=False)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_an_id_that_cannot_be_asked_for_is_taken_after_a_warning(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """Nobody could add a recipient while the platform is away."""
    telegram.fail(Fault.server_error(), times=None, methods=["getChat"])
    result = await go_on(hass, await start(hass, loaded, "manual"), recipient="-1009", role="user", hello=False)
    assert result["errors"] == {"recipient": "cannot_ask"}
    result = await go_on(hass, result, recipient="-1009", role="user", hello=False)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_when_nobody_writes_the_choice_comes_back(
    hass: HomeAssistant, loaded: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that spins for ever helps nobody."""
    monkeypatch.setattr("custom_components.bach.flows.pairing.PAIRING_SECONDS", 0)
    result = await next_page(hass, await wait(hass, loaded))
    assert (result["type"], result["step_id"]) == (FlowResultType.MENU, "nobody")

    monkeypatch.undo()
    result = await go_on(hass, result, next_step_id="pair")
    assert result["type"] is FlowResultType.SHOW_PROGRESS
    hass.config_entries.subentries.async_abort(result["flow_id"])


async def test_a_connection_that_goes_while_the_dialog_waits_ends_it_in_order(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """Home Assistant would log a traceback when it stops, and the dialog would hang."""
    result = await wait(hass, loaded)
    assert await hass.config_entries.async_unload(loaded.entry_id)
    hass.config_entries.subentries.async_get(result["flow_id"])
    await hass.async_stop(force=True)


async def test_a_closed_dialog_stops_listening(
    hass: HomeAssistant, telegram: TelegramServer, bot: Bot, loaded: MockConfigEntry
) -> None:
    """Strangers may be noticed only while somebody looks for them."""
    result = await wait(hass, loaded)
    hass.config_entries.subentries.async_abort(result["flow_id"])
    await hass.async_block_till_done(wait_background_tasks=True)

    noticed: list[SenderBlocked] = []
    the_bach(hass).subscribe(SenderBlocked, noticed.append)
    blocked = the_bach(hass).registry.get(CONNECTION).blocked_count
    telegram.says("hello?", bot=bot, chat_id=EVE)
    await telegram.wait_until(lambda: the_bach(hass).registry.get(CONNECTION).blocked_count > blocked)
    assert not noticed


async def test_pairing_needs_a_running_connection(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Waiting for messages that nobody fetches would be waiting for ever."""
    await the_bach(hass).registry.update(CONNECTION, is_active=False)
    await hass.async_block_till_done()
    await until(hass, lambda: state(hass, "binary_sensor.home_bot_receiving") == "off")
    result = await start(hass, loaded, "pair")
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "cannot_receive")

    await hass.config_entries.async_unload(loaded.entry_id)
    result = await start(hass, loaded, "pair")
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "entry_not_loaded")


async def test_an_id_can_be_typed(hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry) -> None:
    """A channel writes nothing by itself; whoever knows its id needs no pairing. A slip can be corrected."""
    result = await start(hass, loaded, "manual")
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "manual")

    result = await go_on(hass, result, recipient="my channel", title="News")
    assert result["errors"] == {"recipient": "invalid_recipient"}
    placeholders = result["description_placeholders"]
    assert placeholders
    assert "@name" in placeholders["expected"]

    telegram.add_chat(-1005, type="channel", title="News", username="mychannel")
    result = await go_on(hass, result, recipient=" @MyChannel ", title=" News ")
    assert (result["type"], result["title"]) == (FlowResultType.CREATE_ENTRY, "News")
    assert result["data"] == {"recipient": "@mychannel", "kind": "channel", "role": "user", "notify_action": "news"}
    assert state(hass, "notify.news") == "unknown"


async def test_without_a_name_the_id_is_the_name(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """A name is a comfort, not a duty."""
    telegram.add_chat(44)
    result = await enter(hass, await start(hass, loaded, "manual"), recipient="44")
    assert result["title"] == "44"


async def test_the_user_is_asked_of_one_person_only(
    hass: HomeAssistant, hass_admin_user: MockUser, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """A whole group would act in the name of one user; a field that means nothing stands where an id is typed."""
    telegram.add_chat(-7, type="group", title="Family")
    telegram.add_chat(44, first_name="Eve")
    for chat, role in (("-7", "user"), ("44", "notify_only")):
        form = await start(hass, loaded, "manual")
        assert fields(form) == {"recipient", "title", "role", "hello"}
        done = await go_on(hass, form, recipient=chat, role=role, hello=False)
        assert done["type"] is FlowResultType.CREATE_ENTRY
    [eve] = [key for key, one in loaded.subentries.items() if one.title == "44"]
    hass.config_entries.async_remove_subentry(loaded, eve)
    form = await start(hass, loaded, "manual")
    page = await go_on(hass, form, recipient="44", title="Eve", role="admin", hello=False)
    assert (page["step_id"], fields(page)) == ("whose", {"user_id"})
    assert page["description_placeholders"] == {"name": "Eve", "name_text": "Eve"}
    done = await go_on(hass, page, user_id=hass_admin_user.id)
    rights = {"role": "admin", "user_id": hass_admin_user.id}
    assert done["data"] == {"recipient": "44", "kind": "private", **rights, "notify_action": "eve"}
    [eve] = [key for key, one in loaded.subentries.items() if one.title == "Eve"]
    telegram.add_chat(-8, type="group", title="Others")
    page = await reconfigure(hass, loaded, eve)
    await go_on(hass, page, recipient="-8", title="Others", role="user", user_id=hass_admin_user.id)
    assert loaded.subentries[eve].data == {"recipient": "-8", "kind": "group", "role": "user"}


async def test_a_recipient_is_added_once(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Two entities for one chat would only confuse."""
    result = await go_on(hass, await start(hass, loaded, "manual"), recipient="42")
    assert result["errors"] == {"recipient": "recipient_taken"}


async def test_a_recipient_is_changed(hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry) -> None:
    """A person with a new account stays the same recipient in every automation."""
    ada = next(key for key, subentry in loaded.subentries.items() if subentry.title == "Ada")
    result = await reconfigure(hass, loaded, ada)
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "reconfigure")

    result = await go_on(hass, result, recipient="nobody", title="Ada")
    assert result["errors"] == {"recipient": "invalid_recipient"}

    result = await go_on(hass, result, recipient="4242", title="Ada L.")
    assert result["errors"] == {"recipient": "unknown_recipient"}, "an id is asked for when it is changed, too"
    telegram.add_chat(4242)
    result = await go_on(hass, result, recipient="4242", title="Ada L.")
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    subentry = loaded.subentries[ada]
    assert (subentry.title, subentry.unique_id) == ("Ada L.", "recipient_4242")
    assert subentry.data == {"recipient": "4242", "kind": "private", "role": "user"}
    assert state(hass, ADA_ENTITY) == "unknown"
    assert the_bach(hass).registry.get(CONNECTION).allowed == {"4242", "43"}


async def test_a_recipient_cannot_become_another_one(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Changing Ada's id to Bob's would make two of him."""
    ada = next(key for key, subentry in loaded.subentries.items() if subentry.title == "Ada")
    result = await reconfigure(hass, loaded, ada)
    result = await go_on(hass, result, recipient="43")
    assert result["errors"] == {"recipient": "recipient_taken"}


async def test_who_answers_is_chosen_and_taken_back(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Nobody may be answered before a person chose an agent, and an emptied field must end it."""
    ada = next(key for key, subentry in loaded.subentries.items() if subentry.title == "Ada")
    result = await reconfigure(hass, loaded, ada)
    chat = {"agent": "conversation.home_assistant", "language": "de", "speech_to_text": "stt.ears"}
    result = await go_on(hass, result, recipient="42", title="Ada", chat=chat)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    assert loaded.subentries[ada].data == {"recipient": "42", "kind": "private", "role": "user", **chat}

    result = await reconfigure(hass, loaded, ada)
    schema = result["data_schema"]
    assert schema
    suggested = {str(key): key.description for key in schema.schema["chat"].schema.schema}
    assert suggested == {field: {"suggested_value": value} for field, value in chat.items()}

    await go_on(hass, result, recipient="42", title="Ada", chat={"language": "de"})
    assert loaded.subentries[ada].data == {"recipient": "42", "kind": "private", "role": "user", "language": "de"}


async def test_whoever_is_picked_gets_a_role_and_a_user(
    hass: HomeAssistant, hass_admin_user: MockUser, telegram: TelegramServer, bot: Bot, loaded: MockConfigEntry
) -> None:
    """Somebody would be heard who should only be told, or act in nobody's name."""
    result = await wait(hass, loaded)
    telegram.says("/start", bot=bot, chat_id=EVE, first_name="Eve")
    result = await next_page(hass, result)
    result = await go_on(hass, result, recipient="98", role="notify_only", user_id=hass_admin_user.id)
    assert result["data"] == {
        "notify_action": "eve",
        "recipient": "98",
        "kind": "private",
        "role": "notify_only",
        "user_id": hass_admin_user.id,
    }
    assert "98" not in the_bach(hass).registry.get(CONNECTION).allowed


async def test_a_role_that_does_not_exist_is_refused(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """A page that was made up by hand would store what nothing understands, or a user whom nobody is."""
    result = await start(hass, loaded, "manual")
    for data in ({"role": "emperor"}, {"user_id": "nobody"}):
        with pytest.raises(InvalidData):
            await go_on(hass, result, recipient="44", **data)


async def test_role_and_user_of_a_recipient_are_changed(
    hass: HomeAssistant, hass_admin_user: MockUser, loaded: MockConfigEntry
) -> None:
    """A child grows up, and a guest leaves: it takes effect at once."""
    ada = next(key for key, subentry in loaded.subentries.items() if subentry.title == "Ada")
    result = await reconfigure(hass, loaded, ada)
    await go_on(hass, result, recipient="42", title="Ada", role="admin", user_id=hass_admin_user.id)
    assert loaded.subentries[ada].data == {
        "recipient": "42",
        "kind": "private",
        "role": "admin",
        "user_id": hass_admin_user.id,
    }

    result = await reconfigure(hass, loaded, ada)
    assert suggested(result) == {"recipient": "42", "title": "Ada", "role": "admin", "user_id": hass_admin_user.id}
    await go_on(hass, result, recipient="42", title="Ada", role="notify_only")
    assert loaded.subentries[ada].data == {"recipient": "42", "kind": "private", "role": "notify_only"}
    assert the_bach(hass).registry.get(CONNECTION).allowed == {"43"}


async def test_a_user_who_is_gone_is_not_offered_again(
    hass: HomeAssistant, hass_admin_user: MockUser, loaded: MockConfigEntry
) -> None:
    """The page could not be saved, because it holds a choice that does not exist."""
    ada = next(subentry for subentry in loaded.subentries.values() if subentry.title == "Ada")
    hass.config_entries.async_update_subentry(loaded, ada, data={**ada.data, "user_id": "gone"})
    await hass.async_block_till_done()
    result = await reconfigure(hass, loaded, ada.subentry_id)
    assert "user_id" not in suggested(result)
    result = await go_on(hass, result, recipient="42", title="Ada")
    assert result["reason"] == "reconfigure_successful"
    assert "user_id" not in loaded.subentries[ada.subentry_id].data


async def test_the_people_of_a_group_follow_its_new_id(hass: HomeAssistant, telegram: TelegramServer) -> None:
    """Somebody corrects the id of a group, and its administrators would be nobody."""
    loaded = add_entry(hass, telegram, more=[recipient("Family", "-1"), person("Dora", "-1", "46")])
    await set_up(hass, loaded)
    family, dora = (
        next(key for key, subentry in loaded.subentries.items() if subentry.title == title)
        for title in ("Family", "Dora")
    )
    result = await go_on(hass, await reconfigure(hass, loaded, family), recipient="42", title="Family")
    assert result["errors"] == {"recipient": "recipient_taken"}
    assert loaded.subentries[dora].unique_id == "person_-1_46", "the group did not move"

    telegram.add_chat(-2, type="group", title="Family")
    await go_on(hass, await reconfigure(hass, loaded, family), recipient="-2", title="Family")
    moved = loaded.subentries[dora]
    assert (moved.data["recipient"], moved.unique_id) == ("-2", "person_-2_46")
    assert the_bach(hass).registry.get(CONNECTION).allowed == {"42", "43", "-2", "-2#46"}
