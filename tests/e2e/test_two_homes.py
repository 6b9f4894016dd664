"""Two real Home Assistants that write to each other over a line that breaks, set up through BACH's dialogs."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import batched
from pathlib import Path

import pytest
import pytest_asyncio
import pytest_socket

from demo.client import Json
from demo.home import Home
from demo.waiting import until
from tests.e2e.line import Line

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

LETTERS, CUTS = 60, 6
"""Letters in each direction, and how often the line breaks meanwhile."""


@dataclass(eq=False)
class Side:
    """A home, the line by which the other one reaches it, and the texts that came in."""

    home: Home
    line: Line
    arrived: list[str] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def connect(self, other: Side) -> None:
        """Add the other home, and the BACH in it, which logs in here as the only user there is."""
        client = self.home.client
        step = await client.start_flow("bach")
        step = await client.answer_flow(step, {"next_step_id": "homeassistant"})
        token = other.home.client.tokens["access_token"]
        step = await client.answer_flow(step, {"endpoint": other.line.url, "token": token})
        flow_id = step["next_flow"][1]
        await client.subentry_flow(flow_id, {"next_step_id": "bach"})
        user_id = await client.render("{{ state_attr('person.demo', 'user_id') }}")
        await client.subentry_flow(flow_id, {"user_id": user_id, "role": "user"})
        await until(self.letters, what="the recipient's entity", seconds=120)

    async def letters(self) -> str:
        """The entity that takes letters to the other home; empty while there is none."""
        return await self.home.client.render("{{ integration_entities('bach') | select('match', 'notify') | join }}")

    async def write(self, texts: Sequence[str]) -> None:
        """Queue letters to the other home, one after the other."""
        entity_id = await self.letters()
        for text in texts:
            await self.home.client.act("bach", "send_message", {"entity_id": entity_id, "message": text})

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Note what comes in."""
        async with self.home.client.events("bach_message") as events, asyncio.TaskGroup() as tasks:
            noting = tasks.create_task(self._note(events))
            yield
            noting.cancel()

    async def until_arrived(self, count: int) -> None:
        """Wait until so many have come in."""
        async with self.changed:
            await self.changed.wait_for(lambda: len(self.arrived) >= count)

    async def stored(self) -> list[str]:
        """What is in the inbox, oldest first."""
        answer = await self.home.client.act("bach", "get_inbox", {"limit": 500})
        return [message["text"] for message in reversed(answer["messages"])]

    async def unsent(self) -> list[Json]:
        """What is in the queue and was not sent."""
        answer = await self.home.client.act("bach", "get_queue", {"limit": 500})
        return [message for message in answer["messages"] if message["status"] != "sent"]

    async def _note(self, events: AsyncIterator[Json]) -> None:
        async for event in events:
            async with self.changed:
                self.arrived.append(event["data"]["text"])
                self.changed.notify_all()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def homes(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[tuple[Side, Side]]:
    """Two homes, running, each connected to the other. In the end neither log must speak against us."""
    pytest_socket.enable_socket()  # a fixture of a module is made before those of a test
    async with AsyncExitStack() as stack:
        one, other = [await _side(stack, tmp_path_factory.mktemp(name)) for name in ("one", "other")]
        await asyncio.gather(one.home.start(), other.home.start())
        await asyncio.gather(one.connect(other), other.connect(one))
        yield one, other
        assert [await side.home.stop() for side in (one, other)] == [0, 0]
        for side in (one, other):
            for secret in (one, other):
                assert side.home.problems(secret=secret.home.client.tokens["access_token"]) == []


async def _side(stack: AsyncExitStack, folder: Path) -> Side:
    home = await stack.enter_async_context(Home(folder))
    return Side(home, await stack.enter_async_context(Line(home.client.port)))


@pytest.mark.slow  # two homes of their own
async def test_each_letter_arrives_once_and_in_order_however_often_the_line_breaks(homes: tuple[Side, Side]) -> None:
    """If this fails, letters between two homes get lost, arrive twice or overtake each other when their line breaks."""
    one, other = homes
    there, back = ([f"{way} {number}" for number in range(LETTERS)] for way in ("there", "back"))
    async with one.listening(), other.listening(), asyncio.timeout(300):
        await asyncio.gather(_write_and_cut(one, other, there), _write_and_cut(other, one, back))
        await asyncio.gather(one.until_arrived(LETTERS), other.until_arrived(LETTERS))

        async def all_is_acknowledged() -> bool:
            return not await one.unsent() and not await other.unsent()

        await until(all_is_acknowledged, what="all letters to be acknowledged", seconds=300)

    for side, texts in ((other, there), (one, back)):
        assert Counter(side.arrived) == Counter(texts)
        assert side.arrived == texts
        assert await side.stored() == texts


async def _write_and_cut(writer: Side, reader: Side, texts: list[str]) -> None:
    """Write them all, and cut the line again and again while they travel."""
    for number, part in enumerate(batched(texts, LETTERS // CUTS, strict=True)):
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(writer.write(part))
            await reader.until_arrived(len(reader.arrived) + 1)  # the line is up again
            if number % 3:  # a letter has been delivered, and its sender does not hear of it; else anywhere
                await reader.line.lose_answer()
            reader.line.cut()
