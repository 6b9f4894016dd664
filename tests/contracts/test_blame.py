"""What every connector says it saw, for every way in which something can answer: blame needs a witness, and a true one.

Over real sockets. A new connector adds itself to `SPEAKERS` with its platform's words, and nothing else.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest
from aiohttp import ClientSession, TCPConnector

from bach_lib.clock import SystemClock
from bach_lib.connectors import Connectors
from bach_lib.connectors.base import Connector, Setup
from bach_lib.models import Message
from bach_lib.outcomes import Outcome, Sent, Uncertain, Wait
from bach_lib.testing.homeassistant import HomeAssistantServer
from tests.contracts.answering import WAYS, Answer, AnsweringServer, Asked, Effect
from tests.contracts.blame import (
    DEAD,
    NOTHING_WRITTEN,
    SENT,
    SPEAKERS,
    UNCERTAIN,
    WAIT_HERE,
    HomeAssistant,
    Speaker,
    summary,
)
from tests.contracts.names import NoNames

WORDS = [(speaker, name) for speaker in SPEAKERS for name in speaker.words]
type Make = Callable[..., Connector]


def named(value: object) -> str:
    """The name of a speaker in the names of tests."""
    return value.name if isinstance(value, type) and issubclass(value, Speaker) else str(value)


@pytest.fixture(autouse=True)
def loopback(socket_enabled: None) -> None:
    """Allow sockets; Home Assistant's test plugin has already limited them to 127.0.0.1."""


@pytest.fixture
async def make() -> AsyncIterator[Make]:
    """Make connectors, which are closed at the end."""
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(ClientSession())

        def connect(speaker: Speaker, url: str, session: ClientSession = session) -> Connector:
            connection, secrets = speaker.setup(url)
            setup = Setup(
                connection=connection, secrets=secrets, session=session, new_session=ClientSession, clock=SystemClock()
            )
            connector = speaker.make(setup)
            stack.push_async_callback(connector.close)
            return connector

        yield connect


def a_message(speaker: Speaker, text: str = "The garage door is open") -> Message:
    """A message from the queue."""
    return Message(id=1, nonce="0a1b2c3d-1", connection="home", recipient=speaker.recipient, text=text)


def fault_code(outcome: Outcome) -> str:
    """Why it was not sent."""
    assert not isinstance(outcome, Sent)
    return outcome.fault.code


def always(answer: Answer) -> Callable[[Asked], Answer]:
    """Whatever is asked."""
    return lambda _: answer


def test_no_connector_is_forgotten() -> None:
    """A new one could lay the blame where it likes, and kill messages or send them twice."""
    assert sorted(speaker.name for speaker in SPEAKERS) == Connectors().types
    for speaker in SPEAKERS:
        if speaker is not HomeAssistant:
            assert {"message", "account", "wait", "failure"} <= speaker.words.keys()


@pytest.mark.parametrize("speaker_type", SPEAKERS, ids=named)
async def test_nothing_was_written(speaker_type: type[Speaker], make: Make) -> None:
    """An outage would count as an attempt, or as one that may have arrived."""
    speaker = speaker_type()
    async with AnsweringServer(speaker.right) as server:
        url = server.url
        no_tls = await make(speaker, url.replace("http:", "https:")).send(a_message(speaker))
    refused = await make(speaker, url).send(a_message(speaker))
    async with ClientSession(connector=TCPConnector(resolver=NoNames())) as session:
        no_name = await make(speaker, "http://nowhere.invalid", session).send(a_message(speaker))
    assert [summary(outcome) for outcome in (refused, no_name, no_tls)] == [NOTHING_WRITTEN] * 3
    assert [fault_code(outcome) for outcome in (refused, no_name, no_tls)] == ["refused", "dns", "tls"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("speaker_type", SPEAKERS, ids=named)
async def test_who_answers_is_not_the_platform(speaker_type: type[Speaker], way: str, make: Make) -> None:
    """What a proxy, a portal or a broken line leaves would be believed: as an outage without end, as final, as sent."""
    speaker = speaker_type()
    answer = WAYS[way]
    async with AnsweringServer(speaker.right) as server:
        server.at_once = answer.effect is Effect.CLOSE_AT_ONCE
        server.answer = always(answer)
        outcome = await make(speaker, server.url).send(a_message(speaker))
    assert summary(outcome) == speaker.meaning(way), outcome


@pytest.mark.parametrize(("speaker_type", "name"), WORDS, ids=named)
async def test_the_platforms_own_words(speaker_type: type[Speaker], name: str, make: Make) -> None:
    """A refusal for good would be repeated, a passing one kill, or what concerns one stop everybody."""
    speaker, word = speaker_type(), speaker_type.words[name]
    async with AnsweringServer(speaker.right) as server:
        server.answer = lambda asked: word.answer if speaker.is_message(asked) else None
        outcome = await make(speaker, server.url).send(a_message(speaker))
    assert summary(outcome) == word.means, outcome
    if isinstance(outcome, Wait):
        assert outcome.seconds == 7
    if not isinstance(outcome, Sent | Uncertain):
        assert outcome.fault.text


@pytest.mark.parametrize("speaker_type", [one for one in SPEAKERS if one is not HomeAssistant], ids=named)
async def test_a_connection_that_was_kept_open(speaker_type: type[Speaker], make: Make) -> None:
    """What went into a connection that the other side had given up would count as never written."""
    speaker = speaker_type()
    async with AnsweringServer(speaker.right) as server:
        connector = make(speaker, server.url)
        assert summary(await connector.send(a_message(speaker))) == SENT
        server.answer = lambda _: Answer(effect=Effect.CLOSE_AFTER_READING)
        before = len(server.asked)
        assert summary(await connector.send(a_message(speaker))) == UNCERTAIN
        assert sum(speaker.is_message(asked) for asked in server.asked[before:]) == 1
        server.answer = lambda _: None
        assert summary(await connector.send(a_message(speaker))) == SENT


@pytest.mark.parametrize("speaker_type", SPEAKERS, ids=named)
async def test_a_check_sees_what_a_message_would_meet(speaker_type: type[Speaker], make: Make) -> None:
    """The witness would say that all is well while nothing at all gets through, and every message be to blame."""
    speaker = speaker_type()
    for answer in (WAYS["page 502"], WAYS["closed after it was read"], WAYS["page 403"]):
        async with AnsweringServer(speaker.right) as server:
            server.answer = always(answer)
            connector = make(speaker, server.url)
            await connector.send(a_message(speaker))
            assert hasattr(await connector.check(), "code"), answer


# -- over a WebSocket -------------------------------------------------------------------------------------------------


def refuse(code: str) -> Callable[[HomeAssistantServer], None]:
    """The other home answers so to the next command."""
    return lambda server: server.refusals.append((code, "Some words."))


def be_silent(server: HomeAssistantServer) -> None:
    """The other home answers nothing any more."""
    server.silent = True


def lose(server: HomeAssistantServer) -> None:
    """The other home does what it is told, and the line breaks."""
    server.lost = 1


def forget(server: HomeAssistantServer) -> None:
    """The token is not known any more."""
    server.key = "another one"


def be_unavailable(server: HomeAssistantServer) -> None:
    """The display is switched off."""
    server.states["notify.kitchen"] = "unavailable"


@pytest.mark.parametrize(
    ("recipient", "change", "means"),
    [
        ("action:script.wake_up", be_silent, UNCERTAIN),
        ("action:script.wake_up", lose, UNCERTAIN),
        ("action:script.wake_up", refuse("home_assistant_error"), UNCERTAIN),
        ("action:script.wake_up", refuse("unknown_error"), UNCERTAIN),
        ("action:script.wake_up", refuse("service_validation_error"), "message"),
        ("action:script.wake_up", refuse("invalid_format"), DEAD),
        ("action:script.wake_up", refuse("unauthorized"), DEAD),
        ("action:script.wake_up", forget, NOTHING_WRITTEN),
        ("notify.kitchen", be_unavailable, WAIT_HERE),
        ("notify.cellar", lambda _: None, DEAD),
        ("bach", lose, UNCERTAIN),  # letters are recognised, which the outcome says
    ],
)
async def test_what_another_home_says(
    recipient: str, change: Callable[[HomeAssistantServer], None], means: str, make: Make
) -> None:
    """A door would be opened again because its script failed after the first step."""
    speaker = HomeAssistant()
    async with HomeAssistantServer(key=speaker.secrets["token"]) as server:
        connector = make(speaker, server.url)
        change(server)
        message = Message(id=1, nonce="0a1b2c3d-1", connection="home", recipient=recipient, text="Hello")
        outcome = await connector.send(message)
    assert summary(outcome) == means, outcome
