"""What is changed of what was said, in the web app: for whom, once, and only what a person meant to change."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from bach_lib import Bach, Button, Connection, Extras, Message, Operation, Snooze
from bach_lib.connectors.base import Batch, Incoming
from bach_lib.errors import BachError
from bach_lib.models.incoming import Content, Kind
from bach_lib.rest.answers import Json
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
    passing: Mapping[str, Json] = {"connection": "home", "recipient": ADA}
    for which in ({"message_id": private}, {"incoming_id": came.id}):
        for command, more in (("react", {"emoji": "👍"}), ("pin", {"is_pinned": True}), ("forward", passing)):
            with pytest.raises(ForbiddenError):
                await ask(child, command, **which, **more)
    with pytest.raises(ForbiddenError):
        await ask(child, "forward", message_id=own, connection="home", recipient=BEN)
    with pytest.raises(ForbiddenError):
        await ask(child, "put_off", message_id=private, until="2026-12-01T08:00:00+00:00")
    with pytest.raises(BachError):
        await ask(child, "edit", message_id=own, text="x", seen=private)
    assert await stands(visit) == before


async def test_what_was_said_is_pinned_and_let_go_in_both_directions(
    visit: Visit, clock: FakeClock, platform: FakePlatform
) -> None:
    """The shopping list would be pinned by taking a phone, and nobody at the page would know that it is."""
    number = await sent(visit, clock, "Milk")
    said = platform.says("Eggs, too", sender=ADA)
    await clock.settle()
    [came] = await visit.bach.inbox()
    assert (await ask(visit, "message", message_id=number))["is_pinned"] is False
    await ask(visit, "pin", message_id=number, is_pinned=True, key="k")
    await ask(visit, "pin", incoming_id=came.id, is_pinned=True)
    await clock.settle()
    done = [(one.operation, one.target) for one in platform.sent[1:]]
    assert done == [(Operation.PIN, "1"), (Operation.PIN, said.remote_id)]
    view = await ask(visit, "message", message_id=number)
    assert (view["is_pinned"], [one["operation"] for one in view["changes"]]) == (True, ["pin"])
    await ask(visit, "pin", message_id=number, is_pinned=False)
    await ask(visit, "react", message_id=number, emoji="👍")
    await clock.settle()
    view = await ask(visit, "message", message_id=number)
    assert (view["is_pinned"], [one["operation"] for one in view["changes"]]) == (False, ["react", "unpin", "pin"])
    assert view["able"] == ["delete", "edit", "pin", "react", "unpin", "forward"]
    await ask(visit, "delete", message_id=number)
    await clock.settle()
    assert (await ask(visit, "message", message_id=number))["able"] == []


async def test_what_was_said_is_passed_on_once_and_says_what_it_goes_without(
    visit: Visit, clock: FakeClock, platform: FakePlatform
) -> None:
    """Whoever reads that the plumber comes at nine would have to write it again for somebody else."""
    platform.says("At nine", sender=ADA)
    await clock.settle()
    [came] = await visit.bach.inbox()
    for _ in range(2):
        done = await ask(visit, "forward", incoming_id=came.id, connection="home", recipient=BEN, key="k")
    await clock.settle()
    [passed] = platform.sent
    assert (passed.recipient, "At nine" in passed.text) == (BEN, True)
    assert done["id"] == passed.id
    await ask(visit, "forward", message_id=passed.id, connection="home", recipient=ADA, copy=True)
    with pytest.raises(BachError, match="the number of a message"):
        await ask(visit, "forward", connection="home", recipient=ADA)


async def test_a_message_that_can_be_put_off_comes_again_at_the_chosen_time(
    visit: Visit, clock: FakeClock, platform: FakePlatform
) -> None:
    """Only "in one hour" would be possible, or nothing at all for who reads it in the panel."""
    receipt = await visit.bach.send("home", ADA, "The laundry is done", snooze=Snooze(seconds=600, button="In 10 min"))
    await clock.settle()
    assert "put_off" in (await ask(visit, "message", message_id=receipt.id))["able"]
    until = datetime.fromtimestamp(clock.now() + 7200, UTC)
    for _ in range(2):
        again = await ask(visit, "put_off", message_id=receipt.id, until=until.isoformat(), key="k")
    await clock.settle()
    assert platform.sent[-1].operation is Operation.EDIT
    assert platform.sent[-1].text.endswith(", Ada")  # who wants it later stands below it
    assert (await visit.bach.get(again["id"])).scheduled_for == until.timestamp()
    await clock.advance(7200)
    assert [one.text for one in platform.sent if one.operation is Operation.SEND][1:] == [platform.sent[0].text]
    plain = await sent(visit, clock, "nothing to put off")
    with pytest.raises(BachError, match="put off"):
        await ask(visit, "put_off", message_id=plain, until=until.isoformat())


async def test_what_waits_gets_another_time(visit: Visit, clock: FakeClock, platform: FakePlatform) -> None:
    """Who planned a message for the wrong evening would have to cancel it and write it again."""
    when = datetime.fromtimestamp(clock.now() + 3600, UTC)
    receipt = await visit.bach.send("home", ADA, "Happy birthday", not_before=when)
    view = await ask(visit, "message", message_id=receipt.id)
    assert view["can"] == ["send_now", "amend", "move", "cancel"]
    later = (when + timedelta(days=1)).isoformat()
    done = await ask(visit, "amend", message_id=receipt.id, changes={"not_before": later})
    assert done["waiting"] == 1  # at once: there is nothing to see before that time
    assert (await visit.bach.get(receipt.id)).scheduled_for == when.timestamp() + 86_400
    assert platform.sent == []
