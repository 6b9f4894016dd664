"""The list of what is not stored yet, and its cursor."""

import pytest

from bach_lib.connectors import bounds
from bach_lib.connectors.base import Incoming, Unreadable
from bach_lib.connectors.bounds import MAX_BYTES, MAX_ROWS, Cut
from bach_lib.connectors.discord.event_buffer import BATCH, EventBuffer, HeldEvents
from bach_lib.models.incoming import Kind
from bach_lib.testing import FakeClock


def a_text(number: int, length: int = 1) -> Incoming:
    """A message; `length`: of its text, if it is to be long."""
    return Incoming(
        remote_id=str(number),
        recipient="1",
        recipient_title="",
        sender_id="2",
        sender_name="",
        kind=Kind.TEXT,
        text=str(number).ljust(length),
    )


def test_nothing_is_skipped_when_a_batch_is_full() -> None:
    """A crash after the first of many messages would lose those behind it."""
    buffer = EventBuffer()
    for number in range(1, BATCH + 51):
        buffer.add([a_text(number)], number)
    first = buffer.batch()
    assert (len(first.messages), first.is_complete) == (BATCH, False)
    other = EventBuffer()
    other.confirm(first.cursor)
    assert other.highest == BATCH
    buffer.confirm(first.cursor)
    assert [message.text for message in buffer.batch().messages] == [
        str(number) for number in range(BATCH + 1, BATCH + 51)
    ]
    assert buffer.batch().is_complete


def test_what_is_known_comes_once() -> None:
    """What was heard and then found in the history would be announced twice."""
    buffer = EventBuffer()
    buffer.add([a_text(1)], 1)
    buffer.add([a_text(1), Unreadable(raw="x", reason="y")], 1)
    assert (len(buffer.batch().messages), len(buffer.batch().unreadable)) == (1, 1)


def test_a_cursor_of_another_run_confirms_nothing_of_this_one() -> None:
    """After a restart, the first messages would be taken for stored."""
    old, new = EventBuffer(), EventBuffer()
    for buffer in (old, new):
        buffer.add([a_text(1)], 1)
    new.confirm(old.batch().cursor)
    assert len(new) == 1


@pytest.mark.parametrize(("rows", "length"), [(MAX_ROWS, 1), (20, MAX_BYTES // 20)])
def test_a_disk_that_stays_full(rows: int, length: int) -> None:
    """What nobody stores would fill the memory, with many messages or with few long ones."""
    buffer = EventBuffer()
    buffer.add([a_text(number, length) for number in range(rows - 1)], 1)
    assert buffer.is_full is (length > 1 and rows * length > MAX_BYTES)
    buffer.add([a_text(rows, length)], 2)
    assert buffer.is_full
    cursor = ""
    while buffer:
        cursor = buffer.batch().cursor or ""
        buffer.confirm(cursor)
    assert not buffer.is_full


def test_what_the_history_has_goes_first_and_a_press_of_long_ago_next(
    monkeypatch: pytest.MonkeyPatch, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Presses would be lost without a word because people chat, or chatting would fill the memory."""
    monkeypatch.setattr(bounds, "MAX_ROWS", 4)
    cut = Cut("home", clock)
    held = HeldEvents(cut)
    for number in range(1, 7):
        held.add([a_text(number)], number)
    for number in range(11, 14):
        held.add([a_text(number)], 0)
    assert cut.told() == [], "all of it is in the history"
    held.add([a_text(14)], 0)
    held.add([a_text(15)], 0)
    assert [snowflake for snowflake, _ in held.take([(5, [a_text(5)])])] == [5, 0, 0, 0]
    [told] = cut.told()
    assert told.reason.startswith("2 messages were left out: presses")
    assert cut.told() == []
    assert caplog.text.count("were left out") == 1, "the log is not filled instead"
