"""Who is blamed in the end: what connectors see, through a whole BACH with a clock turned by hand and real sockets."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest

from bach_lib import Bach, Delivery, Message, Status
from bach_lib.storage import MemoryDatabase
from bach_lib.testing import FakeClock
from bach_lib.testing.homeassistant import HomeAssistantServer
from tests.contracts.answering import WAYS, Answer, AnsweringServer, Asked, Effect
from tests.contracts.blame import CONNECTION, SPEAKERS, UNCERTAIN, HomeAssistant, Speaker

OVER_HTTP = [speaker for speaker in SPEAKERS if speaker is not HomeAssistant]
HOUR, DAY = 3600, 86_400
type Script = Callable[[Asked], Answer | None]


def named(value: object) -> str:
    """The name of a speaker in the names of tests."""
    return value.name if isinstance(value, type) and issubclass(value, Speaker) else str(value)


@pytest.fixture(autouse=True)
def loopback(socket_enabled: None) -> None:
    """Allow sockets; Home Assistant's test plugin has already limited them to 127.0.0.1."""


@dataclass
class House:
    """A BACH with one connection, and the server that stands for the platform."""

    bach: Bach
    clock: FakeClock
    speaker: Speaker
    server: AnsweringServer

    async def send(self, text: str, delivery: Delivery = Delivery.AT_LEAST_ONCE) -> int:
        """A message to the one recipient."""
        return (await self.bach.send("home", self.speaker.recipient, text, delivery=delivery)).id

    async def get(self, number: int) -> Message:
        """What became of it."""
        return await self.bach.get(number)

    def written(self, text: str) -> list[Asked]:
        """The requests that brought it."""
        return [asked for asked in self.server.asked if self.speaker.is_message(asked) and text.encode() in asked.body]

    def only(self, text: str, answer: Answer) -> Script:
        """A platform that answers one message so, and is well otherwise."""
        return lambda asked: answer if self.speaker.is_message(asked) and text.encode() in asked.body else None

    async def pass_time(self, seconds: float, step: float, until: int | None = None) -> None:
        """Let time pass, at most until a message is final; the sockets do their work in between."""
        for _ in range(int(seconds / step)):
            await self.clock.advance(step)
            for _ in range(4):
                await self.clock.settle()
            if until is not None and (await self.get(until)).status.is_final:
                return


@asynccontextmanager
async def a_house(speaker: Speaker) -> AsyncIterator[House]:
    """One whose platform is well."""
    clock = FakeClock()
    async with AnsweringServer(speaker.right) as server:
        connection, secrets = speaker.setup(server.url)
        auth = {name: f"test:{name}" for name in secrets}
        async with Bach(MemoryDatabase(), secrets={"test": secrets.get}, clock=clock) as bach:
            await bach.registry.add(replace(connection, auth_config=auth))
            yield House(bach, clock, speaker, server)


def always(answer: Answer) -> Script:
    """Whatever is asked."""
    return lambda _: answer


def lost(speaker: Speaker) -> dict[str, Answer]:
    """Every answer after which nobody knows, but silence, which takes the time of a real clock."""
    words = {name: word.answer for name, word in speaker.words.items() if word.means == UNCERTAIN}
    ways = {name: answer for name, answer in WAYS.items() if speaker.meaning(name) == UNCERTAIN}
    return words | {name: way for name, way in ways.items() if way.effect not in {Effect.SILENCE, Effect.CLOSE_AT_ONCE}}


@pytest.mark.parametrize("speaker_type", OVER_HTTP, ids=named)
async def test_once_at_most(speaker_type: type[Speaker]) -> None:
    """A gate would open again because a proxy lost patience; where a platform knows repetitions, they must be known."""
    speaker = speaker_type()
    answers = lost(speaker)
    async with a_house(speaker) as house:
        numbers: dict[str, int] = {}
        for name, answer in answers.items():
            house.server.answer = house.only(f"<{name}>", answer)
            numbers[name] = await house.send(f"<{name}>", Delivery.AT_MOST_ONCE)
            await house.pass_time(60, 10, until=numbers[name])
        await house.pass_time(HOUR / 2, 10)
        for name, number in numbers.items():
            message = await house.get(number)
            written = [asked.body for asked in house.written(name)]
            if speaker.connector.capabilities.idempotent:
                assert len(set(written)) == 1, name
            else:
                assert (message.status, len(written)) == (Status.UNCERTAIN, 1), name


@pytest.mark.parametrize("way", ["page 502", "account"])
@pytest.mark.parametrize("speaker_type", OVER_HTTP, ids=named)
async def test_an_outage_counts_no_attempt(speaker_type: type[Speaker], way: str) -> None:
    """Half an hour behind a broken proxy, or with a token that was revoked, would kill every alarm of that time."""
    speaker = speaker_type()
    async with a_house(speaker) as house:
        house.server.answer = always(speaker.words[way].answer if way in speaker.words else WAYS[way])
        first, second = await house.send("<one>"), await house.send("<two>")
        await house.pass_time(HOUR / 2, 15)
        for number in (first, second):
            message = await house.get(number)
            assert not message.status.is_final
            assert message.retry_count == 0
        assert len(house.written("<one>")) < 20
        house.server.answer = lambda _: None
        await house.pass_time(HOUR, 10, until=second)
        assert [(await house.get(number)).status for number in (first, second)] == [Status.SENT] * 2


@pytest.mark.parametrize("speaker_type", OVER_HTTP, ids=named)
async def test_one_message_stops_nothing(speaker_type: type[Speaker]) -> None:
    """The alarm behind a picture that a proxy does not let through would wait for ever, and that be tried for ever."""
    speaker = speaker_type()
    poisons = {"<large>": WAYS["page 413"], "<failing>": speaker.words["failure"].answer} | {
        f"<{name}>": word.answer
        for name, word in speaker.words.items()
        if name == "nobody knows of what" and word.means == CONNECTION
    }
    async with a_house(speaker) as house:
        house.server.answer = lambda asked: next(
            (answer for text, answer in poisons.items() if asked in house.written(text)), None
        )
        numbers = [await house.send(text) for text in poisons]
        alarm = await house.send("<FIRE>")
        await house.pass_time(2 * HOUR, 10, until=alarm)
        assert (await house.get(alarm)).status is Status.SENT
        assert all([(await house.get(number)).retry_count > 0 for number in numbers])
        assert all(len(house.written(text)) <= 10 for text in poisons)
        if speaker.connector.capabilities.receives:  # whose polls of a day would take a minute here
            return
        await house.pass_time(1.5 * DAY, 600)
        assert [(await house.get(number)).status for number in numbers] == [Status.DEAD] * len(poisons)
        assert all(len(house.written(text)) <= 50 for text in poisons)


async def test_another_home_does_it_once() -> None:
    """A script over there would run again, because the line broke before it said that it had run."""
    speaker, clock = HomeAssistant(), FakeClock()
    async with HomeAssistantServer(key=speaker.secrets["token"]) as server:
        connection, secrets = speaker.setup(server.url)
        async with Bach(MemoryDatabase(), secrets={"test": secrets.get}, clock=clock) as bach:
            await bach.registry.add(replace(connection, auth_config={"token": "test:token"}))
            server.lost = 1
            receipt = await bach.send("home", "action:script.wake_up", "Now", delivery=Delivery.AT_MOST_ONCE)
            async with asyncio.timeout(60):
                message = await bach.wait(receipt.id, 30)
            for _ in range(360):
                await clock.advance(10)
    assert (message.status, len(server.called)) == (Status.UNCERTAIN, 1)
