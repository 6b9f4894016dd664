"""Calls of foreign code: what they cost whoever waits."""

import asyncio

from bach_lib.foreign import bounded


async def test_who_waits_goes_on_in_the_turn_after_it_has_ended() -> None:
    """Every message would go to the platform, and every next one after it, a turn of a busy loop later."""
    loop = asyncio.get_running_loop()
    go_on: asyncio.Future[None] = loop.create_future()
    turns: list[str] = []

    def turn() -> None:
        turns.append("one")
        loop.call_soon(turns.append, "two")

    async def work() -> int:
        await go_on
        loop.call_soon(turn)
        return 7

    loop.call_soon(go_on.set_result, None)
    assert await bounded(work(), 60, "work") == 7
    assert turns == ["one"]
