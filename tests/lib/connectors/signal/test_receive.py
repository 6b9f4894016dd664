"""Receiving: what people do comes in, nothing twice, and what breaks is told."""

import asyncio
import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bach_lib.connectors import bounds
from bach_lib.connectors.base import Batch, Incoming, Proof, Unreadable
from bach_lib.connectors.signal import SignalConnector, codec
from bach_lib.connectors.signal.recipients import group_of, normalize
from bach_lib.models import Fault
from bach_lib.models.incoming import Kind
from bach_lib.models.spellings import Sighting
from bach_lib.testing import Told
from bach_lib.testing.signal import SignalServer
from tests.lib.connectors.polling import polled
from tests.lib.connectors.signal.conftest import ADA, Connect

ACCOUNT = "+491700000001"
PERSON = "9f1c2d3e-0000-4000-8000-0123456789ab"


async def read_one(connector: SignalConnector, server: SignalServer, envelope: Mapping[str, object]) -> Incoming:
    """What an envelope comes in as."""
    server.when_heard(envelope)
    [message] = (await polled(connector)).messages
    return message


async def test_a_message_of_a_person(connector: SignalConnector, server: SignalServer) -> None:
    """Nobody could answer, or rules not tell people apart."""
    message = await read_one(connector, server, server.written("Hello", sender=ADA))
    assert (message.recipient, message.recipient_title, message.sender_id, message.sender_name) == (
        ADA,
        "Ada",
        ADA,
        "Ada",
    )
    assert message.remote_id.startswith(f"{ADA}:")
    assert message.sent_at is not None
    assert message.metadata["chat_type"] == "private"


async def test_a_person_who_hides_the_number(connector: SignalConnector, server: SignalServer) -> None:
    """People with Signal's default privacy would be strangers, and nobody could answer them."""
    message = await read_one(connector, server, server.written("Hello", sender=PERSON))
    assert message.recipient == message.sender_id == normalize(PERSON)


async def test_a_message_in_a_group(connector: SignalConnector, server: SignalServer) -> None:
    """An answer would go to the person instead of the group."""
    message = await read_one(connector, server, server.written("Hello", sender=ADA, group="dGhlIGhvdXNl"))
    assert message.recipient == "group.ZEdobElHaHZkWE5s" == normalize(message.recipient)
    assert (message.recipient_title, message.sender_id) == ("House", ADA)
    assert message.metadata["chat_type"] == "group"


@given(st.text(alphabet="ABCXYZabcxyz0189+/=", min_size=6, max_size=60))
def test_no_group_looks_like_a_place_in_a_place(internal: str) -> None:
    """Whose group may write is decided up to a slash; another group could get in."""
    named = group_of(internal)
    assert named is None or "/" not in named


async def test_an_answer_says_to_what(connector: SignalConnector, server: SignalServer) -> None:
    """A "yes" could be the answer to any question."""
    ours = {"id": 5, "author": ACCOUNT, "authorNumber": ACCOUNT, "text": "Open?"}
    assert (await read_one(connector, server, server.written("yes", sender=ADA, quote=ours))).reply_to == "5"


async def test_a_reaction(connector: SignalConnector, server: SignalServer) -> None:
    """A thumb up would be an empty message."""
    reaction = {"emoji": "👍", "targetAuthor": ACCOUNT, "targetAuthorNumber": ACCOUNT, "targetSentTimestamp": 7}
    reaction |= {"isRemove": False}
    message = await read_one(connector, server, server.written("", sender=ADA, reaction=reaction))
    assert (message.kind, message.content.reactions, message.reply_to) == (Kind.REACTION, ("👍",), "7")


async def test_a_vote(connector: SignalConnector, server: SignalServer) -> None:
    """A family would be asked, and nobody be heard."""
    vote = {
        "author": ACCOUNT,
        "authorNumber": ACCOUNT,
        "targetSentTimestamp": 7,
        "optionIndexes": [0, 2],
        "voteCount": 1,
    }
    message = await read_one(connector, server, server.written("", sender=ADA, pollVote=vote))
    assert (message.kind, message.content.choices, message.poll) == (Kind.VOTE, (0, 2), "7")


async def test_a_reaction_taken_back(connector: SignalConnector, server: SignalServer) -> None:
    """Who changes their mind would be taken by their word."""
    reaction = {"emoji": "👍", "targetAuthor": PERSON, "targetSentTimestamp": 7, "isRemove": True}
    message = await read_one(connector, server, server.written("", sender=ADA, reaction=reaction))
    assert (message.content.reactions, message.reply_to) == ((), f"{PERSON}:7")


async def test_a_correction_is_no_command(connector: SignalConnector, server: SignalServer) -> None:
    """Who corrects the spelling of a command would run it twice."""
    data = {"timestamp": 9, "message": "/open"}
    edit = server.envelope(sender=ADA, timestamp=9, editMessage={"targetSentTimestamp": 8, "dataMessage": data})
    message = await read_one(connector, server, edit)
    assert (message.kind, message.text, message.reply_to, message.remote_id) == (
        Kind.EDITED,
        "/open",
        f"{ADA}:8",
        f"{ADA}:9",
    )


async def test_several_files_are_several_messages(connector: SignalConnector, server: SignalServer) -> None:
    """Only one of the pictures of the front door would be seen."""
    files = [server.file(b"1", mime_type="image/jpeg", name="a.jpg"), server.file(b"2", mime_type="audio/aac")]
    server.when_heard(server.written("Look", sender=ADA, attachments=files))
    first, second = (await polled(connector)).messages
    assert (first.text, second.text) == ("Look", "")
    assert first.remote_id != second.remote_id
    assert [one.content.media.type for one in (first, second) if one.content.media] == ["photo", "audio"]


@pytest.mark.parametrize(
    "content",
    [
        {"receiptMessage": {"when": 1, "isDelivery": True, "isRead": False, "isViewed": False, "timestamps": [1]}},
        {"typingMessage": {"action": "STARTED", "timestamp": 1}},
        {"syncMessage": {"sentMessage": {"message": "to somebody else", "destination": ADA}}},
        {"dataMessage": {"timestamp": 1, "groupInfo": {"groupId": "dGhlIGhvdXNl", "type": "UPDATE", "revision": 2}}},
    ],
)
async def test_what_is_no_message(connector: SignalConnector, server: SignalServer, content: dict[str, object]) -> None:
    """Every receipt would be a message, and what the owner writes to others be read."""
    server.when_heard(server.envelope(sender=ADA, timestamp=1) | content)
    assert (await read_one(connector, server, server.written("real", sender=ADA))).text == "real"


async def test_who_takes_a_message_back_says_which(connector: SignalConnector, server: SignalServer) -> None:
    """What somebody regrets would stay wherever it was carried."""
    content = {"dataMessage": {"timestamp": 5, "remoteDelete": {"timestamp": 1}}}
    gone = await read_one(connector, server, server.envelope(sender=ADA, timestamp=5) | content)
    assert (gone.kind, gone.reply_to, gone.text) == (Kind.DELETED, f"{gone.sender_id}:1", "")


@pytest.mark.parametrize(
    "frame", ["", "{", "[]", '{"error": "x"}', '{"envelope": {"dataMessage": {"message": "x"}}}', '{"exception": {}}']
)
async def test_what_cannot_be_read_is_set_aside(connector: SignalConnector, server: SignalServer, frame: str) -> None:
    """One odd message would stop all that follow."""
    assert isinstance(await connector.receive(None), Batch)
    server.push_raw(frame)
    batch = await polled(connector)
    assert [type(one) for one in batch.unreadable] == [Unreadable]
    server.push(server.written("next", sender=ADA))
    assert [one.text for one in (await polled(connector, batch.cursor)).messages] == ["next"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ("timestamp", "message", "groupInfo", "quote", "reaction", "attachments", "remoteDelete")
DATA = st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, JSON))


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "envelope": st.fixed_dictionaries(
                {"source": st.sampled_from([ADA, PERSON, ""]) | JSON},
                optional={"timestamp": JSON, "dataMessage": DATA, "editMessage": JSON, "sourceName": JSON},
            )
            | JSON
        },
    )
    | JSON
)
def test_nothing_that_comes_in_can_break_it(frame: object) -> None:
    """A stranger could end receiving with one message."""
    for one in codec.read(json.dumps(frame), ACCOUNT):
        assert isinstance(one, Unreadable | Proof) or normalize(one.recipient) == one.recipient


async def test_what_was_stored_does_not_come_again(connector: SignalConnector, server: SignalServer) -> None:
    """Every command would run again with every poll; or one that came meanwhile be taken for stored."""
    for number in range(250):
        server.when_heard(server.written(str(number), sender=ADA))
    heard: list[str] = []
    cursor: str | None = None
    while len(heard) < 250:
        batch = await polled(connector, cursor)
        heard += [message.text for message in batch.messages]
        cursor = batch.cursor
    assert heard == [str(number) for number in range(250)]


async def test_a_cursor_of_an_earlier_run_means_nothing(connect: Connect, server: SignalServer) -> None:
    """After a restart, the first messages would be taken for old ones."""
    first, second = connect(), connect()
    await read_one(first, server, server.written("one", sender=ADA))
    cursor = (await polled(first)).cursor
    await second.receive(None)
    server.push(server.written("two", sender=ADA))
    for known in (None, cursor):
        assert [one.text for one in (await polled(second, known)).messages] == ["two"]


async def test_what_is_not_stored_yet_outlives_a_new_connection(
    connector: SignalConnector, server: SignalServer
) -> None:
    """Setting the connection up anew would lose what nobody can ask for again."""
    await read_one(connector, server, server.written("one", sender=ADA))
    await connector.reset()
    assert [one.text for one in (await polled(connector)).messages] == ["one"]


async def test_a_full_memory_stops_reading(
    connector: SignalConnector, server: SignalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flood, while the disk is full, would take the whole memory of the house."""
    monkeypatch.setattr(bounds, "MAX_ROWS", 3)
    for number in range(6):
        server.when_heard(server.written(str(number), sender=ADA))
    batch = await polled(connector)
    assert len(batch.messages) == 3
    batch = await polled(connector, batch.cursor)
    assert [one.text for one in batch.messages][-1] == "5"


async def test_a_broken_connection_is_told_and_made_again(connector: SignalConnector, server: SignalServer) -> None:
    """Receiving would be silent after the server's restart, and nobody notice."""
    batch = await connector.receive(None)
    assert isinstance(batch, Batch)
    waiting = asyncio.create_task(connector.receive(batch.cursor))
    await asyncio.sleep(0)
    await server.pause()
    answer = await waiting
    assert isinstance(answer, Fault)
    assert answer.code == "unreachable"
    await server.resume()
    assert (await read_one(connector, server, server.written("again", sender=ADA))).text == "again"


async def test_a_poll_without_news_ends(connect: Connect) -> None:
    """A quiet day would look like a connection that hangs, and be set up anew again and again."""
    connector = connect(poll_seconds=0.01)
    batch = await connector.receive(None)
    assert isinstance(batch, Batch)
    assert await connector.receive(batch.cursor) == batch


async def test_another_mode_takes_nothing_away(connector: SignalConnector, server: SignalServer) -> None:
    """In normal mode the same address hands the messages out once: asking would lose them."""
    server.mode = "normal"
    answer = await connector.receive(None)
    assert isinstance(answer, Fault)
    assert answer.code == "wrong_mode"
    assert "MODE=json-rpc" in answer.text
    assert not any(asked.path.startswith("/v1/receive") for asked in server.asked)


async def test_what_answers_is_something_else(connector: SignalConnector, server: SignalServer) -> None:
    """A wrong address would look like a quiet day."""
    server.told.append(Told(body=b"<html>", is_foreign=True))
    answer = await connector.receive(None)
    assert isinstance(answer, Fault)
    assert answer.code == "bad_answer"


async def test_number_id_and_user_name_of_a_person_are_one(connector: SignalConnector, server: SignalServer) -> None:
    """Whoever was added by a user name would be a stranger when they write, and have two lanes."""
    server.box.contacts = [
        {"uuid": PERSON.upper(), "number": ADA, "username": "Ada.01"},
        {"uuid": "", "number": "+491701234568"},
        {"uuid": "9f1c2d3e-0000-4000-8000-0123456789ac", "number": ""},
    ]
    batch = await connector.receive(None)
    assert isinstance(batch, Batch)
    assert batch.sightings == (Sighting(id=PERSON, names=(ADA, "u:ada.01")),)
    assert (await polled_after(connector, server)).sightings == (), "once for each time that it listens"


async def polled_after(connector: SignalConnector, server: SignalServer) -> Batch:
    """The next poll, which a message ends."""
    server.when_heard(server.written("Hello", sender=ADA))
    return await polled(connector)


@pytest.mark.parametrize(
    "told",
    [
        Told(status=404, is_foreign=True),
        Told(body=b"{}", is_foreign=True),
        Told(body=b"null", is_foreign=True),
        Told(body=b'[[], {"uuid": [], "number": {}}, null, 5]', is_foreign=True),
    ],
)
async def test_a_server_that_tells_nothing_of_people_is_listened_to(
    connector: SignalConnector, server: SignalServer, told: Told
) -> None:
    """With an older server, or an answer that nobody knows, nothing would come in at all."""
    about = {"versions": ["v1", "v2"], "build": 2, "mode": "json-rpc", "version": "0.98", "capabilities": {}}
    server.told += [Told(body=json.dumps(about).encode()), told]
    message = await read_one(connector, server, server.written("Hello", sender=ADA))
    assert message.sender_id == ADA
