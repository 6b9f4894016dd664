"""How programs use BACH, read by the type checker only: what is right must pass, what is wrong must be refused.

A line with `type: ignore` is a mistake that mypy has to find; if it no longer does, the comment is unused and fails.
"""

from typing import assert_type

from aiohttp import ClientSession

from bach_lib import (
    Attempt,
    Bach,
    BreakerState,
    Button,
    Candidate,
    Connection,
    Delivery,
    Direction,
    Fault,
    Format,
    Health,
    Identity,
    IncomingMessage,
    Message,
    Policy,
    QueueStatus,
    Receipt,
    Retried,
    RetryPolicy,
    Status,
    check_connection,
)
from bach_lib.bus import Unsubscribe
from bach_lib.connectors.base import Connector, Setup
from bach_lib.events import Event, MessageFinished, MessageReceived, MessageSent
from bach_lib.outcomes import Dead, Outcome, Retry, Sent, Uncertain, Wait
from bach_lib.testing import FakeClock, FakeConnector, FakePlatform, fake_connector


async def open_and_close(session: ClientSession) -> None:
    """Everything but the path may be left out."""
    async with Bach("bach.db") as bach:
        assert_type(bach, Bach)
    Bach("bach.db", session=session, clock=FakeClock(), policy=Policy(retry=RetryPolicy(delays=(1, 2), max_retries=2)))
    Bach("bach.db", secrets={"entry": lambda target: None if target == "x" else "secret"})
    Bach("bach.db", connectors={"fake": fake_connector(FakePlatform())})
    Bach(42)  # type: ignore[arg-type]
    Bach("bach.db", secrets={"entry": lambda target: 42})  # type: ignore[dict-item, return-value]


async def send(bach: Bach) -> None:
    """Options are checked by name and type; enumerations may be written as texts."""
    assert_type(await bach.send("home", "42", "text"), Receipt)
    await bach.send("home", "42", "text", format=Format.HTML, delivery=Delivery.AT_MOST_ONCE, priority=5)
    await bach.send("home", "42", "text", format="html", delivery="at_most_once", time_to_live=60, tag=None)
    await bach.send("home", "42", "text", tll=60)  # type: ignore[call-arg]
    await bach.send("home", "42", "text", priority="high")  # type: ignore[arg-type]
    await bach.send("home", "42", "text", buttons=[[Button(text="Yes", value="y")], (Button(text="No", value="n"),)])
    await bach.send("home", "42", "text", buttons=[["Yes"]])  # type: ignore[list-item]
    await bach.send("home", 42, "text")


async def look(bach: Bach) -> None:
    """What can be asked has a type."""
    assert_type(await bach.wait(1, timeout=5), Message)
    assert_type(await bach.get(1), Message)
    assert_type(await bach.messages(connection="home", status=[Status.DEAD], before=10), list[Message])
    assert_type(await bach.inbox(limit=5), list[IncomingMessage])
    assert_type(await bach.queue_status(), dict[str, QueueStatus])
    assert_type(bach.health("home", Direction.SENDING), Health)
    assert_type(bach.breaker("home"), BreakerState)
    await bach.messages(status="dead")  # type: ignore[arg-type]
    bach.health("home", "sending")  # type: ignore[arg-type]


async def act(bach: Bach) -> None:
    """What can be done, too."""
    assert_type(await bach.cancel(1), Message)
    assert_type(await bach.retry(1), Message)
    assert_type(await bach.retry(1, wait=10), Message)
    assert_type(await bach.retry_all("home", recipient="ada"), int)
    assert_type(await bach.retry_and_follow("home", wait=10), Retried)
    assert_type(await bach.amend(1, recipient="ada", text="text"), Message)
    assert_type(await bach.discard_messages([1, 2]), int)
    assert_type(await bach.discard_all("home"), int)
    assert_type(await bach.history(1), tuple[Message, list[Attempt]])
    assert_type(await bach.purge(3600, statuses={Status.SENT}), int)
    assert_type(await bach.check("home"), Identity | Fault)
    with bach.pairing("home") as pairing:
        assert_type(pairing.candidates, dict[str, Candidate])


async def registry(bach: Bach) -> None:
    """Only what a person may change can be changed."""
    row = await bach.registry.add(Connection(name="home", type="telegram", auth_config={"bot_token": "env:TOKEN"}))
    assert_type(row, Connection)
    assert_type(await bach.registry.update("home", is_active=False, allowed=frozenset({"42"})), Connection)
    assert_type(bach.registry.list(type="telegram"), list[Connection])
    await bach.registry.update("home", success_count=5)  # type: ignore[call-arg]
    row.is_active = False  # type: ignore[misc]


def subscribe(bach: Bach) -> None:
    """A callback gets the type it asked for; one for everything fits everywhere."""

    def on_sent(event: MessageSent) -> None:
        assert_type(event.message, Message)

    def on_anything(event: Event) -> None:
        assert_type(event.connection, str)

    assert_type(bach.subscribe(MessageSent, on_sent), Unsubscribe)
    bach.subscribe(MessageSent, on_anything)
    bach.subscribe(MessageReceived, lambda event: print_text(event.message))
    bach.subscribe(MessageFinished, on_sent)  # type: ignore[arg-type]


def print_text(message: IncomingMessage) -> None:
    """For the lambda above."""
    assert_type(message.text, str)


async def before_registering(session: ClientSession) -> None:
    """The answer is one of two, and the type checker wants both handled."""
    answer = await check_connection(Connection(name="home", type="telegram"), session=session)
    _ = answer.name  # type: ignore[union-attr]
    if isinstance(answer, Fault):
        assert_type(answer.text, str)
    else:
        assert_type(answer, Identity)


def every_outcome(outcome: Outcome) -> str:
    """A `match` over all five needs no default."""
    match outcome:
        case Sent(remote_id=remote_id):
            return remote_id or ""
        case Retry(fault=fault) | Wait(fault=fault) | Dead(fault=fault) | Uncertain(fault=fault):
            return fault.text


def doubles(platform: FakePlatform, setup: Setup) -> None:
    """A double is a connector like any other."""
    made = fake_connector(platform, idempotent=True)
    assert_type(made, type[FakeConnector])
    connector: Connector = made(setup)
    assert_type(connector.capabilities.max_text, int)
