"""What the refusals of signal-cli-rest-api mean for a message: one table, no I/O.

The server answers nearly everything that goes wrong with status 400 and the words of signal-cli, its own loss of the
network included. So words have to tell whether a message can never arrive, or the way is broken and nobody's fault.
"""

from dataclasses import replace

from bach_lib.models import Fault
from bach_lib.outcomes import Dead, Outcome, Retry, Scope, Uncertain, Wait

DEFAULT_WAIT = 300.0
"""Seconds, where Signal says that it was too much, without saying how long to wait."""


class RequestError(Exception):
    """A call that brought no result. `lost`: it was written, and nobody knows what became of it."""

    def __init__(self, code: str, text: str, *, retry_after: float | None = None, lost: bool = False) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.retry_after = retry_after
        self.lost = lost

    @property
    def fault(self) -> Fault:
        """The same for people."""
        return Fault(code=self.code, text=self.text, retry_after=self.retry_after)


_REFUSALS = (
    ("rate limit", "rate_limited"),
    ("ratelimit", "rate_limited"),
    ("captcha", "rate_limited"),
    ("proof required", "rate_limited"),
    ("unregistered user", "chat_not_found"),
    ("invalid group id", "chat_not_found"),
    ("group not found", "chat_not_found"),
    ("invalid phone number", "chat_not_found"),
    ("invalid number", "chat_not_found"),
    ("not a group member", "forbidden"),
    ("not a member", "forbidden"),
    ("untrusted", "untrusted"),
    ("invalid request", "bad_request"),
    ("account does not exist", "auth_failed"),
    ("is not registered", "auth_failed"),
    ("authorization failed", "auth_failed"),
    ("unknownhost", "unreachable"),
    ("unable to resolve", "unreachable"),
    ("no route", "unreachable"),
    ("connect", "unreachable"),
    ("network", "unreachable"),
    ("websocket", "unreachable"),
    ("ioexception", "unreachable"),
    ("broken pipe", "unreachable"),
    ("timeout", "unreachable"),
    ("timed out", "unreachable"),
)
"""Parts of what signal-cli says, in lower case; the first that fits counts."""

_FOR_GOOD = frozenset({"bad_request", "chat_not_found", "forbidden", "untrusted"})
_OF_THE_CONNECTION = frozenset(
    {"auth_failed", "bad_answer", "dns", "refused", "server_error", "timeout", "tls", "unreachable"}
)


def refusal(words: str) -> RequestError:
    """What the server's words mean."""
    said = words.lower()
    return RequestError(next((code for part, code in _REFUSALS if part in said), "platform_error"), words)


def outcome_of(error: RequestError) -> Outcome:
    """What an attempt that ended so means. Words that nobody here knows are tried again, for this message only."""
    fault = error.fault
    if error.lost:
        return Uncertain(fault=replace(fault, code="uncertain"))
    if error.code == "rate_limited":
        return Wait(seconds=error.retry_after or DEFAULT_WAIT, fault=fault, scope=Scope.CONNECTION)
    if error.code in _FOR_GOOD:
        return Dead(fault=fault)
    return Retry(fault=fault, scope=Scope.CONNECTION if error.code in _OF_THE_CONNECTION else Scope.MESSAGE)
