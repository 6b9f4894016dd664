"""What is carried, and what is not: decided without a clock, a disk or a platform."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bach_lib import IncomingMessage, Kind
from bach_lib.bridges.judging import MOST_A_MINUTE, OLDEST, Carry, Edit, End, Facts, TakeBack, judge
from bach_lib.models.bridge import Bridge, BridgeSide, LeftOut
from bach_lib.models.incoming import Content, Media
from tests.lib.bridges.conftest import BRIDGE

NOW = 1_000_000.0
NEW = End(BridgeSide(connection="here"), upto=0)
FACTS = Facts(now=NOW, since=NOW - 2 * OLDEST)


def came(number: int = 1, **fields: object) -> IncomingMessage:
    """Something that Ada wrote just now."""
    usual: dict[str, object] = {
        "id": number,
        "connection": "here",
        "remote_id": str(number),
        "recipient": "family",
        "sender_id": "ada",
        "sender_name": "Ada",
        "kind": Kind.TEXT,
        "text": "Hello",
        "sent_at": NOW,
        "received_at": NOW,
    }
    return IncomingMessage(**{**usual, **fields})  # type: ignore[arg-type] # fields of it


KINDS = st.sampled_from(Kind)
MESSAGES = st.builds(
    came,
    number=st.integers(1, 10**9),
    kind=KINDS,
    text=st.sampled_from(("", " ", "Hello")),
    received_at=st.floats(NOW - 2 * OLDEST, NOW + 60),
    content=st.sampled_from((Content(), Content(media=Media(type="photo", reference="1")))),
    metadata=st.dictionaries(st.sampled_from(("bot", "automatic", "quiet", "forwarded")), st.booleans()),
    sent_at=st.none(),
)
BRIDGES = st.builds(
    replace, st.just(BRIDGE), files=st.booleans(), edits=st.booleans(), deletions=st.booleans(), is_active=st.booleans()
)
FACTS_ = st.builds(Facts, now=st.just(NOW), since=st.floats(0, NOW), is_ours=st.booleans(), is_answer=st.booleans())


@settings(max_examples=60, deadline=None)
@given(messages=st.lists(MESSAGES, max_size=4), bridge=BRIDGES, facts=FACTS_)
def test_whatever_comes_what_is_no_persons_own_never_goes_round(
    messages: list[IncomingMessage], bridge: Bridge, facts: Facts
) -> None:
    """One echo that is carried is one for ever; one that is not counted is a message that vanished silently."""
    end = NEW
    for message in messages:
        verdict, after = judge(bridge, end, message, facts)
        assert after.upto == message.id, "what is judged is dealt with"
        before, now = end.side, after.side
        assert (now.carried - before.carried) + (now.left_out - before.left_out) <= 1
        assert (verdict is not None) == (now.carried > before.carried)
        if verdict is not None:
            assert bridge.is_active
            assert not facts.is_ours
            assert not facts.is_answer
            assert not any(message.metadata.get(mark) for mark in ("bot", "automatic", "quiet"))
            assert message.kind not in {Kind.COMMAND, Kind.BUTTON, Kind.EXPIRED, Kind.REACTION, Kind.MEMBERSHIP}
            assert message.written_at >= facts.since - 2
            assert isinstance(verdict, Edit) == (message.kind is Kind.EDITED)
            assert isinstance(verdict, TakeBack) == (message.kind is Kind.DELETED)
        if isinstance(verdict, Carry):
            assert (verdict.missed, after.missed) == (end.missed, 0), "what was left out is told once"
        else:
            assert after.missed >= end.missed
        end = after


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0.0, 300.0), min_size=1, max_size=400))
def test_a_flood_is_held_to_what_people_write(times: list[float]) -> None:
    """A loop through a bridge of somebody else would fill both chats until somebody wakes."""
    end, went = NEW, list[float]()
    for number, at in enumerate(sorted(times), start=1):
        message = came(number, received_at=NOW + at, sent_at=None)
        verdict, end = judge(BRIDGE, end, message, replace(FACTS, now=NOW + at))
        went += [at] if verdict else []
    for at in went:
        assert sum(at <= other < at + 60 for other in went) <= 2 * MOST_A_MINUTE


def test_who_was_away_for_long_brings_no_flood() -> None:
    """What a whole evening brought would be cut off, as it comes in at once."""
    end = NEW
    for number in range(1, 500):
        verdict, end = judge(BRIDGE, end, came(number, received_at=NOW, age=10_000.0 - number * 20), FACTS)
        assert verdict is not None


@pytest.mark.parametrize(
    ("fields", "facts", "reason"),
    [
        ({"metadata": {"bot": True}}, {}, LeftOut.ECHO),
        ({}, {"is_ours": True}, LeftOut.ECHO),
        ({"age": OLDEST + 1}, {}, LeftOut.TOO_OLD),
        ({"kind": Kind.MEDIA, "text": ""}, {}, LeftOut.EMPTY),
        ({}, {"is_answer": True}, None),
        ({}, {"since": NOW + 10}, None),
        ({"kind": Kind.COMMAND}, {}, None),
    ],
)
def test_what_is_left_out_says_why(fields: dict[str, object], facts: dict[str, object], reason: LeftOut | None) -> None:
    """Nobody could tell why Ada's message never came."""
    asked = replace(FACTS, **facts)  # type: ignore[arg-type] # fields of it
    verdict, end = judge(BRIDGE, NEW, came(**fields), asked)  # type: ignore[arg-type] # of a message
    assert (verdict, end.side.reason, end.side.left_out) == (None, reason, 0 if reason is None else 1)
