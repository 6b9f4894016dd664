"""What an outcome does to its message: the whole table, and what holds for every cell of it."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bach_lib import RetryPolicy
from bach_lib.health import internal_fault
from bach_lib.models import Delivery, Fault, Message, Status
from bach_lib.outbound.retry import Settlement, after_crash, decide
from bach_lib.outcomes import Dead, Outcome, Retry, Scope, Sent, Uncertain, Wait
from tests.lib.outbound.make import BUSY, NOW, message

POLICY = RetryPolicy()
LEAST, MOST = Delivery.AT_LEAST_ONCE, Delivery.AT_MOST_ONCE


def settle(outcome: Outcome, sent: Message, *, random: float = 0.5, idempotent: bool = False) -> Settlement:
    """Decide now, with half of the jitter: none."""
    return decide(sent, outcome, NOW, POLICY, lambda: random, idempotent=idempotent)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table. `waits` in seconds; `retries`: how many were used before and after."""

    outcome: Outcome
    status: Status
    retries: tuple[int, int] = (0, 0)
    waits: float | None = None
    delivered: bool | None = False
    delivery: Delivery = LEAST
    idempotent: bool = False


WAIT_CHAT = Wait(seconds=17, fault=BUSY, scope=Scope.RECIPIENT)
WAIT_ALL = Wait(seconds=17, fault=BUSY, scope=Scope.CONNECTION)
NO_WAY, NOT_NOW = Retry(fault=BUSY, scope=Scope.CONNECTION), Retry(fault=BUSY, scope=Scope.MESSAGE)
OURS = Uncertain(fault=internal_fault(LookupError()))
UNCERTAIN, DEAD = Uncertain(fault=BUSY), Dead(fault=BUSY)

TABLE = {
    "sent": Row(Sent(remote_id="9"), Status.SENT, delivered=True),
    "sent at last": Row(Sent(remote_id="9"), Status.SENT, (4, 4), delivered=True),
    "refused for good": Row(DEAD, Status.DEAD),
    "refused for good after retries": Row(DEAD, Status.DEAD, (3, 3)),
    "this chat is to wait": Row(WAIT_CHAT, Status.PENDING, waits=17, delivered=None),
    "everybody is to wait": Row(WAIT_ALL, Status.PENDING, waits=17, delivered=None),
    "told to wait after retries": Row(WAIT_CHAT, Status.FAILED, (2, 2), waits=17, delivered=None),
    "told to wait with no retry left": Row(WAIT_CHAT, Status.FAILED, (5, 5), waits=17, delivered=None),
    "no connection": Row(NO_WAY, Status.PENDING),
    "no connection after retries": Row(NO_WAY, Status.FAILED, (2, 2)),
    "no connection with no retry left": Row(NO_WAY, Status.FAILED, (5, 5)),
    "refused for now": Row(NOT_NOW, Status.FAILED, (0, 1), waits=30),
    "refused twice": Row(NOT_NOW, Status.FAILED, (1, 2), waits=60),
    "refused three times": Row(NOT_NOW, Status.FAILED, (2, 3), waits=120),
    "refused four times": Row(NOT_NOW, Status.FAILED, (3, 4), waits=240),
    "refused five times": Row(NOT_NOW, Status.FAILED, (4, 5), waits=480),
    "refused six times": Row(NOT_NOW, Status.DEAD, (5, 5)),
    "unknown": Row(UNCERTAIN, Status.FAILED, (0, 1), waits=30),
    "unknown with no retry left": Row(UNCERTAIN, Status.DEAD, (5, 5)),
    "unknown, never twice": Row(UNCERTAIN, Status.UNCERTAIN, delivery=MOST),
    "unknown, never twice, after retries": Row(UNCERTAIN, Status.UNCERTAIN, (2, 2), delivery=MOST),
    "unknown, repeating is safe": Row(UNCERTAIN, Status.PENDING, idempotent=True),
    "unknown, never twice, but repeating is safe": Row(UNCERTAIN, Status.PENDING, delivery=MOST, idempotent=True),
    "unknown, repeating is safe, after retries": Row(UNCERTAIN, Status.FAILED, (5, 5), idempotent=True),
    "a mistake of ours, repeating is safe": Row(OURS, Status.FAILED, (0, 1), waits=30, idempotent=True),
    "a mistake of ours again and again": Row(OURS, Status.DEAD, (5, 5), idempotent=True),
    "a mistake of ours, never twice": Row(OURS, Status.UNCERTAIN, delivery=MOST),
    "a mistake of ours, never twice, repeating is safe": Row(
        OURS, Status.FAILED, (0, 1), waits=30, delivery=MOST, idempotent=True
    ),
    "refused for now, never twice": Row(NOT_NOW, Status.FAILED, (0, 1), waits=30, delivery=MOST),
}


@pytest.mark.parametrize("row", TABLE.values(), ids=TABLE.keys())
def test_the_table(row: Row) -> None:
    """A message would be given up during an outage, sent twice, retried for ever, or never."""
    before, after = row.retries
    settled = settle(row.outcome, message(retry_count=before, delivery=row.delivery), idempotent=row.idempotent)
    assert settled == Settlement(
        id=7,
        status=row.status,
        retry_count=after,
        next_retry_at=None if row.waits is None else NOW + row.waits,
        remote_id="9" if row.status is Status.SENT else None,
        error=None if isinstance(row.outcome, Sent) else row.outcome.fault,
        delivered=row.delivered,
    )


def test_what_the_platform_says_of_a_delivered_message_is_kept() -> None:
    """Nobody would see that the markup was lost, and a moved group would get every message refused."""
    settled = settle(Sent(remote_id="9", degraded=True, moved_to="-100"), message())
    assert (settled.remote_id, settled.degraded, settled.moved_to) == ("9", True, "-100")


@pytest.mark.parametrize(("random", "delay"), [(0.0, 27), (0.25, 28.5), (0.5, 30), (1.0, 33)])
def test_jitter_spreads_a_delay_by_a_tenth(random: float, delay: float) -> None:
    """All messages of an outage would come back at the same instant."""
    assert settle(NOT_NOW, message(), random=random).next_retry_at == pytest.approx(NOW + delay)


def test_the_last_delay_repeats() -> None:
    """More retries than delays would end in an error instead of a retry."""
    settled = settle(NOT_NOW, message(retry_count=40, max_retries=100))
    assert settled.next_retry_at == NOW + 480


def test_without_retries_the_first_refusal_is_final() -> None:
    """Who asked for no repetition would get five."""
    assert settle(NOT_NOW, message(max_retries=0)).status is Status.DEAD


@pytest.mark.parametrize(
    ("delivery", "idempotent", "status"),
    [
        (LEAST, False, Status.PENDING),
        (LEAST, True, Status.PENDING),
        (MOST, True, Status.PENDING),
        (MOST, False, Status.UNCERTAIN),
    ],
)
def test_after_a_crash_the_policy_decides(delivery: Delivery, idempotent: bool, status: Status) -> None:
    """A restart would lose the message in flight, or send one twice that must never be."""
    settled = after_crash(message(delivery=delivery), idempotent=idempotent)
    assert settled.status is status
    assert settled.error
    assert settled.error.code == "interrupted"


def test_a_crash_uses_up_no_retry() -> None:
    """A house that restarts five times in an evening would give its messages up."""
    settled = after_crash(message(retry_count=3), idempotent=False)
    assert (settled.status, settled.retry_count, settled.next_retry_at) == (Status.FAILED, 3, None)


FAULTS = st.builds(Fault, code=st.just("busy"), text=st.text(max_size=5), retry_after=st.none())
OUTCOMES: st.SearchStrategy[Outcome] = st.one_of(
    st.builds(Sent, remote_id=st.none() | st.just("9"), degraded=st.booleans(), moved_to=st.none() | st.just("x")),
    st.builds(Retry, fault=FAULTS, scope=st.sampled_from(Scope)),
    st.builds(Wait, seconds=st.floats(0, 86_400), fault=FAULTS, scope=st.sampled_from(Scope)),
    st.builds(Dead, fault=FAULTS),
    st.builds(Uncertain, fault=FAULTS),
)


@st.composite
def messages(draw: st.DrawFn) -> Message:
    """A message on its way, with some retries used."""
    most = draw(st.integers(0, 100))
    used = draw(st.integers(0, most))
    return message(retry_count=used, max_retries=most, delivery=draw(st.sampled_from(Delivery)))


@given(sent=messages(), outcome=OUTCOMES, random=st.floats(0, 1), idempotent=st.booleans())
def test_whatever_happens_the_message_is_in_good_order(
    sent: Message, outcome: Outcome, random: float, idempotent: bool
) -> None:
    """A message could be stuck: waiting without a state that anybody looks at, or ended without a reason."""
    settled = settle(outcome, sent, random=random, idempotent=idempotent)
    assert settled.id == sent.id
    assert settled.status not in (Status.SENDING, Status.EXPIRED, Status.CANCELLED)
    assert 0 <= settled.retry_count - sent.retry_count <= 1
    assert settled.retry_count <= sent.max_retries
    assert (settled.status is Status.SENT) == isinstance(outcome, Sent) == (settled.delivered is True)
    assert (settled.error is None) == (settled.status is Status.SENT)
    if settled.status.is_final:
        assert settled.next_retry_at is None
    else:
        assert settled.status is (Status.FAILED if settled.retry_count else Status.PENDING)
        assert settled.next_retry_at is None or settled.next_retry_at >= NOW
    if settled.retry_count > sent.retry_count:
        assert settled.next_retry_at is not None
        assert 27 <= settled.next_retry_at - NOW <= 528
    assert settled == settle(outcome, sent, random=random, idempotent=idempotent), "the same question, the same answer"


@given(sent=messages(), fault=FAULTS, seconds=st.floats(0, 86_400), idempotent=st.booleans())
def test_an_outage_never_ends_a_message(sent: Message, fault: Fault, seconds: float, idempotent: bool) -> None:
    """Promise 2: an hour without internet would throw messages away."""
    for outcome in (
        Retry(fault=fault, scope=Scope.CONNECTION),
        Wait(seconds=seconds, fault=fault, scope=Scope.MESSAGE),
    ):
        settled = settle(outcome, sent, idempotent=idempotent)
        assert not settled.status.is_final
        assert settled.retry_count == sent.retry_count
