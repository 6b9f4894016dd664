"""Ways out for dead letters: amend, discard, send again and hear what came of it, and follow a recipient."""

import asyncio

import pytest

from bach_lib import Bach, Button, Category, Connection, Fault, File, Message, Retried, Status
from bach_lib.errors import (
    InvalidRecipientError,
    InvalidTimeToLiveError,
    InvalidValueError,
    NotAmendableError,
    NotDiscardableError,
    TextTooLongError,
    UnknownConnectionError,
    UnknownMessageError,
    UnknownTypeError,
)
from bach_lib.events import MessageCancelled, MessageEvent
from bach_lib.models.spellings import Sighting
from bach_lib.outcomes import Dead, Retry, Scope, Sent, Uncertain
from bach_lib.testing import FakeClock, FakePlatform

NOBODY = Fault(code="refused", text="Chat not found")
AWAY = Fault(code="unreachable", text="No route to host")


@pytest.fixture
async def home(bach: Bach, clock: FakeClock) -> Bach:
    """A BACH with two connections at work."""
    for name in ("home", "work"):
        await bach.registry.add(Connection(name=name, type="fake"))
    await clock.settle()
    return bach


async def dead_letter(home: Bach, platform: FakePlatform, clock: FakeClock, **options: object) -> Message:
    """A message to a recipient that nobody knows."""
    platform.outcomes.append(Dead(fault=NOBODY))
    receipt = await home.send("home", "nobody", "Water leak", **options)  # type: ignore[arg-type] # options of `send`
    await clock.settle()
    message = await home.get(receipt.id)
    assert message.status is Status.DEAD
    return message


# -- amending --------------------------------------------------------------------------------------------------------


async def test_a_corrected_recipient_gets_the_message(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """The commonest mistake, a wrong id, could never be corrected."""
    dead = await dead_letter(home, platform, clock, title="Kitchen", priority=3, time_to_live=60)
    amended = await home.amend(dead.id, recipient="Ada ")
    assert (amended.id, amended.status, amended.recipient, amended.expires_at) == (dead.id, Status.PENDING, "ada", None)
    await clock.settle()
    [sent] = platform.sent
    assert (sent.id, sent.recipient, sent.text, sent.title, sent.priority) == (
        dead.id,
        "ada",
        "Water leak",
        "Kitchen",
        3,
    )
    assert (await home.get(dead.id)).status is Status.SENT


async def test_text_connection_and_time_to_live_can_be_amended(
    home: Bach, platform: FakePlatform, clock: FakeClock
) -> None:
    """A text that the platform refuses, or a platform that is no more, would make a message worthless."""
    dead = await dead_letter(home, platform, clock, reply_to="7")
    amended = await home.amend(dead.id, connection="work", text="Leak", title="Alarm", format="html", time_to_live=90)
    assert amended.expires_at == clock.now() + 90
    await clock.settle()
    [sent] = platform.sent
    assert (sent.connection, sent.recipient, sent.text, sent.title, sent.format, sent.reply_to) == (
        *("work", "nobody", "Leak", "Alarm", "html"),
        None,
    ), "what it answers is not over there"


async def test_its_files_and_buttons_stay(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """The picture of who is at the door would be lost with the wrong id."""
    dead = await dead_letter(
        home,
        platform,
        clock,
        files=[File(name="door.jpg", content=b"picture")],
        buttons=((Button(text="Open", value="open"),),),
    )
    await home.amend(dead.id, recipient="ada")
    await clock.settle()
    [sent] = platform.sent
    assert [file.content for file in sent.files] == [b"picture"]
    assert sent.buttons[0][0].value == "open"


@pytest.mark.parametrize(
    ("amendment", "error"),
    [
        ({"recipient": "two words"}, InvalidRecipientError),
        ({"text": "x" * 5000}, TextTooLongError),
        ({"connection": "nowhere"}, UnknownConnectionError),
        ({"connection": "brain"}, UnknownTypeError),
        ({"time_to_live": 0}, InvalidTimeToLiveError),
        ({"title": 5}, InvalidValueError),
        ({"colour": "red"}, TypeError),
    ],
)
async def test_what_cannot_be_sent_cannot_be_amended_to(
    home: Bach, platform: FakePlatform, clock: FakeClock, amendment: dict[str, object], error: type[Exception]
) -> None:
    """A message would be half changed, or wait for something that can never be."""
    await home.registry.add(Connection(name="brain", type="ollama", category=Category.AI, auth_type="none"))
    dead = await dead_letter(home, platform, clock)
    with pytest.raises(error):
        await home.amend(dead.id, **amendment)  # type: ignore[arg-type] # on purpose
    assert await home.get(dead.id) == dead


@pytest.mark.parametrize("status", [Status.SENDING, Status.SENT])
async def test_what_is_sent_cannot_be_amended(
    home: Bach, platform: FakePlatform, clock: FakeClock, status: Status
) -> None:
    """A message could go to both recipients, or through the wrong connection."""
    if status is Status.SENDING:
        platform.hold = asyncio.Event()
    receipt = await home.send("home", "ada", "text")
    await clock.settle()
    assert (await home.get(receipt.id)).status is status
    with pytest.raises(NotAmendableError):
        await home.amend(receipt.id, text="another")
    with pytest.raises(UnknownMessageError):
        await home.amend(2**70, text="another")
    if platform.hold:
        platform.hold.set()


async def test_all_else_of_it_stays(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """A corrected word would make a message loud, let it be repeated, or lose which automation it belongs to."""
    said: dict[str, object] = {"silent": True, "priority": 3, "tag": "leak", "delivery": "at_most_once"}
    dead = await dead_letter(home, platform, clock, **said, context="01J", reply_to="7", max_retries=2)
    amended = await home.amend(dead.id, text="new words")
    stays = ("recipient", "silent", "priority", "tag", "delivery", "context", "reply_to", "max_retries", "created_at")
    assert {name: getattr(amended, name) for name in stays} == {name: getattr(dead, name) for name in stays}
    assert amended.text == "new words"


async def test_a_picture_without_words_can_be_corrected(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """Who sent the picture of the door to a wrong id would be told that it has no words."""
    platform.outcomes.append(Dead(fault=NOBODY))
    receipt = await home.send("home", "nobody", "", files=[File(name="door.jpg", content=b"picture")])
    await clock.settle()
    await home.amend(receipt.id, recipient="ada")
    await clock.settle()
    assert [(one.recipient, one.text, one.files[0].content) for one in platform.sent] == [("ada", "", b"picture")]


@pytest.mark.parametrize(
    ("amendment", "field"), [({"recipient": ["ada"]}, "recipient"), ({"text": 5}, "text"), ({"title": 5}, "title")]
)
async def test_what_is_wrong_of_an_amendment_is_named(
    home: Bach, platform: FakePlatform, clock: FakeClock, amendment: dict[str, object], field: str
) -> None:
    """A program would have to guess which of its values was refused."""
    dead = await dead_letter(home, platform, clock)
    with pytest.raises(InvalidValueError) as caught:
        await home.amend(dead.id, **amendment)  # type: ignore[arg-type] # on purpose
    assert caught.value.placeholders["field"] == field
    with pytest.raises(TypeError, match=r"amend\(\) got an unexpected keyword argument 'colour'"):
        await home.amend(dead.id, colour="red")  # type: ignore[call-arg] # on purpose


@pytest.mark.sqlite_only
async def test_an_address_is_brought_to_its_one_form(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """Messages to one person would stand in two lanes, and overtake each other; or be left by who is removed."""
    platform.outcomes.append(Sent(sightings=(Sighting(id="42", names=("@ada",)),)))
    await home.send("home", "@ada", "hello")
    await clock.settle()
    first, second = [await dead_letter(home, platform, clock, reply_to="7") for _ in range(2)]
    assert (await home.amend(first.id, recipient="@ada")).recipient == "42"
    await home.move("home", "nobody", "@ada")
    assert (await home.get(second.id)).recipient == "42"
    await home.stop("home")
    await home.retry(second.id)
    waits_by_name = "UPDATE messages SET recipient = '@ada' WHERE id = ?"
    await home._base.store.submit(lambda tx: tx._connection.execute(waits_by_name, (second.id,)))
    assert (await home.amend(second.id, text="words")).reply_to == "7", "it goes to where it was to go"
    await home._base.store.submit(lambda tx: tx._connection.execute(waits_by_name, (second.id,)))
    assert await home.withdraw("home", "42") == 1
    assert (await home.get(second.id)).status is Status.CANCELLED


async def test_a_change_of_a_message_in_a_group_that_has_moved_can_be_corrected(
    home: Bach, platform: FakePlatform, clock: FakeClock
) -> None:
    """Its message stays where it was sent, so that correcting its words would be refused as another recipient."""
    sent = await home.send("home", "-1", "text")
    await clock.settle()
    platform.outcomes.append(Dead(fault=NOBODY))
    edit = await home.edit(sent.id, "nwe")
    await clock.settle()
    platform.outcomes.append(Sent(sightings=(Sighting(id="-2", was=("-1",)),)))
    await home.send("home", "-1", "hello")
    await clock.settle()
    assert (await home.send("home", "-1", "again")).recipient == "-2"
    amended = await home.amend(edit.id, text="new")
    await clock.settle()
    assert (amended.recipient, amended.text) == ("-1", "new")
    assert [(one.recipient, one.text) for one in platform.sent][-1] == ("-1", "new")


async def test_a_reaction_gets_no_senders_name(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """A thumb would be sent as words, which no platform takes for one; or a message lose whose it is."""
    sent = await home.send("home", "ada", "text")
    await clock.settle()
    await home.registry.update("home", settings={"sender_tag": "Hut"})
    await clock.settle()
    platform.outcomes.extend([Dead(fault=NOBODY)] * 2)
    thumb, plain = await home.react(sent.id, "👍"), await home.send("home", "ada", "words")
    await clock.settle()
    assert (await home.amend(thumb.id, text="👎")).text == "👎"
    assert (await home.amend(plain.id, text="other words")).text == "[Hut] other words"


async def test_a_change_stays_with_its_message(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """The number of a message in one chat would be looked for in another, and somebody else's be changed."""
    receipt = await home.send("home", "ada", "text")
    await clock.settle()
    platform.outcomes.extend([Dead(fault=NOBODY), Dead(fault=NOBODY)])
    edit, deletion = await home.edit(receipt.id, "new"), await home.delete(receipt.id)
    await clock.settle()
    far = "b" * 60
    for amendment, value in (({"recipient": far}, far[:50]), ({"connection": "work"}, "ada")):
        with pytest.raises(InvalidValueError) as caught:
            await home.amend(edit.id, **amendment)  # type: ignore[arg-type] # on purpose
        assert caught.value.placeholders == {
            "field": "a new recipient",
            "value": value,
            "expected": f"the one that message {edit.id} has, which changes a message there",
        }
    with pytest.raises(InvalidValueError) as caught:
        await home.amend(deletion.id, text="g" * 60)
    expected = "none to take a message away"
    assert caught.value.placeholders == {"field": "text", "value": "g" * 50, "expected": expected}
    await home.amend(edit.id, text="newer")
    await home.amend(deletion.id)
    await clock.settle()
    assert [(one.operation, one.text, one.target) for one in platform.sent[1:]] == [
        ("edit", "newer", "1"),
        ("delete", "", "1"),
    ]


# -- discarding ------------------------------------------------------------------------------------------------------


async def test_a_discarded_letter_is_no_dead_letter_any_more(
    home: Bach, platform: FakePlatform, clock: FakeClock
) -> None:
    """The number of dead letters would never be 0 again, and tell nobody anything."""
    told: list[MessageEvent] = []
    dead = [await dead_letter(home, platform, clock) for _ in range(3)]
    platform.outcomes.append(Uncertain(fault=AWAY))
    receipt = await home.send("home", "ada", "text", delivery="at_most_once")
    await clock.settle()
    home.subscribe(MessageCancelled, told.append)

    assert await home.discard_messages([dead[0].id, dead[0].id, receipt.id]) == 2

    status = (await home.queue_status())["home"]
    assert (status.dead, status.uncertain) == (2, 0)
    gone = await home.get(dead[0].id)
    assert (gone.status, gone.error) == (Status.CANCELLED, NOBODY), "why it was not delivered can still be read"
    assert [(event.connection, event.message.id) for event in told] == [("home", dead[0].id), ("home", receipt.id)]
    assert await home.discard_all("home", recipient="somebody") == 0
    assert await home.discard_all("home") == 2
    assert await home.discard_all() == 0


async def test_what_is_no_dead_letter_is_not_discarded(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """A mistyped number would take away what is still to be delivered, and half of the others."""
    dead = await dead_letter(home, platform, clock)
    platform.fault = AWAY
    receipt = await home.send("home", "ada", "text")
    await clock.settle()
    with pytest.raises(NotDiscardableError):
        await home.discard_messages([dead.id, receipt.id])
    for unknown in (99, 2**70):
        with pytest.raises(UnknownMessageError):
            await home.discard_messages([dead.id, unknown])
    assert (await home.get(dead.id)).status is Status.DEAD


async def test_many_are_discarded_and_sent_again_in_portions(
    home: Bach, platform: FakePlatform, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever wants to send meanwhile would wait for all of them."""
    for bound in ("_FIRST", "_LARGEST", "_SHARE"):
        monkeypatch.setattr(f"bach_lib.storage.portions.{bound}", 2)
    for _ in range(5):
        await dead_letter(home, platform, clock)
    assert await home.retry_all("home") == 5
    await clock.settle()
    assert len(platform.sent) == 5
    assert [message.id for message in platform.sent] == sorted(message.id for message in platform.sent)
    for _ in range(5):
        await dead_letter(home, platform, clock)
    assert await home.move("home", "nobody", "ada") == 5
    assert await home.discard_all("home", recipient="ada") == 5


# -- sending again ---------------------------------------------------------------------------------------------------


async def test_sending_again_says_what_came_of_it(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """It would be called sent again, and be dead again a moment later."""
    dead = await dead_letter(home, platform, clock)
    platform.outcomes.append(Dead(fault=NOBODY))
    assert (await home.retry(dead.id, wait=10)).status is Status.DEAD
    platform.outcomes.append(Retry(fault=NOBODY, scope=Scope.MESSAGE))
    waits = await home.retry(dead.id, wait=10)
    assert (waits.status, waits.error) == (Status.FAILED, NOBODY)
    assert waits.next_retry_at
    await home.cancel(dead.id)
    assert (await home.amend(dead.id, recipient="ada", wait=10)).status is Status.SENT


async def test_nobody_waits_longer_than_they_want(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """A button would hang for as long as the outage lasts."""
    dead = await dead_letter(home, platform, clock)
    await home.stop("home")
    for seconds in (10, 1):
        waiting = asyncio.create_task(home.retry(dead.id, wait=seconds))
        await clock.advance(seconds - 0.1)
        assert not waiting.done()
        await clock.advance(0.1)
        assert (await waiting).status is Status.PENDING
        await home.cancel(dead.id)
    await home.start("home")
    await dead_letter(home, platform, clock)
    await home.stop("home")
    following = asyncio.create_task(home.retry_and_follow("home", wait=1))
    await clock.advance(0.9)
    assert not following.done()
    await clock.advance(0.1)
    assert (await following).waiting == 1


async def test_all_are_sent_again_and_counted(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """Who presses the button would not learn that nothing has changed."""
    for _ in range(3):
        await dead_letter(home, platform, clock)
    platform.outcomes.extend([Dead(fault=NOBODY), Dead(fault=NOBODY)])
    assert await home.retry_and_follow("home", wait=10) == Retried(
        retried=3, sent=1, dead=2, reasons=("Chat not found",)
    )
    assert await home.retry_and_follow("home", recipient="ada", wait=10) == Retried()
    assert await home.retry_and_follow("home", recipient="nobody") == Retried(retried=2, waiting=2)


async def test_what_became_of_many_is_summed_up(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """Who sends a hundred letters again would read a hundred sentences, or not why one of them failed."""
    for number in range(7):
        await dead_letter(home, platform, clock, delivery="at_most_once" if number == 3 else "at_least_once")
    refused = [Dead(fault=Fault(code="refused", text=text)) for text in ("a" * 301, "no chat", "no chat", "banned")]
    unsure, busy = Uncertain(fault=AWAY), Retry(fault=Fault(code="busy", text="busy"), scope=Scope.MESSAGE)
    platform.outcomes.extend([*refused[:3], unsure, refused[3], Sent(), busy])
    found = await home.retry_and_follow("home", wait=10)
    assert (found.retried, found.sent, found.dead, found.uncertain, found.waiting) == (7, 1, 4, 1, 1)
    assert (len(found.reasons[0]), found.reasons[1:]) == (300, ("no chat", AWAY.text))


@pytest.mark.parametrize("action", ["wait", "retry"])
async def test_who_waits_for_what_is_removed_is_told(
    home: Bach, platform: FakePlatform, clock: FakeClock, action: str
) -> None:
    """An automation would hang for ever on a message that went away with its connection."""
    platform.fault = AWAY
    receipt = await home.send("home", "ada", "text")
    await clock.settle()
    if action == "retry":
        await home.stop("home")
        await home.cancel(receipt.id)
    waiting = asyncio.ensure_future(home.wait(receipt.id) if action == "wait" else home.retry(receipt.id, wait=1000))
    await clock.settle()
    await home.registry.remove("work")
    await clock.settle()
    assert not waiting.done()
    await home.registry.remove("home")
    with pytest.raises(UnknownMessageError) as caught:
        async with asyncio.timeout(60):
            await waiting
    assert caught.value.placeholders == {"id": str(receipt.id)}
    waiters = home._open_parts.waiters
    assert (waiters._futures, waiters._connections) == ({}, {}), "nobody is kept in memory"


# -- a recipient that changes ----------------------------------------------------------------------------------------


async def test_everything_follows_a_corrected_address(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """What waits, or died, would go to the wrong address once more."""
    dead = await dead_letter(home, platform, clock)
    platform.fault = AWAY
    waiting, other = await home.send("home", "nobody", "later"), await home.send("home", "bob", "later")
    await clock.settle()

    assert await home.move("home", " Nobody", "Ada") == 2

    assert (await home.get(dead.id)).status is Status.DEAD, "whether it is still wanted is for a person to say"
    assert (await home.get(other.id)).recipient == "bob"
    platform.fault = None
    assert await home.retry_all("home", recipient="ada") == 1
    await clock.advance(31)
    assert sorted((one.id, one.recipient) for one in platform.sent) == [
        (dead.id, "ada"),
        (waiting.id, "ada"),
        (other.id, "bob"),
    ]
    assert await home.move("home", "ada", "ADA") == 0
    with pytest.raises(InvalidRecipientError):
        await home.move("home", "ada", "two words")


async def test_a_removed_recipient_gets_nothing_more(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """Whoever moved out would still get the code of the alarm."""
    platform.fault = AWAY
    first, other = await home.send("home", "ada", "code"), await home.send("home", "bob", "hello")
    second = await home.send("home", "ada", "code")
    await clock.settle()
    told: list[int] = []
    home.subscribe(MessageCancelled, lambda event: told.append(event.message.id))
    assert await home.withdraw("home", "ADA") == 2
    assert told == [first.id, second.id]
    for receipt in (first, second):
        message = await home.get(receipt.id)
        assert (message.status, message.error and message.error.code) == (Status.CANCELLED, "recipient_removed")
    platform.fault = None
    await clock.advance(60)
    assert [message.id for message in platform.sent] == [other.id]


async def test_the_history_is_told(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """Nobody could see what became of one message."""
    dead = await dead_letter(home, platform, clock)
    message, attempts = await home.history(dead.id)
    assert message == dead
    assert [(one.number, one.recipient, one.outcome, one.error) for one in attempts] == [(1, "nobody", "dead", NOBODY)]
    assert attempts[0].started_at == message.attempted_at
    for unknown in (99, 2**70):
        with pytest.raises(UnknownMessageError):
            await home.history(unknown)
