"""The action `bach.send_message`: every field, every kind of target, and a result for everybody."""

import asyncio
import re
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
import voluptuous as vol
from homeassistant.auth.models import Group
from homeassistant.auth.permissions.const import POLICY_CONTROL
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized, UnknownUser
from homeassistant.helpers import device_registry as dr
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from bach_lib import Button, Delivery, Location, Poll, Status
from bach_lib.events import MessageRetrying
from bach_lib.models import Buttons
from bach_lib.testing.telegram_server import Bot, Fault, TelegramServer
from tests.component.conftest import ADA, ADA_ENTITY, BOB, BOB_ENTITY, state, the_bach, until
from tests.component.test_ask import shown


async def call(
    hass: HomeAssistant, response: bool = True, context: Context | None = None, **data: object
) -> list[dict[str, Any]]:
    """Call the action; without other words it says "hello"."""
    answer = await hass.services.async_call(
        "bach",
        "send_message",
        {"message": "hello", **data},
        blocking=True,
        return_response=response,
        context=context,
    )
    return cast("list[dict[str, Any]]", answer["messages"]) if answer else []


async def test_the_answer_names_the_message(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """An automation needs the id to cancel or follow what it sent."""
    [row] = await call(hass, entity_id=ADA_ENTITY)
    assert row == {
        "id": 1,
        "url": "/bach/message/1",
        "recipient": "42",
        "status": row["status"],
        "entity_id": ADA_ENTITY,
        "config_entry_id": loaded.entry_id,
    }
    assert row["status"] in {"pending", "sending"}
    [message] = await telegram.wait_for(1)
    assert (message.chat_id, message.text) == (ADA, "hello")
    await until(hass, lambda: state(hass, ADA_ENTITY) != "unknown")


async def test_waiting_tells_that_it_arrived(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Waiting turns the answer from "will be sent" into "was sent"."""
    [row] = await call(hass, entity_id=ADA_ENTITY, wait=5)
    assert row["status"] == "sent"
    assert "error" not in row


async def test_every_field_reaches_the_message(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """A field that is accepted and then ignored is worse than none."""
    context = Context()
    await call(
        hass,
        response=False,
        context=context,
        entity_id=ADA_ENTITY,
        message="<b>open</b>",
        title="Garage",
        format="html",
        silent=True,
        priority=7,
        tag="garage",
        time_to_live={"hours": 1},
        delivery="at_most_once",
        link_preview=False,
        protected=True,
        location={"latitude": 48, "longitude": 11.5, "radius": 0},
        location_name="The gate",
        poll_question="Who looks?",
        poll_options=["Ada", "Bob"],
        poll_multiple=True,
        effect="heart",
        embed={"title": "Gate", "color": [211, 47, 47]},
        view_once=True,
    )
    [message] = await the_bach(hass).messages()
    assert (message.text, message.title, message.format) == ("<b>open</b>\n\nGate", "Garage", "html")
    assert (message.silent, message.priority, message.tag) == (True, 7, "garage")
    assert message.expires_at == message.created_at + 3600
    assert message.delivery is Delivery.AT_MOST_ONCE
    assert message.context == context.id
    sent, place, asked = await telegram.wait_for(3)
    assert asked.poll == Poll(question="Who looks?", options=("Ada", "Bob"), multiple=True)
    assert (sent.effect, place.effect) == ("5159385139981059251", None)
    assert place.location == Location(latitude=48.0, longitude=11.5, name="The gate", address="48.00000, 11.50000")
    assert (sent.silent, sent.protected, sent.link_preview) == (True, True, False)
    assert sent.parse_mode == "HTML"


@pytest.mark.parametrize(("options", "is_sent"), [([], True), (["Ada", "Bob"], False)])
async def test_an_empty_question_is_none(
    hass: HomeAssistant, loaded: MockConfigEntry, options: list[str], is_sent: bool
) -> None:
    """A script that could put a poll, too, would send no alarm where it is told of none."""
    with nullcontext() if is_sent else pytest.raises(ServiceValidationError):
        await call(hass, entity_id=ADA_ENTITY, message="Water!", poll_question="", poll_options=options)
    assert [one.extras.poll for one in await the_bach(hass).messages()] == ([None] if is_sent else [])


async def test_what_a_place_is_called_needs_the_place(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Who forgets the point on the map would find out from the one who did not come."""
    with pytest.raises(ServiceValidationError, match="goes only with the place"):
        await call(hass, entity_id=ADA_ENTITY, message="Come here", location_name="The gate")
    assert await the_bach(hass).messages() == []


async def test_a_message_waits_for_its_time(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """What is meant for the evening would be sent at once, or hold up what comes meanwhile."""
    soon = dt_util.now() + timedelta(hours=1)
    [row] = await call(hass, entity_id=ADA_ENTITY, at=soon.strftime("%H:%M:%S"))
    assert row["status"] == "pending"
    await call(hass, entity_id=ADA_ENTITY, message="now", wait=5)
    message = await the_bach(hass).get(row["id"])
    assert message.scheduled_for == soon.replace(microsecond=0).timestamp()
    assert [sent.text for sent in telegram.sent] == ["now"]
    data = {"message_id": row["id"], "wait": 5}
    answer = await hass.services.async_call("bach", "send_now", data, blocking=True, return_response=True)
    assert answer
    assert (answer["id"], answer["status"]) == (row["id"], "sent")
    with pytest.raises(ServiceValidationError):
        await hass.services.async_call("bach", "send_now", data, blocking=True)


@pytest.mark.parametrize("at", ["soon", "25:00", "2026-13-01 10:00:00"])
async def test_a_time_that_is_none_is_refused(hass: HomeAssistant, loaded: MockConfigEntry, at: str) -> None:
    """It would be sent at once."""
    with pytest.raises(vol.Invalid):
        await call(hass, entity_id=ADA_ENTITY, at=at)


async def test_everybody_gets_a_result_of_their_own(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """One who blocked the bot must not take the others' message away, nor be hidden by their success."""
    telegram.chats[BOB].block()
    rows = {row["entity_id"]: row for row in await call(hass, entity_id=[ADA_ENTITY, BOB_ENTITY], wait=5)}
    assert rows[ADA_ENTITY]["status"] == "sent"
    assert rows[BOB_ENTITY]["status"] == "dead"
    assert "blocked" in rows[BOB_ENTITY]["error"]


async def test_devices_and_all_are_targets_too(
    hass: HomeAssistant, device_registry: dr.DeviceRegistry, loaded: MockConfigEntry
) -> None:
    """The target picker offers devices, areas and labels; people use them."""
    [ada] = [
        device for device in dr.async_entries_for_config_entry(device_registry, loaded.entry_id) if device.name == "Ada"
    ]
    assert [row["entity_id"] for row in await call(hass, device_id=ada.id)] == [ADA_ENTITY]
    assert {row["entity_id"] for row in await call(hass, entity_id="all")} == {ADA_ENTITY, BOB_ENTITY}


async def test_a_target_that_is_none_of_ours_stops_nobody(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """A renamed entity in a list must be reported, and the others must get their message."""
    rows = await call(hass, entity_id=[ADA_ENTITY, "notify.gone"])
    assert [row["status"] for row in rows if row["entity_id"] == "notify.gone"] == ["refused"]
    assert "notify.gone" in next(row["error"] for row in rows if "error" in row)
    await telegram.wait_for(1)

    with pytest.raises(ServiceValidationError) as raised:
        await call(hass, response=False, entity_id=[ADA_ENTITY, "notify.gone"])
    assert raised.value.translation_key == "not_a_recipient"
    await telegram.wait_for(2)


async def test_somebody_without_an_entity_is_reached_by_id(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """An automation may answer whoever it likes, without adding everybody as a recipient."""
    telegram.add_chat(77, first_name="Guest")
    [row] = await call(hass, config_entry_id=loaded.entry_id, recipient=" 77 ", wait=5)
    assert (row["id"], row["recipient"], row["status"]) == (1, "77", "sent")
    assert row["config_entry_id"] == loaded.entry_id
    assert "entity_id" not in row
    [row] = await call(hass, recipient="77")
    assert row["config_entry_id"] == loaded.entry_id, "the only connection needs no naming"


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({}, "one_kind_of_target"),
        ({"entity_id": ADA_ENTITY, "recipient": "42"}, "one_kind_of_target"),
        ({"config_entry_id": "whatever"}, "one_kind_of_target"),
        ({"config_entry_id": "whatever", "recipient": "42"}, "service_config_entry_not_found"),
        ({"entity_id": "none"}, "one_kind_of_target"),
        ({"area_id": "nowhere"}, "no_recipients"),
        ({"entity_id": "light.kitchen"}, "not_a_recipient"),
        ({"recipient": "not an id"}, "invalid_recipient"),
        ({"entity_id": ADA_ENTITY, "message": " "}, "empty_text"),
        ({"entity_id": ADA_ENTITY, "message": "x" * 64_001}, "text_too_long"),
        ({"entity_id": ADA_ENTITY, "priority": 11}, "invalid_value"),
        ({"entity_id": ADA_ENTITY, "time_to_live": 0}, "invalid_time_to_live"),
        ({"entity_id": ADA_ENTITY, "time_to_live": -60}, "invalid_time_to_live"),
    ],
)
async def test_mistakes_are_explained_and_nothing_is_queued(
    hass: HomeAssistant, loaded: MockConfigEntry, data: dict[str, Any], key: str
) -> None:
    """The author of an automation sees what to correct, in the trace and in their language."""
    for response in (True, False):
        with pytest.raises(ServiceValidationError) as raised:
            await call(hass, response, **data)
        assert raised.value.translation_key == key
        assert str(raised.value) != key
    assert not await the_bach(hass).messages()


@pytest.mark.parametrize("data", [{"format": "bbcode"}, {"delivery": "maybe"}, {"wait": -1}, {"wait": 301}])
async def test_values_that_the_editor_does_not_offer_are_refused(
    hass: HomeAssistant, loaded: MockConfigEntry, data: dict[str, Any]
) -> None:
    """A wrong word in YAML shows when the automation is checked, not at night when it runs."""
    with pytest.raises(vol.Invalid):
        await call(hass, entity_id=ADA_ENTITY, **data)


async def test_a_mistake_with_several_recipients_lists_them(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """If all are refused, one error must say so of all."""
    with pytest.raises(HomeAssistantError) as raised:
        await call(hass, entity_id=["notify.gone", "notify.lost"])
    assert raised.value.translation_key == "several_errors"
    assert "notify.gone" in str(raised.value)
    assert "notify.lost" in str(raised.value)


async def test_a_failure_while_waiting_fails_the_automation(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """Who waits and does not read the answer must hear that the alarm did not arrive, for whom, and why."""
    telegram.chats[ADA].block()
    with pytest.raises(HomeAssistantError) as raised:
        await call(hass, response=False, entity_id=ADA_ENTITY, wait=5)
    assert raised.value.translation_key == "message_dead"
    assert "Ada" in str(raised.value)
    assert "blocked" in str(raised.value)


async def test_an_uncertain_delivery_fails_it_too(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """Sending at most once stops when in doubt, and somebody has to know."""
    telegram.fail(Fault.drop_after_store(), methods=["sendMessage"])
    with pytest.raises(HomeAssistantError) as raised:
        await call(hass, response=False, entity_id=ADA_ENTITY, delivery="at_most_once", wait=5)
    assert raised.value.translation_key == "message_uncertain"


@pytest.mark.parametrize(("ending", "key"), [("cancelled", "message_cancelled"), ("expired", "message_expired")])
async def test_a_message_that_was_not_sent_fails_it_too(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, ending: str, key: str
) -> None:
    """Cancelled or out of time: the person did not get it."""
    bach, retrying = the_bach(hass), asyncio.Event()
    bach.subscribe(MessageRetrying, lambda _: retrying.set())
    await telegram.pause()
    task = hass.async_create_task(
        call(hass, response=False, entity_id=ADA_ENTITY, wait=5, time_to_live=0.5 if ending == "expired" else 60)
    )
    await retrying.wait()
    if ending == "cancelled":
        await bach.cancel(1)
    with pytest.raises(HomeAssistantError) as raised:
        await task
    assert raised.value.translation_key == key


async def test_an_outage_is_no_failure(hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry) -> None:
    """A message that waits will arrive; telling the automation that it failed would make it send twice."""
    await telegram.pause()
    await call(hass, response=False, entity_id=ADA_ENTITY, wait=0.1)
    [row] = await call(hass, entity_id=BOB_ENTITY, wait=0.1)
    assert row["status"] in {"pending", "failed", "sending"}


async def test_a_newer_message_with_the_same_tag_replaces_the_older(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """After an outage people want to know how the garage door is, not how it was at every hour."""
    await telegram.pause()
    await call(hass, entity_id=ADA_ENTITY, message="first, to be tried and kept waiting")
    for text in ("open", "closed"):
        await call(hass, entity_id=ADA_ENTITY, message=text, tag="garage")
    waiting = await the_bach(hass).messages(status=[Status.PENDING, Status.FAILED, Status.SENDING])
    assert "open" not in [message.text for message in waiting]


async def test_only_those_who_may_control_a_recipient_can_send_to_it(
    hass: HomeAssistant, hass_admin_user: MockUser, loaded: MockConfigEntry
) -> None:
    """A child's account that may not use an entity must not get around that by another action."""
    child = MockUser(groups=[Group(name="children", id="children", policy={})]).add_to_hass(hass)
    child.mock_policy({"entities": {"entity_ids": {ADA_ENTITY: {POLICY_CONTROL: True}}}})
    mine = Context(user_id=child.id)
    await call(hass, context=mine, entity_id=ADA_ENTITY)
    with pytest.raises(Unauthorized):
        await call(hass, context=mine, entity_id=BOB_ENTITY)
    with pytest.raises(Unauthorized):
        await call(hass, context=mine, recipient=str(BOB))
    with pytest.raises(UnknownUser):
        await call(hass, context=Context(user_id="nobody"), entity_id=ADA_ENTITY)
    await call(hass, context=Context(user_id=hass_admin_user.id), recipient=str(BOB))


async def test_the_action_exists_without_a_loaded_connection(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Automations must stay valid while a connection is disabled, and say clearly why they fail."""
    await hass.config_entries.async_unload(loaded.entry_id)
    await hass.async_block_till_done()  # until then it could be a reload
    assert hass.services.has_service("bach", "send_message")
    with pytest.raises(ServiceValidationError) as raised:
        await call(hass, entity_id=ADA_ENTITY)
    assert raised.value.translation_key == "connection_not_loaded"


YES, NO = Button(text="Yes", value="1"), Button(text="No", value="no")


@pytest.mark.parametrize(
    ("given", "rows"),
    [
        ([{"text": "Yes", "value": 1}, {"text": "No", "value": "no"}], ((YES, NO),)),
        ([[{"text": "Yes", "value": "1"}], [{"text": "No", "value": "no"}]], ((YES,), (NO,))),
        ({"text": "Yes", "value": "1"}, ((YES,),)),
        (
            ["Open", {"text": "Shut", "value": ""}],
            ((Button(text="Open", value="Open"), Button(text="Shut", value="Shut")),),
        ),
        ([], ()),
    ],
    ids=["as the editor writes them", "rows", "one", "bare texts", "none"],
)
async def test_buttons_are_read_however_people_write_them(
    hass: HomeAssistant, loaded: MockConfigEntry, given: object, rows: Buttons
) -> None:
    """A press would bring back something that no automation waits for."""
    [row] = await call(hass, entity_id=ADA_ENTITY, buttons=given)
    assert "degraded" not in row
    assert (await the_bach(hass).get(row["id"])).buttons == rows


async def test_who_puts_it_off_has_it_again_later(
    hass: HomeAssistant, telegram: TelegramServer, bot: Bot, loaded: MockConfigEntry
) -> None:
    """Who is in the bath would forget the laundry; and whoever looks in the panel not know why something waits."""
    await call(hass, entity_id=ADA_ENTITY, snooze={"hours": 1, "minutes": 30})
    [message] = await telegram.wait_for(1)
    telegram.presses(message, "In 1 h 30 min", bot=bot)
    await until(hass, lambda: shown(telegram, ADA, message.message_id).text != "hello")
    assert re.fullmatch(r"hello\n\n⏰ .*, Ada", shown(telegram, ADA, message.message_id).text)
    [later] = await the_bach(hass).messages(status=[Status.PENDING])
    assert later.error
    assert (later.error.text, later.text) == ("Ada put it off.", "hello")
    assert later.scheduled_for == pytest.approx(dt_util.utcnow().timestamp() + 5400, abs=60)
    with pytest.raises(vol.Invalid):
        await call(hass, entity_id=ADA_ENTITY, snooze={"days": 8})


async def test_choices_go_in_words_where_there_are_no_buttons(
    hass: HomeAssistant, loaded: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """People would be asked something without learning what they can answer, and nobody would hear that it was so."""
    connector = await the_bach(hass)._base.connectors.load("telegram")
    able = replace(connector.capabilities, max_buttons=0, button_value=0)
    for one in (connector, connector.inner):  # what is between, and the platform's own, which knows its server
        monkeypatch.setattr(one, "capabilities", able)
    [row] = await call(hass, entity_id=ADA_ENTITY, buttons=["Open", "Shut"])
    assert row["degraded"] is True
    assert (await the_bach(hass).get(row["id"])).text == "hello\n\n1. Open\n2. Shut"


@pytest.mark.parametrize(
    ("given", "part"),
    [
        ([True, False], "quotes"),
        ([{"text": "Yes", "value": True}], "quotes"),
        ([{"value": "yes"}], "needs a text"),
        ([{"text": "Yes", "link": "x"}], '"link"'),
        ([{"text": "Yes", "value": "yes", "url": "https://a.example"}], "not both"),
        ([{"text": "Yes", "style": "pink"}], "primary"),
        ([["Yes"], "No"], "not both"),
        (7, "list of buttons"),
        ([{"text": ["Yes"]}], "must be a text"),
    ],
)
async def test_what_is_no_button_is_explained(
    hass: HomeAssistant, loaded: MockConfigEntry, given: object, part: str
) -> None:
    """YAML turns yes into true, and a person has to learn why the button cannot be shown."""
    with pytest.raises(vol.Invalid) as raised:
        await call(hass, entity_id=ADA_ENTITY, buttons=given)
    assert part in str(raised.value)


# -- files -----------------------------------------------------------------------------------------------------------


async def test_a_file_goes_along(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, tmp_path: Path
) -> None:
    """The picture of whoever rings would have to be looked for in Home Assistant."""
    picture = tmp_path / "door.jpg"
    picture.write_bytes(b"picture")
    hass.config.allowlist_external_dirs.add(str(tmp_path))
    [row] = await call(hass, entity_id=ADA_ENTITY, files=[str(picture)], wait=10)
    assert row["status"] == "sent"
    [message] = telegram.sent
    assert message.file
    assert (message.kind, message.text, message.file.name, message.file.content) == (
        "photo",
        "hello",
        "door.jpg",
        b"picture",
    )


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/etc/passwd", "is not a place"),
        ("{folder}/../secrets.yaml", "is not a place"),
        ("{folder}/\0", "is not a place"),
        ("{folder}/nothing.jpg", "cannot be read"),
        ("{folder}", "cannot be read"),
    ],
)
async def test_files_that_are_not_sent(
    hass: HomeAssistant, telegram: TelegramServer, tmp_path: Path, path: str, words: str
) -> None:
    """An automation could send the secrets of the house, or an alarm be lost because the camera was away."""
    media = tmp_path / "media"
    media.mkdir()
    (tmp_path / "secrets.yaml").write_text("password: x")
    hass.config.allowlist_external_dirs.add(str(media))
    [row] = await call(hass, entity_id=ADA_ENTITY, files=[path.format(folder=media), " "], wait=10)
    assert (row["status"], row["degraded"]) == ("sent", True)
    [lost] = row["lost"]
    assert lost["what"] == "file"
    assert words in lost["reason"]
    [message] = telegram.sent
    assert (message.kind, message.text, message.file) == ("text", "hello", None)


async def test_more_files_than_one_message_takes(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, tmp_path: Path
) -> None:
    """The second picture would be left out, or cost the words."""
    for name in ("one.jpg", "two.jpg"):
        (tmp_path / name).write_bytes(b"picture")
    hass.config.allowlist_external_dirs.add(str(tmp_path))
    await call(hass, entity_id=ADA_ENTITY, files=[str(tmp_path / "one.jpg"), str(tmp_path / "two.jpg")])
    assert [(one.kind, one.text) for one in await telegram.wait_for(2)] == [("photo", "hello"), ("photo", "")]
