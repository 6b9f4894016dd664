"""Proofs at random: twice, early, in parts, of unknown messages, by strangers, over restarts; held against a model.

Whatever the order: what was told is kept, each thing is told once, and all goes with its message.
"""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from bach_lib import Bach, Connection, ProofKind
from bach_lib.connectors.base import Batch, Proof
from bach_lib.events import MessageProven
from bach_lib.outcomes import Sent
from bach_lib.storage import Row
from bach_lib.testing import FakeClock, FakePlatform, fake_connector

DELIVERED, SEEN, _ = ProofKind
STEPS = 60


@dataclass
class Sending:
    """A message, and what is known of its parts by whom it went to."""

    id: int
    recipient: str
    parts: tuple[str, ...]
    told: dict[ProofKind, set[str]] = field(default_factory=lambda: {DELIVERED: set(), SEEN: set()})

    @property
    def known(self) -> set[ProofKind]:
        """What there is to know of it."""
        return {kind for kind, parts in self.told.items() if parts == {*self.parts}}


class Life:
    """A random life of a BACH whose platform tells proofs."""

    def __init__(self, seed: int, path: Path) -> None:
        self.random, self.path = Random(seed), path
        self.clock, self.platform = FakeClock(), FakePlatform()
        self.sent: list[Sending] = []
        self.batches: list[tuple[Proof, ...]] = []
        self.told: list[tuple[int, ProofKind, str]] = []
        self.number = 0
        self.bach = self._new()

    def _new(self) -> Bach:
        bach = Bach(self.path, clock=self.clock, connectors={"fake": fake_connector(self.platform, receives=True)})
        bach.subscribe(MessageProven, self._heard)
        return bach

    def _heard(self, event: MessageProven) -> None:
        self.told.append((event.message.id, event.proof.kind, event.proof.person))

    async def send(self, *, early: bool) -> None:
        """A message of some parts; `early`: it is told of before the platform has answered."""
        self.number += 1
        parts = tuple(f"{self.number}-{part}" for part in range(self.random.randint(1, 3)))
        self.platform.outcomes.append(Sent(remote_id=parts[-1], parts=parts))
        if early:
            self.platform.holds()
        recipient = self.random.choice(("ada", "bob"))
        receipt = await self.bach.send("home", recipient, "Hello")
        self.sent.append(Sending(receipt.id, recipient, parts))
        await self.clock.settle()
        if early:
            await self.tell()
            self.platform.works()
        await self.bach.wait(receipt.id)
        await self.clock.settle()

    async def tell(self) -> None:
        """Some proofs, or some that were told before."""
        if self.batches and self.random.random() < 0.3:
            return await self._hear(self.random.choice(self.batches))
        proofs = tuple(self._proof() for _ in range(self.random.randint(1, 3)))
        self.batches.append(proofs)
        return await self._hear(proofs)

    def _proof(self) -> Proof:
        some = self.random.sample(self.sent, min(len(self.sent), self.random.randint(1, 3)))
        ids = [part for one in some for part in one.parts if self.random.random() < 0.7]
        who = self.random.choice(("ada", "bob", "eve"))
        kind = self.random.choice((DELIVERED, SEEN))
        ids += [f"unknown-{self.random.randint(0, 9)}"]
        return Proof(kind=kind, remote_ids=tuple(ids), sender_id=who, sender_name=who, places=(who,))

    async def _hear(self, proofs: tuple[Proof, ...]) -> None:
        for proof in proofs:
            for one in (one for one in self.sent if one.recipient == proof.sender_id):
                for kind in proof.kind.implied:
                    one.told[kind] |= {*one.parts} & {*proof.remote_ids}
        self.number += 1
        cursor = f"c{self.number}"
        self.platform.incoming.put_nowait(Batch(messages=(), cursor=cursor, proofs=proofs))
        await self.clock.advance(1)  # who polls too often is slowed down
        await self.platform._waiting.until(lambda: cursor in self.platform.cursors, 30)  # it is stored and told

    async def restart(self) -> None:
        """BACH ends and begins again."""
        await self.bach.close(grace=0)
        self.platform.incoming = asyncio.Queue()  # whoever still listened to the old one hears nothing more
        self.bach = self._new()
        await self.bach.open()
        await self.clock.settle()

    async def judge(self) -> None:
        """All that was told is known, of whom it was told, and was told once."""
        expected = {(one.id, kind, one.recipient) for one in self.sent for kind in one.known}
        assert sorted(self.told) == sorted(expected)
        for one in self.sent:
            known = {(proof.kind, proof.person) for proof in await self.bach.proofs(one.id)}
            assert known == {(kind, one.recipient) for kind in one.known}
            assert {proven.kind for proven in (await self.bach.get(one.id)).proven} == one.known

    async def end(self) -> None:
        """All messages are purged, and nothing is left of what was known."""
        await self.clock.advance(10)
        await self.bach.purge(1)
        assert await self._rows("parts") == []
        assert await self._rows("proofs") == []
        await self.bach.close(grace=0)

    async def _rows(self, table: str) -> list[Row]:
        """All there is in a table."""
        return await self.bach._open_parts.queue.look_up(lambda tx: tx.ask(f"SELECT * FROM {table}"))


@pytest.mark.parametrize("seed", range(10))
async def test_no_proof_is_lost_or_told_twice(seed: int, tmp_path: Path) -> None:
    """Somebody would be told twice that the alarm was seen, or never, after a restart or in an odd order."""
    life = Life(seed, tmp_path / "bach.db")
    await life.bach.open()
    await life.bach.registry.add(Connection(name="home", type="fake", allowed=frozenset({"ada", "bob"})))
    await life.send(early=False)
    for _ in range(STEPS):
        match life.random.random():
            case draw if draw < 0.25:
                await life.send(early=life.random.random() < 0.4)
            case draw if draw < 0.93:
                await life.tell()
            case _:
                await life.restart()
    await life.judge()
    await life.end()
