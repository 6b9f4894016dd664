"""Phones that answer: buttons, words, proofs and levels, on real companion apps of a real Home Assistant."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, cast

import pytest
from homeassistant.auth.models import User
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator, WebSocketGenerator

from bach_lib import Button, IncomingMessage, ProofKind, Proven, Status
from bach_lib.testing.telegram_server import TelegramServer
from custom_components.bach.this_home import home_calls
from custom_components.bach.this_home.press_tokens import PRESS_TOKENS
from tests.component.companion import LOCAL, Companion, Json, LocalChannel, PushGateway, cloud, register
from tests.component.conftest import ADA, TOKEN, add_entry, entity_ids, recipient, set_up, the_bach, until_state
from tests.component.test_ask import edited, shown
from tests.component.test_this_home import CONNECTION, connect, tell, until_tried

type PhoneOf = Callable[[], Awaitable[Companion]]

ANSWERS = [{"text": "Open", "value": "open"}, {"text": "Leave it", "value": "leave"}]
BUTTONS = [[Button(text="Open", value="open"), Button(text="Leave it", value="leave")]]


@pytest.fixture
def phone_of(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    gateway: PushGateway,
    ada: User,
    request: pytest.FixtureRequest,
) -> PhoneOf:
    """Registers a phone of the maker that the test names."""
    return partial(register, hass, hass_client, user=ada, app_data=cloud(gateway), maker=request.param)


@pytest.fixture
async def guest(hass: HomeAssistant, hass_client: ClientSessionGenerator, pixel: Companion) -> Companion:
    """The phone of somebody else, which can fire any event."""
    other = MockUser(name="Bob").add_to_hass(hass)
    return await register(hass, hass_client, user=other, name="Guest", app_data=LOCAL)


async def ask(hass: HomeAssistant, *entity: str, **data: object) -> asyncio.Task[Json]:
    """Ask, without waiting for the answer."""

    async def call() -> Json:
        answer = await hass.services.async_call(
            "bach",
            "ask",
            {"message": "Open?", "answers": ANSWERS, "entity_id": list(entity), **data},
            blocking=True,
            return_response=True,
        )
        return cast("Json", answer)

    return hass.async_create_background_task(call(), "a question")


async def within[T](hass: HomeAssistant, look: Callable[[], Awaitable[T]]) -> T:
    """What is there, once it is."""
    async with asyncio.timeout(20):
        while not (found := await look()):
            await hass.async_block_till_done()
            await asyncio.sleep(0)
    return found


def notify_of(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """The entity of its only recipient."""
    return next(one for one in entity_ids(hass, entry) if one.startswith("notify."))


async def test_a_question_is_answered_on_a_phone(
    hass: HomeAssistant, pixel: Companion, gateway: PushGateway, ada: User
) -> None:
    """A phone could be told, and never answer; or its answer would come from nobody."""
    entry = await connect(hass, recipient("Ada", pixel.recipient, user_id=ada.id))
    asked = await ask(hass, notify_of(hass, entry))
    await gateway.wait_for(1)
    [push] = gateway.pushes
    assert [one["title"] for one in push["data"]["actions"]] == ["Open", "Leave it"]
    await pixel.press(push, "Open")
    answer = await asyncio.wait_for(asked, 20)
    assert (answer["answer"], answer["person"]) == ("open", "Ada")
    await gateway.wait_for(2)
    told = gateway.pushes[1]
    assert told["message"] == "Open?\n\nAnswered by Ada: Open"
    assert told["data"]["tag"] == push["data"]["tag"], "it takes the place of the question"
    assert "actions" not in told["data"]
    _, message = await the_bach(hass).messages(connection=CONNECTION)
    assert message.proven[-1].kind is ProofKind.ANSWERED


async def test_a_press_by_somebody_else_is_none(
    hass: HomeAssistant, pixel: Companion, guest: Companion, gateway: PushGateway
) -> None:
    """A guest's phone could open the door: any phone may fire any event, with any device's id in it."""
    entry = await connect(hass, recipient("Ada", pixel.recipient))
    asked = await ask(hass, notify_of(hass, entry))
    await gateway.wait_for(1)
    await guest.press(gateway.pushes[0], "Open")
    hass.bus.async_fire("mobile_app_notification_action", {"action": gateway.pushes[0]["data"]["actions"][0]["action"]})
    await pixel.fire("mobile_app_notification_action", action="BACH_guessed", device_id="x")
    await pixel.fire("mobile_app_notification_action", action=7)
    await pixel.press(gateway.pushes[0], "Leave it")
    assert (await asyncio.wait_for(asked, 20))["answer"] == "leave"
    assert [one.text for one in await the_bach(hass).inbox()] == ["Leave it"]


async def test_a_button_is_good_once(hass: HomeAssistant, pixel: Companion, gateway: PushGateway) -> None:
    """Whoever reads the recorder's events could press again what somebody has pressed."""
    await connect(hass, recipient("Ada", pixel.recipient))
    await tell(hass, pixel.recipient, "Door?", buttons=BUTTONS)
    for _ in range(2):
        await pixel.press(gateway.pushes[0], "Open")
    await tell(hass, pixel.recipient, "Window?", buttons=BUTTONS)
    await pixel.press(gateway.pushes[0], "Open")
    await pixel.press(gateway.pushes[1], "Open")

    async def both() -> list[IncomingMessage]:
        found = await the_bach(hass).inbox()
        return list(found) if len(found) > 1 else []

    found = await within(hass, both)
    assert [one.message_id for one in sorted(found, key=lambda one: one.id)] == [1, 2]
    assert len(await the_bach(hass).inbox()) == 2
    tokens, (spent, good) = hass.data[PRESS_TOKENS], gateway.pushes[0]["data"]["actions"]

    async def is_spent() -> bool:  # also for whoever forgets what came in
        return tokens.find(spent["action"], pixel.user.id, 0.0) is None

    await within(hass, is_spent)
    assert tokens.find(good["action"], pixel.user.id, 0.0) is not None


async def test_a_button_outlives_a_restart(
    hass: HomeAssistant, pixel: Companion, gateway: PushGateway, hass_storage: dict[str, Any]
) -> None:
    """What is asked before an update of Home Assistant could not be answered after it."""
    entry = await connect(hass, recipient("Ada", pixel.recipient))
    await tell(hass, pixel.recipient, "Door?", buttons=BUTTONS)
    push = gateway.pushes[0]
    kept = str(hass_storage["bach.presses"])
    assert push["data"]["actions"][0]["action"] not in kept, "a backup could press"
    await hass.config_entries.async_unload(entry.entry_id)
    hass.data.pop(PRESS_TOKENS)
    await set_up(hass, entry)
    await until_state(hass, "binary_sensor.this_home_receiving", "on")
    await pixel.press(push, "Open")
    found = await within(hass, the_bach(hass).inbox)
    assert (found[0].content.value, found[0].message_id) == ("open", 1)


async def test_words_come_in_where_they_are_wanted(
    hass: HomeAssistant, pixel: Companion, gateway: PushGateway, ada: User
) -> None:
    """Nobody could answer a question from the lock screen that has no buttons."""
    entry = await connect(hass, recipient("Ada", pixel.recipient, user_id=ada.id))
    [subentry] = entry.subentries.values()
    hass.config_entries.async_update_subentry(entry, subentry, data={**subentry.data, "replies": True})
    await hass.async_block_till_done()
    asked = await ask(hass, notify_of(hass, entry), answers=[], free_text=True, message="What is for dinner?")
    await gateway.wait_for(1)
    [action] = gateway.pushes[0]["data"]["actions"]
    assert (action["title"], action["behavior"]) == ("Reply", "textInput")
    await pixel.press(gateway.pushes[0], "Reply", "  ")
    await pixel.press(gateway.pushes[0], "Reply", "Soup")
    answer = await asyncio.wait_for(asked, 20)
    assert (answer["text"], answer["person"]) == ("Soup", "Ada")


async def test_telegram_and_a_phone_answer_at_the_same_instant(
    hass: HomeAssistant, telegram: TelegramServer, pixel: Companion, gateway: PushGateway, ada: User
) -> None:
    """Two answers would both count, or whoever was slower would never learn that it is settled."""
    chat = add_entry(hass, telegram, recipients={"Ada": ADA})
    await set_up(hass, chat)
    entry = await connect(hass, recipient("Pixel", pixel.recipient, user_id=ada.id))
    await until_state(hass, "binary_sensor.home_bot_receiving", "on")
    asked = await ask(hass, notify_of(hass, entry), notify_of(hass, chat))
    await gateway.wait_for(1)
    [asked_there] = await telegram.wait_for(1)
    telegram.presses(asked_there, "Leave it", bot=telegram.bots[TOKEN])
    await pixel.press(gateway.pushes[0], "Open")
    answer = await asyncio.wait_for(asked, 20)
    assert answer["answer"] in {"open", "leave"}
    await gateway.wait_for(2)
    ending = f"Answered by {answer['person']}: {'Open' if answer['answer'] == 'open' else 'Leave it'}"
    assert gateway.pushes[1]["message"].endswith(ending)
    await edited(hass, 2)
    assert shown(telegram, ADA, asked_there.message_id).text.endswith(ending)


async def test_a_notification_that_is_there_is_proven(
    hass: HomeAssistant, pixel: Companion, guest: Companion, gateway: PushGateway
) -> None:
    """A message that never arrived would pass for delivered, or one that did would pass for lost."""
    await connect(hass, recipient("Ada", pixel.recipient))
    first = await tell(hass, pixel.recipient, "40 %", tag="washing")
    second = await tell(hass, pixel.recipient, "done", tag="washing")
    assert gateway.pushes[0]["data"]["confirmation"] is True
    assert gateway.pushes[0]["data"]["tag"] == gateway.pushes[1]["data"]["tag"]
    await guest.shown(gateway.pushes[1])
    await pixel.shown(gateway.pushes[0])  # late, and of the older one
    await tell(hass, pixel.recipient, "Door?", buttons=BUTTONS)
    await pixel.press(gateway.pushes[2], "Open")
    await within(hass, the_bach(hass).inbox)  # what came before that is stored, too
    assert not any([(await the_bach(hass).get(one.id)).proven for one in (first, second)])
    await pixel.shown(gateway.pushes[1])

    async def known() -> tuple[Proven, ...]:
        return (await the_bach(hass).get(second.id)).proven

    proven = await within(hass, known)
    assert proven[-1].kind is ProofKind.DELIVERED
    assert not (await the_bach(hass).get(first.id)).proven


@pytest.mark.parametrize(
    ("phone_of", "options", "expected"),
    [
        ("Google", {"silent": True}, {"channel": "BACH (quiet)", "importance": "low"}),
        (
            "Google",
            {"priority": 5},
            {"ttl": 0, "priority": "high", "channel": "BACH (urgent)", "importance": "high"},
        ),
        (
            "Google",
            {"priority": 9},
            {"ttl": 0, "priority": "high", "channel": "alarm_stream", "importance": "max"},
        ),
        ("Apple", {"silent": True}, {"push": {"interruption-level": "passive", "sound": "none"}}),
        ("Apple", {"priority": 5}, {"push": {"interruption-level": "time-sensitive"}}),
        (
            "Apple",
            {"priority": 9},
            {
                "push": {
                    "interruption-level": "critical",
                    "sound": {"name": "default", "critical": 1, "volume": 1.0},
                }
            },
        ),
    ],
    indirect=["phone_of"],
)
async def test_each_level_is_the_platforms_own(
    hass: HomeAssistant, phone_of: PhoneOf, gateway: PushGateway, options: dict[str, Any], expected: Json
) -> None:
    """A leak would be silent at three in the morning, or the washing machine would wake the house."""
    phone = await phone_of()
    entry = await connect(hass, recipient("Ada", phone.recipient))
    [subentry] = entry.subentries.values()
    hass.config_entries.async_update_subentry(entry, subentry, data={**subentry.data, "critical_from": 8})
    assert (await tell(hass, phone.recipient, "Water!", **options)).status is Status.SENT
    data = {key: one for key, one in gateway.pushes[0]["data"].items() if key not in {"tag", "confirmation"}}
    assert data == expected


async def test_words_of_others_are_no_orders(hass: HomeAssistant, pixel: Companion, gateway: PushGateway) -> None:
    """Whoever may write in a group could switch off somebody's screen, or draw a link into a notification."""
    await connect(hass, recipient("Ada", pixel.recipient))
    for text in ("command_screen_on", " TTS ", "clear_notification", "<b>5 & 6</b>"):
        await tell(hass, pixel.recipient, text, title="<i>")
        await tell(hass, pixel.recipient, text, silent=True)
    said = [push["message"] for push in gateway.pushes]
    assert said[::2] == said[1::2]
    assert said[::2] == ["“command_screen_on”", "“TTS”", "“clear_notification”", "&lt;b&gt;5 &amp; 6&lt;/b&gt;"]
    assert gateway.pushes[0]["title"] == "&lt;i&gt;"


async def test_a_long_text_becomes_several_that_fit(
    hass: HomeAssistant, pixel: Companion, gateway: PushGateway
) -> None:
    """The push service would refuse it, and Home Assistant would call that a success."""
    await connect(hass, recipient("Ada", pixel.recipient))
    text = " ".join(f"word{number}" for number in range(900))
    message = await tell(hass, pixel.recipient, text, title="News", buttons=BUTTONS)
    assert message.status is Status.SENT
    assert " ".join(push["message"] for push in gateway.pushes) == text
    assert [bool(push["data"].get("actions")) for push in gateway.pushes] == [False] * (len(gateway.pushes) - 1) + [
        True
    ]
    assert len({push["data"]["tag"] for push in gateway.pushes}) == len(gateway.pushes) > 3
    assert [push.get("title") for push in gateway.pushes] == ["News"] + [None] * (len(gateway.pushes) - 1)


async def test_what_a_phone_cannot_show_is_said(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, pixel: Companion, gateway: PushGateway
) -> None:
    """A fourth answer would be nowhere, and with the checked way all of them."""
    entry = await connect(hass, recipient("Ada", pixel.recipient))
    many = [[Button(text=text, value=text) for text in "ABCD"]]
    message = await tell(hass, pixel.recipient, "Which?", buttons=many)
    assert [one.what for one in message.lost] == ["buttons"]
    assert gateway.pushes[-1]["message"] == "Which?\n\n1. A\n2. B\n3. C\n4. D"
    [subentry] = entry.subentries.values()
    hass.config_entries.async_update_subentry(entry, subentry, data={**subentry.data, "way": "checked"})
    message = await tell(hass, pixel.recipient, "Which?", buttons=BUTTONS, silent=True)
    assert [one.what for one in message.lost] == ["buttons", "silent"]
    assert "data" not in gateway.pushes[-1]
    twin = await register(hass, hass_client, user=MockUser(name="Twin").add_to_hass(hass), app_data=cloud(gateway))
    hass.config_entries.async_update_subentry(entry, subentry, data={**subentry.data, "way": "rich"})
    told = [await tell(hass, one.recipient, "Which?", buttons=BUTTONS) for one in (pixel, twin)]
    assert [[one.what for one in message.lost] for message in told] == [["buttons"], []], "the last has the action"


async def test_what_was_sent_is_taken_back(hass: HomeAssistant, pixel: Companion, gateway: PushGateway) -> None:
    """An alarm that was none would stay on every lock screen."""
    await connect(hass, recipient("Ada", pixel.recipient))
    message = await tell(hass, pixel.recipient, "Fire!", priority=5)
    gone = await the_bach(hass).delete(message.id)
    assert (await the_bach(hass).wait(gone.id, 30)).status is Status.SENT
    tag = gateway.pushes[0]["data"]["tag"]
    assert (gateway.pushes[1]["message"], gateway.pushes[1]["data"]) == ("clear_notification", {"tag": tag})


async def test_a_rich_message_waits_for_a_phone_as_well(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    hass_ws_client: WebSocketGenerator,
    ada: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The secret of the phone would stand in the panel, or the message be dead before its owner is home."""
    monkeypatch.setattr(home_calls, "_SOON", 0.1)
    phone = await register(hass, hass_client, user=ada, app_data=LOCAL)
    await connect(hass, recipient("Ada", phone.recipient))
    receipt = await the_bach(hass).send(CONNECTION, phone.recipient, "Door?", silent=True)
    message = await until_tried(hass, receipt.id, lambda one: one.error is not None)
    assert message.error is not None
    assert (message.error.code, message.status) == ("not_connected", Status.PENDING)
    assert phone.webhook_id not in f"{message} {message.error.text}"
    channel = await LocalChannel.open(hass_ws_client, hass, phone)
    assert (await channel.next())["data"]["importance"] == "low"
    assert (await the_bach(hass).wait(receipt.id, 20)).status is Status.SENT
    await channel.close()


async def test_nothing_is_left_of_a_removed_home(
    hass: HomeAssistant, pixel: Companion, gateway: PushGateway, hass_storage: dict[str, Any]
) -> None:
    """Tokens of buttons would stay on the disk, and be good, for somebody who has left BACH."""
    entry = await connect(hass, recipient("Ada", pixel.recipient))
    await tell(hass, pixel.recipient, "Door?", buttons=BUTTONS)
    assert "bach.presses" in hass_storage
    await hass.config_entries.async_remove(entry.entry_id)
    assert "bach.presses" not in hass_storage
