"""Receiving: events of the types that are allowed come in, our own do not, and what breaks is told."""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bach_lib.connectors import bounds
from bach_lib.connectors.base import Batch, Incoming, Unreadable
from bach_lib.connectors.homeassistant.codec import read_event
from bach_lib.inbound.batch_check import validate_batch
from bach_lib.models import Fault
from bach_lib.models.incoming import Kind
from bach_lib.outcomes import Sent
from bach_lib.testing import FakeClock
from bach_lib.testing.homeassistant import HomeAssistantServer
from tests.lib.connectors.homeassistant.conftest import Connect, a_message
from tests.lib.connectors.polling import polled

BELL = "event:doorbell"


async def test_an_event_comes_in(connect: Connect, server: HomeAssistantServer) -> None:
    """The other home's doorbell would ring for nobody."""
    server.when_heard("doorbell", {"message": "Somebody rings", "button": 2})
    [message] = (await polled(connect(BELL))).messages
    assert (message.recipient, message.sender_id, message.kind) == (BELL, BELL, Kind.TEXT)
    assert message.text == "Somebody rings"
    assert message.metadata["data"] == {"message": "Somebody rings", "button": 2}


async def test_the_first_poll_shows_that_receiving_works(connect: Connect, clock: FakeClock) -> None:
    """Where a check has opened the line before, receiving would look unknown until half a minute is over."""
    connector = connect(BELL, clock=clock)  # which stands still
    await connector.check()
    async with asyncio.timeout(60):
        assert isinstance(await connector.receive(None), Batch)


async def test_an_event_without_words(connect: Connect, server: HomeAssistantServer) -> None:
    """An event with data of its own would come in as nothing."""
    server.when_heard("doorbell", {"button": 2})
    [message] = (await polled(connect(BELL))).messages
    assert message.text == '{"button":2}'


async def test_only_what_is_allowed_is_asked_for(connect: Connect, server: HomeAssistantServer) -> None:
    """Every event of a busy home would travel for nothing."""
    connector = connect(BELL, "notify.kitchen", "bach")
    await connector.receive(None)
    assert [command["event_type"] for command in server.commands if command["type"] == "subscribe_events"] == [
        "doorbell"
    ]


async def test_what_is_allowed_later_is_heard_later(
    connect: Connect, server: HomeAssistantServer, clock: FakeClock
) -> None:
    """A new recipient would be heard after the next restart."""
    allowed = [BELL]
    connector = connect(clock=clock)
    connector._allowed = lambda: frozenset(allowed)
    await connector.receive(None)
    polling = asyncio.create_task(connector.receive(None))
    allowed[:] = ["event:alarm"]
    while not polling.done():
        server.fire("alarm", {"message": "Fire"})
        await clock.advance(1)
    answer = await polling
    assert isinstance(answer, Batch)
    assert [message.text for message in answer.messages] == ["Fire"]
    assert server.fire("doorbell", {}) == 0


async def test_our_own_events_do_not_come_back(connect: Connect, server: HomeAssistantServer) -> None:
    """An automation that answers an event with one of that type would never end."""
    connector = connect(BELL)
    await connector.receive(None)
    outcome = await connector.send(a_message("from here", BELL))
    server.fire("doorbell", {"message": "from there"})
    assert isinstance(outcome, Sent)
    assert [message.text for message in (await polled(connector)).messages] == ["from there"]
    assert server.fired == [("doorbell", {"message": "from here"})]


async def test_theirs_is_not_lost_while_ours_is_fired(connect: Connect, server: HomeAssistantServer) -> None:
    """Who rings in the same moment would not be heard."""
    connector = connect(BELL)
    await connector.receive(None)
    server.lost = 1  # ours comes back, its answer does not
    sending = asyncio.create_task(connector.send(a_message("from here", BELL)))
    server.fire("doorbell", {"message": "from there"})
    await sending
    assert "from there" in [message.text for message in (await polled(connector)).messages]


async def test_two_events_of_one_cause(connect: Connect, server: HomeAssistantServer) -> None:
    """A script that fires twice would be heard once."""
    connector = connect(BELL)
    await connector.receive(None)
    for _ in range(2):
        server.fire("doorbell", {"message": "ding"}, "one-cause")
    first = await polled(connector)
    more = () if len(first.messages) == 2 else (await polled(connector, first.cursor)).messages
    assert len({message.remote_id for message in (*first.messages, *more)}) == 2


async def test_what_may_not_be_heard_is_told(connect: Connect, server: HomeAssistantServer) -> None:
    """Who made a user without rights for it would wait for events in vain."""
    server.may = {"doorbell"}
    answer = await connect(BELL, "event:alarm").receive(None)
    assert isinstance(answer, Batch)
    assert answer.notice is not None
    assert "alarm" in answer.notice.text


async def test_a_line_that_breaks_ends_the_poll(connect: Connect, server: HomeAssistantServer) -> None:
    """Receiving would look well while nothing can come."""
    connector = connect(BELL)
    await connector.receive(None)
    polling = asyncio.create_task(connector.receive(None))
    await asyncio.sleep(0)
    server.cut()
    answer = await polling
    assert isinstance(answer, Fault)
    assert answer.code == "unreachable"
    server.when_heard("doorbell", {"message": "again"})
    assert [message.text for message in (await polled(connector)).messages] == ["again"]


async def test_a_poll_without_news_ends(connect: Connect) -> None:
    """The watchdog would take a quiet home for a dead one."""
    connector = connect(BELL, poll_seconds=0.01)
    for _ in range(3):
        answer = await connector.receive(None)
        assert isinstance(answer, Batch)
        assert answer.messages == ()


async def test_a_full_memory_takes_no_more(
    connect: Connect,
    server: HomeAssistantServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A disk that has failed for a day would fill the memory as well, and nobody know what was lost."""
    monkeypatch.setattr(bounds, "MAX_ROWS", 3)
    connector = connect(BELL)
    await connector.receive(None)
    for number in range(5):
        server.fire("doorbell", {"message": str(number)})
    server.when_heard("doorbell", {})
    await connector.check()  # answered after all of them
    batch = await polled(connector)
    assert [message.text for message in batch.messages] == ["0", "1", "2"]
    [told] = (await polled(connector, batch.cursor)).unreadable
    assert told.reason.startswith("3 messages were left out")
    assert caplog.text.count("were left out") == 1


async def test_what_is_no_event_is_set_aside(connect: Connect, server: HomeAssistantServer) -> None:
    """One odd event would stop all others."""
    connector = connect(BELL)
    await connector.receive(None)
    server.push("doorbell", {"event_type": "doorbell"})
    [unreadable] = (await polled(connector)).unreadable
    assert isinstance(unreadable, Unreadable)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no fault of ours
@given(
    event=st.fixed_dictionaries(
        {},
        optional={
            "event_type": JSON | st.just("doorbell"),
            "time_fired": JSON | st.just("2026-01-01T00:00:00+00:00"),
            "context": JSON | st.just({"id": "context"}),
            "data": JSON | st.fixed_dictionaries({"message": JSON}),
        },
    )
)
def test_whatever_is_fired_can_be_read(event: dict[str, object]) -> None:
    """Anybody who can fire an event could stop receiving."""
    assert isinstance(read_event(event), Incoming | Unreadable)


def test_too_much_data_is_set_aside() -> None:
    """Sizes from outside would have no limit."""
    event = {
        "event_type": "doorbell",
        "time_fired": "2026-01-01T00:00:00+00:00",
        "context": {"id": "context"},
        "data": {"message": "x" * 70_000},
    }
    assert isinstance(read_event(event), Unreadable)


@pytest.mark.parametrize("mark", ["forwarded", "via", "automatic", "bot", "claimed"])
def test_what_was_passed_on_over_there_is_passed_on_here(mark: str) -> None:
    """A stranger's words would become the other home's own on their way, and open the door here."""
    data = {"message": "/open door", mark: "@gif" if mark == "via" else True}
    [message] = validate_batch(Batch(messages=(read_event(event_of(data)),), cursor=None)).messages  # type: ignore[arg-type]
    assert (message.kind, message.content.command, message.metadata[mark]) == (Kind.TEXT, None, True)
    [own] = validate_batch(Batch(messages=(read_event(event_of({**data, mark: False})),), cursor=None)).messages  # type: ignore[arg-type]
    assert own.kind is Kind.COMMAND


def event_of(data: dict[str, object]) -> dict[str, object]:
    """An event with these data."""
    context = {"id": "01", "parent_id": None, "user_id": None}
    return {"event_type": "doorbell", "time_fired": "2026-11-27T12:00:00+00:00", "context": context, "data": data}
