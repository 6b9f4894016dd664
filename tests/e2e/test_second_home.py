"""A backup that a real Home Assistant makes under load, put into a second one that starts on it and delivers."""

import asyncio
import json
import os
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from homeassistant.backup_restore import RESTORE_BACKUP_FILE
from homeassistant.const import RESTART_EXIT_CODE

from bach_lib.testing.telegram_server import Fault, TelegramServer
from demo import process
from demo.client import Json
from demo.home import Home
from demo.process import ROOT
from demo.telegram import TOKEN
from demo.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

ADA, ENTITY = 42, "notify.ada"
PICTURE_BYTES = 1_500_000


@dataclass(slots=True)
class Restored:
    """Two homes, of which the second was made from a backup of the first. `waited`: what the backup holds unsent."""

    first: Home
    second: Home
    telegram: TelegramServer
    picture: Path

    async def send(self, text: str) -> None:
        """Queue a text with a picture."""
        data = {"entity_id": ENTITY, "message": text, "files": str(self.picture)}
        await self.first.client.act("bach", "send_message", data)

    def arrived(self) -> Counter[str]:
        """How often each text has arrived."""
        return Counter(message.text for message in self.telegram.sent)

    async def until_arrived(self, *texts: str, times: int = 1) -> None:
        """Wait for each of them to have arrived so often."""

        async def look() -> bool:
            return all(self.arrived()[text] >= times for text in texts)

        await until(look, what=f"{len(texts)} messages to arrive", seconds=120)


@pytest_asyncio.fixture(loop_scope="session")
async def homes(tmp_path: Path, socket_enabled: None) -> AsyncGenerator[Restored]:
    """The first home with a connection and Ada, and an empty folder for the second."""
    picture = tmp_path / "pictures" / "garden.jpg"
    picture.parent.mkdir()
    picture.write_bytes(b"\xff\xd8\xff" + os.urandom(PICTURE_BYTES))
    async with TelegramServer() as telegram, Home(tmp_path / "first") as first:
        telegram.add_bot(TOKEN, username="home_bot")
        telegram.add_chat(ADA, first_name="Ada")
        written = (first.config / "configuration.yaml").read_text()
        allowed = f"  debug: true\n  allowlist_external_dirs:\n    - {picture.parent}"
        (first.config / "configuration.yaml").write_text(written.replace("  debug: true", allowed))
        await first.start()
        second = Home(tmp_path / "second")
        await second.client.close()
        second.client = first.client  # same address, same people
        await _connect(first, telegram)
        yield Restored(first, second, telegram, picture)
        await second.kill()


async def test_a_backup_made_under_load_becomes_a_home_that_delivers(homes: Restored) -> None:
    """The day somebody needs the backup: it fails to start, sends everything again, or forgets what waited."""
    first, telegram = homes.first, homes.telegram
    earlier = [f"earlier {number}" for number in range(5)]
    waiting = [f"waits {number}" for number in range(5)]
    for text in earlier:
        await homes.send(text)
    await homes.until_arrived(*earlier)
    telegram.fail(Fault.server_error(), times=None)
    for text in waiting:
        await homes.send(text)
    meanwhile, archive = await _back_up_under_load(homes)
    telegram.clear_faults()
    await homes.until_arrived(*waiting, *meanwhile)
    assert await first.stop() == 0

    await _restore(archive, homes.second)
    await homes.second.start()
    client = homes.second.client
    state = "{{ states('binary_sensor.telegram_home_bot_sending') }}"
    await until(lambda: _says(homes.second, state, "on"), what="the restored connection to work", seconds=60)
    [issue] = await _held(homes.second)
    count = int(issue["translation_placeholders"]["count"])
    assert len(waiting) <= count <= len(waiting) + len(meanwhile)
    await client.act("bach", "send_message", {"entity_id": ENTITY, "message": "from the second home"})
    await homes.until_arrived("from the second home")
    assert set(homes.arrived().values()) == {1}, "what had been sent is not sent again, and what waited is held"

    step = await client.post("/api/repairs/issues/fix", {"handler": "bach", "issue_id": issue["issue_id"]})
    await client.post(f"/api/repairs/issues/fix/{step['flow_id']}", {"next_step_id": "release"})
    await homes.until_arrived(*waiting, times=2)

    async def all_arrived() -> bool:
        return sum(times - 1 for times in homes.arrived().values()) == count

    await until(all_arrived, what=f"{count} messages to arrive", seconds=60)
    assert all(homes.arrived()[text] == 1 for text in earlier)
    assert await _held(homes.second) == []
    assert await homes.second.stop() == 0
    assert first.problems(secret=TOKEN) == homes.second.problems(secret=TOKEN) == []


async def _connect(home: Home, telegram: TelegramServer) -> None:
    client = home.client
    step = await client.start_flow("bach")
    step = await client.answer_flow(step, {"next_step_id": "telegram"})
    step = await client.answer_flow(step, {"bot_token": TOKEN, "server": {"endpoint": telegram.url}})
    flow = step["next_flow"][1]
    await client.subentry_flow(flow, {"next_step_id": "manual"})
    await client.subentry_flow(flow, {"recipient": str(ADA), "title": "Ada", "role": "user", "hello": False})
    await client.subentry_flow(flow, {})  # no user of Home Assistant
    there = f"{{{{ states('{ENTITY}') not in ('unavailable', 'None') and states.{ENTITY} is not none }}}}"
    await until(lambda: _says(home, there, "True"), what="the recipient's entity", seconds=30)


async def _back_up_under_load(homes: Restored) -> tuple[list[str], Path]:
    """Make a backup as the dialog does, while messages with pictures are queued as fast as they go."""
    home, texts = homes.first, list[str]()

    async def load() -> None:
        while True:
            await homes.send(text := f"meanwhile {len(texts)}")
            texts.append(text)

    command = {"type": "backup/generate", "agent_ids": ["backup.local"], "include_homeassistant": True}
    await _ask(home, command | {"include_database": True, "name": "nightly"})
    loading = asyncio.create_task(load())
    try:

        async def is_done() -> bool:
            return bool((await _ask(home, {"type": "backup/info"}))["state"] == "idle" and len(texts) > 3)

        await until(is_done, what="the backup to be made", seconds=120)
    finally:
        loading.cancel()
        with suppress(asyncio.CancelledError):
            await loading
    info = await _ask(home, {"type": "backup/info"})
    assert (info["last_action_event"] or {}).get("state") == "completed", info
    [archive] = (home.config / "backups").glob("*.tar")
    return texts, archive


async def _restore(archive: Path, home: Home) -> None:
    """Let Home Assistant put the archive into an empty folder, for which it starts once and ends by itself."""
    home.config.mkdir(parents=True)
    instruction = {"path": str(archive), "password": None, "remove_after_restore": False}
    instruction |= {"restore_database": True, "restore_homeassistant": True}
    (home.config / RESTORE_BACKUP_FILE).write_text(json.dumps(instruction))
    arguments = ["-m", "homeassistant", "--config", str(home.config), "--skip-pip"]
    restoring = await process.start(arguments, home.log)
    assert await restoring.wait() == RESTART_EXIT_CODE
    ours = home.config / "custom_components"
    if not ours.exists():  # the checkout's, which the backup only knows as a link
        ours.symlink_to(ROOT / "custom_components")


async def _says(home: Home, template: str, wanted: str) -> bool:
    return await home.client.render(template) == wanted


async def _held(home: Home) -> list[Json]:
    """The repairs that ask what is to become of messages that are held."""
    issues: list[Json] = (await _ask(home, {"type": "repairs/list_issues"}))["issues"]
    return [issue for issue in issues if issue["domain"] == "bach" and issue["issue_id"].startswith("held")]


async def _ask(home: Home, command: Json) -> Json:
    """Ask through the WebSocket API, as the frontend does."""
    client = home.client
    async with client._session.ws_connect("/api/websocket", max_msg_size=0) as socket:
        await socket.receive_json()
        await socket.send_json({"type": "auth", "access_token": client.tokens["access_token"]})
        await socket.receive_json()
        await socket.send_json({"id": 1, **command})
        async for frame in socket:
            answer: Json = json.loads(frame.data)
            if answer.get("id") == 1 and answer["type"] == "result":
                assert answer["success"], answer
                result: Json = answer["result"]
                return result
    raise ConnectionError("the connection was closed")
