"""Chatting with the home, switched on by clicking, in the frontend of a real Home Assistant."""

import json

import pytest

from bach_lib.testing.partners.ai import OllamaServer
from demo.waiting import until
from demo.world import CHAT, PERSON, World
from tests.e2e.frontend import Frontend

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]


FIELDS = ("agent", "partner", "speech_to_text")


async def saved(world: World, wanted: dict[str, str]) -> None:
    """Wait until Home Assistant has written this down about the person's chat, for which it takes a second."""

    async def look() -> bool:
        stored = json.loads((world.home.config / ".storage" / "core.config_entries").read_text("utf-8"))
        people = [person for entry in stored["data"]["entries"] for person in entry.get("subentries", [])]
        found = [{field: person["data"].get(field) for field in FIELDS} for person in people]
        return found == [{field: wanted.get(field) for field in FIELDS}]

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


async def test_an_ai_partner_is_added_and_answers_while_it_is_chosen(frontend: Frontend, world: World) -> None:
    """If this fails, nobody can add an AI by clicking, let it answer, or get rid of its answers."""
    if not await world.person():
        await world.add_person(await world.add_connection())
    async with OllamaServer(key="the key of nobody", models=["gemma3"], answer="About 120 degrees by day") as ollama:
        await frontend.open_integrations()
        await frontend.add_integration("BACH")
        await frontend.choose("AI partner")
        await frontend.choose("Ollama")
        await frontend.fill("Address", ollama.url)
        await frontend.press("Submit")
        await frontend.see("The credentials are missing or refused")
        await frontend.pick_option("Credentials", "Bearer token")
        await frontend.fill("Key, token or password", "the key of nobody")
        await frontend.press("Submit")
        await frontend.see("Choose a model")
        await frontend.pick_model("gemma3")
        await frontend.screenshot("partner-1-form")
        await frontend.press("Submit")
        await frontend.press("Skip and finish")
        await frontend.open_device("bach", "Ollama")
        await frontend.see_state("Reachable", "Connected")
        await frontend.screenshot("partner-2-device")

        await frontend.open_chat_settings(PERSON)
        await frontend.pick_option("Or by an AI partner", "Ollama")
        await frontend.screenshot("partner-3-chosen")
        await frontend.press("Submit")
        await frontend.see("Reconfiguration was successful")
        before = len(await world.telegram.arrived())
        await world.telegram.write(CHAT, "How warm is the moon?", first_name=PERSON)
        assert (await world.telegram.arrived(before + 1))[-1].text == ollama.answer

        await frontend.open_chat_settings(PERSON)
        await frontend.empty_option("Or by an AI partner")
        await frontend.press("Submit")
        await frontend.see("Reconfiguration was successful")
        await saved(world, {})
