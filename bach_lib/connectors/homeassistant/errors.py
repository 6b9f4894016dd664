"""What the refusals of another Home Assistant mean for a message: one table, no I/O."""

from typing import Final

from bach_lib.models import Fault
from bach_lib.outcomes import Dead, Outcome, Retry, Scope, Uncertain, Wait

NOT_FOUND: Final = "not_found"
UNAVAILABLE: Final = "unavailable"
UNKNOWN_COMMAND: Final = "unknown_command"
"""The code for what nobody over there knows (yet)."""
PLATFORM_ERROR: Final = "platform_error"
"""What an action or a program over there failed with, in its own words; it may go well the next time."""

_SOON = 15.0
"""Seconds until something that is only being started, or does not work for the moment, is tried again."""

_SENTENCES: Final = {
    NOT_FOUND: ("chat_not_found", "There is no {recipient} there."),
    UNKNOWN_COMMAND: ("no_bach", "BACH is not installed there, or not started yet."),
    UNAVAILABLE: ("unavailable", "{recipient} is not available there at the moment."),
    "not_accepted": (
        "forbidden",
        "The BACH there takes nothing from this user. Add BACH as a recipient over there, with the user of this token.",
    ),
    "not_ready": ("unavailable", "The BACH there is not ready."),
    "unauthorized": ("forbidden", "The user whose token is used may not do this there."),
    "invalid_format": ("bad_request", "What was sent does not fit {recipient}: {words}"),
}
"""The code and sentence for what Home Assistant or the BACH in it answers, where its own words say too little."""

NOT_ACCEPTED: Final = Fault(code="not_accepted", text=_SENTENCES["not_accepted"][1])
"""The same before any letter has been refused."""

ANSWERS: Final = frozenset(_SENTENCES)
"""The codes of answers that mean something here; no other may be taken for one of ours."""

_FOR_GOOD = frozenset({"bad_request", "chat_not_found", "forbidden"})
_LATER = frozenset({"unavailable", "no_bach"})
_OF_THE_CONNECTION = frozenset(
    {
        "auth_failed",
        "bad_answer",
        "dns",
        "no_websocket",
        "refused",
        "server_error",
        "timeout",
        "tls",
        "unreachable",
    }
)


class CallError(Exception):
    """A command that brought no result. `lost`: it was written, and nobody knows what became of it."""

    def __init__(self, code: str, text: str, *, lost: bool = False) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.lost = lost

    @property
    def fault(self) -> Fault:
        """The same for people."""
        return Fault(code=self.code, text=self.text)


def explain(error: CallError, recipient: str) -> Fault:
    """What an answer means for this recipient, in words of ours where there are some."""
    code, sentence = _SENTENCES.get(error.code, (error.code, "{words}"))
    return Fault(code=code, text=sentence.format(recipient=recipient, words=error.text))


def outcome_of(error: CallError, recipient: str, *, may_repeat: bool) -> Outcome:
    """What an attempt that ended so means. `may_repeat`: who receives it drops what is there already."""
    fault = explain(error, recipient)
    if error.lost and not may_repeat:
        return Uncertain(fault=Fault(code="uncertain", text=fault.text))
    if fault.code in _LATER:
        return Wait(seconds=_SOON, fault=fault, scope=Scope.RECIPIENT)
    if fault.code in _FOR_GOOD:
        return Dead(fault=fault)
    return Retry(fault=fault, scope=Scope.CONNECTION if fault.code in _OF_THE_CONNECTION else Scope.MESSAGE)
