"""Classifies the errors of another Home Assistant: one table, no I/O. What follows from that is in `observations`."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from bach_lib.connectors.observations import CallError, Observation, outcome_of
from bach_lib.models import Fault
from bach_lib.outcomes import Outcome, Scope, Uncertain
from bach_lib.said import Sentence

NOT_FOUND: Final = "not_found"
UNAVAILABLE: Final = "unavailable"
UNKNOWN_COMMAND: Final = "unknown_command"
"""The code for what nobody over there knows (yet)."""
INVALID: Final = "invalid_format"
"""The code for data that an action does not take, as a title where there is none."""
PLATFORM_ERROR: Final = "platform_error"
"""What an action or a program over there failed with, in its own words."""

_SOON = 15.0
"""Seconds until something that is only being started, or does not work for the moment, is tried again."""

_SENTENCES: Final = {
    NOT_FOUND: ("chat_not_found", Sentence("there_is_no_recipient_there", "There is no {recipient} there.")),
    UNKNOWN_COMMAND: (
        "no_bach",
        Sentence("bach_is_not_installed_there_or_not_started_yet", "BACH is not installed there, or not started yet."),
    ),
    UNAVAILABLE: (
        "unavailable",
        Sentence("recipient_is_not_available_there_at_the_moment", "{recipient} is not available there at the moment."),
    ),
    "not_accepted": (
        "forbidden",
        Sentence(
            "the_bach_there_takes_nothing_from_this_user",
            "The BACH there takes nothing from this user."
            " Add BACH as a recipient over there, with the user of this token.",
        ),
    ),
    "not_ready": ("unavailable", Sentence("the_bach_there_is_not_ready", "The BACH there is not ready.")),
    "unauthorized": (
        "forbidden",
        Sentence("the_user_whose_token_is_used_may_not_do_this", "The user whose token is used may not do this there."),
    ),
    INVALID: (
        "bad_request",
        Sentence("what_was_sent_does_not_fit_recipient_words", "What was sent does not fit {recipient}: {words}"),
    ),
}
"""The code and sentence for what Home Assistant or the BACH in it answers, where its own words say too little."""

NOT_ACCEPTED: Final = Fault(code="not_accepted", text=_SENTENCES["not_accepted"][1])
"""The same before any letter has been refused."""

_SEEN: Final[Mapping[str, Observation]] = {
    NOT_FOUND: Observation.REFUSED,
    UNKNOWN_COMMAND: Observation.TOLD_TO_WAIT,
    UNAVAILABLE: Observation.TOLD_TO_WAIT,
    "not_accepted": Observation.REFUSED,
    "not_ready": Observation.TOLD_TO_WAIT,
    "unauthorized": Observation.REFUSED,
    INVALID: Observation.REFUSED,
    "service_validation_error": Observation.NOT_NOW,
}
"""What is refused before anything is done. Of what fails later, as a script in its third step, nobody knows."""


def answered(code: str, words: str) -> CallError:
    """The error for an answer that is no success. No code but the known ones may be taken for one of ours."""
    seen = _SEEN.get(code, Observation.NO_ANSWER)
    wait = _SOON if seen is Observation.TOLD_TO_WAIT else None
    known = code if code in _SENTENCES else PLATFORM_ERROR
    return CallError(
        known,
        words.strip() or Sentence("it_says_no_more_than_code", "It says no more than {code}.", code=code),
        seen,
        retry_after=wait,
        scope=Scope.RECIPIENT,
    )


def explain(error: CallError, recipient: str) -> Fault:
    """What an answer means for this recipient, in words of ours where there are some."""
    if error.code not in _SENTENCES:
        return error.fault
    code, sentence = _SENTENCES[error.code]
    values = {"recipient": recipient, "words": error.text}
    text = sentence(**{name: values[name] for name in sentence.places})
    return Fault(code=code, text=text, retry_after=error.retry_after)


def outcome_for(error: CallError, recipient: str, *, may_repeat: bool) -> Outcome:
    """What an attempt that ended so means. `may_repeat`: who receives it drops what is there already."""
    outcome = outcome_of(error.seen, explain(error, recipient), error.scope)
    return replace(outcome, repeatable=may_repeat) if isinstance(outcome, Uncertain) else outcome
