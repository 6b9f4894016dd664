"""The whole way: a queue on disk, a line that breaks again and again, and a BACH that drops repetitions."""

from pathlib import Path

import pytest
from aiohttp import ClientSession

from bach_lib import Bach, Connection, Policy
from bach_lib.connectors.homeassistant import read_letter
from bach_lib.events import ConnectionIdentified, MessageReceived
from bach_lib.models import Identity
from bach_lib.policy import BreakerPolicy
from bach_lib.testing.homeassistant import HomeAssistantServer


@pytest.fixture
def token(tmp_path: Path) -> str:
    """A reference to the token."""
    (tmp_path / "token").write_text("token")
    return f"file:{tmp_path / 'token'}"


def another_home(server: HomeAssistantServer, token: str) -> Connection:
    """The connection to it, which takes letters from there."""
    return Connection(
        name="summer_house",
        type="homeassistant",
        endpoint=server.url,
        auth_config={"token": token},
        allowed=frozenset({"bach"}),
    )


async def test_each_letter_once_and_in_order_over_a_line_that_breaks(
    server: HomeAssistantServer, token: str, tmp_path: Path
) -> None:
    """Two homes would miss alarms, or hear them twice, whenever the line between them is bad."""
    quick = Policy(breaker=BreakerPolicy(failures=1000, check_seconds=(0.01, 0.02), backoff=(0.01,)))
    async with ClientSession() as session, Bach(tmp_path / "bach.db", session=session, policy=quick) as bach:
        await bach.registry.add(another_home(server, token))
        texts = [f"letter {number}" for number in range(40)]
        for number, text in enumerate(texts):
            server.lost = int(number % 8 == 0)  # this one is stored there, and we do not hear of it
            receipt = await bach.send("summer_house", "bach", text)
            message = await bach.wait(receipt.id, timeout=60)
            assert message.remote_id == message.nonce
        assert [letter["text"] for letter in server.letters.values()] == texts
        delivered = [command for command in server.commands if command["type"] == "bach/deliver"]
        assert len(delivered) == len(texts) + 5


async def test_a_letter_is_taken_once_and_announced(server: HomeAssistantServer, token: str, tmp_path: Path) -> None:
    """A repeated letter would ring twice, or an answer not find the question."""
    async with Bach(tmp_path / "bach.db") as bach:
        await bach.registry.add(another_home(server, token))
        asked = await bach.send("summer_house", "bach", "Is the gate open?")
        nonce = (await bach.wait(asked.id, timeout=60)).nonce
        announced: list[MessageReceived] = []
        bach.subscribe(MessageReceived, announced.append)
        letter = {"v": 1, "id": "far-1", "text": "It is open", "sent_at": 1_767_225_600, "reply_to": nonce}
        taken = await bach.take("summer_house", read_letter(letter))
        assert await bach.take("summer_house", read_letter(letter)) is None
        assert taken is not None
        assert taken.message_id == asked.id
        assert [event.message.text for event in announced] == ["It is open"]


async def test_a_stranger_is_not_taken_in(server: HomeAssistantServer, token: str, tmp_path: Path) -> None:
    """A home that nobody allowed could write into this one."""
    async with Bach(tmp_path / "bach.db") as bach:
        await bach.registry.add(another_home(server, token))
        await bach.registry.update("summer_house", allowed=frozenset())
        assert await bach.take("summer_house", read_letter({"v": 1, "id": "far-1", "text": "Hello"})) is None
        assert await bach.inbox() == []
        assert bach.registry.get("summer_house").blocked_count == 1


async def test_who_is_there_is_known_after_a_check(server: HomeAssistantServer, token: str, tmp_path: Path) -> None:
    """Nobody could see which version the other home runs, or that it has changed."""
    async with Bach(tmp_path / "bach.db") as bach:
        told: list[ConnectionIdentified] = []
        bach.subscribe(ConnectionIdentified, told.append)
        await bach.registry.add(another_home(server, token))
        first = await bach.check("summer_house")
        assert isinstance(first, Identity)
        assert bach.identity("summer_house") == first
        await bach.check("summer_house")
        server.bach = "1.1.0"
        await bach.check("summer_house")
        assert [event.identity.version for event in told] == [first.version, "2026.10.4 (BACH 1.1.0)"]
