"""The things BACH speaks of: frozen, comparable, and with the defaults that are safe."""

import copy
import pickle
import re
from dataclasses import FrozenInstanceError, fields, is_dataclass

import pytest

from bach_lib import Connection, Health, Message, Policy, QueueStatus, Receipt, Status, events, models, outcomes, policy
from bach_lib.events import Event
from bach_lib.models import ConnectionState

MODULES = (models, events, outcomes, policy)
DATACLASSES = [
    value
    for module in MODULES
    for value in vars(module).values()
    if isinstance(value, type) and is_dataclass(value) and value.__module__ == module.__name__
]


@pytest.mark.parametrize("cls", DATACLASSES)
def test_nothing_can_be_changed_or_given_by_position(cls: type) -> None:
    """Two parts would share an object that one of them changes, or mix up two texts."""
    parameters = cls.__dataclass_params__  # type: ignore[attr-defined] # of every dataclass
    assert parameters.frozen
    assert parameters.kw_only or not fields(cls)
    assert "__slots__" in vars(cls)


def test_a_message_cannot_be_changed() -> None:
    """An event would change after it was told."""
    message = Message(id=1, nonce="n", connection="home", recipient="ada", text="text")
    with pytest.raises(FrozenInstanceError):
        setattr(message, "text", "other")  # noqa: B010 - written plainly, the type checker would stop it before


def test_what_the_rest_of_a_program_gets_can_be_copied_and_pickled() -> None:
    """Tests and process pools of applications could not use it."""
    for one in (
        Connection(name="home", type="fake", auth_config={"token": "env:X"}),
        Message(id=1, nonce="n", connection="home", recipient="ada", text="text"),
        Receipt(id=1, connection="home", recipient="ada", status=Status.PENDING),
        Health(state=ConnectionState.STARTING),
        Policy(),
    ):
        assert copy.deepcopy(one) == pickle.loads(pickle.dumps(one)) == one


@pytest.mark.parametrize("status", Status)
def test_which_statuses_are_final(status: Status) -> None:
    """Somebody would wait for ever for a message that has ended, or not for one that has not."""
    assert status.is_final is (status not in (Status.PENDING, Status.SENDING, Status.FAILED))


def test_what_waits_is_what_is_still_to_be_delivered() -> None:
    """A dashboard would call dead letters waiting."""
    assert QueueStatus(connection="home", pending=1, sending=2, failed=4, dead=8, uncertain=16, sent=32).waiting == 7


def test_nobody_is_allowed_by_default() -> None:
    """Every stranger could command a house whose owner forgot a setting."""
    assert Connection(name="home", type="fake").allowed == frozenset()


def test_the_defaults_are_those_of_the_design() -> None:
    """What was promised would not be what happens."""
    defaults = Policy()
    assert list(defaults.retry.delays) == [30, 60, 120, 240, 480]
    assert defaults.retry.max_retries == 5
    assert (defaults.breaker.failures, defaults.breaker.open_seconds) == (5, 300)
    assert defaults.breaker.check_seconds == (15, 30)


def event_types(of: type[Event]) -> list[type[Event]]:
    """An event and everything below it."""
    return [of, *(below for subclass in of.__subclasses__() for below in event_types(subclass))]


def test_the_tree_shows_every_event() -> None:
    """Who reads the documentation would miss an event, or subscribe to one that does not exist."""
    drawn = re.findall(r"\b(?:[A-Z][a-z]+){2,}\b|^Event$", events.__doc__ or "", re.MULTILINE)
    ours = {event.__name__ for event in event_types(Event) if event.__module__.startswith(events.__name__)}
    assert sorted(drawn) == sorted(ours)


def test_a_connection_shows_no_secret_that_somebody_gave_instead_of_a_reference() -> None:
    """It would stand in a log before the registry refuses it."""
    assert "s3cr3t" not in repr(Connection(name="home", type="telegram", auth_config={"bot_token": "123:s3cr3t"}))
