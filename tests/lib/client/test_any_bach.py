"""The calls of a BACH mean the same on the owner, beside it, and from another machine."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import nan
from pathlib import Path
from typing import cast

import pytest

from bach_lib import (
    AccessRefusedError,
    Bach,
    Button,
    EventsLostError,
    EventsMissed,
    EventsMissingError,
    Extras,
    Fault,
    File,
    IdempotencyKeyReusedError,
    InputError,
    InvalidValueError,
    Message,
    MessageEvent,
    MessageQueued,
    MessageReceived,
    MessageSent,
    NotCancellableError,
    NotScheduledError,
    Place,
    Route,
    RouteStatus,
    Said,
    Status,
    Step,
    UnknownConnectionError,
    UnknownMessageError,
    UnknownRouteError,
    UnknownRunError,
    connect,
)
from bach_lib.client import beside
from bach_lib.client.beside import Beside
from bach_lib.outcomes import Dead
from bach_lib.testing import FakePlatform
from tests.lib.client.conftest import WAYS, Way

by_each_way = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)


def rounded(message: Message) -> Message:
    """What all ways tell: times to the second, and no nonce."""
    times = {name: getattr(message, name) for name in ("created_at", "attempted_at", "finished_at", "next_retry_at")}
    whole = {name: None if value is None else float(int(value)) for name, value in times.items()}
    return replace(message, nonce="", progress=None, **whole)  # type: ignore[arg-type] # created_at is never None


@by_each_way
async def test_a_message_is_sent_looked_at_edited_and_found(owner: Bach, platform: FakePlatform, way: Way) -> None:
    """A program would have to be written anew for each place it runs in."""
    rows = ((Button(text="On", value="on"), Button(text="Off", value="off")),)
    extras = Extras(link_preview=False, protected=True)
    files = [File(name='df "1" ü.txt', content=b"98 %\x00\xff" * 500_000, mime_type="text/plain")]
    async with way(owner) as bach:
        receipt = await bach.send(
            "home", "ada", "Disk full", title="Alarm", priority=3, buttons=rows, files=files, context="c", extras=extras
        )
        message = await bach.wait(receipt.id, timeout=60)
        assert (message.status, message.title, message.buttons) == (Status.SENT, "Alarm", rows)
        assert platform.sent[-1].files[0].content == files[0].content
        assert platform.sent[-1].extras == message.extras == extras
        assert rounded(await bach.get(receipt.id)) == rounded(message) == rounded(await owner.get(receipt.id))
        change = await bach.edit(receipt.id, "Disk empty", idempotency_key="once")
        assert (await bach.edit(receipt.id, "Disk empty", idempotency_key="once")).id == change.id
        await bach.wait(change.id, timeout=60)
        page = await bach.messages(connection="home", status=[Status.SENT], limit=1)
        assert [one.id for one in page] == [change.id]
        assert [one.id for one in await bach.messages(before=change.id)] == [receipt.id]


@by_each_way
async def test_what_was_said_is_pinned_let_go_and_passed_on(owner: Bach, platform: FakePlatform, way: Way) -> None:
    """A program beside the daemon could not pin what it has sent, nor pass on what came in."""
    came = asyncio.Event()
    owner.subscribe(MessageReceived, lambda _: came.set())
    platform.says("At nine", sender="42")
    await came.wait()
    inbox = await owner.inbox()
    async with way(owner) as bach:
        number = (await bach.send("home", "ada", "Milk")).id
        await bach.wait(number, timeout=60)
        for _ in range(2):
            pinned = await bach.pin(number, silent=True, idempotency_key="p")
        await bach.wait((await bach.unpin(incoming_id=inbox[0].id)).id, timeout=60)
        passed = await bach.forward("home", "bob", incoming_id=inbox[0].id, copy=True, silent=True)
        assert (await bach.wait(passed.id, timeout=60)).silent
        await bach.wait(pinned.id, timeout=60)
        with pytest.raises(InvalidValueError):
            await bach.pin()
        with pytest.raises(InvalidValueError):
            await bach.forward("home", "bob", number, incoming_id=inbox[0].id)
    done = [(one.operation, one.recipient) for one in platform.sent]
    assert sorted(done) == [("pin", "ada"), ("send", "ada"), ("send", "bob"), ("unpin", "42")]


@pytest.mark.parametrize("way", [WAYS["beside"], WAYS["over REST"]], ids=["beside", "over REST"])
async def test_a_long_wait_is_many_questions(
    owner: Bach, platform: FakePlatform, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who waits for an hour would be told after a minute how the message stood."""
    monkeypatch.setattr(beside, "_SLICE", 0.01)
    platform.holds()
    async with way(owner) as bach:
        asked, often = 0, asyncio.Event()
        original = type(bach)._wait  # type: ignore[attr-defined] # of a `Beside`

        async def counted(self: Beside, message_id: int, timeout: float) -> Message:
            nonlocal asked
            asked += 1
            if asked == 3:
                often.set()
            return cast("Message", await original(self, message_id, timeout))

        monkeypatch.setattr(type(bach), "_wait", counted)
        waiting = asyncio.create_task(bach.wait((await bach.send("home", "ada", "Hello")).id))
        await asyncio.wait({waiting, asyncio.create_task(often.wait())}, return_when=asyncio.FIRST_COMPLETED)
        assert not waiting.done()
        platform.works()
        assert (await waiting).status is Status.SENT


@by_each_way
async def test_errors_are_those_of_the_library(owner: Bach, platform: FakePlatform, way: Way) -> None:
    """A program that corrects a mistake would not know which one it made."""
    platform.outcomes.append(Dead(fault=Fault(code="refused", text="no")))
    async with way(owner) as bach:
        with pytest.raises(UnknownConnectionError, match="hme"):
            await bach.send("hme", "ada", "x")
        with pytest.raises(UnknownMessageError):
            await bach.get(77)
        with pytest.raises(InputError):
            await bach.send("home", "ada", "x", priority=99)
        with pytest.raises(InvalidValueError):
            await bach.send("home", "ada", "x", files=[File(name="a", content="text")])  # type: ignore[arg-type] # that is the point
        with pytest.raises(TypeError, match="colour"):
            await bach.send("home", "ada", "x", colour="red")  # type: ignore[call-arg] # that is the point
        first = await bach.send("home", "ada", "x", idempotency_key="k")
        assert (await bach.send("home", "ada", "x", idempotency_key="k")).id == first.id
        with pytest.raises(IdempotencyKeyReusedError):
            await bach.send("home", "ada", "another", idempotency_key="k")
        dead = await bach.wait(first.id, timeout=60)
        assert (dead.status, dead.error and dead.error.code) == (Status.DEAD, "refused")
        with pytest.raises(NotCancellableError):
            await bach.cancel(first.id)
        await owner.stop("home")
        waiting = await bach.send("home", "ada", "y")
        assert (await bach.wait(waiting.id, timeout=0.01)).status is Status.PENDING
        assert (await bach.cancel(waiting.id)).status is Status.CANCELLED
        planned = await bach.send("home", "ada", "z", not_before=datetime.now(UTC) + timedelta(hours=1))
        assert (await bach.send_now(planned.id)).scheduled_for is None
        with pytest.raises(NotScheduledError):
            await bach.send_now(planned.id)


@by_each_way
async def test_events_are_told_from_the_moment_on(owner: Bach, way: Way) -> None:
    """A program would miss what became of the message that it has just sent."""
    async with way(owner) as bach:
        told, done = list[MessageEvent](), asyncio.Event()

        def note(event: MessageEvent) -> None:
            told.append(event)
            if isinstance(event, MessageSent):
                done.set()

        stop = bach.subscribe(MessageEvent, note)
        receipt = await bach.send("home", "ada", "Hello")
        await asyncio.wait_for(done.wait(), 60)
        assert {event.message.id for event in told} == {receipt.id}
        assert told[-1].message == await owner.get(receipt.id)
        stop()
        number = len(told)
        await bach.wait((await bach.send("home", "ada", "again")).id, 60)
        assert len(told) == number


@by_each_way
async def test_a_stream_of_events_is_the_same_everywhere(owner: Bach, way: Way) -> None:
    """A loop over what becomes of messages could run on the owner alone, or would tell other types elsewhere."""
    async with way(owner) as bach:
        stream = bach.events(MessageSent, MessageQueued)
        with pytest.raises(InvalidValueError):
            bach.events(str)  # type: ignore[type-var] # as somebody may call it
        with pytest.raises(InvalidValueError):
            bach.events(limit=0)
        receipt = await bach.send("home", "ada", "Hello")
        told = [await asyncio.wait_for(anext(stream), 60) for _ in range(2)]
        assert [(type(event), event.message.id) for event in told] == [
            (MessageQueued, receipt.id),
            (MessageSent, receipt.id),
        ]
    if bach is not owner:
        with pytest.raises(StopAsyncIteration):
            await anext(stream)


@pytest.mark.parametrize("way", [WAYS["beside"], WAYS["over REST"]], ids=["beside", "over REST"])
async def test_a_stream_says_what_was_lost_on_the_way(owner: Bach, way: Way) -> None:
    """A program that counts what was sent would be wrong for good, and not know it."""
    async with way(owner) as bach:
        assert isinstance(bach, Beside)
        sent, all_there_is, few = bach.events(MessageSent), bach.events(), bach.events(MessageQueued, limit=1)
        bach._publish("gap", "{}")
        for _ in range(2):
            await bach.wait((await bach.send("home", "ada", "Hello")).id, 60)
        with pytest.raises(EventsMissingError, match="went away, or was read too slowly"):
            await anext(sent)
        assert isinstance(await asyncio.wait_for(anext(sent), 60), MessageSent), "it goes on behind the gap"
        assert isinstance(await anext(all_there_is), EventsMissed)
        with pytest.raises(EventsLostError) as caught:
            await anext(few)
        assert caught.value.number > 0


@by_each_way
async def test_what_is_too_large_is_refused_in_the_same_words(
    owner: Bach, platform: FakePlatform, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program would take a file of its own that is too large for a failure of the owner, and try it again."""
    monkeypatch.setattr("bach_lib.outbound.files.MOST_OF_FILES", 40_000_000)
    monkeypatch.setattr("bach_lib.rest.uploads.MAX_CONTENTS", 40_000_000)
    large, small = File(name="film.mp4", content=bytes(45_000_000)), File(name="a.txt", content=b"a")
    reason = "film.mp4: it has 45000000 bytes, and all files of a message can have 40000000"
    async with way(owner) as bach:
        with pytest.raises(InvalidValueError, match=f'"{reason}." is not possible for files. Use a file that can go'):
            await bach.send("home", "ada", "", files=[large])
        with pytest.raises(InputError):
            await bach.send("home", "ada", "x" * 40_000_000)
        assert await bach.messages() == []
        if way is WAYS["over REST"]:
            with pytest.raises(InvalidValueError, match=reason):
                await bach.send("home", "ada", "Here", files=[large, small])
            return
        receipt = await bach.send("home", "ada", "Here", files=[large, small])
        assert [loss.reason for loss in receipt.lost] == [f"{reason}."]
        await bach.wait(receipt.id, timeout=60)
        assert [one.name for one in platform.sent[-1].files] == ["a.txt"]


async def test_a_wrong_token_gets_nothing(owner: Bach, address: str) -> None:
    """A stranger could send, or a program would take its old token for an owner that is away and wait for ever."""
    async with connect(address, token="a-token-of-yesterday") as bach:
        calls = [
            bach.send("home", "ada", "x"),
            bach.send("home", "ada", "x", files=[File(name="a", content=b"a" * 1_000_000)]),
            bach.messages(),
            bach.get(1),
            bach.wait(1, timeout=1),
            bach.cancel(1),
            bach.edit(1, "x"),
        ]
        for call in calls:
            with pytest.raises(AccessRefusedError, match="does not let this program in") as caught:
                await call
            assert "yesterday" not in str(caught.value)
        told = list[MessageEvent]()
        bach.subscribe(MessageEvent, told.append)
        with pytest.raises(AccessRefusedError):
            await bach.messages()
        receipt = await owner.send("home", "ada", "Hello")
        await owner.wait(receipt.id, 60)
    assert told == []
    assert len(await owner.messages()) == 1


@pytest.mark.parametrize(
    ("where", "token"),
    [
        ("ftp://ada:hunter2@host/bach.db", "t"),
        ("FTP://ada:hunter2@host/bach.db", None),
        (" http://host:8001", "t"),
        ("sqlite:///bach.db", None),
        ("file:///bach.db", None),
        ("mysql://ada:hunter2@host/bach", None),
        (Path("postgresql://ada:hunter2@host/bach"), None),
        (Path("http://ada:hunter2@host"), "t"),
        ("bach.db", "t"),
        ("postgresql://host/bach", "t"),
    ],
)
async def test_an_address_is_never_taken_for_a_file(
    where: str | Path, token: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder "ftp:" would be made, with a password in a name, and the messages lie where nobody looks."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidValueError) as caught:
        async with connect(where, token=token):
            pytest.fail("something was opened")
    assert "hunter2" not in str(caught.value)
    if token is None:
        with pytest.raises(InvalidValueError, match="is not possible for path"):
            Bach(where)
    assert list(tmp_path.iterdir()) == []


@by_each_way
async def test_a_route_is_started_followed_and_ended(owner: Bach, platform: FakePlatform, way: Way) -> None:
    """An alarm could be started by the home alone, and not by what finds the leak."""
    ada, bob = Place(connection="home", recipient="ada"), Place(connection="home", recipient="bob")
    steps = (Step(places=(ada, bob), wait=3600.0, but_cause=True),)
    await owner.routes.set(Route(name="wässer", steps=steps))
    async with way(owner) as bach:
        run = await bach.start_route("wässer", "Water!", title="Cellar", tag="t", caused_by=[bob], idempotency_key="k")
        assert (await bach.start_route("wässer", "Water!", title="Cellar", tag="t", idempotency_key="k")).id == run.id
        assert (run.said, run.steps, run.tag) == (Said(text="Water!", title="Cellar"), steps, "t")
        assert run.caused_by == (bob,)
        assert [one.place.recipient for one in run.tried] == ["ada"]
        await platform.wait_for(1)
        with pytest.raises(UnknownRunError):
            await bach.route_run(99)
        for unknown in ("nobody", "a/b"):
            with pytest.raises(UnknownRouteError):
                await bach.start_route(unknown, "Water!")
        quiet = await bach.snooze_route(run.id, 600, "Bob")
        assert (quiet.status, quiet.snoozed_by, quiet.snoozed_for) == (RouteStatus.UNDER_WAY, "Bob", 600)
        for wrong in (0, nan, 604_801):
            with pytest.raises(InvalidValueError, match="seconds"):
                await bach.snooze_route(run.id, wrong, "Bob")
        had = await bach.acknowledge(run.id, "Ada")
        assert (had.status, had.by) == (RouteStatus.ACKNOWLEDGED, "Ada")
        assert (await bach.all_clear(run.id, "Dry.")).cleared_at is not None
        other = await bach.start_route("wässer", "Again!")
        assert (await bach.cancel_route(other.id)).status is RouteStatus.CANCELLED
        assert [one.id for one in await bach.route_runs("wässer", limit=1)] == [other.id]
        assert [one.id for one in await bach.route_runs(before=other.id)] == [run.id]
        photo = File(name="cellar.jpg", content=b"\xff\xd8 water", mime_type="image/jpeg")
        shown = await bach.start_route("wässer", "Look!", files=[photo])
        assert [(one.name, one.size, one.content) for one in shown.said.files] == [("cellar.jpg", 8, b"")]
        await bach.wait(shown.message_ids[0], 10)
        assert {one.content for sent in platform.sent if sent.text == "Look!" for one in sent.files} == {photo.content}
        with pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
            await bach.start_route("wässer", "Water!", colour="red")  # type: ignore[call-arg] # a mistake of theirs
