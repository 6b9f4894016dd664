"""What is on a platform is changed: reactions to what came in, and what can be no change, refused by name."""

import pytest

from bach_lib import Bach, Connection, Fault, Status
from bach_lib.connectors.base import Batch, Incoming
from bach_lib.errors import (
    BachError,
    CannotDoError,
    InvalidValueError,
    NotSentError,
    TextTooLongError,
    UnknownMessageError,
)
from bach_lib.models import Operation
from bach_lib.models.incoming import Kind
from bach_lib.outcomes import Dead
from bach_lib.storage import MemoryDatabase
from bach_lib.testing import FakeClock, FakePlatform, fake_connector

NOBODY = Fault(code="refused", text="Chat not found")


async def heard(bach: Bach, platform: FakePlatform, clock: FakeClock) -> int:
    """Ada says something in her chat; its number here."""
    await bach.registry.add(
        Connection(name="home", type="fake", allowed=frozenset({"ada"}), settings={"sender_tag": "Hut"})
    )
    await clock.settle()
    said = Incoming(
        remote_id="77",
        recipient="ada",
        recipient_title="Ada",
        sender_id="ada",
        sender_name="Ada",
        kind=Kind.TEXT,
        text="I am home",
    )
    platform.incoming.put_nowait(Batch(messages=(said,), cursor="1"))
    await clock.settle()
    [message] = await bach.inbox()
    return message.id


async def test_what_somebody_said_gets_the_emoji_alone(bach: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """A thumb would come as a message of its own, with the sender's name, or below what somebody else said."""
    number = await heard(bach, platform, clock)
    receipt = await bach.react_to(number, "👍", max_retries=3, time_to_live=60, priority=2, context="01J")
    before = await bach.get(receipt.id)
    assert (before.max_retries, before.expires_at, before.created_at) == (3, clock.now() + 60, clock.now())
    await clock.settle()
    [sent] = platform.sent
    assert (sent.connection, sent.recipient, sent.text) == ("home", "ada", "👍")
    assert (sent.operation, sent.target, sent.priority, sent.context) == (Operation.REACT, "77", 2, "01J")
    usual, plain = await bach.react_to(number, "❤"), await bach.send("home", "ada", "x")
    assert (await bach.get(usual.id)).max_retries == (await bach.get(plain.id)).max_retries


@pytest.mark.parametrize(
    ("options", "error"),
    [({"emoji": "x" * 4097}, TextTooLongError), ({"priority": 11}, InvalidValueError), ({"tag": 5}, InvalidValueError)],
)
async def test_what_is_no_reaction_is_not_written(
    bach: Bach, platform: FakePlatform, clock: FakeClock, options: dict[str, object], error: type[BachError]
) -> None:
    """It would wait, and fail when nobody looks any more."""
    number = await heard(bach, platform, clock)
    with pytest.raises(error):
        await bach.react_to(number, **{"emoji": "👍"} | options)  # type: ignore[arg-type] # on purpose
    assert await bach.messages() == []


async def test_where_nothing_can_be_changed_that_is_said(platform: FakePlatform, clock: FakeClock) -> None:
    """A thumb would be sent as words where a platform has none."""
    kind = fake_connector(platform, receives=True)
    kind.capabilities = kind.capabilities.__class__(
        receives=True, idempotent=False, formats=kind.capabilities.formats, max_text=100
    )
    async with Bach(MemoryDatabase(), clock=clock, connectors={"fake": kind}) as bach:
        number = await heard(bach, platform, clock)
        sent = await bach.send("home", "ada", "text")
        await clock.settle()
        for change, operation in (
            (bach.react_to(number, "👍"), "react to"),
            (bach.react(sent.id, "👍"), "react to"),
            (bach.edit(sent.id, "other"), "edit"),
            (bach.delete(sent.id), "delete"),
        ):
            with pytest.raises(CannotDoError) as caught:
                await change
            assert caught.value.placeholders == {"type": "fake", "operation": operation}


async def test_only_what_is_on_the_platform_is_changed(bach: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """A change of nothing would be called sent, or change a message that it does not mean."""
    await bach.registry.add(Connection(name="home", type="fake"))
    platform.outcomes.append(Dead(fault=NOBODY))
    dead = await bach.send("home", "ada", "text")
    await clock.settle()
    sent = await bach.send("home", "ada", "text")
    await clock.settle()
    edit = await bach.edit(sent.id, "other")
    await clock.settle()
    for number, status in ((dead.id, Status.DEAD), (edit.id, Status.SENT)):
        for change in (bach.edit(number, "new"), bach.delete(number), bach.react(number, "👍")):
            with pytest.raises(NotSentError) as caught:
                await change
            assert caught.value.placeholders == {"id": str(number), "status": str(status)}


async def test_what_was_sent_or_came_in_is_pinned(bach: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """When the plumber comes would be lost among the messages of a week."""
    number = await heard(bach, platform, clock)
    sent = await bach.send("home", "ada", "On Friday")
    await clock.settle()
    await bach.pin(sent.id, silent=True)
    await bach.pin(incoming_id=number)
    await bach.unpin(sent.id)
    await clock.settle()
    changes = [(one.operation, one.target, one.text, one.silent) for one in platform.sent[1:]]
    assert changes == [
        (Operation.PIN, "1", "", True),
        (Operation.PIN, "77", "", False),
        (Operation.UNPIN, "1", "", False),
    ]
    for named in ((None, None), (1, 1)):
        with pytest.raises(InvalidValueError, match="incoming_id"):
            await bach.pin(named[0], incoming_id=named[1])
    with pytest.raises(UnknownMessageError):
        await bach.unpin(incoming_id=99)
