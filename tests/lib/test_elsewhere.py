"""Calls from other threads and other event loops, before it is open and after it is closed."""

import asyncio
import inspect
import threading
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from time import monotonic

import pytest

from bach_lib import Bach, BachError, Connection, Rule
from bach_lib.errors import EmptyTextError, NotOpenError, OwnThreadError, WrongLoopError
from bach_lib.inbound.rules import Rules
from bach_lib.registry import Registry
from bach_lib.testing import FakePlatform, fake_connector

ROW = Connection(name="home", type="fake")
GIVEN: dict[str, object] = {
    "connection": "home",
    "recipient": "ada",
    "targets": [("home", "ada")],
    "text": "text",
    "emoji": "👍",
    "rule": Rule(name="rule", phrases=("lamp",)),
    "ids": [1],
    "statuses": ["sent"],
    "status": "read",
    "headers": {},
    "body": b"",
    "message": "text",
    "messages": [],
    "name": "home",
}
"""What a call is given, by the name of its parameter; everything else is 1."""
WHILE_CLOSED = {"close", "begin_backup", "end_backup", "match"}
"""What may be called before it is open, and after it is closed."""


def calls(bach: Bach, registry: Registry, rules: Rules) -> Iterator[tuple[str, Callable[[], Awaitable[object]]]]:
    """Every public coroutine method there is."""
    for owner in (bach, registry, rules):
        for name, method in inspect.getmembers(owner.__class__, inspect.iscoroutinefunction):
            if name[0] != "_" and (name != "open" or owner is bach):  # the others' are called by that one
                wanted = inspect.signature(method).parameters.values()
                needed = [one.name for one in wanted if one.default is one.empty and one.kind is not one.VAR_KEYWORD]
                given = [ROW if (owner, one) == (registry, "connection") else GIVEN.get(one, 1) for one in needed[1:]]
                yield f"{type(owner).__name__}.{name}", partial(getattr(owner, name), *given)


async def what_they_say(bach: Bach, registry: Registry, rules: Rules) -> dict[str, str]:
    """What each of them raises here; a call that is let in ends after a while."""
    said: dict[str, str] = {}
    for name, call in calls(bach, registry, rules):
        if name == "Bach.open" and bach._base.home._loop is None:
            continue  # this is what it is for
        try:
            async with asyncio.timeout(60):
                await call()
        except Exception as error:  # noqa: BLE001 - what it is, is what is asked
            said[name] = type(error).__name__
        else:
            said[name] = "nothing"
    return said


async def test_whoever_comes_from_another_loop_is_told_before_anything_is_done(tmp_path: Path) -> None:
    """Who hears of a failure repeats, and it would go twice; a call that is new would be forgotten here."""
    platform = FakePlatform()
    connectors = {"fake": fake_connector(platform)}
    async with Bach(tmp_path / "bach.db", connectors=connectors, connections=[ROW]) as bach:
        registry, rules = bach.registry, bach.rules
        said = await asyncio.to_thread(lambda: asyncio.run(what_they_say(bach, registry, rules)))
        assert len(said) > 45
        assert {name: error for name, error in said.items() if error != "WrongLoopError"} == {}
        assert (await bach.messages(), rules.list(), registry.list()) == ([], [], [ROW])
        receipt = await bach.send("home", "ada", "Hello")  # and nothing is broken by that
        assert (await bach.wait(receipt.id, 10)).status == "sent"
    assert len(platform.sent) == 1


async def test_before_it_is_open_and_after_it_is_closed_one_sentence_says_so(tmp_path: Path) -> None:
    """A program would read of a `NoneType`, or wait for ever."""
    bach = Bach(tmp_path / "bach.db", connectors={"fake": fake_connector(FakePlatform())}, connections=[ROW])
    for name, call in calls(bach, object.__new__(Registry), object.__new__(Rules)):
        if name.startswith("Bach.") and name.partition(".")[2] not in {"open", *WHILE_CLOSED}:
            with pytest.raises(NotOpenError):
                await call()
    async with bach:
        registry, rules = bach.registry, bach.rules
    said = await what_they_say(bach, registry, rules)
    wrong = {name for name, error in said.items() if error != "NotOpenError"}
    assert {name.partition(".")[2] for name in wrong} == WHILE_CLOSED
    await bach.close()


async def test_a_closed_loop_owns_nothing(tmp_path: Path) -> None:
    """What a program left open in one `asyncio.run` would be lost for the next."""
    bach = Bach(tmp_path / "bach.db", connectors={"fake": fake_connector(FakePlatform())}, connections=[ROW])

    async def once() -> str:
        async with bach:
            return (await bach.send("home", "ada", "Hello")).connection

    assert await asyncio.to_thread(lambda: [asyncio.run(once()) for _ in range(2)]) == ["home", "home"]


async def test_any_thread_can_send_and_knows_that_it_is_on_disk(bach: Bach, platform: FakePlatform) -> None:
    """A callback of another library, a log's handler and a web server with threads could only poll a queue."""
    await bach.registry.add(ROW)
    receipts = await asyncio.gather(
        *(asyncio.to_thread(bach.send_threadsafe, "home", "ada", f"{number}", silent=True) for number in range(20))
    )
    assert {message.id for message in await bach.messages()} == {receipt.id for receipt in receipts}
    assert all(message.silent for message in await bach.messages())


async def test_a_thread_hears_what_is_wrong(bach: Bach, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would wait for ever, or take a message for sent that is not."""
    await bach.registry.add(ROW)
    with pytest.raises(EmptyTextError):
        await asyncio.to_thread(bach.send_threadsafe, "home", "ada", "")
    monkeypatch.setattr("bach_lib.home_loop.wait", lambda *_: pytest.fail("the event loop's thread waits for itself"))
    with pytest.raises(OwnThreadError, match="here it would wait for itself"):
        bach.send_threadsafe("home", "ada", "text")
    assert await bach.messages() == []


async def test_a_thread_is_told_that_it_is_closed(tmp_path: Path) -> None:
    """A worker that lives longer than the event loop would hang at its last message."""
    bach = Bach(tmp_path / "bach.db", connectors={"fake": fake_connector(FakePlatform())}, connections=[ROW])
    with pytest.raises(NotOpenError):
        await asyncio.to_thread(bach.send_threadsafe, "home", "ada", "text")
    async with bach:
        pass
    with pytest.raises(NotOpenError):
        await asyncio.to_thread(bach.send_threadsafe, "home", "ada", "text")


def test_whoever_heard_no_error_finds_the_message_whenever_it_is_closed(tmp_path: Path) -> None:
    """A thread that sends while the program ends would hear that it failed, and the message would go all the same."""
    path, heard, failed = tmp_path / "bach.db", list[int](), list[BachError]()
    bach = Bach(path, connectors={"fake": fake_connector(FakePlatform())}, connections=[ROW])
    begun = threading.Event()

    def work() -> None:
        while not failed:
            try:
                heard.append(bach.send_threadsafe("home", "ada", "text").id)
            except BachError as error:
                failed.append(error)
            begun.set()

    async def main() -> None:
        async with bach:
            for thread in threads:
                thread.start()
            await asyncio.to_thread(begun.wait, 10)

    async def stored() -> set[int]:
        async with Bach(path) as again:
            return {message.id for message in await again.messages(limit=500)}

    threads = [threading.Thread(target=work) for _ in range(3)]
    asyncio.run(main())
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()
    assert {type(error) for error in failed} == {NotOpenError}
    found = asyncio.run(stored())
    assert set(heard[-400:]) <= found
    assert len(found) == min(len(heard), 500)


async def test_the_block_ends_with_the_grace_it_was_given() -> None:
    """Who has slow files would have to write `try` and `finally` to let the last one finish."""
    platform = FakePlatform()
    connectors = {"fake": fake_connector(platform)}
    platform.hold = asyncio.Event()
    async with Bach(":memory:", connectors=connectors, connections=[ROW], grace=0) as bach:
        await bach.send("home", "ada", "Hello")
        began = monotonic()
    assert monotonic() - began < 4  # it would be 5 without
    with pytest.raises(BachError):
        Bach(":memory:", grace=-1)


async def test_the_word_names_the_way() -> None:
    """Who is refused would not know what to do instead."""
    assert "send_threadsafe" in str(WrongLoopError())
    assert "run_coroutine_threadsafe" in str(WrongLoopError())
