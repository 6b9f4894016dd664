"""What hangs, hangs alone: files that never answer stop nothing else."""

import asyncio
import os
import threading
from pathlib import Path

import pytest

from bach_lib.errors import SecretNotFoundError
from bach_lib.registry.secrets import Secrets
from bach_lib.threads import _MOST, WorkCounter, in_own_thread, read_file, read_regular


async def test_a_regular_file_is_read_up_to_a_limit(tmp_path: Path) -> None:
    """Files could not be sent, or one without end would fill the memory."""
    (tmp_path / "a").write_bytes(b"x" * 3_000_000)
    assert await read_file(tmp_path / "a", 2_500_000) == b"x" * 2_500_000
    assert await read_file(str(tmp_path / "a"), 5_000_000) == b"x" * 3_000_000
    assert await read_file(tmp_path / "a", 0) == b""


@pytest.mark.parametrize("kind", ["pipe", "folder", "device", "nothing"])
async def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    """A pipe that nobody writes into would be waited for, for ever."""
    path = tmp_path / kind
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "device":
            path = Path("/dev/zero")
    with pytest.raises(OSError, match=r"regular|directory|No such") as raised:
        await read_file(path, 10)
    assert raised.value.strerror


async def test_what_takes_too_long_is_left_to_itself() -> None:
    """A network drive that is gone would stop everything that waits for it, and the end of the program."""
    goes_on = threading.Event()
    with pytest.raises(TimeoutError) as raised:
        await in_own_thread(lambda: goes_on.wait(60), seconds=0.05)
    assert raised.value.strerror == "it took more than 0 seconds"
    assert await asyncio.to_thread(lambda: "free") == "free"
    assert all(thread.daemon for thread in threading.enumerate() if thread.name == "bach-apart")
    goes_on.set()


async def test_so_many_hang_and_no_more() -> None:
    """Whoever asks for a file on a dead drive every second would start threads until there are none."""
    goes_on = threading.Event()
    hanging = [asyncio.ensure_future(in_own_thread(lambda: goes_on.wait(60))) for _ in range(_MOST)]
    await asyncio.sleep(0)
    with pytest.raises(OSError, match="others before it"):
        await in_own_thread(lambda: "one more")
    goes_on.set()
    assert await asyncio.gather(*hanging) == [True] * _MOST
    assert await in_own_thread(lambda: "one more") == "one more"


async def test_what_it_raises_comes_out() -> None:
    """A missing file would look like an empty one."""
    with pytest.raises(FileNotFoundError):
        await in_own_thread(lambda: read_regular("/nowhere/at/all", 1))
    with pytest.raises(TimeoutError, match="of its own"):
        await in_own_thread(lambda: (_ for _ in ()).throw(TimeoutError(110, "of its own")))


async def test_a_secret_behind_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """A reference that leads to a pipe would keep one of the few threads for ever, at every start."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SecretNotFoundError):
        await Secrets().resolve({"token": f"file:{tmp_path / 'pipe'}"})


async def test_who_waits_for_threads_is_told_of_each_end() -> None:
    """A clock of a test would look again and again, and take the core from the thread that it waits for."""
    counter, told = WorkCounter(), list[bool]()

    async def wait() -> None:
        told.append(await counter.until_one_ends(60))

    counter.begun += 2
    for number in (1, 2):
        waiting = [asyncio.create_task(wait()) for _ in range(2)]
        await asyncio.sleep(0)
        counter.end()
        await asyncio.gather(*waiting)
        assert (len(told), counter.is_at_work) == (2 * number, number == 1)
    assert all(told)
    assert not await counter.until_one_ends(0)
