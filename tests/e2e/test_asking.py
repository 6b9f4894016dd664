"""A question with buttons, asked by clicking, in the frontend of a real Home Assistant."""

import pytest

from demo.waiting import until
from demo.world import PERSON, World
from tests.e2e.frontend import Frontend

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

QUESTION = "Somebody rings at the gate. Open it?"


async def test_a_question_is_answered_by_a_button(frontend: Frontend, world: World) -> None:
    """If this fails, nobody can ask by clicking, or a press does not come back as the answer."""
    await world.add_person(await world.add_connection())
    await frontend.open_action("bach.ask")
    await frontend.add_target(PERSON)
    await frontend.fill_field("Message", QUESTION)
    await frontend.add_button("Open", "open")
    await frontend.add_button("Leave it shut", "leave")
    await frontend.screenshot("ask-1-form")
    await frontend.press("Perform action")

    [question] = await world.telegram.arrived(1, seconds=20)
    assert question.text == QUESTION
    await world.telegram.press(question, "Open", first_name=PERSON)
    await frontend.see("answer: open")
    await frontend.screenshot("ask-2-answered")
    edited = await until(world.telegram.edited, what="the question to be edited", seconds=20)
    assert edited == [f"{QUESTION}\n\nAnswered by {PERSON}: Open"]
