"""An alarm in a real Home Assistant whose power goes out between two steps of its route."""

import pytest

from demo.client import Json
from demo.waiting import until
from demo.world import PERSON, World

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]  # Home Assistant, twice

UNACKNOWLEDGED = "states('binary_sensor.water_unacknowledged')"


def step(entity_id: str, seconds: int) -> Json:
    """A step as the dialog takes it."""
    more = {"in_turn": False, "reached": "acknowledged", "repeats": 0, "repeat_every": {"minutes": 1}}
    return {"recipients": [entity_id], "wait": {"seconds": seconds}, "more": more}


async def test_an_alarm_goes_on_after_a_power_cut_and_ends_with_a_press(world: World) -> None:
    """If this fails, a leak and a power cut in one night are told to whoever sleeps, and to nobody after them."""
    client, telegram = world.home.client, world.telegram
    ada = await world.add_person(await world.add_connection())
    made = await client.answer_flow(await client.start_flow("bach"), {"next_step_id": "routes"})
    flow_id = made["next_flow"][1]
    for answer in ({"title": "Water"}, step(ada, 3), {"next_step_id": "add_step"}, step(ada, 600)):
        await client.subentry_flow(flow_id, answer)
    await client.subentry_flow(flow_id, {"next_step_id": "save"})

    kept = world.home.config / ".storage" / "core.config_entries"

    async def is_there() -> bool:
        """Home Assistant keeps what was clicked a second later: before that it would be gone with the power."""
        is_open = await client.render(f"{{{{ {UNACKNOWLEDGED} }}}}") != "off"
        return not is_open and kept.exists() and "water" in kept.read_text()

    async def is_sent() -> bool:
        return await client.render(f"{{{{ states('{ada}') }}}}") != "unknown"

    await until(is_there, what="the route's entities", seconds=20)
    await client.act("bach", "send_message", {"entity_id": "notify.water", "message": "Water in the cellar"})
    await until(is_sent, what="Ada to be told", seconds=20)
    await world.home.kill()
    await world.home.start()
    told = await telegram.arrived(2, seconds=60)
    assert [message.text for message in told] == ["Water in the cellar"] * 2
    assert await client.render(f"{{{{ {UNACKNOWLEDGED} }}}}") == "on"

    await telegram.press(told[1], "I have it", first_name=PERSON)

    async def is_acknowledged() -> bool:
        return await client.render(f"{{{{ {UNACKNOWLEDGED} }}}}") == "off"

    await until(is_acknowledged, what="the alarm to end", seconds=20)
    both = await until(lambda: _edited(world, 2), what="both messages to say who has it", seconds=20)
    assert all(text.startswith(f"Water in the cellar\n\n{PERSON} has it, ") for text in both)


async def _edited(world: World, count: int) -> list[str]:
    found = await world.telegram.edited()
    return found if len(found) >= count else []
