"""What is known of a message after it was sent: automations, the Activity, and who asks for a message."""

import pytest
from homeassistant.core import Event, HomeAssistant
from homeassistant.util.yaml import load_yaml_dict
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from bach_lib import Message, ProofKind, Proven, Status
from bach_lib.events import MessageProven
from bach_lib.testing.telegram_server import TelegramServer
from custom_components.bach.logbook import PROOFS, Describe, async_describe_events
from tests.component.automations import automate, refused
from tests.component.conftest import ADA, ADA_ENTITY, BOB_ENTITY, CONNECTION, send, the_bach, until

DELIVERED, SEEN, ANSWERED = ProofKind
PROVEN = {"trigger": "bach.message_proven"}


def proven(*kinds: ProofKind, person: str = "Ada", at: float = 100.0) -> MessageProven:
    """The last of these is new."""
    known = tuple(Proven(kind=kind, people=1, at=at, latest_at=at, person=person, name=person) for kind in kinds)
    message = Message(
        id=7, nonce="x-7", connection=CONNECTION, recipient=str(ADA), text="hello", status=Status.SENT, proven=known
    )
    return MessageProven(connection=CONNECTION, message=message, proof=known[-1])


def options(*kinds: ProofKind) -> dict[str, object]:
    """The trigger for these."""
    return {**PROVEN, "options": {"kinds": [kind.value for kind in kinds]}}


async def test_an_answer_runs_an_automation(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """Nobody could stop an alarm because somebody has answered it, without a button in each message."""
    automation = await automate(hass, options(SEEN, ANSWERED))
    await send(hass, ADA_ENTITY, "The cellar is wet")
    [sent] = await telegram.wait_for(1)
    telegram.says("I am coming", sender=str(ADA), reply_to=sent.message_id)
    await until(hass, lambda: len(automation.runs) == 2)
    seen, told = automation.told
    assert (told["proof"], told["people"], told["person_id"]) == ("answered", 1, str(ADA))
    assert (told["entity_id"], told["text"], told["status"]) == (ADA_ENTITY, "The cellar is wet", "sent")
    assert told["description"] == "message to Ada answered"
    assert seen["proof"] == "seen", "what was answered was seen"


@pytest.mark.parametrize(
    ("trigger", "kinds"),
    [
        (PROVEN, ["seen"]),
        ({**options(DELIVERED, SEEN), "target": {"entity_id": ADA_ENTITY}}, ["delivered", "seen"]),
        ({**options(*ProofKind), "target": {"entity_id": BOB_ENTITY}}, []),
    ],
    ids=["alone", "hers", "his"],
)
async def test_only_what_was_asked_for_runs_an_automation(
    hass: HomeAssistant, loaded: MockConfigEntry, trigger: dict[str, object], kinds: list[str]
) -> None:
    """The lights would blink at each phone that gets a message, and for other people's."""
    automation = await automate(hass, trigger)
    for kind in ProofKind:
        the_bach(hass)._base.bus.publish(proven(kind))
    await hass.async_block_till_done()
    assert [one["proof"] for one in automation.told] == kinds


async def test_what_cannot_become_known_is_refused(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """An automation with a misspelt word would wait for ever."""
    assert "one of delivered, seen, answered" in await refused(hass, {**PROVEN, "options": {"kinds": ["read"]}})


async def test_what_platforms_tell_is_a_line_and_what_follows_from_an_answer_is_none(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """The Activity would not say whether the alarm was seen, or say three things of each answer."""
    events = async_capture_events(hass, "bach_proven")
    publish = the_bach(hass)._base.bus.publish
    publish(proven(DELIVERED))
    publish(proven(DELIVERED, SEEN, person="Bob"))
    publish(proven(DELIVERED, SEEN, ANSWERED))
    await hass.async_block_till_done()
    assert [event.data["proof"] for event in events] == ["delivered", "seen"]
    assert not {"text", "title"} & events[0].data.keys(), "what people wrote stands in no Activity"
    describe: dict[str, Describe] = {}
    async_describe_events(hass, lambda _, event, how: describe.update({event: how}))
    lines = [describe["bach_proven"](Event("bach_proven", event.data)) for event in events]
    assert [f"{line['name']} {line['message']}" for line in lines] == [
        "Message to Ada delivered (message 7)",
        'Message to Ada seen: "Bob" (message 7)',
    ]


def test_each_proof_has_a_line() -> None:
    """One of them would be told as another."""
    assert [*PROOFS] == [*ProofKind]


async def test_whoever_asks_for_a_message_is_told(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """A script could not look whether a message was answered."""
    await send(hass, ADA_ENTITY, "hello")
    [sent] = await telegram.wait_for(1)
    answered = async_capture_events(hass, "bach_message")
    telegram.says("yes", sender=str(ADA), reply_to=sent.message_id)
    await until(hass, lambda: bool(answered))
    found = await hass.services.async_call(
        "bach", "get_message", {"message_id": 1}, blocking=True, return_response=True
    )
    assert found is not None
    proofs = found["proofs"]
    assert isinstance(proofs, list)
    assert [(one["kind"], one["person"]) for one in proofs if isinstance(one, dict)] == [
        (kind.value, str(ADA)) for kind in (ANSWERED, DELIVERED, SEEN)
    ]


@pytest.mark.parametrize("kind", ProofKind)
def test_each_proof_can_be_chosen(kind: ProofKind) -> None:
    """The editor would not offer what can become known."""
    shown = load_yaml_dict("custom_components/bach/triggers.yaml")["message_proven"]["fields"]["kinds"]
    assert kind.value in shown["selector"]["select"]["options"]
