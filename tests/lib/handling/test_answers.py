"""What can be said back to a message: an answer, another text, an emoji; each of them once."""

import pytest

from bach_lib import Button, InvalidValueError, Operation, ReceivedMessage
from bach_lib.testing import World
from tests.lib.handling.patience import until


async def next_of(here: World) -> ReceivedMessage:
    """The oldest message that is not done."""
    return await anext(aiter(here.bach.received()))


async def test_an_emoji_goes_on_what_somebody_wrote_and_once(here: World) -> None:
    """It would go on a message of ours, or on another's."""
    said = here.platform.says("/light on")
    await here.clock.settle()
    for _ in range(2):
        await (await next_of(here)).react("👍")
    await here.clock.settle()
    [reaction] = here.platform.sent
    assert (reaction.operation, reaction.target, reaction.text) == (Operation.REACT, said.remote_id, "👍")
    assert reaction.recipient == "42"


async def test_a_press_changes_the_message_with_the_button_and_once(here: World) -> None:
    """The buttons would stay, and be pressed again."""
    receipt = await here.bach.send("home", "42", "Open?", buttons=((Button(text="Yes", value="yes"),),))
    await here.bach.wait(receipt.id)
    here.platform.presses(here.platform.sent[0], "Yes")
    await here.clock.settle()
    for _ in range(2):
        message = await next_of(here)
        assert message.content.value == "yes"
        await message.edit("Opened")
        await message.react("👍")
    await until(here.clock, lambda: len(here.platform.sent) == 3)
    assert [(one.operation, one.target, one.text) for one in here.platform.sent[1:]] == [
        (Operation.EDIT, "1", "Opened"),
        (Operation.REACT, "1", "👍"),
    ]


async def test_what_is_about_no_message_of_ours_changes_none(here: World) -> None:
    """Some other message would get another text."""
    here.platform.says("hello")
    await here.clock.settle()
    message = await next_of(here)
    with pytest.raises(InvalidValueError, match="about one of ours"):
        await message.edit("Goodbye")
    assert "_hand" not in repr(message)
