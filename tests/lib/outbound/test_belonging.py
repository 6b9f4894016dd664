"""What names a message at a platform goes out only for the account to which that name means the same."""

from dataclasses import replace

import pytest

from bach_lib.bus import Bus
from bach_lib.connectors.base import Setup
from bach_lib.connectors.checked import Checked
from bach_lib.errors import StoreFailedError
from bach_lib.models import Fault, Loss, Message, Operation
from bach_lib.outbound.belonging import NO_REPLY, belonging, note_whose, with_what_it_lacks
from bach_lib.outbound.retry import OTHER_ACCOUNT
from bach_lib.outcomes import Dead, Retry, Scope, Sent, Uncertain
from bach_lib.storage import Store
from bach_lib.testing import FakeClock, FakePlatform, fake_connector
from tests.lib.bordered import bordered
from tests.lib.outbound.disk import Disk, tools
from tests.lib.outbound.make import draft, message

AWAY = Fault(code="unreachable", text="No route to host")
FULL = StoreFailedError(path="bach.db", reason="bad block")
CHANGE = replace(message(), operation=Operation.EDIT, target="5")
ANSWER = replace(message(), reply_to="5")


class Bench:
    """A connection whose ids are its account's own, and what it asks for."""

    def __init__(self, store: Store, clock: FakeClock, setup: Setup, platform: FakePlatform) -> None:
        self.disk, self.setup, self.platform = Disk(store, clock), setup, platform
        self.connector = self.speaks()
        self.asked: list[tuple[str, object]] = []
        self.fault: Fault | Exception | None = None
        self.services = replace(tools(self.disk, Bus(), clock, lambda *_: None), ensure_account=self._ensure_account)

    def speaks(self, **capabilities: bool) -> Checked:
        """A connector whose ids are its account's own, unless it is said."""
        connector = fake_connector(self.platform)
        connector.capabilities = replace(connector.capabilities, **{"own_ids": True, **capabilities})  # type: ignore[arg-type] # flags only
        return bordered(connector(self.setup))

    async def _ensure_account(self, connection: str, connector: object) -> Fault | None:
        self.asked.append((connection, connector))
        if isinstance(self.fault, Exception):
            raise self.fault
        return self.fault

    async def taken_over(self, newest: int) -> None:
        """Another account has taken over after this message."""
        key, value = "handed over at home", f"1.0 {newest}"
        await self.disk.store.submit(lambda tx: tx.run("save_meta", key=key, value=value))

    async def asks(self, what: Message) -> object:
        """What becomes of a message."""
        return await belonging(self.connector, what, self.services)


@pytest.fixture
def bench(store: Store, clock: FakeClock, setup: Setup, platform: FakePlatform) -> Bench:
    """A connection that had one account only."""
    return Bench(store, clock, setup, platform)


@pytest.mark.parametrize("what", [CHANGE, ANSWER])
async def test_what_the_account_itself_has_sent_is_changed_and_answered(bench: Bench, what: Message) -> None:
    """Nothing could be corrected, or answered, any more."""
    assert await bench.asks(what) is what
    assert bench.asked == [("home", bench.connector)]


async def test_where_nothing_is_named_nobody_is_asked(bench: Bench) -> None:
    """Every message would cost a request more, and while the platform does not say who we are, none would go."""
    bench.fault = AWAY
    await bench.taken_over(100)
    assert await bench.asks(plain := message()) is plain
    bench.connector = bench.speaks(own_ids=False)
    assert await bench.asks(CHANGE) is CHANGE
    assert bench.asked == []


@pytest.mark.parametrize("fault", [AWAY, FULL])
async def test_while_nobody_knows_whose_it_is_nothing_goes_and_nothing_is_lost(
    bench: Bench, fault: Fault | Exception
) -> None:
    """Another account's message would be deleted; or the change given up, or counted against its message."""
    bench.fault = fault
    outcome = await bench.asks(CHANGE)
    assert isinstance(outcome, Retry)
    assert (outcome.scope, outcome.written) == (Scope.CONNECTION, False)
    told = fault if isinstance(fault, Fault) else Fault(code=FULL.code, text=str(FULL))
    assert outcome.fault == told


@pytest.mark.parametrize("newest", [7, 8])
async def test_what_was_put_for_the_account_before_changes_nothing_and_answers_nobody(
    bench: Bench, newest: int
) -> None:
    """Whatever message has that number now would be deleted, and words answer it."""
    await bench.taken_over(newest)
    outcome = await bench.asks(CHANGE)
    assert isinstance(outcome, Dead)
    assert outcome.fault.code == OTHER_ACCOUNT
    assert await bench.asks(ANSWER) == replace(ANSWER, reply_to=None)


async def put(bench: Bench, recipient: str, remote_id: str) -> int:
    """A message that was sent, which the platform calls so."""
    number = (await bench.disk.put(draft(recipient=recipient), leased=False)).message.id
    named = "UPDATE messages SET remote_id = ? WHERE id = ?"
    await bench.disk.store.submit(lambda tx: tx.change(named, [(remote_id, number)]))
    return number


async def test_who_names_today_what_only_the_account_before_has_sent_changes_nothing(bench: Bench) -> None:
    """A person who deletes yesterday's message would delete a stranger's."""
    old = await put(bench, "ada", "5")
    await bench.taken_over(old)
    assert isinstance(await bench.asks(replace(CHANGE, id=old + 5)), Dead)
    elsewhere = replace(CHANGE, id=old + 5, recipient="bob")
    assert await bench.asks(elsewhere) is elsewhere
    another = replace(CHANGE, id=old + 5, target="6")
    assert await bench.asks(another) is another
    await put(bench, "ada", "5")
    ours = replace(CHANGE, id=old + 6)
    assert await bench.asks(ours) is ours, "the present account has one of that number as well"


async def test_a_disk_that_does_not_answer_lets_the_attempt_fail_by_itself(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bad block would end what sends, and nothing of this connection go before a restart."""

    async def bad(*_: object) -> bool:
        raise FULL

    await bench.taken_over(3)
    monkeypatch.setattr(bench.disk, "is_named_before", bad)
    assert await bench.asks(CHANGE) is CHANGE


@pytest.mark.parametrize(
    ("own_ids", "receives", "is_asked"), [(True, False, True), (True, True, False), (False, False, False)]
)
async def test_where_nobody_listens_it_is_asked_who_has_sent(
    bench: Bench, own_ids: bool, receives: bool, is_asked: bool
) -> None:
    """After a change of the account nobody would know whose the messages were; or each would cost a request more."""
    connector = bench.speaks(own_ids=own_ids, receives=receives)
    for bench.fault in (None, FULL):  # of a full disk nobody hears here; the next message asks again
        await note_whose(connector, "home", bench.services)
    assert bench.asked == [("home", connector)] * (2 if is_asked else 0)


def test_what_went_without_its_answer_says_so() -> None:
    """A person would wonder why the words stand alone, and what else was left out be forgotten."""
    markup = Loss(what="markup", reason="none there")
    sent = with_what_it_lacks(Sent(remote_id="9", losses=(markup,)), NO_REPLY)
    assert isinstance(sent, Sent)
    assert (sent.remote_id, sent.degraded, sent.losses[0]) == ("9", True, markup)
    assert [loss.what for loss in sent.losses] == ["markup", "reply"]
    lost = Uncertain(fault=AWAY)
    assert with_what_it_lacks(lost, NO_REPLY) is lost
    assert with_what_it_lacks(sent) is sent
