"""The double as a process of its own: the demo and the end-to-end tests drive it over `/control`."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientSession

from bach_lib.testing.discord.control import FAULTS


@asynccontextmanager
async def process(*options: str) -> AsyncIterator[str]:
    """The double, started as people start it: its address."""
    command = [sys.executable, "-m", "bach_lib.testing.discord_server", *options]
    running = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert running.stdout is not None
    try:
        yield (await running.stdout.readline()).decode().strip()
    finally:
        running.terminate()
        await running.wait()


async def test_it_runs_by_itself_and_is_driven_from_outside(session: ClientSession) -> None:
    """The demo would have no Discord to talk to."""
    async with process("--token", "a.b.c", "--channel", "alarms", "--user", "ada") as url:

        async def call(method: str, path: str, **body: object) -> Any:  # noqa: ANN401 - JSON
            headers = {"Authorization": "Bot a.b.c"}
            async with session.request(method, f"{url}{path}", json=body, headers=headers) as response:
                return await response.json()

        places = await call("GET", "/control/places")
        channel, ada = places["channels"]["alarms"], places["users"]["ada"]
        button = {"type": 2, "style": 1, "label": "Open", "custom_id": "n.open"}
        row = [{"type": 1, "components": [button]}]
        sent = await call("POST", f"/api/v10/channels/{channel}/messages", content="hello", components=row)
        [kept] = await call("GET", "/control/sent?count=1")
        assert (kept["id"], kept["content"]) == (sent["id"], "hello")
        assert "id" in await call("POST", "/control/presses", message=sent["id"], value="n.open", user=ada)
        written = await call("POST", "/control/texts", channel=channel, user=ada, text="hi")
        history = await call("GET", f"/api/v10/channels/{channel}/messages")
        assert [one["id"] for one in history] == [written["id"], sent["id"]]
        for name in FAULTS:
            await call("POST", "/control/faults", name=name)
        await call("DELETE", "/control/faults")
        assert (await call("GET", "/api/v10/users/@me"))["username"] == "test_bot"
        for what in ("reconnect", "invalidate", "cut", "close", "deafen", "hear", "refuse", "admit"):
            assert (await call("POST", "/control/gateway", do=what))["connected"] == 0
        thread = await call("POST", "/control/threads", channel=channel, name="leak")
        hook = await call("POST", "/control/webhooks", channel=channel, name="Door")
        await call("POST", hook["url"].removeprefix(url) + f"?thread_id={thread['id']}&wait=true", content="wet")
        assert len(await call("GET", "/control/sent?count=2")) == 2
        assert "no such fault" in (await call("POST", "/control/faults", name="x"))["message"]
