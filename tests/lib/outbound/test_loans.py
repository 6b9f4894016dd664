"""Random histories of lanes that are lent, on a real server: somebody dies, is asleep or takes over in the middle.

Nothing waits here: each step is one call, and a process that is asleep is one that goes on after its session was ended.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import pytest

from bach_lib import Connection, Delivery, Status, SystemClock
from bach_lib.errors import SessionEndedError
from bach_lib.models import Message
from bach_lib.outbound.loans import Ended, Loan, Loans, Lot
from bach_lib.outbound.queue import Queue
from bach_lib.outbound.retry import Settlement
from bach_lib.owners.membership import Membership
from bach_lib.registry.rows import connection_values
from bach_lib.storage import ServerDatabase
from tests.lib.outbound.make import draft

LANES = ("ada", "bob", "cyd")
EACH = 6
STEPS = 80
HISTORIES = 4


def sent(message: Message) -> Settlement:
    """It arrived."""
    return Settlement(id=message.id, status=Status.SENT, delivered=True, outcome="sent", tried=message)


@dataclass
class InHand:
    """A lane in the hand of a process, and what it has under way in it."""

    loan: Loan
    left: list[int]
    claimed: Message | None = None
    tried: list[int] = field(default_factory=list)


@dataclass
class Actor:
    """A process."""

    store: ServerDatabase
    session: int = 0
    is_over: bool = False
    in_hand: dict[int, InHand] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.loans = Loans(self.store, SystemClock(), "test")
        self.loans.session = lambda: self.session
        self.queue = Queue(self.store, SystemClock(), "test")

    async def join(self) -> None:
        """Begin, or begin anew."""
        self.session, self.is_over = await Membership(self.store, "test").join(), False
        self.in_hand.clear()


@dataclass
class History:
    """One of them. `arrived`: what a platform got, by lane. `owner_of`: the lanes that are lent, by loan."""

    connection: str
    random: random.Random
    actors: list[Actor]
    waiting: dict[str, list[int]]
    arrived: dict[str, list[int]] = field(default_factory=lambda: {lane: [] for lane in LANES})
    lent: dict[int, str] = field(default_factory=dict)
    died_with: set[int] = field(default_factory=set)
    owner: Actor = field(init=False)

    def __post_init__(self) -> None:
        self.owner = self.actors[0]

    async def offer(self) -> None:
        """The owner lends a lane."""
        if free := [lane for lane in LANES if lane not in self.lent.values() and self.waiting[lane]]:
            lane = self.random.choice(free)
            lot = Lot(recipient=lane, priority=0, messages=self.waiting[lane][: self.random.randint(1, 4)])
            [number] = await self.owner.loans.offer(self.connection, [lot])
            assert number not in self.lent
            self.lent[number] = lane

    async def send_itself(self) -> None:
        """The owner delivers the first of a lane that is not lent."""
        if free := [lane for lane in LANES if lane not in self.lent.values() and self.waiting[lane]]:
            lane = self.random.choice(free)
            claimed = (await self.owner.queue.advance(None, self.waiting[lane].pop(0), self.connection)).claimed
            assert claimed, "somebody else has it, although its lane is not lent"
            self.arrived[lane].append(claimed.id)
            await self.owner.queue.advance(sent(claimed), None)

    async def recall(self) -> None:
        """The owner wants back what nobody has taken."""
        for number in await self.owner.loans.recall(list(self.lent), len(LANES)):
            del self.lent[number]

    async def collect(self) -> None:
        """The owner reads what came back."""
        self.read(await self.owner.loans.collect(self.connection, {}, idempotent=False))

    def read(self, ended: list[Ended]) -> None:
        """What came back is no longer lent; what waits in it does so in its old order."""
        for one in ended:
            lane = self.lent.pop(one.id)
            gone = {message.id for message in one.messages if message.status.is_final}
            self.waiting[lane] = [number for number in self.waiting[lane] if number not in gone]
            assert one.interrupted <= self.died_with, "a message was taken from the hand of one who lives"

    async def take(self) -> None:
        """A helper takes lanes."""
        actor = self.helper()
        for loan in await actor.loans.take(self.connection, self.random.randint(1, 2)):
            if loan.id not in actor.in_hand:
                others = [one.in_hand for one in self.actors if not one.is_over]
                assert all(loan.recipient != hand.loan.recipient for some in others for hand in some.values())
                actor.in_hand[loan.id] = InHand(loan, list(loan.messages))

    async def carry(self) -> None:
        """A helper delivers the next of a lane, or, with nothing left or at random, gives it back."""
        actor = self.helper()
        if not actor.in_hand:
            return
        hand = self.random.choice([*actor.in_hand.values()])
        settlement, hand.claimed = (sent(hand.claimed) if hand.claimed else None), None
        if hand.left and self.random.random() < 0.8:
            queue, number = actor.loans.queue, hand.left.pop(0)
            claimed = (await queue.advance(settlement, number, self.connection, [hand.loan.recipient])).claimed
            assert claimed, "it was somebody else's, although this one had the lane"
            hand.claimed = claimed
            hand.tried.append(number)
            self.arrived[hand.loan.recipient].append(number)
            return
        if settlement:
            await actor.loans.queue.advance(settlement, None)
        await actor.loans.give_back(hand.loan, hand.tried)
        del actor.in_hand[hand.loan.id]

    async def end_one(self) -> None:
        """Somebody is taken for dead, goes on, writes nothing, and begins anew; the owner is followed by another."""
        actor = self.random.choice(self.actors)
        await Membership(self.actors[0].store, "test").leave(actor.session)
        actor.is_over = True
        self.died_with |= {hand.claimed.id for hand in actor.in_hand.values() if hand.claimed}
        for hand in actor.in_hand.values():
            with pytest.raises(SessionEndedError):
                await actor.loans.queue.advance(sent(hand.claimed) if hand.claimed else None, hand.loan.messages[-1])
            with pytest.raises(SessionEndedError):
                await actor.loans.give_back(hand.loan, [])
        with pytest.raises(SessionEndedError):
            await actor.loans.take(self.connection, 1)
        if actor is self.owner:
            self.owner = self.random.choice([one for one in self.actors if one is not actor])
            for hand in list(self.owner.in_hand.values()):
                await self._give_back(self.owner, hand)
            await self.adopt()
        await actor.join()

    async def _give_back(self, actor: Actor, hand: InHand) -> None:
        if hand.claimed:
            await actor.loans.queue.advance(sent(hand.claimed), None)
        await actor.loans.give_back(hand.loan, hand.tried)
        del actor.in_hand[hand.loan.id]

    async def adopt(self) -> None:
        """A new owner learns which lanes others have, and nothing that they have in hand is taken for interrupted."""
        out, ended = await self.owner.loans.adopt(self.connection, idempotent=False)
        self.read(ended)
        self.lent = {loan.id: loan.recipient for loan in out}
        besides = {number for loan in out for number in loan.messages}
        assert await self.owner.queue.recover(self.connection, idempotent=False, besides=besides) == []

    def helper(self) -> Actor:
        """Anybody but the owner."""
        return self.random.choice([one for one in self.actors if one is not self.owner])


@pytest.fixture
async def actors(database_address: str) -> AsyncIterator[list[Actor]]:
    """Three processes on one database."""
    async with AsyncExitStack() as stack:
        actors = [Actor(ServerDatabase(database_address)) for _ in range(3)]
        for actor in actors:
            await actor.store.open()
            stack.push_async_callback(actor.store.close)
            await actor.join()
        yield actors


@pytest.mark.parametrize("delivery", Delivery)
async def test_a_lane_is_in_one_hand_whatever_happens(actors: list[Actor], delivery: Delivery) -> None:
    """Two processes would send to one recipient at once; or what one had in hand when it died would be lost."""
    interrupted = 0
    for seed in range(HISTORIES):
        history = await begun(actors, f"c{seed}", seed, delivery)
        steps = [history.offer, history.take, history.carry, history.collect, history.send_itself]
        weights = [4, 4, 12, 4, 2, 1, 2]
        for step in history.random.choices([*steps, history.recall, history.end_one], weights, k=STEPS):
            await step()
        await finished(history)
        for lane in LANES:
            first = list(dict.fromkeys(history.arrived[lane]))
            assert first == sorted(first), f"{seed}: {lane} out of order"
            repeated = {number for number in first if history.arrived[lane].count(number) > 1}
            assert repeated <= (history.died_with if delivery is Delivery.AT_LEAST_ONCE else set()), seed
            assert len(first) == EACH, f"{seed}: lost in {lane}"
        interrupted += len(history.died_with)
    assert interrupted, "nobody died with a message in hand"


@pytest.mark.parametrize("told", ["{", "[1", '["x"]', "7", "[[]]", pytest.param("[" * 5000, id="deep")])
async def test_a_damaged_loan_costs_no_lane(actors: list[Actor], told: str) -> None:
    """One row that was written by hand would keep its owner from sending, or its messages until a restart."""
    history = await begun(actors, "damaged", 1, Delivery.AT_LEAST_ONCE)
    owner, helper = actors[0], actors[1]
    lots = [Lot(recipient=lane, priority=0, messages=history.waiting[lane][:2]) for lane in LANES[:2]]
    damaged, whole = await owner.loans.offer("damaged", lots)
    for loan in await helper.loans.take("damaged", 2):
        await helper.loans.give_back(loan, loan.messages)
    change = "UPDATE loans SET messages = ?1, tried = ?2 WHERE id = ?3"
    await owner.store.submit(lambda tx: tx.change(change, [(told, told, damaged)]))
    lent = {damaged: lots[0].messages}
    ended = {one.id: one for one in await owner.loans.collect("damaged", lent, idempotent=False)}
    assert [message.id for message in ended[damaged].messages] == lots[0].messages
    assert len(ended[whole].messages) == 2


async def begun(actors: list[Actor], connection: str, seed: int, delivery: Delivery) -> History:
    """A connection with full lanes."""
    row = Connection(name=connection, type="fake")
    store = actors[0].store
    await store.submit(lambda tx: tx.run("add_connection", **connection_values(row)))
    puts = [
        (lane, draft(connection=connection, recipient=lane, delivery=delivery)) for _ in range(EACH) for lane in LANES
    ]
    waiting: dict[str, list[int]] = {lane: [] for lane in LANES}
    for lane, one in puts:
        waiting[lane].append((await actors[0].queue.put(one, leased=False)).message.id)
    for actor in actors:
        actor.in_hand.clear()
    return History(connection=connection, random=random.Random(seed), actors=actors, waiting=waiting)


async def finished(history: History) -> None:
    """All give back what they have, and the owner delivers the rest."""
    for actor in history.actors:
        for hand in list(actor.in_hand.values()):
            await history._give_back(actor, hand)
    await history.recall()
    await history.collect()
    assert history.lent == {}
    while any(history.waiting.values()):
        await history.send_itself()
