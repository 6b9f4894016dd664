"""The table: what an error means for the message, the connection, and the person who reads about it."""

import pytest
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    TelegramError,
    TimedOut,
)

from bach_lib.connectors.observations import Observation
from bach_lib.connectors.telegram.errors import RequestError, fault_of, is_markup_refusal, outcome_for
from bach_lib.models import Fault
from bach_lib.outcomes import Dead, Retry, Scope, Uncertain, Wait

CONNECTION, MESSAGE = Scope.CONNECTION, Scope.MESSAGE


@pytest.mark.parametrize(
    ("description", "code"),
    [
        ("Bad Request: chat not found", "chat_not_found"),
        ("Bad Request: message thread not found", "chat_not_found"),
        ("Bad Request: PEER_ID_INVALID", "chat_not_found"),
        ("Bad Request: group chat was deactivated", "chat_not_found"),
        ("Bad Request: message is too long", "too_long"),
        ("Bad Request: can't parse entities: unsupported start tag", "entities"),
        ("Bad Request: not enough rights to send text messages to the chat", "forbidden"),
        ("Bad Request: have no rights to send a message", "forbidden"),
        ("Bad Request: need administrator rights in the channel chat", "forbidden"),
        ("Bad Request: TOPIC_CLOSED", "forbidden"),
        ("Bad Request: message text is empty", "bad_request"),
        ("Bad Request: something nobody has seen yet", "bad_request"),
    ],
)
def test_a_bad_request_is_final(description: str, code: str) -> None:
    """A message that can never arrive would be blamed on the network (`BadRequest` is a `NetworkError`) and retried."""
    outcome = outcome_for(BadRequest(description), CONNECTION)
    assert isinstance(outcome, Dead)
    assert outcome.fault.code == code
    assert outcome.fault.text.lower() in description.lower()


@pytest.mark.parametrize("code", ["dns", "refused", "timeout", "tls", "unreachable"])
def test_a_broken_way_costs_no_attempt(code: str) -> None:
    """An outage would kill messages."""
    fault = Fault(code=code, text="x")
    outcome = outcome_for(RequestError(code, "x", Observation.NOTHING_WRITTEN), MESSAGE)
    assert outcome == Retry(fault=fault, scope=CONNECTION, written=False)


@pytest.mark.parametrize(
    ("error", "code", "scope"),
    [
        (InvalidToken("Unauthorized"), "auth_failed", CONNECTION),
        (Conflict("Conflict: terminated by other getUpdates request"), "conflict", CONNECTION),
        (NetworkError("Method Not Allowed (405)"), "platform_error", CONNECTION),
        (TimedOut(), "platform_error", CONNECTION),
        (TelegramError("new in Bot API 12"), "platform_error", CONNECTION),
        (ChatMigrated(-1005), "moved", MESSAGE),
    ],
)
def test_what_is_tried_again(error: TelegramError, code: str, scope: Scope) -> None:
    """An answer nobody foresaw would lose the message, or stop all others."""
    outcome = outcome_for(error, CONNECTION)
    assert isinstance(outcome, Retry)
    assert (outcome.fault.code, outcome.scope) == (code, scope)


def test_the_others() -> None:
    """Blocked bots, lost answers and requests to wait would be mixed up."""
    blocked = Fault(code="forbidden", text="Forbidden: bot was kicked from the group chat")
    assert outcome_for(Forbidden(blocked.text), MESSAGE) == Dead(fault=blocked)
    lost = outcome_for(RequestError("timeout", "x", Observation.NO_ANSWER), MESSAGE)
    assert lost == Uncertain(fault=Fault(code="uncertain", text="x"))
    slow = RequestError("rate_limited", "x", Observation.TOLD_TO_WAIT, retry_after=7)
    assert outcome_for(slow, Scope.RECIPIENT) == Wait(seconds=7, fault=fault_of(slow), scope=Scope.RECIPIENT)


def test_a_poll_keeps_its_own_reason() -> None:
    """Where only a poll timed out, "uncertain" would stand."""
    assert fault_of(RequestError("timeout", "x", Observation.NO_ANSWER)).code == "timeout"


def test_a_conflict_waits_past_the_other_poll() -> None:
    """Two programs would throw each other out for ever."""
    fault = fault_of(Conflict("Conflict: x"))
    assert fault.retry_after is not None
    assert fault.retry_after > 30


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (BadRequest("Bad Request: can't parse entities: byte offset 3"), True),
        (BadRequest("Bad Request: text must be non-empty"), True),
        (BadRequest("Bad Request: chat not found"), False),
        (Forbidden("Forbidden: can't parse entities"), False),
    ],
)
def test_what_plain_text_can_save(error: TelegramError, expected: bool) -> None:
    """Messages would be sent twice for nothing, or not saved where they could be."""
    assert is_markup_refusal(error) is expected
