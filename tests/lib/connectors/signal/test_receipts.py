"""Receipts: what phones tell of our messages comes in, of whom they can be, and of nobody else."""

import asyncio
import json

import pytest

from bach_lib import Bach, Connection
from bach_lib.connectors.base import Proof
from bach_lib.connectors.observations import CallError, Observation
from bach_lib.connectors.signal import SignalConnector, codec
from bach_lib.connectors.signal.group_members import Groups
from bach_lib.events import MessageProven
from bach_lib.models.proof import ProofKind
from bach_lib.models.spellings import Sighting
from bach_lib.outcomes import Sent
from bach_lib.testing import FakeClock
from bach_lib.testing.signal import SignalServer
from tests.lib.connectors.polling import polled
from tests.lib.connectors.signal.conftest import ADA, a_message

ACCOUNT, BOB = "+491700000001", "+491709999999"
UUID = "11111111-2222-3333-4444-555555555555"
GROUP = "group.ZEdobElHaHZkWE5s"
DELIVERED, SEEN, _ = ProofKind


def read(**receipt: object) -> list[object]:
    """What a receipt of Ada's comes in as."""
    envelope = {
        "source": ADA,
        "sourceNumber": ADA,
        "sourceUuid": UUID,
        "sourceName": "Ada",
        "timestamp": 3_000,
        "serverReceivedTimestamp": 4_000,
        "serverDeliveredTimestamp": 9_000,
        "receiptMessage": receipt,
    }
    return [*codec.read(json.dumps({"envelope": envelope, "account": ACCOUNT}), ACCOUNT)]


@pytest.mark.parametrize(("what", "kind"), [("isDelivery", DELIVERED), ("isRead", SEEN), ("isViewed", SEEN)])
def test_a_receipt_proves_what_it_says(what: str, kind: ProofKind) -> None:
    """A message on a phone in a pocket would be taken for seen, or one that was read for none."""
    flags = dict.fromkeys(("isDelivery", "isRead", "isViewed"), False) | {what: True}
    [found] = read(when=3_000, timestamps=[1_000, 2_000], **flags)
    assert found == Proof(
        kind=kind, remote_ids=("1000", "2000"), sender_id=UUID, sender_name="Ada", places=(UUID, ADA), sent_at=4.0
    )
    assert isinstance(found, Proof)
    assert found.told_at == 9.0, "how old it is goes by Signal's clock, not by the phone's"


@pytest.mark.parametrize(
    "receipt",
    [
        {},
        {"isDelivery": True},
        {"isDelivery": True, "timestamps": []},
        {"isDelivery": True, "timestamps": "1000"},
        {"isDelivery": True, "timestamps": [True, "1", -1, 1.5, None, 1 << 60]},
        {"isDelivery": False, "timestamps": [1000]},
        {"isDelivery": "yes", "timestamps": [1000]},
        {"timestamps": [1000]},
    ],
)
def test_what_says_nothing_proves_nothing(receipt: dict[str, object]) -> None:
    """A message would be shown as delivered that is not, or receiving stop at an odd receipt."""
    assert read(**receipt) == []


def test_receipts_of_very_many_messages_are_cut() -> None:
    """One frame could fill the memory."""
    [found] = read(isRead=True, timestamps=[*range(5_000)])
    assert isinstance(found, Proof)
    assert len(found.remote_ids) == 1_000


async def test_what_was_sent_is_known_by_all_its_times(connector: SignalConnector, server: SignalServer) -> None:
    """Of a long message only the last part would count, and of an edit the message that it changed."""
    outcome = await connector.send(a_message("x" * 70_000))
    assert isinstance(outcome, Sent)
    assert outcome.parts == tuple(str(message.timestamp) for message in server.sent)
    assert len(outcome.parts) > 1


async def test_members_of_a_group_are_at_it(connector: SignalConnector, server: SignalServer) -> None:
    """Of a message to a group nothing would ever be known, or anybody could say that it was seen."""
    server.box.groups.append({"id": GROUP, "name": "House", "members": [ADA, ACCOUNT]})
    await connector.receive(None)
    await server.wait_until_heard()
    assert isinstance(await connector.send(a_message(recipient=GROUP)), Sent)
    for who in (ADA, BOB):
        server.proves(SEEN, server.sent[0], sender=who)
    found = list[Proof]()
    while len(found) < 2:
        found += (await polled(connector)).proofs
    assert [one.places for one in found[:2]] == [(ADA, GROUP), (BOB,)]


class Listed:
    """A list of groups that somebody asks for."""

    def __init__(self) -> None:
        self.asked = 0
        self.answer: object = []

    async def ask(self) -> object:
        """It, or what is wrong."""
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


async def places(groups: Groups, who: str = ADA) -> tuple[str, ...]:
    """Where somebody can have got something."""
    proof = Proof(kind=SEEN, remote_ids=("1",), sender_id=who, sender_name=who, places=(who,))
    [found] = await groups.placed([proof])
    return found.places


async def test_the_list_of_members_is_asked_for_now_and_then() -> None:
    """Each receipt of a busy group would cost a request, or whoever joins it never count."""
    listed, clock = Listed(), FakeClock()
    groups = Groups(listed.ask, clock)
    assert await groups.placed([]) == ()
    assert listed.asked == 0
    assert await places(groups) == (ADA,)
    listed.answer = [{"id": GROUP, "members": [ADA]}, {"id": GROUP}, 5]
    assert await places(groups) == (ADA,)
    assert listed.asked == 1
    await clock.advance(601)
    assert await places(groups) == (ADA, GROUP)
    listed.answer = CallError("unreachable", "gone", Observation.NO_ANSWER)
    await clock.advance(601)
    assert await places(groups) == (ADA, GROUP), "what is known stays so"
    groups.written_to(GROUP)
    groups.written_to(BOB)
    assert (await places(groups), listed.asked) == ((ADA, GROUP), 3)
    groups.written_to("group.bmV3Z3JvdXA=")
    assert (await places(groups), listed.asked) == ((ADA, GROUP), 4), "a new group is looked for at once"


async def test_members_are_known_by_all_their_names() -> None:
    """The server lists members by number, and whoever tells of a message goes by an id."""
    listed = Listed()
    listed.answer = [{"id": GROUP, "members": [ADA]}]
    groups = Groups(listed.ask, FakeClock())
    groups.know([Sighting(id=UUID, names=(ADA,))])
    assert await places(groups, UUID) == (UUID, GROUP)


async def test_the_whole_way_from_a_phone_to_the_message(server: SignalServer) -> None:
    """What the platform tells would be lost between two parts that are both right."""
    home = Connection(
        name="home", type="signal", endpoint=server.url, settings={"number": server.number}, allowed=frozenset({ADA})
    )
    async with Bach(":memory:", connections=[home], grace=0) as bach:
        await server.wait_until_heard()
        told = asyncio.Queue[ProofKind]()
        bach.subscribe(MessageProven, lambda event: told.put_nowait(event.proof.kind))
        receipt = await bach.send("home", ADA, "Hello")
        assert (await bach.wait(receipt.id, 30)).proven == ()
        server.proves(DELIVERED, *server.sent)
        server.proves(SEEN, *server.sent)
        assert [await told.get(), await told.get()] == [DELIVERED, SEEN]
        assert [one.kind for one in (await bach.get(receipt.id)).proven] == [DELIVERED, SEEN]
