"""Every sentence that a Bot API server has for a refusal (400), and what follows from it for the message.

`words.txt` has them: those of telegram-bot-api (`Client.cpp`) and of TDLib (`MessageContent`, `MessageEntity`,
`ReplyMarkup`, `MessagesManager`, `DialogManager` …) of summer 2026, and in capitals those of the platform itself.
"""

from pathlib import Path

import pytest
from telegram.error import BadRequest, Forbidden

from bach_lib.connectors.telegram.errors import (
    fault_of,
    has_caption,
    is_done_already,
    is_markup_refusal,
    is_photo_refusal,
    outcome_for,
)
from bach_lib.outcomes import Dead, Outcome, Retry, Scope, Wait

_LINES = (Path(__file__).parent / "words.txt").read_text().splitlines()
WORDS = [(words, meaning) for meaning, _, words in (line.partition(": ") for line in _LINES)]
NAMES = ["chat not found", "photo_", "too long", "not enough rights", "flood_wait_9", "message is not modified"]
"""What people may write where a sentence quotes it."""
QUOTES = [
    'can\'t parse entities: Unsupported start tag "{}" at byte offset 0',
    "can't parse entities: Can't find end tag corresponding to start tag \"{}\"",
    'Unsupported parse_mode "{}"',
    "Wrong HTTP URL specified: {}",
    'Inline keyboard button "{}" is invalid',
]


def meant(outcome: Outcome) -> str:
    """What an outcome means, in the words of the file."""
    match outcome:
        case Dead(fault=fault):
            return fault.code
        case Wait(scope=Scope.RECIPIENT):
            return "rate_limited"
        case Retry(scope=Scope.MESSAGE):
            return "not_now"
        case Retry(scope=Scope.CONNECTION):
            return "account"
    return repr(outcome)


def test_there_are_many() -> None:
    """A file that is empty would let every test pass."""
    assert len(WORDS) > 500
    assert len({meaning for _, meaning in WORDS}) == 9


@pytest.mark.parametrize(("words", "meaning"), WORDS)
def test_a_sentence(words: str, meaning: str) -> None:
    """One that can never arrive would be tried for hours, one that may would be lost, or all stand still for one."""
    assert meant(outcome_for(BadRequest(f"Bad Request: {words}"), Scope.RECIPIENT)) == meaning


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("quote", QUOTES)
def test_what_people_wrote_decides_nothing(quote: str, name: str) -> None:
    """Who writes about a chat that was not found would get a dead letter that says so, or a picture as a document."""
    error = BadRequest(f"Bad Request: {quote.format(name)}")
    plain = BadRequest(f"Bad Request: {quote.format('x')}")
    assert fault_of(error).code == fault_of(plain).code
    for asked in (has_caption, is_done_already, is_markup_refusal, is_photo_refusal):
        assert asked(error) is asked(plain)


@pytest.mark.parametrize("seconds", [1, 30, 86_400])
def test_a_wait_in_the_words_is_waited_for(seconds: int) -> None:
    """Slow mode would be knocked at every half minute, or kill what it holds back."""
    outcome = outcome_for(BadRequest(f"Bad Request: SLOWMODE_WAIT_{seconds}"), Scope.RECIPIENT)
    assert isinstance(outcome, Wait)
    assert (outcome.seconds, outcome.scope) == (seconds, Scope.RECIPIENT)


@pytest.mark.parametrize(
    "words",
    [
        "bot is not a member of the channel chat",
        "bot was kicked from the supergroup chat",
        "bot was blocked by the user",
        "bot can't initiate conversation with a user",
        "bot can't send messages to bots",
        "the group chat was deleted",
        "user is deactivated",
        "chat not found",
    ],
)
def test_the_doors_that_are_shut(words: str) -> None:
    """A bot that was thrown out would knock for hours."""
    assert meant(outcome_for(Forbidden(f"Forbidden: {words}"), Scope.RECIPIENT)) == "forbidden"
