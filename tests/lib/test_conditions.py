"""What watches over all tests: Home Assistant's plugin sets it up, and tests/conftest.py makes it cheaper."""

import asyncio
import threading

import pytest


async def test_a_call_from_a_foreign_thread_is_found() -> None:
    """What wakes nobody, and only now and then, would be found in somebody's house."""
    loop = asyncio.get_running_loop()
    found: list[Exception] = []

    def call() -> None:
        try:
            loop.call_soon(print)
        except RuntimeError as error:
            found.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    assert [str(error)[:26] for error in found] == ["Non-thread-safe operation "]


async def test_what_nobody_awaited_is_told_with_the_line_that_made_it() -> None:
    """A forgotten `await` would be a warning without a place."""

    async def forgotten() -> None:
        pass

    with pytest.warns(RuntimeWarning, match="Coroutine created at"):
        asyncio.iscoroutine(forgotten())
