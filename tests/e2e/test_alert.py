"""An alert in a real Home Assistant whose power goes out between two reminders, and while what it tells of ends."""

import pytest

from demo.waiting import until
from demo.world import PERSON, World

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]  # Home Assistant, thrice

LEAK = "/api/states/binary_sensor.leak"
FLOW = "/api/config/config_entries/subentries/flow"


async def test_an_alert_goes_on_after_a_power_cut_and_tells_what_ended_meanwhile(world: World) -> None:
    """If this fails, a leak and a power cut in one night are forgotten; or all are told again what Ada has already."""
    client, telegram = world.home.client, world.telegram
    ada = await world.add_person(await world.add_connection())
    made = await client.answer_flow(await client.start_flow("bach"), {"next_step_id": "routes"})
    await client.post(LEAK, {"state": "off"})
    flow = await client.post(FLOW, {"handler": [made["result"]["entry_id"], "alert"]})
    more = {"skip_first": False, "snooze": 60, "priority": 5}
    told = {"title": "Leak", "recipients": [ada], "message": "Water!", "done_message": "Dry", "more": more}
    for answer in (
        {"next_step_id": "state"},
        {"entity_id": "binary_sensor.leak"},
        {"states": ["on"], "hold": {"seconds": 0}},
        {**told, "reminders": "0.05, 30"},
        {"next_step_id": "save"},
    ):
        await client.subentry_flow(flow["flow_id"], answer)
    kept = world.home.config / ".storage" / "core.config_entries"

    async def stands() -> str:
        return await client.render("{{ states('sensor.leak') }}")

    async def is_there() -> bool:
        """Home Assistant keeps what was clicked a second later: before that it would be gone with the power."""
        return await stands() == "idle" and kept.exists() and "alert.leak" in kept.read_text()

    async def is_sent() -> bool:
        return await client.render(f"{{{{ states('{ada}') }}}}") != "unknown"

    await until(is_there, what="the alert's entities", seconds=20)
    await client.post(LEAK, {"state": "on"})
    await until(is_sent, what="Ada to be told", seconds=20)  # what is in flight may arrive twice
    await world.home.kill()
    await world.home.start()
    messages = await telegram.arrived(2, seconds=60)
    assert [message.text for message in messages] == ["Water!"] * 2, "the reminder, and nothing twice"
    assert await stands() == "on", "what cannot be known changes nothing"
    await telegram.press(messages[1], "I have it", first_name=PERSON)

    async def is_acknowledged() -> bool:
        return await stands() == "acknowledged"

    await until(is_acknowledged, what="the alert to be acknowledged", seconds=20)
    await world.home.kill()
    await world.home.start()
    assert await stands() == "acknowledged"
    await client.post(LEAK, {"state": "off"})
    told_in_all = await telegram.arrived(3, seconds=20)
    assert told_in_all[-1].text == "Dry"

    async def is_over() -> bool:
        return await stands() == "idle"

    await until(is_over, what="the alert to be over", seconds=20)
