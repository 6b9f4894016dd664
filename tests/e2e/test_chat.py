"""Chatting with the home, switched on by clicking, in the frontend of a real Home Assistant."""

import json

import pytest

from demo.waiting import until
from demo.world import CHAT, PERSON, World
from tests.e2e.frontend import Frontend

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def saved(world: World, wanted: dict[str, str]) -> None:
    """Wait until Home Assistant has written this down about the person's chat, for which it takes a second."""

    async def look() -> bool:
        stored = json.loads((world.home.config / ".storage" / "core.config_entries").read_text("utf-8"))
        people = [found for entry in stored["data"]["entries"] for found in entry.get("subentries", [])]
        return [{key: found["data"].get(key) for key in ("agent", "speech_to_text")} for found in people] == [
            {"agent": wanted.get("agent"), "speech_to_text": wanted.get("speech_to_text")}
        ]

    await until(look, what="the chosen agent to be saved", seconds=20)


async def test_assist_answers_while_a_person_has_chosen_it(frontend: Frontend, world: World) -> None:
    """If this fails, nobody can switch the chat on by clicking, or nobody off again."""
    await world.add_person(await world.add_connection())
    await world.home.client.post("/api/states/stt.ears", {"state": "unknown", "attributes": {"friendly_name": "Ears"}})

    await frontend.open_chat_settings(PERSON)
    await frontend.choose_agent("Home Assistant")
    await frontend.choose_engine("Ears")
    await frontend.screenshot("chat-1-chosen")
    await frontend.press("Submit")
    await frontend.see("Reconfiguration was successful")
    await saved(world, {"agent": "conversation.home_assistant", "speech_to_text": "stt.ears"})
    await world.telegram.write(CHAT, "what time is it", first_name=PERSON)
    [answer] = await world.telegram.arrived(1)
    assert answer.chat_id == CHAT
    assert answer.text.endswith(("AM", "PM"))

    await frontend.open_chat_settings(PERSON)
    await frontend.choose_agent("None")
    await frontend.empty_engine()
    await frontend.screenshot("chat-2-emptied")
    await frontend.press("Submit")
    await frontend.see("Reconfiguration was successful")
    await saved(world, {})
    await world.telegram.write(CHAT, "what time is it", first_name=PERSON)
    assert len(await world.telegram.arrived(2, seconds=1)) == 1
