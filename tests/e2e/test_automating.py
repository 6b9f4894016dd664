"""An automation that is built by clicking and runs because of what people send."""

import pytest

from demo.waiting import until
from demo.world import CHAT, PERSON, World
from tests.e2e.frontend import Frontend

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

STRANGER = 99
ANSWER = {
    "alias": "Answer /door",
    "mode": "queued",
    "triggers": [],
    "actions": [
        {
            "action": "bach.send_message",
            "target": {"entity_id": f"notify.{PERSON.lower()}"},
            "data": {"message": "{{ trigger.person }} says {{ trigger.args }}"},
        }
    ],
}


async def test_a_command_runs_an_automation_that_was_built_by_clicking(frontend: Frontend, world: World) -> None:
    """If this fails, nobody can let a command do something without writing YAML, or the wrong people can."""
    await world.add_person(await world.add_connection())
    await world.home.client.post("/api/config/automation/config/door", ANSWER)
    before = await until(lambda: loaded_at(world), what="the automation to be loaded", seconds=20)

    await frontend.open_automation("door")
    await frontend.add_trigger("BACH", "Command received")
    await frontend.add_trigger_target(PERSON, PERSON)
    await frontend.add_to_list("Command", "door")
    await frontend.screenshot("trigger-editor")
    await frontend.press("Save")

    async def is_loaded_anew() -> bool:
        return await loaded_at(world) not in ("", before)

    await until(is_loaded_anew, what="the automation to be loaded with its trigger", seconds=20)
    telegram = world.telegram
    await telegram.write(STRANGER, "/door stranger", first_name="Eve")
    first = await telegram.write(CHAT, "/door@demo_bot open", first_name=PERSON)
    await telegram.edit(CHAT, first, "/door edited")
    await telegram.write(CHAT, "/window open", first_name=PERSON)
    await telegram.write(CHAT, "/door shut", first_name=PERSON)
    assert [message.text for message in await telegram.arrived(2, seconds=20)] == ["Ada says open", "Ada says shut"]


async def loaded_at(world: World) -> str:
    """When the automation was loaded; empty while it is not."""
    automation = "states.automation.answer_door"
    return await world.home.client.render(f"{{{{ {automation}.last_updated if {automation} else '' }}}}")
