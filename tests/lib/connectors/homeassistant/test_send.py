"""Sending: what the other Home Assistant is asked, and what its answers mean."""

import asyncio
from dataclasses import replace
from typing import override

import pytest
from aiohttp.web import BaseRequest, Response, StreamResponse
from hypothesis import given
from hypothesis import strategies as st

from bach_lib.connectors.base import Incoming
from bach_lib.connectors.homeassistant import HomeAssistantConnector, read_letter
from bach_lib.connectors.homeassistant.letter import write_letter
from bach_lib.connectors.homeassistant.recipients import normalize
from bach_lib.errors import InvalidEndpointError, InvalidRecipientError, PushRefusedError, SecretNotFoundError
from bach_lib.models import Candidate, Fault, Format, Identity
from bach_lib.models.incoming import Kind
from bach_lib.outcomes import Dead, Outcome, Retry, Scope, Sent, Uncertain, Wait
from bach_lib.testing import FakeClock
from bach_lib.testing.homeassistant import Call, HomeAssistantServer
from bach_lib.testing.homeassistant.server import USER_ID, VERSION
from bach_lib.testing.loopback import Loopback
from tests.lib.connectors.homeassistant.conftest import Connect, a_message

PHONE = "action:notify.mobile_app_phone"
SCRIPT = "action:script.wake_up"


def fault_of(outcome: Outcome) -> Fault:
    """Why it was not sent."""
    assert not isinstance(outcome, Sent)
    return outcome.fault


# -- recipients -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        (" Notify.Kitchen ", "notify.kitchen"),
        ("ACTION:Script.Wake_Up", SCRIPT),
        ("Event:Doorbell", "event:Doorbell"),  # types of events have capitals that count
        ("BACH", "bach"),
    ],
)
def test_one_way_to_write_it(written: str, normal: str) -> None:
    """Messages to one recipient could overtake each other."""
    assert normalize(written) == normal


@pytest.mark.parametrize(
    "recipient", ["light.kitchen", "action:script", "event:", "event:state_changed", "notify.", "bach:1", "event:a b"]
)
def test_what_is_no_recipient(recipient: str) -> None:
    """A slip of the pen, or a flood of events, would be found out when it is too late."""
    with pytest.raises(InvalidRecipientError):
        normalize(recipient)


def test_a_token_is_needed(connect: Connect) -> None:
    """The first message would tell, not the dialog."""
    with pytest.raises(SecretNotFoundError):
        connect(token=" ")
    with pytest.raises(InvalidEndpointError):
        connect(endpoint="homeassistant.local")


# -- what is asked ----------------------------------------------------------------------------------------------------


async def test_a_notify_entity(connector: HomeAssistantConnector, server: HomeAssistantServer) -> None:
    """The display in the kitchen would stay empty."""
    assert isinstance(await connector.send(a_message(title="Garage")), Sent)
    assert server.called == [
        Call(
            action="notify.send_message",
            data={"message": "The garage door is open", "title": "Garage"},
            entity_id="notify.kitchen",
        )
    ]


async def test_an_entity_that_is_not_there(connector: HomeAssistantConnector, server: HomeAssistantServer) -> None:
    """Home Assistant says that all is well, and nobody was told of the water leak."""
    assert fault_of(await connector.send(a_message(recipient="notify.cellar"))).code == "chat_not_found"
    server.states["notify.kitchen"] = "unavailable"
    outcome = await connector.send(a_message())
    assert isinstance(outcome, Wait)
    assert outcome.scope is Scope.RECIPIENT
    assert server.called == []


async def test_an_entity_that_is_not_there_yet(connector: HomeAssistantConnector, server: HomeAssistantServer) -> None:
    """What is sent while the other home restarts would be dead."""
    server.running = "STARTING"
    for recipient in ("notify.cellar", "action:notify.mobile_app_tablet"):
        outcome = await connector.send(a_message(recipient=recipient))
        assert isinstance(outcome, Wait), outcome
        assert outcome.scope is Scope.RECIPIENT


@pytest.mark.parametrize(
    ("recipient", "said", "data"),
    [
        (PHONE, (Format.PLAIN, "Hello"), {"message": "Hello"}),
        (PHONE, (Format.PLAIN, '{"message": "Fire", "data": {}}'), {"message": '{"message": "Fire", "data": {}}'}),
        (PHONE, (Format.JSON, '{"message": "Fire", "data": {"ttl": 0}}'), {"message": "Fire", "data": {"ttl": 0}}),
        (SCRIPT, (Format.MARKDOWN, ' {"room": "bath"}'), {"message": ' {"room": "bath"}'}),
        (SCRIPT, (Format.HTML, '{"room": "bath"}'), {"message": '{"room": "bath"}'}),
        (SCRIPT, (Format.JSON, ' {"room": "bath"}'), {"room": "bath"}),
    ],
)
async def test_an_action(
    connector: HomeAssistantConnector,
    server: HomeAssistantServer,
    recipient: str,
    said: tuple[Format, str],
    data: dict[str, object],
) -> None:
    """An action would lack its data, or whoever writes a JSON object would choose all fields of an action."""
    form, text = said
    assert isinstance(await connector.send(replace(a_message(text, recipient), format=form)), Sent)
    assert server.called == [Call(action=recipient.removeprefix("action:"), data=data)]


async def test_an_event(connector: HomeAssistantConnector, server: HomeAssistantServer) -> None:
    """Automations over there would not begin."""
    assert isinstance(await connector.send(a_message("Hello", "event:Doorbell", title="Door")), Sent)
    pressed = a_message('{"button": 2}', "event:Doorbell")
    assert isinstance(await connector.send(pressed), Sent)
    assert isinstance(await connector.send(replace(pressed, format=Format.JSON)), Sent)
    assert [event for event, _ in server.fired] == ["Doorbell"] * 3
    said = [{"message": "Hello", "title": "Door"}, {"message": '{"button": 2}'}, {"button": 2}]
    assert [data for _, data in server.fired] == said


async def test_one_line_for_everything(connect: Connect, server: HomeAssistantServer) -> None:
    """Every message would log in anew, and a home under load be slower than it has to be."""
    connector = connect()
    await asyncio.gather(*(connector.send(a_message(recipient=PHONE)) for _ in range(20)), connector.receive(None))
    assert len(server.called) == 20
    assert [asked.path for asked in server.asked] == ["/api/websocket"]


# -- what the answers mean --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("invalid_format", Dead),
        ("unauthorized", Dead),
        ("not_found", Dead),
        ("service_validation_error", Retry),
        ("home_assistant_error", Uncertain),
        ("unknown_error", Uncertain),
        ("a_code_of_next_year", Uncertain),
    ],
)
async def test_a_refusal_concerns_this_message(
    connector: HomeAssistantConnector, server: HomeAssistantServer, code: str, expected: type[Outcome]
) -> None:
    """One wrong message would hold up all others, or a script that failed in its third step do the first again."""
    server.refusals.append((code, "These are the words."))
    outcome = await connector.send(a_message(recipient=PHONE))
    assert isinstance(outcome, expected), outcome
    if isinstance(outcome, Retry):
        assert outcome.scope is Scope.MESSAGE
    if not isinstance(outcome, Dead):
        assert fault_of(outcome).text == "These are the words."


async def test_a_lost_answer_is_uncertain(connector: HomeAssistantConnector, server: HomeAssistantServer) -> None:
    """A door would be opened a second time by a blind repetition."""
    server.lost = 1
    assert isinstance(await connector.send(a_message(recipient=SCRIPT)), Uncertain)
    assert len(server.called) == 1
    assert isinstance(await connector.send(a_message(recipient=SCRIPT)), Sent)


async def test_a_line_that_broke_meanwhile_is_opened_again(
    connector: HomeAssistantConnector, server: HomeAssistantServer
) -> None:
    """After each restart of the other home the first message would count as failed."""
    assert isinstance(await connector.send(a_message()), Sent)
    await server.pause()
    outcome = await connector.send(a_message())
    assert isinstance(outcome, Retry)
    assert (outcome.scope, outcome.fault.code) == (Scope.CONNECTION, "refused")
    await server.resume()
    assert isinstance(await connector.send(a_message()), Sent)


async def test_a_refused_token_is_not_shown_again_and_again(
    connect: Connect, server: HomeAssistantServer, clock: FakeClock
) -> None:
    """Home Assistant counts refused tokens and bans who shows too many."""
    connector = connect(token="old", clock=clock)
    for _ in range(3):
        assert fault_of(await connector.send(a_message())).code == "auth_failed"
    assert len(server.asked) == 1
    server.key = "old"
    await clock.advance(301)
    assert isinstance(await connector.send(a_message(recipient=PHONE)), Sent)


async def test_a_proxy_that_lets_no_websockets_through(connect: Connect, server: HomeAssistantServer) -> None:
    """People would look for the mistake in the token, or in the network."""
    server.opens_websockets = False
    answer = await connect().check()
    assert isinstance(answer, Fault)
    assert answer.code == "no_websocket"
    answer = await connect(token="old").check()
    assert isinstance(answer, Fault)
    assert answer.code == "auth_failed"


class Something(Loopback):
    """Anything but a Home Assistant."""

    status = 404

    @override
    async def handle(self, request: BaseRequest, /) -> StreamResponse:
        return Response(status=self.status, text="<html>Hello</html>")


@pytest.mark.parametrize(
    ("status", "code"), [(200, "bad_answer"), (404, "bad_answer"), (403, "auth_failed"), (502, "server_error")]
)
async def test_something_else_at_the_address(connect: Connect, status: int, code: str) -> None:
    """A mistyped port would be called a wrong token."""
    async with Something(0) as something:
        something.status = status
        answer = await connect(endpoint=something.url).check()
    assert isinstance(answer, Fault)
    assert answer.code == code


async def test_what_answers_there(connector: HomeAssistantConnector, server: HomeAssistantServer) -> None:
    """Nobody could see which versions the two homes have."""
    there = Identity(id=USER_ID, name="Summer house", link=server.url, version=f"{VERSION} (BACH 1.0.0)")
    assert await connector.check() == there
    server.bach = None
    assert await connector.check() == replace(there, version=VERSION)


async def test_letters_that_are_not_taken_there_are_told_of(connect: Connect, server: HomeAssistantServer) -> None:
    """Only the first dead letter would say so; and who writes no letters need not hear of it."""
    server.takes_letters = False
    for allowed, code in (((), None), (("bach",), "not_accepted")):
        answer = await connect(*allowed).check()
        assert isinstance(answer, Identity)
        assert (answer.notice.code if answer.notice else None) == code


async def test_whom_one_could_write_to(connector: HomeAssistantConnector, server: HomeAssistantServer) -> None:
    """People would have to look up ids over there."""
    assert await connector.find("") == [
        Candidate(recipient="bach", title="BACH", kind="bach"),
        Candidate(recipient="notify.kitchen", title="notify.kitchen", kind="entity"),
        Candidate(recipient=PHONE, title="notify.mobile_app_phone", kind="action"),
        Candidate(recipient=SCRIPT, title="script.wake_up", kind="action"),
    ]
    server.bach = None
    found = await connector.find("")
    assert isinstance(found, list)
    assert all(candidate.kind != "bach" for candidate in found)


# -- letters ----------------------------------------------------------------------------------------------------------


async def test_a_letter(connector: HomeAssistantConnector, server: HomeAssistantServer) -> None:
    """The two homes could not talk."""
    outcome = await connector.send(a_message(recipient="bach", title="Garage", reply_to="1b2c-3"))
    assert outcome == Sent(remote_id="0a1b2c3d-1")
    letter = dict(server.letters["0a1b2c3d-1"])
    assert isinstance(letter.pop("told_at"), float), "the other home could not know how old it is"
    assert letter == {
        "v": 1,
        "id": "0a1b2c3d-1",
        "text": "The garage door is open",
        "title": "Garage",
        "reply_to": "1b2c-3",
        "sent_at": 1_767_225_600.0,
    }


async def test_a_letter_may_be_repeated(connector: HomeAssistantConnector, server: HomeAssistantServer) -> None:
    """A line that breaks would use up the retries of letters, although the other side drops repetitions."""
    server.lost = 1
    outcome = await connector.send(a_message(recipient="bach"))
    assert isinstance(outcome, Uncertain)
    assert outcome.repeatable
    assert isinstance(await connector.send(a_message(recipient="bach")), Sent)
    assert len(server.letters) == 1


async def test_a_bach_that_is_not_ready(connector: HomeAssistantConnector, server: HomeAssistantServer) -> None:
    """What is sent while the other home starts would be dead, or hold up the display in its kitchen."""
    server.refusals.append(("not_ready", "Starting"))
    outcomes = [await connector.send(a_message(recipient="bach"))]
    server.bach = None
    outcomes.append(await connector.send(a_message(recipient="bach")))
    for outcome in outcomes:
        assert isinstance(outcome, Wait), outcome
        assert outcome.scope is Scope.RECIPIENT


async def test_a_bach_that_does_not_let_us_in(connector: HomeAssistantConnector, server: HomeAssistantServer) -> None:
    """Nobody would know what to do over there."""
    server.takes_letters = False
    outcome = await connector.send(a_message(recipient="bach"))
    assert isinstance(outcome, Dead)
    assert outcome.fault.code == "forbidden"
    assert "recipient" in outcome.fault.text


@given(
    text=st.text(min_size=1, max_size=2_000).filter(str.strip),
    title=st.none() | st.text(min_size=1, max_size=100),
    reply_to=st.none() | st.from_regex(r"[a-z0-9]{8}-[0-9a-f]{1,8}", fullmatch=True),
)
def test_what_is_written_is_read(text: str, title: str | None, reply_to: str | None) -> None:
    """A letter could arrive as something else, or not be understood."""
    message = a_message(text, "bach", title=title, reply_to=reply_to)
    incoming = read_letter(write_letter(message))
    assert incoming.remote_id == message.nonce
    assert incoming.text == (f"{title}\n{text}" if title else text)
    assert (incoming.reply_to, incoming.origin) == (reply_to, reply_to)
    assert incoming.sent_at == message.created_at


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)
FIELDS = {"v": JSON | st.just(1), "id": JSON | st.just("a-1"), "text": JSON, "title": JSON, "sent_at": JSON}


@given(letter=JSON | st.fixed_dictionaries({}, optional=FIELDS))
def test_whatever_comes_is_read_or_refused(letter: object) -> None:
    """A program with another version could crash the home that reads its letters."""
    try:
        incoming = read_letter(letter)
    except PushRefusedError:
        return
    assert isinstance(incoming, Incoming)
    assert incoming.text.strip()


@pytest.mark.parametrize(
    "change", [{"v": 2}, {"id": "a b"}, {"id": "x" * 65}, {"text": " "}, {"text": "x" * 65_537}, {"text": None}]
)
def test_what_is_no_letter(change: dict[str, object]) -> None:
    """Sizes and ids from outside would have no limits."""
    with pytest.raises(PushRefusedError):
        read_letter(write_letter(a_message()) | change)


def test_a_command_in_a_letter() -> None:
    """Two homes could not give each other commands."""
    incoming = read_letter(write_letter(replace(a_message(), text="/open the gate")))
    assert (incoming.kind, incoming.content.command, incoming.content.args) == (Kind.COMMAND, "open", "the gate")
