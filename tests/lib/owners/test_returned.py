"""A secret that only one of several machines has: the connection belongs there, and is worked on there."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack

import pytest

from bach_lib import Bach, Connection, Status
from bach_lib.errors import OwnedElsewhereError
from bach_lib.models import ConnectionState
from bach_lib.owners import cluster, membership, returned
from bach_lib.owners.returned import Returned
from bach_lib.owners.share import Step, View, Wishes, next_step
from bach_lib.testing import FakeClock, FakePlatform, fake_connector
from tests.lib.owners.test_sharing import owners, until

BOTH = frozenset({1, 2})


@pytest.fixture
async def stack(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AsyncExitStack]:
    """What is closed in the end; turns come sooner than in life."""
    for module, name, seconds in (
        (membership, "LEASE", 1.0),
        (cluster, "LEASE", 1.0),
        (cluster, "BEAT", 0.05),
        (returned, "_LEFT_FOR_OTHERS", 0.2),
        (returned, "_LEFT_BY_ALL", 1.0),
    ):
        monkeypatch.setattr(module, name, seconds)
    async with AsyncExitStack() as found:
        yield found


def process(address: str, name: str, secrets: Mapping[str, str], platform: FakePlatform) -> Bach:
    """One that has these secrets."""
    connectors = {"fake": fake_connector(platform)}
    return Bach(address, process=name, connectors=connectors, secrets={"vault": secrets.get}, grace=0.0)


async def test_who_lacks_a_secret_leaves_the_connection_to_who_has_it(
    database_address: str, stack: AsyncExitStack, caplog: pytest.LogCaptureFixture
) -> None:
    """Its messages would wait for ever, although another machine could send them."""
    platform = FakePlatform()
    secrets = {"a": "x", "b": "y"}
    poor = await stack.enter_async_context(process(database_address, "poor", {"a": "x"}, platform))
    async with process(database_address, "first", secrets, platform) as first:
        for name in secrets:
            await first.registry.add(Connection(name=name, type="fake", auth_config={"token": f"vault:{name}"}))

    async def is_alone_and_says_why() -> bool:
        has_all = await owners(poor) == {"poor": ["a", "b"]}
        return has_all and poor.health("b").state is ConnectionState.AUTH_FAILED

    await until(is_alone_and_says_why)
    await stack.enter_async_context(process(database_address, "rich", secrets, platform))

    async def is_right() -> bool:
        return await owners(poor) == {"poor": ["a"], "rich": ["b"]}

    with caplog.at_level(logging.WARNING):
        await until(is_right)
    receipt = await poor.send("b", "ada", "ding")
    assert (await poor.wait(receipt.id, 10)).status is Status.SENT
    assert await poor.is_ready()


async def test_metrics_and_states_do_not_stumble_over_what_is_elsewhere(
    database_address: str, stack: AsyncExitStack
) -> None:
    """As soon as there is a second daemon, Prometheus would get an error instead of numbers, or each of them twice."""
    platform = FakePlatform()
    one = await stack.enter_async_context(process(database_address, "one", {}, platform))
    for name in ("a", "b"):
        await one.registry.add(Connection(name=name, type="fake"))
    two = await stack.enter_async_context(process(database_address, "two", {}, platform))

    async def is_told(bach: Bach, own: str, other: str) -> bool:
        text = str(await bach.metrics())
        wanted = (f'connection="{own}",direction', "bach_processes 2", "bach_owned_connections 1")
        return all(one in text for one in wanted) and f'connection="{other}",direction' not in text

    await until(lambda: is_told(one, "a", "b"))
    await until(lambda: is_told(two, "b", "a"))
    assert one.refused("b") is None


async def test_what_is_left_is_taken_beyond_the_share_and_then_kept() -> None:
    """It would go back and forth, or the others would give away what they cannot get rid of."""
    clock = FakeClock()
    mine = Returned(clock)
    view = View(processes=BOTH, connections={"a", "b"}, owners={"a": 1})
    mine.see(view, ())
    assert next_step(view, 1, mine.wishes) == Step(), "the other one has its time"
    await clock.advance(returned._LEFT_FOR_OTHERS)
    assert next_step(view, 1, mine.wishes) == Step(take=("b",))
    mine.see(view, ("b",))
    both = View(processes=BOTH, connections={"a", "b"}, owners={"a": 1, "b": 1})
    mine.see(both, ())
    assert next_step(both, 1, mine.wishes) == Step(give=("a",)), "not what it got because nobody could begin it"


async def test_what_is_just_being_given_back_is_of_a_known_type(database_address: str, stack: AsyncExitStack) -> None:
    """A person would read that there is no such platform, though it is the one that has just worked."""
    secrets = {"a": "x"}
    one = await stack.enter_async_context(process(database_address, "one", secrets, FakePlatform()))
    await one.registry.add(Connection(name="a", type="fake", auth_config={"token": "vault:a"}))

    async def is_at_work() -> bool:
        return one._open_parts.runtimes.has("a")

    await until(is_at_work)
    at_work = one._open_parts.runtimes._runtimes
    taken_out = at_work.pop("a")  # as `give` does, before others hear of it
    assert one.health("a").state is ConnectionState.STARTING
    with pytest.raises(OwnedElsewhereError):
        one._open_parts.at_work("a")
    at_work["a"] = taken_out


async def test_who_cannot_begin_it_does_not_take_it_soon_but_rather_than_nobody() -> None:
    """Two that lack a secret would hand a connection to each other without end, and its state would say nothing."""
    clock = FakeClock()
    mine = Returned(clock)
    view = View(processes=BOTH, connections={"a"}, owners={})
    mine.see(view, ("a",))
    assert mine.cannot("a"), "another one may be able to"
    mine.see(view, ())
    assert next_step(view, 1, mine.wishes) == Step()
    await clock.advance(returned._LEFT_BY_ALL)
    assert next_step(view, 1, mine.wishes) == Step(take=("a",))
    assert not mine.cannot("a"), "nobody could"
    held = View(processes=BOTH, connections={"a"}, owners={"a": 1})
    assert mine.see(held, ("a",)) == []
    assert mine.see(View(processes={1, 2, 3}, connections={"a"}, owners={"a": 1}), ()) == ["a"], "who comes may be able"
    alone = Returned(clock)
    alone.see(View(processes={1}, connections={"a"}, owners={}), ("a",))
    assert not alone.cannot("a"), "there is nobody else"
    assert alone.wishes == Wishes(extra=frozenset(), avoid=frozenset(), keep=frozenset())
