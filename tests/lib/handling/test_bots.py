"""Whole programs: the README's bot on two platforms, and one that is killed between handling and done."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from bach_lib import Bach, ConnectionChanged, ConnectionState, Event
from bach_lib.testing.waiting import Waiting
from tests.lib.sides import Side, discord, telegram

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("make", [telegram, discord])
async def test_the_readmes_bot_works_on_both_platforms(
    make: Callable[[], AbstractAsyncContextManager[Side]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who copies it would have a bot that does not answer, or another one for each platform."""
    *_, program = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    async with make() as side:
        monkeypatch.setenv("BOT_TOKEN", side.token)
        platform, there = side.platform, side.connection
        local = f'type="{there.type}", endpoint="{platform.url}", allowed=frozenset({{"{platform.person}"}})'
        local = re.sub(r'type="telegram"(.*?), allowed=frozenset\(.*?\)\)', rf"{local}\1)", program)
        names: dict[str, object] = {"__name__": "bot"}
        exec(compile(local.replace("asyncio.run(main())", ""), "bot", "exec"), names)
        bach, main = names["bach"], names["main"]
        assert isinstance(bach, Bach)
        states, waiting = list[ConnectionState](), Waiting()
        bach.subscribe(ConnectionChanged, lambda event: states.append(event.health.state))
        bach.subscribe(Event, lambda _: waiting.changed())
        running = asyncio.create_task(main())  # type: ignore[operator] # of a program that was read from a page
        await waiting.until(lambda: states.count(ConnectionState.CONNECTED) == 2, timeout=60)  # in both directions
        platform.says('/light "living room" off')
        platform.says("/light")
        await platform.wait_for(2, timeout=60)
        platform.says("Hello?")
        await platform.wait_for(3, timeout=60)
        usage = "Write it like this: /light <room> [state]"
        assert platform.texts == ["The light in living room is off", usage, "You wrote: Hello?"]
        await bach.close(grace=0)
        await running


PROGRAM = """
import asyncio, pathlib
from bach_lib import Bach, Connection

bach = Bach("bot.db", connections=[Connection(name="home", {connection}, auth_config={{"bot_token": "env:BOT_TOKEN"}})])

async def deal_with(message):
    receipt = await message.answer(f"{{message.text}} once")
    await bach.wait(receipt.id)
    print(message.text, message.tries, flush=True)
    if message.tries == 1:
        await asyncio.Event().wait()
    await message.done()

@bach.on_command("light")
async def light(message):
    await deal_with(message)

async def main():
    async with bach:
        async for message in bach.received():
            await deal_with(message)

asyncio.run(main())
"""


@pytest.mark.parametrize("text", ["/light", "light"])
async def test_what_a_kill_interrupts_comes_again_in_order_and_is_answered_once(text: str, tmp_path: Path) -> None:
    """A power cut between handling and done would lose what somebody wrote, or answer it twice."""
    async with telegram() as side:
        platform = side.platform
        connection = f'type="telegram", endpoint="{platform.url}", allowed=frozenset({{"{platform.person}"}})'
        program = PROGRAM.format(connection=connection)
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "BOT_TOKEN": side.token}

        async def start() -> asyncio.subprocess.Process:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", program), cwd=tmp_path, env=environment, stdout=subprocess.PIPE
            )

        async def line(running: asyncio.subprocess.Process) -> bytes:
            assert running.stdout
            async with asyncio.timeout(60):
                return await running.stdout.readline()

        first = await start()
        platform.says(text)
        platform.says(f"{text} more" if text == "light" else text)
        assert await line(first) == f"{text} 1\n".encode()
        first.kill()
        assert await first.wait() == -signal.SIGKILL
        second = await start()
        try:
            assert await line(second) == f"{text} 2\n".encode()
            last = f"{text} more" if text == "light" else text
            assert await line(second) == f"{last} 1\n".encode()
            assert platform.texts == [f"{text} once", f"{last} once"]
        finally:
            second.kill()
            await second.wait()
