"""An action `notify.<name>` for each recipient: alerts, groups and blueprints that know no entities reach them."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest
from homeassistant.auth.mfa_modules import auth_mfa_module_from_config
from homeassistant.auth.mfa_modules.notify import NotifyAuthModule
from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import Context, HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized
from homeassistant.helpers.service import async_get_cached_service_description
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from bach_lib import Extras, Location, Message, Status
from bach_lib.testing.telegram_server import TelegramServer
from custom_components.bach.actions.legacy_fields import read_legacy
from tests.component.conftest import ADA, BOB, CONNECTION, add_entry, recipient, set_up, the_bach
from tests.component.dialogs import go_on, reconfigure


@pytest.fixture
def entry(telegram: TelegramServer, hass: HomeAssistant) -> MockConfigEntry:
    """Ada has an action, Bob has none."""
    return add_entry(hass, telegram, recipients={"Bob": BOB}, more=[recipient("Ada", str(ADA), notify_action="ada")])


async def notify(hass: HomeAssistant, message: str = "hello", context: Context | None = None, **data: object) -> None:
    """Call it as an automation does."""
    await hass.services.async_call("notify", "ada", {"message": message, **data}, blocking=True, context=context)


async def newest(hass: HomeAssistant) -> Message:
    """What was queued last."""
    return (await the_bach(hass).messages())[0]


async def test_it_queues_as_our_own_action_does(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """Whoever calls it could neither follow what was sent nor have a title."""
    answer = await hass.services.async_call(
        "notify", "ada", {"message": "hello", "title": "Door"}, blocking=True, return_response=True
    )
    [row] = cast("dict[str, list[dict[str, object]]]", answer)["messages"]
    assert (row["recipient"], row["entity_id"]) == (str(ADA), "notify.ada")
    [sent] = await telegram.wait_for(1)
    assert (sent.chat_id, sent.text) == (ADA, "Door\n\nhello")
    assert not hass.services.has_service("notify", "bob")
    described = async_get_cached_service_description(hass, "notify", "ada")
    assert described
    assert (described["name"], set(described["fields"])) == ("Ada", {"message", "title", "data"})


async def test_an_alert_of_home_assistant_reaches_a_person(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """`alert:` knows nothing but such actions."""
    hass.states.async_set("binary_sensor.leak", "off")
    alert = {"name": "Leak", "entity_id": "binary_sensor.leak", "repeat": 30, "notifiers": ["ada"], "message": "Water!"}
    assert await async_setup_component(hass, "alert", {"alert": {"leak": {**alert, "done_message": "Dry again"}}})
    hass.states.async_set("binary_sensor.leak", "on")
    await telegram.wait_for(1)
    hass.states.async_set("binary_sensor.leak", "off")
    assert [one.text for one in await telegram.wait_for(2)] == ["Water!", "Dry again"]


async def test_it_is_there_before_the_connection_and_without_it(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """An alert that is on calls once while Home Assistant starts, and then not for half an hour."""
    assert await async_setup_component(hass, "bach", {})
    assert hass.services.has_service("notify", "ada")
    await hass.async_block_till_done()
    await hass.config_entries.async_unload(entry.entry_id)
    with pytest.raises(HomeAssistantError, match="not running"):
        await notify(hass)
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    assert not hass.services.has_service("notify", "ada")


async def test_only_those_who_may_control_the_recipient_can_send(
    hass: HomeAssistant, loaded: MockConfigEntry, hass_read_only_user: MockUser
) -> None:
    """A guest would write to the family by another name of the same thing."""
    for message in ("hello", "clear_notification"):
        with pytest.raises(Unauthorized):
            await notify(hass, message, Context(user_id=hass_read_only_user.id))
    assert await the_bach(hass).messages() == []


async def add_eve(hass: HomeAssistant, entry: MockConfigEntry, title: str) -> dict[str, object]:
    """Add another recipient by typing its id; what was stored."""
    menu = await hass.config_entries.subentries.async_init(
        (entry.entry_id, "recipient"), context={"source": SOURCE_USER}
    )
    form = await go_on(hass, menu, next_step_id="manual")
    result = await go_on(hass, form, recipient="-1001234567890", title=title, role="user", hello=False)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    return dict(result["data"])


@pytest.mark.parametrize(
    ("title", "action"),
    [
        ("Night owls", "night_owls"),
        ("Ada", None),
        ("ädä", None),
        ("44", None),
        ("🐈", None),
        ("Send message", None),
        ("Notify", None),
    ],
)
async def test_a_new_recipient_has_one_if_its_name_is_free(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, title: str, action: str | None
) -> None:
    """A second action of one name would silently take the first one's place."""
    hass.services.async_register("notify", "notify", lambda _: None)
    telegram.add_chat(-1001234567890, type="supergroup", title=title)
    assert (await add_eve(hass, loaded, title)).get("notify_action") == action
    assert action is None or hass.services.has_service("notify", action)


async def test_the_name_is_chosen_in_the_recipient_s_dialog(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Automations would break with every new title, and nobody could take an action away."""
    [ada] = [one for one in loaded.subentries.values() if one.title == "Ada"]
    form = await reconfigure(hass, loaded, ada.subentry_id)
    given = {"recipient": str(ADA), "title": "Ada Lovelace", "role": "user"}
    for name, error in (("Big Ada", "invalid_notify_action"), ("send_message", "notify_action_taken")):
        refused = await go_on(hass, form, **given, notify_action=name)
        assert refused["errors"] == {"notify_action": error}
    await go_on(hass, form, **given, notify_action="ada")
    assert hass.services.has_service("notify", "ada")
    await go_on(hass, await reconfigure(hass, loaded, ada.subentry_id), **given)
    assert not hass.services.has_service("notify", "ada")
    assert "notify_action" not in loaded.subentries[ada.subentry_id].data


async def test_an_action_of_somebody_else_stays_theirs(
    hass: HomeAssistant, telegram: TelegramServer, entry: MockConfigEntry
) -> None:
    """What another integration offers under this name would be lost, and with our recipient it would be removed."""
    taken = list[str]()
    hass.services.async_register("notify", "ada", lambda call: taken.append(call.data["message"]))
    await set_up(hass, entry)
    await notify(hass)
    assert taken == ["hello"]
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    assert hass.services.has_service("notify", "ada")


KEYS = ((("Yes", "yes"),), (("No", "no"),))


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        ({"tag": "a", "silent": True, "priority": 7}, {"tag": "a", "silent": True, "priority": 7}),
        ({"parse_mode": "html"}, {"format": "html"}),
        ({"parser": "markdownv2"}, {"format": "markdown"}),
        ({"disable_notification": True}, {"silent": True}),
        ({"disable_web_page_preview": True, "protected": True}, {"extras": Extras(link_preview=False, protected=True)}),
        ({"inline_keyboard": ["Yes:yes", "No:no"]}, {"buttons": KEYS}),
        ({"inline_keyboard": [[["Yes", "yes"]], [["No", "no"]]]}, {"buttons": KEYS}),
        (
            {"location": {"latitude": 1, "longitude": "2.5"}},
            {"extras": Extras(location=Location(latitude=1.0, longitude=2.5))},
        ),
        ({"inline_keyboard": "Look:https://a.example"}, {"buttons": ((("Look", ""),),)}),
        (
            {"actions": [{"action": "URI", "title": "Look", "uri": "https://a.example"}]},
            {"buttons": ((("Look", ""),),)},
        ),
        ({"inline_keyboard": "/yes, /no"}, {"buttons": ((("YES", "/yes"), ("NO", "/no")),)}),
        ({"actions": [{"action": one.lower(), "title": one} for one in ("Yes", "No")]}, {"buttons": KEYS}),
        ({"actions": [{"action": "URI", "title": "Look", "uri": "/map"}]}, {"text": "hello\nLook: /map"}),
        ({"actions": [{"title": "Look", "uri": "http://"}], "tag": "a"}, {"text": "hello\nLook: http://", "tag": "a"}),
        ({"keyboard": "Look:http://, /no", "tag": "a"}, {"text": "hello\nLook: http://", "tag": "a"}),
        ({"push": {"interruption-level": "critical"}}, {"priority": 10}),
        ({"push": {"sound": {"name": "default", "critical": 1}}}, {"priority": 10}),
        ({"ttl": 0, "priority": "high", "channel": "alarm_stream"}, {"priority": 10}),
        ({"importance": "low", "group": "a", "sticky": "true"}, {"silent": True}),
        ({"subtitle": "Cellar"}, {"text": "hello\nCellar"}),
        ({"clickAction": "https://example.org/a"}, {"text": "hello\nhttps://example.org/a"}),
        ({"clickAction": "/lovelace"}, {"text": "hello"}),
    ],
)
async def test_what_others_take_is_understood(
    hass: HomeAssistant, loaded: MockConfigEntry, data: dict[str, object], wanted: dict[str, object]
) -> None:
    """Whoever moves here would have to write all automations and blueprints anew."""
    await notify(hass, data=data)
    message = await newest(hass)
    buttons = tuple(tuple((one.text, one.value) for one in row) for row in message.buttons)
    is_so = {name: buttons if name == "buttons" else getattr(message, name) for name in wanted}
    assert is_so == wanted
    assert not message.lost


async def test_a_frame_of_discords_is_one(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Whoever moves here from Discord's own notifier would get bare lines where a frame was."""
    frame = {
        "title": "A",
        "description": "B",
        "color": 0xD32F2F,
        "author": {"name": "Home", "url": "https://bach.example/"},
        "footer": {"text": "End"},
        "image": {"url": "https://bach.example/a.png"},
        "fields": [{"name": "C", "value": 1, "inline": False}],
    }
    assert read_legacy(hass, {"embed": frame}).fields["embed"] == {
        "title": "A",
        "description": "B",
        "color": "#d32f2f",
        "author": "Home",
        "author_url": "https://bach.example/",
        "footer": "End",
        "image": "https://bach.example/a.png",
        "fields": [{"name": "C", "value": "1", "inline": False}],
    }
    await notify(hass, data={"embed": [frame, {"title": "Second"}]})
    message = await newest(hass)
    assert message.text == "hello\nSecond\n\nHome\nA\nB\nC: 1\nhttps://bach.example/a.png\nEnd"
    assert [loss.what for loss in message.lost] == ["embed"], "Telegram has no frames"


@pytest.mark.parametrize(
    ("embed", "words"),
    [
        ({"title": 5, "fields": [{"name": ""}]}, "\n5\n: "),
        ({"color": "red"}, ""),
        ({"title": "x" * 300}, f"\n{'x' * 300}"),
        ({"title": "Cellar", "image": {"url": "attachment://cellar.jpg"}}, "\nCellar"),
        ({"fields": [{"name": "\u200b", "value": "3 cm"}]}, "\n\u200b: 3 cm"),
    ],
)
async def test_a_frame_that_is_none_costs_no_words(
    hass: HomeAssistant, loaded: MockConfigEntry, embed: dict[str, object], words: str
) -> None:
    """An alarm would not go because of the frame around it, or without what stands in it, and as any other message."""
    await notify(hass, "Water!", data={"embed": embed, "priority": "critical"})
    message = await newest(hass)
    assert (message.text, message.priority) == (f"Water!{words}", 10)
    assert [loss.what for loss in message.lost] == ["data"]


async def test_it_is_sent_at_a_later_time(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """What is said for the evening would be sent at once, with a loss that nobody reads."""
    soon = dt_util.now() + timedelta(hours=1)
    await notify(hass, data={"at": soon.strftime("%H:%M:%S")})
    assert (await newest(hass)).scheduled_for == soon.replace(microsecond=0).timestamp()


@pytest.mark.parametrize(
    ("data", "names"),
    [
        ({"location": {"latitude": 1}, "something": 2}, "location, something"),
        ({"buttons": 5}, "buttons"),
        ({"delivery": "by pigeon"}, "delivery"),
        ({"priority": 99}, "priority"),
        ({"time_to_live": 0, "silent": True}, "time"),
        ({"tag": "x" * 5000}, "tag"),
        ({"disable_notification": [], "push": {"sound": [], "interruption-level": {}}}, None),
        ({"inline_keyboard": [["", ""], [[[]]], ":"], "keyboard": {"a": 1}}, None),
        ({"actions": [{"title": "Yes"}] * 200, "nothing": None}, None),
        ({"photo": [{"caption": 5}, 7, None], "push": 3, "embed": "x", "inline_keyboard": 3}, "file"),
    ],
)
async def test_no_field_costs_the_words(
    hass: HomeAssistant, loaded: MockConfigEntry, data: dict[str, object], names: str | None
) -> None:
    """An alarm would not go because a field of another integration stands in it."""
    await notify(hass, "Water!", data=data)
    message = await newest(hass)
    assert message.text.startswith("Water!")
    said = " ".join(f"{one.what} {one.reason}" for one in message.lost)
    assert names is None or names in said


async def test_pictures_are_found_as_the_others_name_them(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """A picture of the door would be missing, for `/local/` is how phones name the folder `www`."""
    folder = Path(hass.config.path("www"))
    await asyncio.to_thread(folder.mkdir)
    await asyncio.to_thread((folder / "door.jpg").write_bytes, b"\xff\xd8\xff\xe0 picture")
    hass.config.allowlist_external_dirs = {str(folder)}
    for data in ({"image": "/local/door.jpg"}, {"photo": [{"file": str(folder / "door.jpg")}]}):
        await notify(hass, data=data)
        assert [one.name for one in (await newest(hass)).files] == ["door.jpg"]
    await notify(hass, data={"photo": {"url": "https://example.org/door.jpg", "caption": "The door"}})
    assert (await newest(hass)).text == "hello\nThe door\nhttps://example.org/door.jpg"
    await notify(hass, data={"image": "/local/../secrets.yaml"})
    assert [one.what for one in (await newest(hass)).lost] == ["file"]


async def test_what_a_phone_does_is_not_told_as_words(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """People would read "clear_notification" instead of what is spoken, or of nothing."""
    await telegram.pause()
    for tag in ("leak", "door"):
        await notify(hass, "first", data={"tag": tag})
        await notify(hass, f"{tag} waits", data={"tag": tag})
    await notify(hass, "clear_notification", data={"tag": "leak"})
    waiting = await the_bach(hass).messages(connection=CONNECTION, status=(Status.PENDING,))
    assert [one.text for one in waiting] == ["door waits"]
    with pytest.raises(ServiceValidationError, match="order to the phone app"):
        await notify(hass, "command_screen_on")
    await notify(hass, "TTS", data={"tts_text": "Dinner"})
    assert (await newest(hass)).text == "Dinner"
    await telegram.resume()


TEMPLATE = "{} opens the house of Ada"


@pytest.mark.parametrize("template", [None, TEMPLATE, "{0}"])
async def test_a_login_code_reaches_its_person_and_is_kept_nowhere(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, template: str | None
) -> None:
    """Whoever looks at the panel, or at a backup, could log in as Ada."""
    module = await auth_mfa_module_from_config(hass, {"type": "notify", **({"message": template} if template else {})})
    assert isinstance(module, NotifyAuthModule)
    hass.auth._mfa_modules[module.id] = module  # as it stands in the configuration
    await module.async_notify("481516", "ada")
    [sent] = await telegram.wait_for(1)
    assert sent.text == (template or "{} is your Home Assistant login code").format("481516")
    message = await the_bach(hass).wait((await newest(hass)).id, 60)
    assert (message.status, message.confidential, message.text, message.priority) == (Status.SENT, True, "", 5)
    assert message.expires_at == message.created_at + 300
    answer = await hass.services.async_call("bach", "get_queue", {}, blocking=True, return_response=True)
    assert "481516" not in repr(answer)


@pytest.mark.parametrize("template", ["{0.digits} is the code", "{0[digits]} is the code", "{digits} {"])
async def test_a_slip_in_the_text_of_a_code_costs_no_message(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, template: str
) -> None:
    """Somebody misspells the text of their login codes, and from then on no alarm goes through `notify.`."""
    module = await auth_mfa_module_from_config(hass, {"type": "notify", "message": template})
    hass.auth._mfa_modules[module.id] = module
    await notify(hass, "Water!")
    [sent] = await telegram.wait_for(1)
    assert sent.text == "Water!"


async def test_what_only_looks_like_a_code_is_kept(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """An alarm with a number in it would have no words in the panel."""
    module = await auth_mfa_module_from_config(hass, {"type": "notify"})
    hass.auth._mfa_modules[module.id] = module
    await notify(hass, "Note: 123456 is your Home Assistant login code")
    assert not (await newest(hass)).confidential
    await notify(hass, "1234567 is your Home Assistant login code")
    assert not (await newest(hass)).confidential
    await notify(hass, "words", data={"confidential": True})
    assert (await newest(hass)).confidential
