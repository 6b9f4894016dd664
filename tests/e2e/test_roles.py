"""Roles and people, given by clicking, in the frontend of a real Home Assistant."""

import json
import time
from itertools import count
from typing import Any

import pytest

from demo.waiting import until
from demo.world import World
from tests.e2e.frontend import Frontend

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

GROUP, DORA = -1001234567890, 46


async def saved(world: World, title: str, **wanted: str) -> None:
    """Wait until Home Assistant has written this down about somebody, for which it takes a second."""

    async def look() -> bool:
        stored = json.loads((world.home.config / ".storage" / "core.config_entries").read_text("utf-8"))
        subentries = [found for entry in stored["data"]["entries"] for found in entry.get("subentries", [])]
        data: dict[str, Any] = next((found["data"] for found in subentries if found["title"] == title), {})
        return data.items() >= wanted.items()

    await until(look, what=f"{title} to be saved with {wanted}", seconds=20)


async def add_group(world: World) -> None:
    """A group that was added by its id, in which Dora has written."""
    await world.telegram.join(GROUP, "Family")
    step = await world.add_connection()
    client = world.home.client
    await client.subentry_flow(step["flow_id"], {"next_step_id": "manual"})
    typed = {"recipient": str(GROUP), "title": "Family", "role": "user", "hello": False}
    assert (await client.subentry_flow(step["flow_id"], typed))["type"] == "create_entry"
    state = "{{ states('notify.family') }}"
    receiving = "{{ states('binary_sensor.telegram_demo_bot_receiving') }}"

    async def there() -> bool:
        return await client.render(state) == "unknown" and await client.render(receiving) == "on"

    numbers = count(1)

    async def heard() -> bool:
        """She writes until she is: the entity may be there a moment before the group is let in."""
        if (await client.act("bach", "get_inbox", {}))["messages"]:
            return True
        await world.telegram.push(
            {
                "message": {
                    "message_id": next(numbers),
                    "date": int(time.time()),
                    "chat": {"id": GROUP, "type": "supergroup", "title": "Family"},
                    "from": {"id": DORA, "is_bot": False, "first_name": "Dora"},
                    "text": "hello",
                }
            }
        )
        return False

    await until(there, what="the group's entity", seconds=20)
    await until(heard, what="Dora to be heard", seconds=20)


async def test_a_group_is_told_only_and_one_person_in_it_is_its_administrator(frontend: Frontend, world: World) -> None:
    """If this fails, nobody can say by clicking who may do what."""
    await add_group(world)
    await frontend.open_integration("bach")
    await frontend.change("Family", "Change recipient")
    await frontend.see("Role")
    await frontend.screenshot("roles-1-recipient")
    await frontend.pick_option("Role", "Notify only")
    await frontend.press("Submit")
    await frontend.see("Reconfiguration was successful")
    await saved(world, "Family", role="notify_only")

    await frontend.open_integration("bach")
    await frontend.screenshot("roles-2-integration")
    await frontend.press("Add person in a group")
    await frontend.press("Submit")
    await frontend.see("whatever everybody else")
    await frontend.screenshot("roles-3-person")
    await frontend.pick_option("Person", f"Dora ({DORA})")
    await frontend.pick_option("Role", "Administrator")
    await frontend.screenshot("roles-4-person-filled")
    await frontend.press("Submit")
    await saved(world, "Dora", role="admin", sender_id=str(DORA), recipient=str(GROUP))
    await frontend.screenshot("roles-5-added")
