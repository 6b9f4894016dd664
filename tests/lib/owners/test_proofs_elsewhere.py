"""What becomes known of a message is told in the process that put it, whoever works on its connection."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from bach_lib import Bach, Connection, Incoming, Kind, MessageProven, ProofKind
from bach_lib.connectors.base import Batch, Proof
from bach_lib.models.incoming import Content
from bach_lib.testing import FakePlatform, fake_connector


def seen(who: str, cursor: str) -> Batch:
    """The platform says that somebody in the family has seen it."""
    places = (who, "family")
    proof = Proof(kind=ProofKind.SEEN, remote_ids=("1",), sender_id=who, sender_name=who.title(), places=places)
    return Batch(messages=(), cursor=cursor, proofs=(proof,))


def says(text: str, cursor: str, reply_to: str = "1") -> Batch:
    """Somebody replies to it."""
    reply = Incoming(
        remote_id=cursor,
        recipient="family",
        recipient_title="Family",
        sender_id="ada",
        sender_name="Ada",
        kind=Kind.TEXT,
        text=text,
        content=Content(),
        reply_to=reply_to,
    )
    return Batch(messages=(reply,), cursor=cursor)


async def test_whoever_put_it_hears_who_has_seen_it(database_address: str) -> None:
    """A program beside the daemon would wait for ever for what the daemon knows; or hear of it twice, or of others'."""
    platform = FakePlatform()
    platform.tells_proofs = True
    kinds = {"fake": fake_connector(platform, receives=True)}
    told, owners = asyncio.Queue[MessageProven](), list[MessageProven]()
    async with AsyncExitStack() as stack:
        owner = await stack.enter_async_context(Bach(database_address, process="owner", connectors=kinds, grace=0.0))
        await owner.registry.add(Connection(name="home", type="fake", allowed=frozenset({"family"})))
        owner.subscribe(MessageProven, owners.append)
        beside = await stack.enter_async_context(Bach(database_address, connectors=kinds, autostart=False))
        beside.subscribe(MessageProven, told.put_nowait)
        async with asyncio.timeout(30):
            receipt = await beside.send("home", "family", "Dinner")
            await beside.wait(receipt.id)
            for batch in (seen("ada", "1"), seen("bob", "2"), says("coming", "3")):
                platform.incoming.put_nowait(batch)
            found = [await told.get() for _ in range(5)]
            other = await owner.send("home", "family", "What the daemon says itself")
            await owner.wait(other.id)
            platform.incoming.put_nowait(says("and that", "4", reply_to="2"))
            platform.incoming.put_nowait(seen("eve", "5"))
            found += [await told.get() for _ in range(2)]
    assert [(one.proof.kind, one.proof.name, one.proof.people) for one in found] == [
        ("delivered", "Ada", 1),
        ("seen", "Ada", 1),
        ("delivered", "Bob", 2),
        ("seen", "Bob", 2),
        ("answered", "Ada", 1),
        ("delivered", "Eve", 3),
        ("seen", "Eve", 3),
    ]
    assert {one.message.id for one in found} == {receipt.id}
    assert told.empty(), "it was told twice"
    assert [one.proof.kind for one in owners if one.message.id == receipt.id] == [one.proof.kind for one in found]
    assert other.id in {one.message.id for one in owners}
