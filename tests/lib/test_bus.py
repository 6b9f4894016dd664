"""How facts travel: to everybody who asked, in order, whatever a subscriber does."""

import logging

import pytest

from bach_lib.bus import Bus, Unsubscribe
from bach_lib.events import (
    ConnectionRemoved,
    Event,
    MessageDead,
    MessageEvent,
    MessageFinished,
    MessageQueued,
    MessageSent,
)
from tests.lib.outbound.make import message

SENT = MessageSent(connection="home", message=message())
QUEUED = MessageQueued(connection="home", message=message())
REMOVED = ConnectionRemoved(connection="home")


@pytest.fixture
def bus() -> Bus:
    """A bus without subscribers."""
    return Bus()


@pytest.mark.parametrize(
    ("asked", "gets"),
    [
        (MessageSent, [SENT]),
        (MessageFinished, [SENT]),
        (MessageEvent, [SENT, QUEUED]),
        (Event, [SENT, QUEUED, REMOVED]),
        (MessageDead, []),
    ],
)
def test_a_subscriber_gets_its_type_and_everything_below(bus: Bus, asked: type[Event], gets: list[Event]) -> None:
    """Who waits for the end of a message would not hear that it was sent."""
    received: list[Event] = []
    bus.subscribe(asked, received.append)
    for event in (SENT, QUEUED, REMOVED):
        bus.publish(event)
    assert received == gets


def test_everybody_is_told_once_in_the_order_of_subscription(bus: Bus) -> None:
    """A part that relies on another one having heard first would see old data."""
    told: list[str] = []
    bus.subscribe(MessageSent, lambda _: told.append("first"))
    bus.subscribe(MessageSent, lambda _: told.append("second"))
    bus.publish(SENT)
    assert told == ["first", "second"]


def test_one_that_raises_stops_nobody(bus: Bus, caplog: pytest.LogCaptureFixture) -> None:
    """A mistake in an automation would stop the delivery of messages."""
    told: list[Event] = []

    def broken(_: Event) -> None:
        raise LookupError("surprise")

    bus.subscribe(MessageSent, broken)
    bus.subscribe(MessageSent, told.append)
    with caplog.at_level(logging.ERROR):
        bus.publish(SENT)
    assert told == [SENT]
    assert "A subscriber of MessageSent failed" in caplog.text


def test_after_unsubscribing_nothing_comes(bus: Bus) -> None:
    """An unloaded integration would go on acting."""
    told: list[Event] = []
    unsubscribe = bus.subscribe(MessageSent, told.append)
    unsubscribe()
    unsubscribe()
    bus.publish(SENT)
    assert told == []


def test_the_same_function_may_subscribe_twice(bus: Bus) -> None:
    """Two entities that share a function would lose both when one of them goes."""
    told: list[Event] = []
    first = bus.subscribe(MessageSent, told.append)
    bus.subscribe(MessageSent, told.append)
    first()
    bus.publish(SENT)
    assert told == [SENT]


def test_who_is_unsubscribed_by_another_subscriber_hears_nothing_more(bus: Bus) -> None:
    """An entity that is being removed would be called once more, after it has gone."""
    told: list[str] = []
    later: list[Unsubscribe] = []
    bus.subscribe(MessageSent, lambda _: later[0]())
    later.append(bus.subscribe(MessageSent, lambda _: told.append("gone")))
    bus.publish(SENT)
    assert told == []


def test_who_subscribes_while_an_event_is_told_hears_the_next_one(bus: Bus) -> None:
    """A subscriber that subscribes would never come to an end."""
    told: list[Event] = []
    once: list[Unsubscribe] = []

    def subscribe_another(_: Event) -> None:
        if not once:
            once.append(bus.subscribe(MessageSent, told.append))

    bus.subscribe(MessageSent, subscribe_another)
    bus.publish(SENT)
    assert told == []
    bus.publish(SENT)
    assert told == [SENT]


def test_telling_from_within_an_event_is_possible(bus: Bus) -> None:
    """One fact could not lead to the next."""
    told: list[Event] = []
    bus.subscribe(MessageQueued, lambda _: bus.publish(SENT))
    bus.subscribe(Event, told.append)
    bus.publish(QUEUED)
    assert told == [SENT, QUEUED]
