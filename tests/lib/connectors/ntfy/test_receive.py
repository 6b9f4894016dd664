"""Receiving: what others publish comes in, nothing twice, and nothing of our own."""

import asyncio
import json
from pathlib import Path

import pytest

from bach_lib import Bach, Connection
from bach_lib.connectors import bounds
from bach_lib.connectors.base import Batch, Incoming
from bach_lib.connectors.ntfy import NtfyConnector
from bach_lib.connectors.ntfy.stream import MAX_LINE
from bach_lib.events import MessageReceived
from bach_lib.models import Fault, File
from bach_lib.models.incoming import CLAIMED, Kind, own_words
from bach_lib.outcomes import Sent, Uncertain
from bach_lib.testing.ntfy import NtfyServer
from tests.lib.connectors.ntfy.conftest import TOPIC, Connect, a_message

PNG = File(name="door.png", content=b"\x89PNG", mime_type="image/png")


class Ear:
    """Hears what comes in through a connector, and stores it as the inbox does."""

    def __init__(self, connector: NtfyConnector, cursor: str | None = None) -> None:
        self.connector = connector
        self.cursor = cursor

    async def poll(self) -> Batch:
        """One poll."""
        answer = await self.connector.receive(self.cursor)
        assert isinstance(answer, Batch), answer
        self.cursor = answer.cursor
        return answer

    async def texts(self, last: str) -> list[str]:
        """The texts of all that comes, up to one."""
        found: list[str] = []
        async with asyncio.timeout(60):
            while last not in found:
                found += [message.text for message in (await self.poll()).messages]
        return found

    async def next(self) -> Incoming:
        """The next message."""
        async with asyncio.timeout(60):
            while not (messages := (await self.poll()).messages):
                pass
        return messages[0]


@pytest.fixture
async def ear(connector: NtfyConnector) -> Ear:
    """One that listens already."""
    ear = Ear(connector)
    await ear.poll()
    return ear


async def test_a_message(ear: Ear, server: NtfyServer) -> None:
    """Who rings could not be told from who is let in, or be taken for a person."""
    told = server.says("Ring", sender=TOPIC, title="Door", priority=5, tags=["bell"], click="https://example.org/door")
    message = await ear.next()
    assert (message.remote_id, message.recipient, message.sender_id) == (told["id"], TOPIC, TOPIC)
    assert (message.kind, message.text, message.sent_at) == (Kind.TEXT, "Ring", told["time"])
    assert message.metadata["title"] == "Door"
    assert (message.metadata["priority"], message.metadata["tags"]) == (5, ["bell"])
    assert message.metadata["links"] == [{"text": "https://example.org/door", "url": "https://example.org/door"}]
    assert message.metadata[CLAIMED] is True
    assert not own_words(message.metadata)


async def test_a_file(ear: Ear, server: NtfyServer) -> None:
    """The picture of a camera would be a sentence about a file."""
    server.send_file(TOPIC, b"sound", "bell.ogg")
    message = await ear.next()
    assert (message.kind, message.text) == (Kind.MEDIA, "")
    assert message.content.media
    assert await ear.connector.fetch(message.content.media, 100) == b"sound"


@pytest.mark.parametrize(
    "attachment",
    [
        {"name": "a.png", "url": "http://192.168.0.1/file/a.png"},
        {"name": "a.png", "url": "http://192.168.0.1/file/../admin", "expires": 1},
        {"name": "a.png", "url": "http://192.168.0.1/file/a.png/b", "expires": 1},
        {"name": "a.png", "url": "http://192.168.0.1/a.png", "expires": 1},
    ],
)
async def test_a_file_elsewhere_is_a_link(attachment: dict[str, object], ear: Ear, server: NtfyServer) -> None:
    """Whoever knows a topic could have the house ask any address in its network."""
    server.says("Look", sender=TOPIC, attachment=attachment)
    message = await ear.next()
    assert (message.kind, message.content.media) == (Kind.TEXT, None)
    assert message.metadata["links"] == [{"text": "a.png", "url": attachment["url"]}]


async def test_what_its_buttons_open(ear: Ear, server: NtfyServer) -> None:
    """The way to what somebody is to look at would be lost; what a button does elsewhere is nobody's to open."""
    url = "https://example.org/door"
    buttons: list[dict[str, object]] = [
        {"id": "1", "action": "view", "label": "Look\nthere", "clear": False, "url": url},
        {"id": "2", "action": "http", "label": "Open", "clear": True, "url": "https://example.org/open"},
        {"id": "3", "action": "view", "label": "", "clear": False, "url": f"{url}/2"},
    ]
    server.says("Ring", sender=TOPIC, actions=buttons)
    found = [{"text": "Look there", "url": url}, {"text": f"{url}/2", "url": f"{url}/2"}]
    assert (await ear.next()).metadata["links"] == found


@pytest.mark.broken_answers("buttons that no server tells of")
@pytest.mark.parametrize("actions", [{"view": 1}, "view", [["view"], 5, {"action": "view", "url": 1}]])
async def test_buttons_that_are_none(actions: object, ear: Ear, server: NtfyServer) -> None:
    """The words would be lost with them."""
    server.says("Ring", sender=TOPIC, actions=actions)
    message = await ear.next()
    assert (message.text, message.metadata.get("links")) == ("Ring", None)


async def test_bytes_are_no_words(ear: Ear, server: NtfyServer) -> None:
    """Rules and people would read base64."""
    server.says("/w8BL29wZW4=", sender=TOPIC, encoding="base64")
    message = await ear.next()
    assert (message.kind, message.text, message.metadata["content"]) == (Kind.OTHER, "", "binary")


# -- what is ours -----------------------------------------------------------------------------------------------------


async def test_our_own_words_are_nobodys(ear: Ear, server: NtfyServer) -> None:
    """The house would hear itself, and answer itself without end."""
    await ear.connector.send(a_message("Ours", title="Us", files=(PNG,)))
    await ear.connector.send(a_message("word " * 3_000))
    server.says("Theirs", sender=TOPIC)
    assert await ear.texts("Theirs") == ["Theirs"]


async def test_also_if_the_stream_is_quicker_than_the_answer(ear: Ear, server: NtfyServer) -> None:
    """The same; and what others say meanwhile would be lost, or overtake what came before it."""
    server.may_answer.clear()
    polling = asyncio.create_task(ear.texts("Theirs too"))
    sending = asyncio.create_task(ear.connector.send(a_message("Ours")))
    await server.wait_for()
    server.says("Theirs", sender=TOPIC)
    server.may_answer.set()
    assert isinstance(await sending, Sent)
    server.says("Theirs too", sender=TOPIC)
    assert await polling == ["Theirs", "Theirs too"]


async def test_also_if_the_answer_was_lost(ear: Ear, server: NtfyServer) -> None:
    """An outage at the wrong moment would have the house listen to itself."""
    server.loses_answers = True
    for message in (a_message("Ours", title="Us"), a_message("", files=(PNG,)), a_message(" Below ", files=(PNG,))):
        assert isinstance(await ear.connector.send(message), Uncertain)
    server.loses_answers = False
    server.says("Theirs", sender=TOPIC)
    server.says("Ours", sender=TOPIC, title="Us")
    assert await ear.texts("Ours") == ["Theirs", "Ours"]


async def test_somebody_may_say_what_we_were_refused(ear: Ear, server: NtfyServer) -> None:
    """What was never published would keep another's words out for hours."""
    server.refuse(40009)
    await ear.connector.send(a_message("Rain"))
    server.says("Rain", sender=TOPIC)
    assert await ear.texts("Rain") == ["Rain"]


async def test_also_after_a_restart(connect: Connect, server: NtfyServer) -> None:
    """What came back while nobody listened would be heard as somebody's by the next process."""
    before = Ear(connect(TOPIC))
    await before.poll()
    server.cut_streams()
    server.loses_answers = True
    polling = asyncio.create_task(before.poll())  # stores what is about to be published
    await before.connector.send(a_message("Ours, unanswered"))
    await polling
    server.loses_answers = False
    await before.connector.close()
    server.says("Theirs", sender=TOPIC)
    assert await Ear(connect(TOPIC), before.cursor).texts("Theirs") == ["Theirs"]


async def test_a_process_that_dies_while_it_publishes(connect: Connect, server: NtfyServer) -> None:
    """The cursor has to know of a message before the server does."""
    before = Ear(connect(TOPIC))
    await before.poll()
    server.may_answer.clear()
    polling = asyncio.create_task(before.poll())
    sending = asyncio.create_task(before.connector.send(a_message("Ours")))
    await polling  # with the mark of what is about to go
    cursor = before.cursor
    polling = asyncio.create_task(before.poll())
    await server.wait_for()
    for task in (sending, polling):
        task.cancel()
    await before.connector.close()
    server.says("Theirs", sender=TOPIC)
    assert await Ear(connect(TOPIC), cursor).texts("Theirs") == ["Theirs"]


async def test_the_house_does_not_hear_itself(server: NtfyServer, tmp_path: Path) -> None:
    """The whole of it, with a disk: two lives of one database, and what others say in them and between them."""
    home = Connection(name="home", type="ntfy", endpoint=server.url, allowed=frozenset({TOPIC}))
    for life in (1, 2):
        async with Bach(tmp_path / "bach.db") as bach:
            heard = asyncio.Queue[MessageReceived]()
            bach.subscribe(MessageReceived, heard.put_nowait)
            if life == 1:
                await bach.registry.add(home)
            await server.wait_for_listeners()
            await bach.send("home", TOPIC, f"Ours {life}")
            await server.wait_for(life)
            server.says(f"Theirs {life}", sender=TOPIC)
            async with asyncio.timeout(60):
                while (await heard.get()).message.text != f"Theirs {life}":
                    pass
            texts = [message.text for message in await bach.inbox()]
        server.says("Between", sender=TOPIC)
    assert sorted(texts) == ["Between", "Theirs 1", "Theirs 2"]


# -- how far it was read ----------------------------------------------------------------------------------------------


async def test_an_outage_costs_nothing(connect: Connect, server: NtfyServer) -> None:
    """What was said while the line was down would never be heard."""
    ear = Ear(connect(TOPIC))
    await ear.poll()
    server.cut_streams()
    answer = await ear.connector.receive(ear.cursor)
    assert isinstance(answer, Fault)
    assert answer.code == "unreachable"
    server.says("Meanwhile", sender=TOPIC)
    assert await ear.texts("Meanwhile") == ["Meanwhile"]
    await ear.connector.close()
    server.says("Later", sender=TOPIC)
    assert await Ear(connect(TOPIC), ear.cursor).texts("Later") == ["Later"]


async def test_what_was_not_stored_comes_again(ear: Ear, server: NtfyServer) -> None:
    """A full disk would lose what somebody said."""
    server.says("One", sender=TOPIC)
    stored = ear.cursor
    first = await ear.next()
    ear.cursor = stored
    assert await ear.next() == first
    server.says("Two", sender=TOPIC)
    assert await ear.texts("Two") == ["Two"]


async def test_a_topic_that_is_let_in_later_begins_then(connect: Connect, server: NtfyServer) -> None:
    """An alarm of last night would ring as if it were now."""
    before = Ear(connect(TOPIC))
    await before.poll()
    server.says("Here", sender=TOPIC)
    await before.texts("Here")
    await before.connector.close()
    server.says("Old", sender="cellar", time=1_700_000_000)
    after = Ear(connect(TOPIC, "cellar"), before.cursor)
    await after.poll()
    server.says("New", sender="cellar")
    assert await after.texts("New") == ["New"]


async def test_topics_come_and_go(server: NtfyServer, connect: Connect) -> None:
    """A new recipient would be heard after a restart only."""
    topics: set[str] = set()
    connector = connect()
    connector._allowed = lambda: frozenset(topics)
    ear = Ear(connector)
    await ear.poll()
    topics.add(TOPIC)
    await ear.poll()
    await server.wait_for_listeners()
    server.says("Not for us", sender="cellar")
    server.says("Ring", sender=TOPIC)
    assert await ear.texts("Ring") == ["Ring"]


async def test_without_topics_an_outage_shows_all_the_same(connect: Connect, server: NtfyServer) -> None:
    """A server that is gone would look well, until the first topic is let in."""
    connector = connect(poll_seconds=0.1)
    ear = Ear(connector)
    await ear.poll()
    await ear.poll()
    await server.pause()
    assert isinstance(await connector.receive(ear.cursor), Fault)
    await server.resume()
    await ear.poll()


async def test_one_topic_that_is_shut_does_not_shut_all(connect: Connect, server: NtfyServer) -> None:
    """A topic that somebody reserved would silence the doorbell."""
    server.forbidden.add("secret")
    ear = Ear(connect(TOPIC, "secret"))
    notice = (await ear.poll()).notice
    assert notice
    assert (notice.code, "secret" in notice.text, TOPIC in notice.text) == ("forbidden", True, False)
    server.says("Ring", sender=TOPIC)
    assert await ear.texts("Ring") == ["Ring"]
    server.forbidden.add(TOPIC)
    answer = await connect(TOPIC, "secret").receive(None)
    assert isinstance(answer, Fault)
    assert answer.code == "forbidden"


async def test_a_line_without_end(ear: Ear, server: NtfyServer) -> None:
    """Whoever is in between could fill the memory, or what follows be lost with it."""
    server.push_raw("x" * (3 * MAX_LINE))
    server.says("After", sender=TOPIC)
    assert await ear.texts("After") == ["After"]


async def test_who_cannot_store_reads_no_more(ear: Ear, server: NtfyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full for a day would fill the memory."""
    monkeypatch.setattr(bounds, "MAX_ROWS", 3)
    for number in range(8):
        server.says(f"{number}", sender=TOPIC)
    cursor = ear.cursor
    await ear.next()
    reading = ear.connector._hearing._buffer
    assert reading.is_full
    ear.cursor = cursor
    assert await ear.texts("7") == [f"{number}" for number in range(8)]


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "[]",
        "17",
        json.dumps({"since": 5}),
        json.dumps({"since": "x", "own": 7}),
        json.dumps({"since": "x", "topics": [TOPIC]}),
        json.dumps({"since": "", "topics": [TOPIC, 5]}),
        json.dumps({"since": "1e9", "topics": [], "own": [[]], "unanswered": [["a"]]}),
    ],
)
async def test_a_cursor_that_is_none(cursor: str, connect: Connect, server: NtfyServer) -> None:
    """Receiving would end for good at whatever stood in the database."""
    ear = Ear(connect(TOPIC), cursor)
    await ear.poll()
    server.says("Ring", sender=TOPIC)
    assert await ear.texts("Ring") == ["Ring"]
