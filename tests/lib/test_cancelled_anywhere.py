"""Callers who are cancelled wherever they wait: a message is durable and goes out, or nothing of it is there."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Generator
from dataclasses import replace
from pathlib import Path
from types import coroutine

import pytest

from bach_lib import Answer, Bach, Button, Connection, InboxStatus, Message, Place, Question, Receipt
from bach_lib.connectors.base import Batch
from bach_lib.questions.unanswered import UnansweredError
from bach_lib.testing import FakePlatform, fake_connector
from tests.lib.inbound.make import incoming

MOST = 60
"""Places where a call may wait; each of them has fewer."""


class Count:
    """How often a call has waited so far."""

    def __init__(self) -> None:
        self.waits = 0


async def cancelled_at[T](wanted: int, call: Coroutine[object, object, T], count: Count) -> T:
    """The call, whose task is cancelled while it waits for the `wanted` time."""
    return await _driven(wanted, call, count)


@coroutine
def _driven[T](wanted: int, call: Coroutine[object, object, T], count: Count) -> Generator[object, object, T]:
    error: BaseException | None = None
    while True:
        try:
            waits_for = call.send(None) if error is None else call.throw(error)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return] # what the call returns
        count.waits += 1
        if count.waits == wanted and (task := asyncio.current_task()):
            asyncio.get_running_loop().call_soon(task.cancel)
        error = None
        try:
            yield waits_for
        except BaseException as raised:  # noqa: BLE001 - the call shall see it
            error = raised


@pytest.fixture
def platform() -> FakePlatform:
    """What the connection sends to."""
    return FakePlatform()


@pytest.fixture
async def bach(tmp_path: Path, platform: FakePlatform) -> AsyncIterator[Bach]:
    """One with a real file, whose connection works."""
    kinds = {"fake": fake_connector(platform, receives=True)}
    home = Connection(name="home", type="fake", allowed=frozenset({"42"}))
    async with Bach(tmp_path / "bach.db", connectors=kinds, connections=[home], grace=0) as bach:
        yield bach


async def ask(bach: Bach) -> Answer | None:
    """A question that nobody answers."""
    buttons = ((Button(text="Yes", value="yes"),),)
    places = (Place(connection="home", recipient="ada"), Place(connection="home", recipient="cid"))
    try:
        return await bach.ask(Question(text="asked", places=places, answers=buttons, timeout=0.2))
    except UnansweredError:
        return None


async def waited(bach: Bach) -> Message:
    """Send and wait."""
    receipt: Receipt = await bach.send("home", "ada", "asked")
    return await bach.wait(receipt.id)


CALLS: dict[str, Callable[[Bach], Coroutine[object, object, object]]] = {
    "send": lambda bach: bach.send("home", "ada", "asked"),
    "send with a tag": lambda bach: bach.send("home", "ada", "asked", tag="t", idempotency_key="k"),
    "send to all": lambda bach: bach.send_all([("home", "ada"), ("home", "cid")], "asked", wait=5.0),
    "wait": waited,
    "ask": ask,
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
async def test_who_is_cancelled_leaves_a_message_that_goes_or_none(
    bach: Bach, platform: FakePlatform, call: Callable[[Bach], Coroutine[object, object, object]]
) -> None:
    """A lane, a worker or a place in the queue would stay taken, and the next message to somebody never go."""
    was_cancelled = 0
    for wanted in range(1, MOST):
        count = Count()
        await asyncio.wait([task := asyncio.create_task(cancelled_at(wanted, call(bach), count))])
        if not task.cancelled():
            task.result()
        was_cancelled += task.cancelled()
        async with asyncio.timeout(60):
            for recipient in ("ada", "cid"):
                receipt = await bach.send("home", recipient, "next")
                assert (await bach.wait(receipt.id)).status == "sent"
            for message in await bach.messages(limit=500):
                assert (await bach.wait(message.id)).status in {"sent", "cancelled"}, message
        assert not bach._open_parts.waiters._futures
        if count.waits < wanted:
            break
    else:
        pytest.fail(f"it waits more than {MOST} times")
    assert was_cancelled


async def receive(bach: Bach, texts: list[str], last: str) -> None:
    """Deal with what comes in."""
    async for message in bach.received("home"):
        texts.append(message.text)
        await message.done()
        if message.text == last:
            return


async def test_who_is_cancelled_while_receiving_leaves_everything_to_the_next(
    bach: Bach, platform: FakePlatform
) -> None:
    """A message would be called done that nobody has dealt with, or the next loop be kept out for ever."""
    for wanted in range(1, MOST):
        count, seen, texts = Count(), list[str](), (f"message {wanted}", f"end {wanted}")
        first, last = (replace(incoming(text=text, remote_id=text), sender_id="42", recipient="42") for text in texts)
        platform.incoming.put_nowait(Batch(messages=(first,), cursor=first.text))
        call = cancelled_at(wanted, receive(bach, seen, first.text), count)
        await asyncio.wait([task := asyncio.create_task(call)])
        if not task.cancelled():
            task.result()
        platform.incoming.put_nowait(Batch(messages=(last,), cursor=last.text))
        async with asyncio.timeout(60):
            await receive(bach, seen, last.text)
        assert seen in ([*texts], [texts[0], *texts]), "in order, and at most the one that was broken off comes again"
        assert not await bach.count_inbox(status=InboxStatus.UNREAD)
        if count.waits < wanted:
            return
    pytest.fail(f"it waits more than {MOST} times")
