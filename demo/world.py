"""A home with BACH, its platform and one person in it, all in a folder that is removed in the end.

Everything is set up the way a person does it: BACH's dialogs, "/start" sent to the bot, an automation.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from demo.client import USER, Json
from demo.discord import CHANNEL, Discord
from demo.discord import TOKEN as DISCORD_TOKEN
from demo.home import Home, Released
from demo.telegram import TOKEN, Telegram
from demo.waiting import until

FIRST_PORT: Final = 8123
"""Where the demo's Home Assistant listens if nobody else does."""
CHAT: Final = 42
PERSON: Final = "Ada"
EVENT: Final = "house_says"
_AUTOMATION: Final = {
    "alias": f"Tell {PERSON} what the house says",
    "description": f"Fire the event {EVENT} with a text, and it arrives at Telegram.",
    "mode": "queued",
    "triggers": [{"trigger": "event", "event_type": EVENT}],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A message as BACH's queue has it. Times are seconds since 1970; one that has not come yet is 0."""

    id: int
    text: str
    status: str
    queued: float
    finished: float


@dataclass(frozen=True, slots=True)
class World:
    """What the story happens in."""

    home: Home
    telegram: Telegram
    discord: Discord

    async def add_connection(self) -> Json:
        """Add the bot through the dialog of the integration; the first step of the dialog that follows."""
        client = self.home.client
        step = await client.start_flow("bach")
        step = await client.answer_flow(step, {"next_step_id": "telegram"})
        step = await client.answer_flow(step, {"bot_token": TOKEN, "server": {"endpoint": self.telegram.url}})
        return await client.subentry_flow(step["next_flow"][1])

    async def add_person(self, step: Json) -> str:
        """Let the person open the link with the code, and pick her; the id of her entity."""
        client, flow_id = self.home.client, step["flow_id"]
        shown = await client.subentry_flow(flow_id, {"next_step_id": "pair"})
        await self.telegram.write(CHAT, f"/start {shown['description_placeholders']['code']}", first_name=PERSON)
        await client.subentry_flow(flow_id, {})

        async def somebody_wrote() -> bool:
            return bool((await client.subentry_flow(flow_id))["step_id"] == "pick")

        await until(somebody_wrote, what="/start to reach the dialog", seconds=20)
        await client.subentry_flow(flow_id, {"recipient": str(CHAT), "hello": False})
        return await until(self.person, what="the recipient's entity", seconds=20)

    async def add_discord(self) -> str:
        """Add the Discord bot and its channel through the dialogs; the id of the channel's entity."""
        client = self.home.client
        step = await client.start_flow("bach")
        step = await client.answer_flow(step, {"next_step_id": "discord"})
        step = await client.answer_flow(step, {"bot_token": DISCORD_TOKEN, "server": {"endpoint": self.discord.api}})
        step = await client.answer_flow(step, {})  # the bot has been invited
        flow_id = step["next_flow"][1]
        await client.subentry_flow(flow_id, {"next_step_id": "place"})
        picked = {"recipient": await self.discord.channel(), "role": "user", "hello": False}
        await client.subentry_flow(flow_id, picked)
        entity_id = f"notify.{CHANNEL}_home"

        async def is_there() -> bool:
            return bool(await client.render(f"{{{{ config_entry_id('{entity_id}') or '' }}}}"))

        await until(is_there, what="the channel's entity", seconds=20)
        return entity_id

    async def person(self) -> str:
        """The id of the person's entity; empty while there is none."""
        return await self.home.client.render("{{ integration_entities('bach') | select('match', 'notify') | join }}")

    async def add_automation(self, entity_id: str) -> None:
        """Save an automation that passes on what an event says."""
        message = {"message": "{{ trigger.event.data.text }}"}
        action = {"action": "bach.send_message", "target": {"entity_id": entity_id}, "data": message}
        await self.home.client.post("/api/config/automation/config/demo", {**_AUTOMATION, "actions": [action]})

        loaded = "{{ states.automation | selectattr('state', 'eq', 'on') | list | count }}"

        async def listens() -> bool:
            """Home Assistant answers before it has loaded what was saved."""
            return await self.home.client.render(loaded) == "1"

        await until(listens, what="the automation to be loaded", seconds=20)

    async def say(self, text: str) -> None:
        """Fire the event that the automation waits for."""
        await self.home.client.post(f"/api/events/{EVENT}", {"text": text})

    async def send(self, entity_id: str, text: str) -> None:
        """Send through an action, and wait until it has arrived. Raises RefusedError."""
        await self.home.client.act("bach", "send_message", {"entity_id": entity_id, "message": text, "wait": 60})

    async def ask(self, question: str, *answers: str) -> Json:
        """Ask the person, and wait for what she answers. Raises RefusedError."""
        data = {"entity_id": await self.person(), "message": question, "answers": list(answers), "timeout": 60}
        return await self.home.client.act("bach", "ask", data)

    async def rows(self) -> list[Row]:
        """All messages in BACH's queue, oldest first."""
        answer = await self.home.client.act("bach", "get_queue", {"limit": 100})
        return [_row(message) for message in reversed(answer["messages"])]

    async def rows_with(self, *statuses: str, count: int, seconds: float) -> list[Row]:
        """The messages in these states, once there are `count`. Raises NotInTimeError."""

        async def look() -> list[Row]:
            rows = [row for row in await self.rows() if row.status in statuses]
            return rows if len(rows) == count else []

        return await until(look, what=f"{count} messages to be {' or '.join(statuses)}", seconds=seconds)

    async def wait_until_saved(self) -> None:
        """Wait until Home Assistant has written down who may log in and what is set up, for which it takes a second.

        Raises NotInTimeError.
        """

        async def look() -> bool:
            storage = self.home.config / ".storage"
            auth, entries = storage / "auth", storage / "core.config_entries"
            return entries.exists() and auth.exists() and PERSON in entries.read_text() and USER in auth.read_text()

        await until(look, what="Home Assistant to save its settings", seconds=20)


@asynccontextmanager
async def make_world(*, preferred_port: int = 0, released: Released | None = None) -> AsyncIterator[World]:
    """A world in which nothing has been started; when it ends, its processes are killed and its files are gone."""
    with TemporaryDirectory(prefix="bach-demo-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        home = Home(folder, preferred_port=preferred_port, released=released)
        async with Telegram(folder, chats=[f"{CHAT}:{PERSON}"]) as telegram, Discord(folder) as discord, home:
            yield World(home, telegram, discord)


def _row(message: Json) -> Row:
    return Row(
        id=message["id"],
        text=message["message"],
        status=message["status"],
        queued=_seconds(message["created_at"]),
        finished=_seconds(message["finished_at"]),
    )


def _seconds(time: str | None) -> float:
    return datetime.fromisoformat(time).timestamp() if time else 0.0
