"""What Discord's refusals and a network's failures mean for a message: one table, no I/O.

https://discord.com/developers/docs/topics/opcodes-and-status-codes
"""

from collections.abc import Mapping
from dataclasses import replace

from bach_lib.models import Fault
from bach_lib.outcomes import Dead, Outcome, Retry, Scope, Uncertain, Wait

DEFAULT_WAIT = 30.0
"""Seconds, where Discord says "wait" without saying how long."""

_NO_WEBHOOK = 10015
_BY_NUMBER: Mapping[int, str] = {
    10003: "chat_not_found",  # unknown channel
    10008: "message_not_found",
    10013: "chat_not_found",  # unknown user
    _NO_WEBHOOK: "auth_failed",
    30046: "too_many_edits",
    50001: "forbidden",  # missing access
    50005: "forbidden",  # another's message
    50007: "forbidden",  # the person takes no direct messages
    50013: "forbidden",  # missing permissions
    50027: "auth_failed",  # invalid webhook token
    50083: "forbidden",  # the thread is archived
    50278: "forbidden",  # no server in common with this person
    160005: "forbidden",  # the thread is locked
    240000: "forbidden",  # blocked by a word filter
}
_OF_THE_CONNECTION = frozenset(
    {"auth_failed", "bad_answer", "dns", "refused", "server_error", "timeout", "tls", "unreachable"}
)
_FOR_GOOD = frozenset({"bad_request", "chat_not_found", "forbidden", "message_not_found", "too_long", "too_many_edits"})


class RequestError(Exception):
    """A call that brought nothing: refused, or never answered. `code` is stable, `text` for people."""

    def __init__(
        self, code: str, text: str, *, retry_after: float | None = None, scope: Scope = Scope.RECIPIENT
    ) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.retry_after = retry_after
        self.scope = scope

    @property
    def fault(self) -> Fault:
        """The same for the rest of BACH."""
        return Fault(code=self.code, text=self.text, retry_after=self.retry_after)


class AnswerLostError(RequestError):
    """The request was handed to the network, wholly or in part, and its answer never came."""


def refusal(status: int, answer: object, host: str) -> RequestError:
    """What an answer that is no success means. Only what is Discord's JSON comes from Discord itself."""
    match answer:
        case {"message": str(message), "code": int(number), **rest}:
            text = f"{message} ({number})" if number else message
            errors = rest.get("errors")
            if number == _NO_WEBHOOK:
                text = f"The webhook was deleted, or its address is wrong ({number})"
            return RequestError(_code(status, number, errors), text + _details(errors))
    if status >= 500:
        return RequestError("server_error", f"{host}: HTTP status {status}")
    return RequestError("bad_answer", f"What answered for {host} (HTTP status {status}) is not Discord.")


def outcome_of(error: RequestError) -> Outcome:
    """What an attempt that ended in `error` means.

    What Discord says and we do not know is retried for this message: it neither blocks the others nor is lost.
    """
    if isinstance(error, AnswerLostError):
        return Uncertain(fault=replace(error.fault, code="uncertain"))
    if error.code == "rate_limited":
        return Wait(seconds=error.retry_after or DEFAULT_WAIT, fault=error.fault, scope=error.scope)
    if error.code in _FOR_GOOD:
        return Dead(fault=error.fault)
    return Retry(fault=error.fault, scope=Scope.CONNECTION if error.code in _OF_THE_CONNECTION else Scope.MESSAGE)


def _code(status: int, number: int, errors: object) -> str:
    if status == 401:
        return "auth_failed"
    if status >= 500:
        return "server_error"
    if number == 50035 and "BASE_TYPE_MAX_LENGTH" in str(errors):
        return "too_long"
    if number in _BY_NUMBER:
        return _BY_NUMBER[number]
    return {400: "bad_request", 403: "forbidden", 404: "bad_request"}.get(status, "platform_error")


def _details(errors: object) -> str:
    """Which field of a form was wrong, and why."""
    path: list[str] = []
    while isinstance(errors, dict) and errors:
        match errors:
            case {"_errors": [{"message": str(message)}, *_]}:
                return f" {'.'.join(path)}: {message}"
        name, errors = next(iter(errors.items()))
        path.append(str(name))
    return ""
