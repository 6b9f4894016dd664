"""The list of what is not stored yet, and its cursor."""

from bach_lib.connectors.base import Incoming, Unreadable
from bach_lib.connectors.discord.news import BATCH, MAX_KEPT, News
from bach_lib.incoming import Kind


def a_text(number: int) -> Incoming:
    """A message."""
    return Incoming(
        remote_id=str(number),
        recipient="1",
        recipient_title="",
        sender_id="2",
        sender_name="",
        kind=Kind.TEXT,
        text=str(number),
    )


def test_nothing_is_skipped_when_a_batch_is_full() -> None:
    """A crash after the first of many messages would lose those behind it."""
    news = News()
    for number in range(1, BATCH + 51):
        news.add([a_text(number)], number)
    first = news.batch()
    assert (len(first.messages), first.is_complete) == (BATCH, False)
    other = News()
    other.confirm(first.cursor)
    assert other.highest == BATCH
    news.confirm(first.cursor)
    assert [message.text for message in news.batch().messages] == [
        str(number) for number in range(BATCH + 1, BATCH + 51)
    ]
    assert news.batch().is_complete


def test_what_is_known_comes_once() -> None:
    """What was heard and then found in the history would be announced twice."""
    news = News()
    news.add([a_text(1)], 1)
    news.add([a_text(1), Unreadable(raw="x", reason="y")], 1)
    assert (len(news.batch().messages), len(news.batch().unreadable)) == (1, 1)


def test_a_cursor_of_another_run_confirms_nothing_of_this_one() -> None:
    """After a restart, the first messages would be taken for stored."""
    old, new = News(), News()
    for news in (old, new):
        news.add([a_text(1)], 1)
    new.confirm(old.batch().cursor)
    assert len(new) == 1


def test_a_disk_that_stays_full() -> None:
    """What nobody stores would fill the memory."""
    news = News()
    news.add([a_text(number) for number in range(MAX_KEPT)], 1)
    assert news.is_full
