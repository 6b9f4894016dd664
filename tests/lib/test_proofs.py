"""Proofs: what is known of a message after it was sent, whatever order and however often it is told in."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from bach_lib import Bach, Connection, Delivery, Fault, Message, ProofKind, Status, UnknownMessageError
from bach_lib.connectors.base import Batch, Incoming, Proof
from bach_lib.events import MessageEvent, MessageProven, MessageSent
from bach_lib.models import Button
from bach_lib.models.incoming import Kind
from bach_lib.models.spellings import Sighting
from bach_lib.outbound import proof_rows
from bach_lib.outbound.proof_rows import MOST_EARLY
from bach_lib.outcomes import Sent, Uncertain
from bach_lib.questions import Place
from bach_lib.questions.question import Question
from bach_lib.testing import FakeClock, FakePlatform

DELIVERED, SEEN, ANSWERED = ProofKind
LOST = Fault(code="lost", text="No answer")


class Home:
    """A BACH with a connection to a platform that tells what became of messages; the clock, and all that is told."""

    def __init__(self, bach: Bach, platform: FakePlatform, clock: FakeClock) -> None:
        self.bach, self.platform, self.clock = bach, platform, clock
        self.told: list[MessageEvent] = []
        bach.subscribe(MessageProven, self.told.append)
        bach.subscribe(MessageSent, self.told.append)

    async def send(self, recipient: str = "ada", **options: object) -> Message:
        """Something that has arrived."""
        receipt = await self.bach.send("home", recipient, "Hello", **options)  # type: ignore[arg-type] # options of it
        await self.clock.settle()
        return await self.bach.get(receipt.id)

    async def hear(self, *proofs: Proof, messages: Sequence[Incoming] = ()) -> None:
        """The platform tells these together."""
        batch = Batch(messages=tuple(messages), cursor=self.platform._next(), proofs=proofs)
        self.platform.incoming.put_nowait(batch)
        await self.clock.settle()

    async def known(self, message: Message) -> list[tuple[str, int]]:
        """What is known of it, and of how many."""
        return [(one.kind.value, one.people) for one in (await self.bach.get(message.id)).proven]

    def events(self) -> list[str]:
        """What was told, in short."""
        return [event.proof.kind.value if isinstance(event, MessageProven) else "sent" for event in self.told]


@pytest.fixture
async def home(bach: Bach, platform: FakePlatform, clock: FakeClock) -> Home:
    """One at work."""
    platform.tells_proofs = True
    await bach.registry.add(Connection(name="home", type="fake", allowed=frozenset({"ada", "bob", "family"})))
    await clock.settle()
    return Home(bach, platform, clock)


def proof(kind: ProofKind, *ids: str, who: str = "ada", places: tuple[str, ...] | None = None) -> Proof:
    """What a platform tells."""
    return Proof(kind=kind, remote_ids=ids, sender_id=who, sender_name=who.title(), places=places or (who,))


def said(text: str, *, who: str = "ada", reply_to: str | None = None, kind: Kind = Kind.TEXT) -> Incoming:
    """Something that somebody writes."""
    return Incoming(
        remote_id=f"{who} {text}",
        recipient=who,
        recipient_title=who,
        sender_id=who,
        sender_name=who.title(),
        kind=kind,
        text=text,
        reply_to=reply_to,
    )


# -- what is known --------------------------------------------------------------------------------------------------


async def test_what_platforms_tell_is_with_the_message(home: Home) -> None:
    """Nobody would know whether the alarm that was sent has reached a phone, and whether anybody has looked at it."""
    message = await home.send()
    await home.hear(proof(DELIVERED, message.remote_id or ""))
    assert await home.known(message) == [("delivered", 1)]
    await home.clock.advance(60)
    await home.hear(proof(SEEN, message.remote_id or ""))
    found = (await home.bach.get(message.id)).proven
    assert [(one.kind, one.people, one.person, one.name) for one in found] == [
        (DELIVERED, 1, "ada", "Ada"),
        (SEEN, 1, "ada", "Ada"),
    ]
    assert found[1].at - found[0].at == 60
    assert home.events() == ["sent", "delivered", "seen"]
    assert [(one.kind, one.person, one.at) for one in await home.bach.proofs(message.id)] == [
        (DELIVERED, "ada", found[0].at),
        (SEEN, "ada", found[1].at),
    ]


async def test_the_same_once_more_changes_nothing(home: Home) -> None:
    """An automation would greet everybody twice, as phones tell again after they were offline."""
    message = await home.send()
    for _ in range(2):
        await home.hear(proof(DELIVERED, message.remote_id or ""), proof(SEEN, message.remote_id or ""))
    await home.hear(proof(DELIVERED, message.remote_id or ""))
    assert home.events() == ["sent", "delivered", "seen"]
    assert await home.known(message) == [("delivered", 1), ("seen", 1)]


async def test_what_was_seen_was_delivered(home: Home) -> None:
    """Who waits for the delivery would wait for ever, where a phone told at once that it was looked at."""
    message = await home.send()
    await home.hear(proof(SEEN, message.remote_id or ""))
    assert home.events() == ["sent", "delivered", "seen"]


async def test_of_a_group_it_is_known_of_how_many(home: Home) -> None:
    """One who has looked at it would stand for all, or each would take the place of the one before."""
    message = await home.send("family")
    number = message.remote_id or ""
    for who in ("ada", "bob"):
        await home.hear(proof(DELIVERED, number, who=who, places=(who, "family")))
    await home.hear(proof(SEEN, number, who="bob", places=("bob", "family")))
    assert await home.known(message) == [("delivered", 2), ("seen", 1)]
    assert {(one.kind, one.name) for one in await home.bach.proofs(message.id)} == {
        (DELIVERED, "Ada"),
        (DELIVERED, "Bob"),
        (SEEN, "Bob"),
    }


async def test_whoever_did_not_get_it_proves_nothing(home: Home) -> None:
    """Any stranger could say that the alarm was seen: numbers of messages are no secrets."""
    message, other = await home.send(), await home.send("family")
    await home.hear(*(proof(SEEN, one.remote_id or "", who="eve") for one in (message, other)))
    assert (await home.known(message), await home.known(other), home.events()) == ([], [], ["sent", "sent"])


async def test_people_are_known_by_all_their_names(home: Home) -> None:
    """A platform that names people by a number of its own would prove nothing of what was sent to their phone."""
    message = await home.send()
    sighting = Sighting(id="id-of-ada", names=("ada",))
    batch = Batch(
        messages=(),
        cursor="one",
        sightings=(sighting,),
        proofs=(proof(SEEN, message.remote_id or "", who="id-of-ada"), proof(SEEN, message.remote_id or "")),
    )
    home.platform.incoming.put_nowait(batch)
    await home.clock.settle()
    assert await home.known(message) == [("delivered", 1), ("seen", 1)]


async def test_all_parts_of_it_count(home: Home) -> None:
    """Half of a long message would be taken for all of it."""
    home.platform.outcomes.append(Sent(remote_id="b", parts=("a", "b")))
    message = await home.send()
    await home.hear(proof(SEEN, "b"), proof(DELIVERED, "b"))
    assert await home.known(message) == []
    await home.hear(proof(DELIVERED, "a"))
    assert await home.known(message) == [("delivered", 1)]
    await home.hear(proof(SEEN, "a"))
    assert await home.known(message) == [("delivered", 1), ("seen", 1)]
    assert home.events() == ["sent", "delivered", "seen"]


async def test_what_is_told_before_the_answer_counts(home: Home) -> None:
    """A phone is often quicker than the answer of the server, and its proof would be lost."""
    home.platform.holds()
    receipt = await home.bach.send("home", "ada", "Hello")
    await home.clock.settle()
    await home.hear(proof(SEEN, "1"), proof(SEEN, "1", who="eve"), proof(SEEN, "2"))
    assert home.events() == []
    home.platform.works()
    await home.clock.settle()
    assert home.events() == ["sent", "delivered", "seen"]
    assert await home.known(await home.bach.get(receipt.id)) == [("delivered", 1), ("seen", 1)]
    message = await home.send()
    assert await home.known(message) == [("delivered", 1), ("seen", 1)], "2 was its number, and it was under way"


async def test_what_is_told_of_other_devices_messages_is_forgotten(home: Home) -> None:
    """Whoever shares the account writes hundreds of messages a day, whose proofs would fill the disk."""
    await home.hear(proof(SEEN, "1"))
    message = await home.send()
    assert await home.known(message) == []
    rows = await home.bach._open_parts.queue.look_up(lambda tx: tx.ask("SELECT * FROM early_proofs"))
    assert rows == []


async def test_early_proofs_are_few(home: Home) -> None:
    """Who tells of thousands of messages while one is under way would fill the disk."""
    home.platform.holds()
    await home.bach.send("home", "ada", "Hello")
    await home.clock.settle()
    await home.hear(*(proof(SEEN, *(f"{n}-{i}" for i in range(300))) for n in range(5)))
    look_up = home.bach._open_parts.queue.look_up
    assert len(await look_up(lambda tx: tx.ask("SELECT * FROM early_proofs"))) == MOST_EARLY
    await home.clock.advance(700)
    await home.hear(proof(SEEN, "new"))
    assert [row["remote_id"] for row in await look_up(lambda tx: tx.ask("SELECT * FROM early_proofs"))] == ["new"]


async def test_of_more_people_than_a_group_can_have_nothing_is_kept(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made-up people would fill the disk."""
    monkeypatch.setattr(proof_rows, "MOST_PEOPLE", 20)
    message = await home.send("family")
    number = message.remote_id or ""
    some = [proof(DELIVERED, number, who=f"p{n}", places=("family",)) for n in range(25)]
    await home.hear(*some)
    assert await home.known(message) == [("delivered", 20)]
    assert len(await home.bach.proofs(message.id, limit=10)) == 10


async def test_what_is_no_proof_is_set_aside(home: Home) -> None:
    """One wrong value of a connector would come again with every poll, and keep back all that is behind it."""
    message = await home.send()
    good = proof(SEEN, message.remote_id or "")
    bad = [
        replace(good, kind="seen"),  # type: ignore[arg-type] # on purpose
        replace(good, remote_ids=("x" * 2_000,)),
        replace(good, remote_ids=tuple(map(str, range(2_000)))),
        replace(good, remote_ids="1"),  # type: ignore[arg-type] # on purpose
        replace(good, places=(7,)),  # type: ignore[arg-type] # on purpose
        replace(good, sender_id=""),
        replace(good, sender_name=None),  # type: ignore[arg-type] # on purpose
        replace(good, sent_at=float("nan")),
        "seen",
    ]
    await home.hear(*bad, good)  # type: ignore[arg-type] # on purpose
    assert await home.known(message) == [("delivered", 1), ("seen", 1)]
    assert len(await home.bach.unreadable("home")) == len(bad)


async def test_it_goes_with_its_message(home: Home) -> None:
    """Who has looked at what is kept for years after the message is gone."""
    message = await home.send()
    await home.hear(proof(SEEN, message.remote_id or ""))
    await home.clock.advance(10)
    await home.bach.purge(1)
    look_up = home.bach._open_parts.queue.look_up
    assert await look_up(lambda tx: [*tx.ask("SELECT * FROM parts"), *tx.ask("SELECT * FROM proofs")]) == []
    with pytest.raises(UnknownMessageError):
        await home.bach.proofs(message.id)
    await home.hear(proof(SEEN, message.remote_id or ""))


# -- answers --------------------------------------------------------------------------------------------------------


async def test_a_reply_is_an_answer(home: Home) -> None:
    """Who has answered was reached, on every platform; nobody would know."""
    message = await home.send()
    await home.hear(messages=[said("What?", reply_to=message.remote_id)])
    assert home.events() == ["sent", "delivered", "seen", "answered"]
    [*_, last] = (await home.bach.get(message.id)).proven
    assert (last.kind, last.person, last.name) == (ANSWERED, "ada", "Ada")


@pytest.mark.parametrize("kind", [Kind.EDITED, Kind.REACTION])
async def test_what_only_names_it_is_no_answer(home: Home, kind: Kind) -> None:
    """An emoji would be taken for the answer that somebody waits for."""
    message = await home.send()
    await home.hear(messages=[said("!", reply_to=message.remote_id, kind=kind)])
    assert await home.known(message) == []


async def test_a_reply_in_another_chat_is_none(home: Home) -> None:
    """Numbers count in each chat, and the same one means another message elsewhere."""
    message = await home.send()
    await home.hear(messages=[said("What?", who="bob", reply_to=message.remote_id)])
    assert await home.known(message) == []


async def test_what_is_passed_on_is_no_answer(home: Home) -> None:
    """Words of somebody else would prove that this one was reached."""
    message = await home.send()
    passed = replace(said("What?", reply_to=message.remote_id), metadata={"forwarded": True})
    await home.hear(messages=[passed])
    assert await home.known(message) == []


async def test_a_press_is_an_answer(home: Home) -> None:
    """Who pressed a button was reached; a press of one that is not there says nothing."""
    message = await home.send(buttons=((Button(text="Yes", value="yes"),),))
    home.platform.press(home.platform.sent[-1], "no", sender="ada", remote_id="p1", cursor="1")
    await home.clock.settle()
    assert await home.known(message) == []
    home.platform.presses(home.platform.sent[-1], "Yes", sender="ada")
    await home.clock.settle()
    assert home.events() == ["sent", "delivered", "seen", "answered"]


async def test_words_that_answer_a_question_are_an_answer(home: Home) -> None:
    """A question would stand as unanswered in the conversation, although its answer stands below it."""
    question = Question(text="Who?", places=(Place(connection="home", recipient="ada"),), takes_text=True, timeout=60.0)
    asking = asyncio.create_task(home.bach.ask(question))
    await home.clock.settle()
    await home.hear(messages=[said("Me")])
    assert (await asking).value == "Me"
    await home.clock.settle()
    asked = next(one for one in await home.bach.messages() if one.text == "Who?")
    assert [kind for kind, _ in await home.known(asked)] == ["delivered", "seen", "answered"]


# -- what nobody knew -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delivery", Delivery)
async def test_what_is_proven_has_arrived(home: Home, delivery: Delivery) -> None:
    """A person would be asked whether to repeat what was answered, or it would come twice although BACH knew better."""
    home.platform.outcomes.append(Uncertain(fault=LOST))
    buttons = ((Button(text="Yes", value="yes"),),)
    message = await home.send(delivery=delivery, buttons=buttons)
    assert message.status in (Status.UNCERTAIN, Status.FAILED)
    newer = await home.bach.send("home", "ada", "newer")
    home.platform.presses(home.platform.sent[0], "Yes", sender="ada")
    await home.clock.settle()
    found = await home.bach.get(message.id)
    assert (found.status, found.error, found.finished_at) == (Status.SENT, None, home.clock.now())
    assert (await home.bach.get(newer.id)).status is Status.SENT, "what waited for it goes at once"
    await home.clock.advance(3600)
    assert [one.id for one in home.platform.attempts] == [message.id, newer.id]
    assert home.events().count("sent") == 2


async def test_an_older_copy_proves_nothing_of_what_was_amended(home: Home) -> None:
    """The corrected text would never go, as somebody pressed the button of the wrong one."""
    home.platform.outcomes.append(Uncertain(fault=LOST))
    message = await home.send(delivery=Delivery.AT_MOST_ONCE, buttons=((Button(text="Yes", value="yes"),),))
    home.platform.fails()
    await home.bach.amend(message.id, text="Corrected")
    await home.clock.settle()
    home.platform.presses(home.platform.sent[0], "Yes", sender="ada")
    await home.clock.settle()
    home.platform.works()
    await home.clock.advance(3600)
    assert home.platform.texts == ["Hello", "Corrected"]
    assert await home.known(message) == [] or (await home.bach.get(message.id)).status is Status.SENT


# -- after a restart -----------------------------------------------------------------------------------------------


async def test_a_damaged_summary_costs_only_itself(home: Home) -> None:
    """One cell of a database would make a conversation unreadable, or lose who has looked at it."""
    message = await home.send()
    await home.hear(proof(DELIVERED, message.remote_id or ""))
    store = home.bach._open_parts.queue._store
    await store.submit(lambda tx: tx.change("UPDATE messages SET proven = '[[1]]'", [()]))
    assert (await home.bach.get(message.id)).proven == ()
    await home.hear(proof(SEEN, message.remote_id or ""))
    assert ("seen", 1) in await home.known(message)
