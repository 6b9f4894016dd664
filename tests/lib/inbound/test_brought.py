"""Messages that others bring: taken once, announced in order, and finished whatever becomes of who brought them."""

import asyncio

import pytest

from bach_lib import Connection, ConnectionState, Health
from bach_lib.connectors.base import Batch, Incoming, Unreadable
from bach_lib.errors import StoreFailedError
from bach_lib.inbound.inbox import Accepted
from bach_lib.inbound.quiet_start import Judge
from bach_lib.models.incoming import IncomingMessage, Kind
from bach_lib.redact import Redactor
from bach_lib.testing import FakeClock
from tests.lib.inbound.make import incoming
from tests.lib.inbound.receiving import HOME, Bench, Platform


async def leave(bench: Bench, *texts: str) -> None:
    """Something that a crash kept from being announced."""
    messages = tuple(incoming(remote_id=text, text=text) for text in texts)
    await bench.inbox.accept(HOME, Batch(messages=messages, cursor="1"), caught_up_at=None, redact=Redactor())


async def brought(bench: Bench, message: Incoming, *secrets: str) -> IncomingMessage | None:
    """Somebody brings it."""
    return await bench.receiver.take(message, redact=Redactor(secrets))


async def test_what_is_brought_is_returned_and_told(bench: Bench, clock: FakeClock) -> None:
    """Whoever posts would get no number to look it up by, or nobody would learn of the smoke."""
    running = [bench.receiver.is_running]
    bench.receiver.open(Redactor())
    await clock.settle()
    running.append(bench.receiver.is_running)
    await clock.advance(7)
    taken = await brought(bench, incoming(text="smoke"))
    assert (taken and (taken.id, taken.text)) == (1, "smoke")
    assert [(message.id, message.text) for message in bench.received] == [(1, "smoke")]
    assert bench.states == [ConnectionState.CONNECTED], "told once, not each time"
    assert bench.healths[0].last_success is None
    assert bench.receiver.health == Health(state=ConnectionState.CONNECTED, last_success=clock.now())
    await bench.receiver.stop()
    assert [*running, bench.receiver.is_running] == [False, True, False]
    assert bench.states[-1] is ConnectionState.DISABLED


async def test_when_something_came_last_is_known_over_a_stop(bench: Bench, clock: FakeClock) -> None:
    """Every change of a setting would make a busy connection look as if nothing had ever come."""
    bench.receiver.open(Redactor())
    await brought(bench, incoming())
    came = clock.now()
    await clock.advance(60)
    await bench.receiver.stop()
    assert bench.receiver.health.last_success == came
    bench.receiver.open(Redactor())
    assert bench.receiver.health.last_success == came


async def test_what_is_known_or_a_strangers_is_not_returned(bench: Bench) -> None:
    """A stranger would learn that their message came in; a repeated alarm would sound twice."""
    bench.receiver.open(Redactor())
    assert await brought(bench, incoming())
    assert await brought(bench, incoming()) is None
    assert await brought(bench, incoming(remote_id="9", sender_id="666", recipient="666")) is None
    assert (len(bench.received), bench.blocked) == (1, 1)


async def test_a_connection_that_rests_takes_without_a_word_about_its_state(bench: Bench) -> None:
    """A switched-off connection would say that it is connected."""
    assert await brought(bench, incoming())
    assert bench.states == []


async def test_what_was_left_is_announced_before_what_is_brought(bench: Bench, clock: FakeClock) -> None:
    """The house would hear "on" and then "off", which was the other way round."""
    await leave(bench, "off")
    await brought(bench, incoming(text="on"))
    assert bench.texts == ["off", "on"]


async def test_what_was_left_is_announced_when_it_opens(
    bench: Bench, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An alarm stored just before a power cut would wait for the next one, which may never come."""
    await leave(bench, "water!")
    with monkeypatch.context() as broken:

        async def full_disk(connection: str) -> list[IncomingMessage]:
            raise StoreFailedError(path="bach.db", reason="disk full")

        broken.setattr(bench.inbox, "unrouted", full_disk)
        bench.receiver.open(Redactor())
        await clock.settle()
    assert bench.texts == []
    await bench.receiver.stop()
    bench.receiver.open(Redactor())
    await clock.settle()
    assert bench.texts == ["water!"]


async def test_whoever_brings_may_go_away(bench: Bench, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that is cut off would leave an alarm in the inbox of which nobody is told."""
    go_on, accept = asyncio.Event(), bench.inbox.accept

    async def slow(
        row: Connection, batch: Batch, *, caught_up_at: float | None, redact: Redactor, is_quiet: Judge
    ) -> Accepted:
        await go_on.wait()
        return await accept(row, batch, caught_up_at=caught_up_at, redact=redact, is_quiet=is_quiet)

    monkeypatch.setattr(bench.inbox, "accept", slow)
    bench.receiver.open(Redactor())
    bringing = asyncio.create_task(brought(bench, incoming(text="smoke")))
    await clock.settle()
    bringing.cancel()
    stopping = asyncio.create_task(bench.receiver.stop())
    await clock.settle()
    assert not stopping.done(), "what is being stored must also be told"
    go_on.set()
    await stopping
    assert bench.texts == ["smoke"]


async def test_what_is_brought_says_nothing_of_how_far_was_read(
    bench: Bench, platform: Platform, clock: FakeClock
) -> None:
    """A press of last night would count as new because somebody posted something this morning."""
    await bench.start()
    platform.incoming.put_nowait(Batch(messages=(), cursor="1"))
    await clock.settle()
    read_at = clock.now()
    await clock.advance(90)
    press = incoming(remote_id="p1", kind=Kind.BUTTON, text="")
    assert (taken := await brought(bench, press))
    assert taken.kind is Kind.EXPIRED, "it may have waited anywhere for days"
    await bench.receiver.stop()
    assert await bench.inbox.caught_up_at("home") == read_at
    assert await bench.inbox.cursor("home") == "1"


async def test_what_was_announced_is_not_looked_for_again(
    bench: Bench, platform: Platform, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every poll, for ever, would begin with a search on the disk."""
    looks: list[str] = []
    unrouted = bench.inbox.unrouted

    async def counted(connection: str) -> list[IncomingMessage]:
        looks.append(connection)
        return await unrouted(connection)

    monkeypatch.setattr(bench.inbox, "unrouted", counted)
    await bench.receiver.route_left_over()
    await bench.start()
    platform.write("hello", remote_id="42:1", cursor="1")
    await clock.settle()
    await brought(bench, incoming(remote_id="42:2", text="smoke"))
    assert (looks, bench.texts) == (["home"], ["hello", "smoke"])


async def test_nonsense_that_is_brought_is_kept_and_moves_nothing(bench: Bench, clock: FakeClock) -> None:
    """Whoever posts could not be helped, or their nonsense would make presses of last night look new."""
    found = Unreadable(raw='{"text": 5, "key": "hush-hush"}', reason="no text")
    await bench.receiver.set_aside(found, Redactor(["hush-hush"]))
    assert await bench.inbox.unreadable("home") == [Unreadable(raw='{"text": 5, "key": "***"}', reason="no text")]
    await bench.receiver.stop()
    assert await bench.inbox.caught_up_at("home") is None
    assert bench.received == []


async def test_secrets_of_who_brings_are_kept_out(bench: Bench) -> None:
    """A key that was changed a minute ago would lie in the database in plain sight."""
    poison = incoming(text="n3w-s3cr3t", metadata={"circle": {1}})
    assert await brought(bench, poison, "n3w-s3cr3t") is None
    [kept] = await bench.inbox.unreadable("home")
    assert "n3w-s3cr3t" not in kept.raw


async def test_what_is_returned_is_what_was_announced(bench: Bench) -> None:
    """Whoever posts would be shown a message that seems never to have been announced."""
    taken = await brought(bench, incoming(text="smoke"))
    assert taken is not None
    assert taken.routed_at is not None
    assert [taken] == bench.received
