"""What is changed of what was said, in the web app: for whom, once, and only what a person meant to change."""

import pytest

from bach_lib import Bach, Button, Connection, Extras, Message, Operation
from bach_lib.connectors.base import Batch, Incoming
from bach_lib.errors import BachError
from bach_lib.models.incoming import Content, Kind
from bach_lib.testing import FakeClock, FakePlatform
from bach_lib.web.viewer import ForbiddenError, Known, Visit
from tests.lib.web.test_conversations import ADA, BEN, ask
from tests.lib.web.viewers import Everybody, OnlyAda


@pytest.fixture
async def visit(bach: Bach, clock: FakeClock) -> Visit:
    """A connection that puts the sender's name before titles and texts, with two people."""
    home = Connection(name="home", type="fake", allowed=frozenset({ADA, BEN}), settings={"sender_tag": "Home"})
    await bach.registry.add(home)
    await clock.settle()
    people = [Known(id=ADA, title="Ada"), Known(id=BEN, title="Ben")]
    return Visit(bach, Everybody([Known(id="home", title="Home", recipients=people)]))


async def sent(visit: Visit, clock: FakeClock, text: str, *, to: str = ADA) -> int:
    """The number of a message with a title, a button and no preview that has arrived."""
    shut, bare = Button(text="Shut", value="shut"), Extras(link_preview=False)
    receipt = await visit.bach.send("home", to, text, title="Door", buttons=[[shut]], extras=bare)
    await clock.settle()
    return receipt.id


async def reaction(visit: Visit, clock: FakeClock, platform: FakePlatform, about: str, *, sender: str = ADA) -> None:
    """Somebody reacts."""
    come = Incoming(
        remote_id=f"{about}#{len(platform.cursors)}",
        recipient=sender,
        recipient_title=sender,
        sender_id=sender,
        sender_name=sender,
        kind=Kind.REACTION,
        text="",
        content=Content(reactions=("👍",)),
        reply_to=about,
        sent_at=clock.now(),
    )
    platform.incoming.put_nowait(Batch(messages=(come,), cursor=f"r{len(platform.cursors)}"))
    await clock.settle()


async def stands(visit: Visit) -> list[Message]:
    """All that went out, oldest first."""
    return (await visit.bach.messages())[::-1]


async def test_other_words_keep_title_and_buttons_and_are_said_once(
    visit: Visit, clock: FakeClock, platform: FakePlatform
) -> None:
    """Whoever corrects a typing mistake in a question would take its buttons away, or name the sender twice."""
    number = await sent(visit, clock, "Shutt it?")
    for _ in range(2):
        await ask(visit, "edit", message_id=number, text="Shut it?", key="k")
        await clock.settle()
    [first, change] = platform.sent
    assert (change.operation, change.target) == (Operation.EDIT, first.remote_id or "1")
    assert (change.title, change.text, change.buttons) == (first.title, "Shut it?", first.buttons)
    assert change.extras == first.extras


async def test_what_somebody_has_changed_meanwhile_is_what_stands_there(
    visit: Visit, clock: FakeClock, platform: FakePlatform
) -> None:
    """Buttons that were taken away after the answer would come back, and could be pressed again."""
    number = await sent(visit, clock, "Shut it?")
    seen = await visit.bach.edit(number, "Shut it? Yes.")
    await clock.settle()
    await ask(visit, "edit", message_id=number, text="Shut it? Yes!", seen=seen.id)
    await clock.settle()
    assert (platform.sent[-1].text, platform.sent[-1].buttons) == ("[Home] Shut it? Yes!", ())
    other = await sent(visit, clock, "other")
    with pytest.raises(BachError, match="a change of message"):
        await ask(visit, "edit", message_id=other, text="x", seen=seen.id)


async def test_a_message_is_taken_back_and_what_came_gets_an_emoji(
    visit: Visit, clock: FakeClock, platform: FakePlatform
) -> None:
    """A person would have to take their phone to delete a message or to put a thumb below one."""
    number = await sent(visit, clock, "wrong place")
    said = platform.says("Is it open?", sender=ADA)
    await clock.settle()
    [came] = await visit.bach.inbox()
    await ask(visit, "delete", message_id=number)
    await ask(visit, "react", incoming_id=came.id, emoji="👍")
    await clock.settle()
    deletion, put = platform.sent[-2:]
    assert (deletion.operation, deletion.target) == (Operation.DELETE, "1")
    assert (put.operation, put.target, put.text) == (Operation.REACT, said.remote_id, "👍")
    [place, _] = (await ask(visit, "conversations"))["places"]
    assert place["last_text"] == "👍"  # and not what was taken back


async def test_the_view_says_what_concerns_what(visit: Visit, clock: FakeClock, platform: FakePlatform) -> None:
    """An edit, a deletion or a reaction could not be shown in its message, but only as a line somewhere below."""
    number = await sent(visit, clock, "Shut it?")
    said = platform.says("Is it open?", sender=ADA)
    await clock.settle()
    await visit.bach.edit(number, "Shut it!")
    await clock.settle()
    await reaction(visit, clock, platform, "1")
    await reaction(visit, clock, platform, said.remote_id)
    items = (await ask(visit, "conversation", connection="home", recipient=ADA))["items"]
    links = {(one["ref"], one["concerns"]) for one in items}
    assert links == {("1", None), (None, "1"), (said.remote_id, None), (None, said.remote_id)}
    [place, _] = (await ask(visit, "conversations"))["places"]
    assert (place["can"], place["adds_reactions"]) == (["delete", "edit", "pin", "react", "unpin"], False)


async def test_a_press_says_what_stood_on_the_button_and_below_what(
    visit: Visit, clock: FakeClock, platform: FakePlatform
) -> None:
    """Who asked would see that somebody pressed, and neither what nor which question that answers."""
    number = await sent(visit, clock, "Shut it?")
    platform.presses(platform.sent[0], "Shut", sender=ADA)
    await clock.settle()
    items = (await ask(visit, "conversation", connection="home", recipient=ADA))["items"]
    [press] = [one for one in items if one["direction"] == "in"]
    assert (press["kind"], press["text"], press["about"], press["concerns"]) == ("button", "Shut", number, "1")


async def test_nobody_changes_what_is_not_theirs(visit: Visit, clock: FakeClock, platform: FakePlatform) -> None:
    """A child could take back what its parents wrote to each other."""
    private = await sent(visit, clock, "private", to=BEN)
    own = await sent(visit, clock, "own")
    platform.says("private", sender=BEN)
    await clock.settle()
    [came] = await visit.bach.inbox()
    child = Visit(visit.bach, OnlyAda(visit.viewer.places()))
    before = await stands(visit)
    with pytest.raises(ForbiddenError):
        await ask(child, "edit", message_id=private, text="x")
    with pytest.raises(ForbiddenError):
        await ask(child, "delete", message_id=private)
    with pytest.raises(ForbiddenError):
        await ask(child, "react", incoming_id=came.id, emoji="👍")
    with pytest.raises(BachError):
        await ask(child, "edit", message_id=own, text="x", seen=private)
    assert await stands(visit) == before
