"""What an outcome does to its message: the whole table, and what holds for every cell of it."""

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bach_lib import RetryPolicy
from bach_lib.models import Delivery, Fault, Loss, Message, Status
from bach_lib.models.health import internal_fault
from bach_lib.outbound.retry import Settlement, Witnesses, after_crash, decide, is_ambiguous, late, untried
from bach_lib.outcomes import Dead, Outcome, Retry, Scope, Sent, Uncertain, Wait
from tests.lib.outbound.make import BUSY, NOW, message

POLICY = RetryPolicy()
LEAST, MOST = Delivery.AT_LEAST_ONCE, Delivery.AT_MOST_ONCE


OUTAGE, CHECK, OTHERS = Witnesses.OUTAGE, Witnesses.CHECK, Witnesses.CHECK_AND_OTHERS


def settle(
    outcome: Outcome, sent: Message, witnesses: Witnesses = CHECK, *, random: float = 0.5, idempotent: bool = False
) -> Settlement:
    """Decide now, with half of the jitter: none."""
    return decide(sent, outcome, witnesses, NOW, policy=POLICY, random=lambda: random, idempotent=idempotent)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table. `waits` in seconds; `retries` and `waited`: what was used up before and after."""

    outcome: Outcome
    status: Status
    retries: tuple[int, int] = (0, 0)
    waits: float | None = None
    waited: tuple[float, float] = (0, 0)
    delivered: bool | None = False
    delivery: Delivery = LEAST
    idempotent: bool = False
    witnesses: Witnesses = CHECK
    hurry: bool = False


WAIT_CHAT = Wait(seconds=17, fault=BUSY, scope=Scope.RECIPIENT)
WAIT_ALL = Wait(seconds=17, fault=BUSY, scope=Scope.CONNECTION)
NO_WAY, NOT_NOW = Retry(fault=BUSY, scope=Scope.CONNECTION), Retry(fault=BUSY, scope=Scope.MESSAGE)
NOWHERE, NOT_THERE = replace(NO_WAY, written=False), Retry(fault=BUSY, scope=Scope.RECIPIENT)
OURS = Uncertain(fault=internal_fault(LookupError()))
UNCERTAIN, DEAD = Uncertain(fault=BUSY), Dead(fault=BUSY)

TABLE = {
    "sent": Row(Sent(remote_id="9"), Status.SENT, delivered=True),
    "sent at last": Row(Sent(remote_id="9"), Status.SENT, (4, 4), delivered=True),
    "refused for good": Row(DEAD, Status.DEAD),
    "refused for good after retries": Row(DEAD, Status.DEAD, (3, 3)),
    "this chat is to wait": Row(WAIT_CHAT, Status.PENDING, waits=17, waited=(0, 17), delivered=None),
    "everybody is to wait": Row(WAIT_ALL, Status.PENDING, waits=17, waited=(0, 17), delivered=None),
    "told to wait after retries": Row(WAIT_CHAT, Status.FAILED, (2, 2), waits=17, waited=(0, 17), delivered=None),
    "told to wait with no retry left": Row(WAIT_CHAT, Status.FAILED, (5, 5), waits=17, waited=(0, 17), delivered=None),
    "told to wait again": Row(WAIT_CHAT, Status.PENDING, waits=100, waited=(100, 200), delivered=None),
    "told to wait for most of a day": Row(
        WAIT_CHAT, Status.PENDING, waits=6400, waited=(80_000, 86_400), delivered=None
    ),
    "told to wait for almost a day": Row(
        WAIT_CHAT, Status.PENDING, waits=17, waited=(86_399.5, 86_416.5), delivered=None
    ),
    "told to wait for a day": Row(WAIT_CHAT, Status.DEAD, waited=(86_400, 86_400)),
    "no way out": Row(NOWHERE, Status.PENDING, witnesses=OUTAGE),
    "no way out after retries": Row(NOWHERE, Status.FAILED, (5, 5), witnesses=OUTAGE),
    "no way out, and the check has one": Row(NOWHERE, Status.PENDING, waits=1, waited=(0, 1)),
    "no way out again, and the check has one": Row(NOWHERE, Status.PENDING, waits=240, waited=(240, 480)),
    "no way out for days, nor for others": Row(NOWHERE, Status.PENDING, waits=3600, waited=(90_000, 93_600)),
    "no way out for a day, but for others": Row(NOWHERE, Status.DEAD, waited=(86_400, 86_400), witnesses=OTHERS),
    "an outage": Row(NO_WAY, Status.PENDING, witnesses=OUTAGE),
    "an outage after retries": Row(NO_WAY, Status.FAILED, (2, 2), witnesses=OUTAGE),
    "an outage with no retry left": Row(NO_WAY, Status.FAILED, (5, 5), witnesses=OUTAGE),
    "an outage, never twice": Row(NO_WAY, Status.PENDING, witnesses=OUTAGE, delivery=MOST),
    "its own fault": Row(NO_WAY, Status.FAILED, (0, 1), waits=30),
    "its own fault while others get through": Row(NO_WAY, Status.FAILED, (4, 5), waits=480, witnesses=OTHERS),
    "its own fault, no retry left": Row(NO_WAY, Status.FAILED, (5, 6), waits=960),
    "its own fault, no retry left while others get through": Row(NO_WAY, Status.DEAD, (5, 5), witnesses=OTHERS),
    "aside": Row(NO_WAY, Status.FAILED, (6, 7), waits=1920),
    "aside for long": Row(NO_WAY, Status.FAILED, (20, 21), waits=3600),
    "aside for a day": Row(NO_WAY, Status.DEAD, (40, 40)),
    "aside in an outage": Row(NO_WAY, Status.FAILED, (6, 6), witnesses=OUTAGE),
    "refused for now": Row(NOT_NOW, Status.FAILED, (0, 1), waits=30),
    "refused twice": Row(NOT_NOW, Status.FAILED, (1, 2), waits=60),
    "refused three times": Row(NOT_NOW, Status.FAILED, (2, 3), waits=120),
    "refused four times": Row(NOT_NOW, Status.FAILED, (3, 4), waits=240),
    "refused five times": Row(NOT_NOW, Status.FAILED, (4, 5), waits=480),
    "refused six times": Row(NOT_NOW, Status.DEAD, (5, 5)),
    "this chat is refused six times": Row(NOT_THERE, Status.DEAD, (5, 5)),
    "unknown": Row(UNCERTAIN, Status.FAILED, (0, 1), waits=30),
    "unknown with no retry left": Row(UNCERTAIN, Status.FAILED, (5, 6), waits=960),
    "unknown with no retry left while others get through": Row(UNCERTAIN, Status.DEAD, (5, 5), witnesses=OTHERS),
    "unknown in an outage": Row(UNCERTAIN, Status.PENDING, waits=30, waited=(0, 30), witnesses=OUTAGE, hurry=True),
    "unknown in a long outage": Row(
        UNCERTAIN, Status.PENDING, waits=3600, waited=(90_000, 93_600), witnesses=OUTAGE, hurry=True
    ),
    "unknown, never twice": Row(UNCERTAIN, Status.UNCERTAIN, delivery=MOST),
    "unknown, never twice, after retries": Row(UNCERTAIN, Status.UNCERTAIN, (2, 2), delivery=MOST),
    "unknown in an outage, never twice": Row(UNCERTAIN, Status.UNCERTAIN, delivery=MOST, witnesses=OUTAGE),
    "unknown, repeating is safe": Row(UNCERTAIN, Status.PENDING, waits=1, waited=(0, 1), idempotent=True),
    "unknown for a second, repeating is safe": Row(UNCERTAIN, Status.PENDING, waits=1, waited=(1, 2), idempotent=True),
    "unknown for two seconds, repeating is safe": Row(
        UNCERTAIN, Status.FAILED, (0, 1), waits=30, waited=(2, 2), idempotent=True
    ),
    "unknown again and again, repeating is safe": Row(
        UNCERTAIN, Status.FAILED, (0, 1), waits=30, waited=(32, 32), idempotent=True
    ),
    "unknown in an outage, repeating is safe": Row(UNCERTAIN, Status.PENDING, idempotent=True, witnesses=OUTAGE),
    "unknown in an outage, never twice, but repeating is safe": Row(
        UNCERTAIN, Status.PENDING, delivery=MOST, idempotent=True, witnesses=OUTAGE
    ),
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
    sent = message(retry_count=before, waited=row.waited[0], delivery=row.delivery)
    settled = settle(row.outcome, sent, row.witnesses, idempotent=row.idempotent)
    assert settled == Settlement(
        id=7,
        status=row.status,
        retry_count=after,
        waited=row.waited[1],
        next_retry_at=None if row.waits is None else NOW + row.waits,
        remote_id="9" if row.status is Status.SENT else None,
        error=None if isinstance(row.outcome, Sent) else row.outcome.fault,
        delivered=row.delivered,
        hurry=row.hurry,
    )


def test_what_the_platform_says_of_a_delivered_message_is_kept() -> None:
    """Nobody would see that the markup was lost, and a moved group would get every message refused."""
    settled = settle(Sent(remote_id="9", degraded=True), message())
    assert (settled.remote_id, settled.degraded) == ("9", True)


@pytest.mark.parametrize(("random", "delay"), [(0.0, 27), (0.25, 28.5), (0.5, 30), (1.0, 33)])
def test_jitter_spreads_a_delay_by_a_tenth(random: float, delay: float) -> None:
    """All messages of an outage would come back at the same instant."""
    again_at = settle(NOT_NOW, message(), random=random).next_retry_at
    assert again_at is not None
    assert again_at - NOW == pytest.approx(delay, abs=1e-3)


def test_the_last_delay_repeats() -> None:
    """More retries than delays would end in an error instead of a retry."""
    settled = settle(NOT_NOW, message(retry_count=40, max_retries=100))
    assert settled.next_retry_at == NOW + 480


def test_without_retries_the_first_refusal_is_final() -> None:
    """Who asked for no repetition would get five."""
    assert settle(NOT_NOW, message(max_retries=0)).status is Status.DEAD


@pytest.mark.parametrize("outcome", [NO_WAY, NOWHERE, UNCERTAIN])
def test_what_may_be_the_connections_or_the_messages_fault_asks(outcome: Outcome) -> None:
    """An outage would count against the message, or a message against the connection."""
    assert is_ambiguous(outcome) is True


def test_what_it_went_without_is_said_in_every_way() -> None:
    """A message without its picture would be called whole, or what was left out before it was stored be forgotten."""
    known, new = Loss(what="sparkle", reason="not here"), Loss(what="file", reason="too large")
    settled = settle(Sent(losses=(known, new)), replace(message(), lost=(known,)))
    assert (settled.lost, settled.degraded) == ((known, new), True)
    assert settled.error == Fault(
        code="without_sparkle", text="Sent without sparkle: not here Sent without a file: too large"
    )
    before = settle(Sent(), replace(message(), lost=(known,)))
    assert (before.lost, before.degraded) == ((known,), True)
    whole = settle(Sent(), message())
    assert (whole.lost, whole.degraded, whole.error) == ((), False, None)


@pytest.mark.parametrize("outcome", [Sent(), DEAD, NOT_NOW, NOT_THERE, WAIT_ALL, WAIT_CHAT, OURS])
def test_what_says_whose_fault_it_is_asks_nobody(outcome: Outcome) -> None:
    """Each refused message would cost the platform another request."""
    assert is_ambiguous(outcome) is False


@pytest.mark.parametrize(("used", "status"), [(0, Status.PENDING), (2, Status.FAILED)])
def test_what_was_claimed_and_not_tried_waits_as_before(used: int, status: Status) -> None:
    """A reload at the wrong moment would use up a retry, or wipe out why the last attempt failed."""
    settled = untried(message(retry_count=used, waited=12, error=BUSY))
    assert settled == Settlement(id=7, status=status, retry_count=used, waited=12, error=BUSY)


def test_what_came_too_late_from_the_disk_is_over_and_was_no_attempt() -> None:
    """A slow disk would send what nobody wants any more, or count it as a failure of the platform."""
    fault = Fault(code="expired", text="Its time to live was over before it could be sent.")
    settled = late(message(retry_count=2, waited=12, error=BUSY))
    assert settled == Settlement(id=7, status=Status.EXPIRED, retry_count=2, waited=12, error=fault)


@pytest.mark.parametrize(
    ("delivery", "idempotent", "status"),
    [
        (LEAST, False, Status.FAILED),
        (LEAST, True, Status.FAILED),
        (MOST, True, Status.FAILED),
        (MOST, False, Status.UNCERTAIN),
    ],
)
def test_after_a_crash_the_policy_decides(delivery: Delivery, idempotent: bool, status: Status) -> None:
    """A restart would lose the message in flight, use up a retry of it, or send one twice that must never be."""
    settled = after_crash(message(delivery=delivery, retry_count=3, waited=12), idempotent=idempotent)
    text = "BACH stopped while this message was being sent; it may have arrived."
    assert settled == Settlement(
        id=7,
        status=status,
        retry_count=3,
        waited=12,
        error=Fault(code="interrupted", text=text),
        delivered=False,
        outcome="uncertain",
    )


def test_a_crash_does_not_make_a_new_message_look_like_one_that_failed() -> None:
    """A message that was never refused would be shown as one that is being retried."""
    assert after_crash(message(), idempotent=False).status is Status.PENDING


def test_a_message_aside_is_tried_for_just_as_long_as_the_policy_says() -> None:
    """Who sets the numbers would get another attempt, or one less."""
    policy = RetryPolicy(delays=(100,), max_retries=1, jitter=0, longest=100, give_up_seconds=200)
    ends = [
        decide(sent, NO_WAY, CHECK, NOW, policy=policy, random=lambda: 0.5, idempotent=False).status
        for sent in (message(retry_count=used, max_retries=1) for used in range(3))
    ]
    assert ends == [Status.FAILED, Status.FAILED, Status.DEAD]


FAULTS = st.builds(Fault, code=st.just("busy"), text=st.text(max_size=5), retry_after=st.none())
AMBIGUOUS: st.SearchStrategy[Outcome] = st.one_of(
    st.builds(Retry, fault=FAULTS, scope=st.just(Scope.CONNECTION), written=st.booleans()),
    st.builds(Uncertain, fault=FAULTS),
)
OUTCOMES: st.SearchStrategy[Outcome] = st.one_of(
    st.builds(Sent, remote_id=st.none() | st.just("9"), degraded=st.booleans(), moved_to=st.none() | st.just("x")),
    st.builds(Retry, fault=FAULTS, scope=st.sampled_from(Scope), written=st.booleans()),
    st.builds(Wait, seconds=st.floats(1, 86_400), fault=FAULTS, scope=st.sampled_from(Scope)),
    st.builds(Dead, fault=FAULTS),
    st.builds(Uncertain, fault=FAULTS),
)


@st.composite
def messages(draw: st.DrawFn) -> Message:
    """A message on its way, with some retries used."""
    most = draw(st.integers(0, 100))
    used = draw(st.integers(0, most + 40))
    waited = draw(st.floats(0, 200_000))
    return message(retry_count=used, max_retries=most, waited=waited, delivery=draw(st.sampled_from(Delivery)))


@given(
    sent=messages(),
    outcome=OUTCOMES,
    witnesses=st.sampled_from(Witnesses),
    random=st.floats(0, 1),
    idempotent=st.booleans(),
)
def test_whatever_happens_the_message_is_in_good_order(
    sent: Message, outcome: Outcome, witnesses: Witnesses, random: float, idempotent: bool
) -> None:
    """A message could be stuck: waiting without a state that anybody looks at, or ended without a reason."""
    settled = settle(outcome, sent, witnesses, random=random, idempotent=idempotent)
    assert settled.id == sent.id
    assert settled.status not in (Status.SENDING, Status.EXPIRED, Status.CANCELLED)
    assert 0 <= settled.retry_count - sent.retry_count <= 1
    assert settled.waited >= sent.waited
    assert (settled.status is Status.SENT) == isinstance(outcome, Sent) == (settled.delivered is True)
    assert (settled.error is None) == (settled.status is Status.SENT)
    if settled.status.is_final:
        assert settled.next_retry_at is None
    else:
        assert settled.status is (Status.FAILED if settled.retry_count else Status.PENDING)
        assert settled.next_retry_at is None or settled.next_retry_at >= NOW
    if settled.retry_count > sent.retry_count:
        assert settled.next_retry_at is not None
        assert 27 <= settled.next_retry_at - NOW <= 3960
    again = settle(outcome, sent, witnesses, random=random, idempotent=idempotent)
    assert settled == again, "the same question, the same answer"


@given(sent=messages(), fault=FAULTS, written=st.booleans(), idempotent=st.booleans())
def test_an_outage_never_ends_a_message(sent: Message, fault: Fault, written: bool, idempotent: bool) -> None:
    """Promise 2: an hour without internet would throw messages away."""
    outcomes: list[Outcome] = [Retry(fault=fault, scope=Scope.CONNECTION, written=written)]
    if sent.delivery is LEAST or idempotent:
        outcomes.append(Uncertain(fault=fault))
    for outcome in outcomes:
        settled = settle(outcome, sent, OUTAGE, idempotent=idempotent)
        assert not settled.status.is_final
        assert settled.retry_count == sent.retry_count


@given(outcome=OUTCOMES, random=st.floats(0, 1), idempotent=st.booleans(), most=st.integers(0, 20))
def test_no_message_is_tried_without_end(outcome: Outcome, random: float, idempotent: bool, most: int) -> None:
    """One message on which the platform breaks would be tried four thousand times a day, and its lane stand still."""
    sent, tries, seconds = message(max_retries=most), 0, 0.0
    while tries < 1000:
        settled = settle(outcome, sent, OTHERS, random=random, idempotent=idempotent)
        tries += 1
        if settled.status.is_final:
            break
        assert settled.next_retry_at is not None
        seconds += settled.next_retry_at - NOW
        sent = replace(sent, status=settled.status, retry_count=settled.retry_count, waited=settled.waited)
    assert settled.status.is_final
    assert tries <= most + 40
    if isinstance(outcome, Wait):
        assert seconds > 86_399


@given(random=st.floats(0, 1), outcome=AMBIGUOUS, most=st.integers(0, 20))
def test_nothing_is_given_up_within_a_day_while_nothing_gets_through(
    random: float, outcome: Outcome, most: int
) -> None:
    """A platform whose sending is broken all night, while its check is good, would kill the alarms of that night."""
    sent, seconds = message(max_retries=most), 0.0
    while seconds < 200_000:
        settled = settle(outcome, sent, CHECK, random=random)
        if settled.status.is_final:
            break
        assert settled.next_retry_at is not None
        seconds += settled.next_retry_at - NOW
        sent = replace(sent, status=settled.status, retry_count=settled.retry_count, waited=settled.waited)
    assert seconds >= 86_400 or (isinstance(outcome, Uncertain) and sent.delivery is MOST)
