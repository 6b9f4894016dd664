"""The storage's thread outlives whatever goes wrong in it, and nobody waits for ever."""

import asyncio
import errno
import logging
import threading
from pathlib import Path

import pytest

from bach_lib.errors import StoreFailedError
from bach_lib.storage import Database, request_loop
from bach_lib.storage.guard import Guard
from bach_lib.storage.log_keeper import LogKeeper
from bach_lib.storage.restored import Marker
from bach_lib.storage.sqlite import Connection
from bach_lib.threads import counter_of
from tests.lib.storage.work import add, names


class Unforeseen(BaseException):
    """What no handler of errors in the storage speaks of."""


UNFORESEEN = (
    OSError(errno.EIO, "Input/output error"),
    MemoryError(),
    RuntimeError("a mistake of ours"),
    KeyboardInterrupt(),
    SystemExit(1),
    BaseExceptionGroup("several", [Unforeseen()]),
    Unforeseen(),
)


class Breaking:
    """Lets a method raise once, before or after it has done what it does."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, where: type, method: str, *, after: bool = False) -> None:
        self.error: BaseException | None = None
        original = getattr(where, method)

        def broken(*args: object, **options: object) -> object:
            error, self.error = self.error, None
            if error and not after:
                raise error
            result = original(*args, **options)
            if error:
                raise error
            return result

        monkeypatch.setattr(where, method, broken)

    @property
    def is_spent(self) -> bool:
        """Whether it has raised."""
        return self.error is None


@pytest.mark.parametrize(
    ("where", "method"),
    [(Guard, "_look_for_it"), (Guard, "_refuse"), (Marker, "before_writing"), (Connection, "run"), (Guard, "_judge")],
)
async def test_what_goes_wrong_before_a_commit_refuses_that_and_nothing_later(
    path: Path, monkeypatch: pytest.MonkeyPatch, where: type, method: str
) -> None:
    """The thread would be gone: every send, every listing and the end of the program would wait for ever."""
    monkeypatch.setattr(Guard, "_is_nothing_new", lambda _: False)
    breaking = Breaking(monkeypatch, where, method)
    store = Database(path)
    await store.open()
    await store.submit(add("ada"))
    if method == "_refuse":
        path.unlink()
        await asyncio.gather(store.submit(add("before")), return_exceptions=True)
    async with asyncio.timeout(60):
        for number, error in enumerate(UNFORESEEN):
            breaking.error = error
            asked: list[asyncio.Future[int] | asyncio.Future[list[str]]]
            asked = [store.submit(add(f"{number}")), store.submit(names, writes=False), store.submit(add(f"{number}b"))]
            await asyncio.wait(asked)
            answers = [future.exception() or future.result() for future in asked]
            await store.submit(names, writes=False)  # the thread may just have answered, and not yet failed
            assert breaking.is_spent
            for answer in answers:
                assert isinstance(answer, list | int | StoreFailedError), answer
            assert method == "_judge" or any(isinstance(answer, StoreFailedError) for answer in answers)
        assert not counter_of(asyncio.get_running_loop()).is_at_work
        assert "ada" in await store.submit(names, writes=False)
        assert "ada" in await store.read(names)
        await store.close()


async def test_the_sentence_says_what_the_system_says(store: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has a broken disk would be sent to us with "an error inside BACH", and not to the disk."""
    breaking = Breaking(monkeypatch, Connection, "run")
    breaking.error = OSError(errno.EIO, "Input/output error")
    with pytest.raises(StoreFailedError, match=r"bach\.db could not be read or written: Input/output error\."):
        await store.submit(add("bob"))
    breaking.error = ZeroDivisionError()
    with pytest.raises(
        StoreFailedError, match=r"an error inside BACH \(ZeroDivisionError in test_request_loop\.py, line \d+\)"
    ):
        await store.submit(add("bob"))


async def test_what_was_answered_is_not_answered_again(store: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever was told that a message is on disk would be told that it is not, or nobody else be told anything."""
    breaking = Breaking(monkeypatch, LogKeeper, "after_writing")
    breaking.error = RuntimeError()
    unhandled: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unhandled.append(context))
    cancelled = store.submit(add("bob"))
    cancelled.cancel()
    assert await store.submit(add("cid")) == 3
    assert await store.submit(add("dan")) == 4
    assert not counter_of(asyncio.get_running_loop()).is_at_work
    assert unhandled == []


async def test_a_look_after_a_commit_that_fails_undoes_nothing(
    store: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What is on disk would be written once more, or whoever asked for it be told that it is not."""
    before = await store.submit(names, writes=False)
    breaking = Breaking(monkeypatch, Guard, "_follow_log")
    for number, error in enumerate(UNFORESEEN):
        breaking.error = error
        await asyncio.gather(store.submit(add(f"{number}")), store.submit(add(f"{number}b")))
        assert breaking.is_spent
    assert len(await store.submit(names, writes=False)) == len(before) + 2 * len(UNFORESEEN)
    assert sum(record.message.startswith("The storage goes on") for record in caplog.records) == len(UNFORESEEN)


async def test_looking_at_a_quiet_file_may_fail(
    store: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A disk that answers nonsense at night would end the storage until the next start."""
    monkeypatch.setattr(request_loop, "QUIET", 0.001)
    monkeypatch.setattr(LogKeeper, "wants_quiet", property(lambda _: True))
    looked = threading.Semaphore(0)

    def fail(_: LogKeeper) -> None:
        looked.release()
        raise Unforeseen

    monkeypatch.setattr(LogKeeper, "when_quiet", fail)
    monkeypatch.setattr(Guard, "patience", 0.001)
    await store.submit(add("bob"))
    for _ in range(3):
        assert await asyncio.to_thread(looked.acquire, timeout=60)
    async with asyncio.timeout(60):
        assert await store.submit(add("cid")) == 3
    assert "The storage goes on after an error: Unforeseen" in caplog.messages


@pytest.mark.parametrize(
    ("where", "method"),
    [(Guard, "leave"), (LogKeeper, "close"), (Marker, "close"), (Connection, "close")],
)
async def test_a_step_of_closing_that_fails_leaves_nothing_locked(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, where: type, method: str
) -> None:
    """A reload would find the database in use by itself, until the whole program is started again."""
    caplog.set_level(logging.CRITICAL, "bach_lib.storage.database")
    store = Database(path)
    await store.open()
    await store.submit(add("ada"))
    breaking = Breaking(monkeypatch, where, method, after=True)
    breaking.error = ZeroDivisionError()
    await store.close()
    assert breaking.is_spent
    again = Database(path)
    await again.open()
    assert await again.submit(names) == ["ada"]
    await again.close()
