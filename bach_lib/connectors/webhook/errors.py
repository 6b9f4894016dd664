"""Classifies HTTP statuses of a webhook: one table, no I/O. What follows from that is in `observations`.

Nobody knows the words of whoever takes a webhook, so the status is the word, unless a page for people comes with it:
that is mostly of something on the way.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bach_lib.common_sentences import HOST_ANSWERED_WITH_HTTP_STATUS_STATUS
from bach_lib.connectors.network import is_page, retry_after
from bach_lib.connectors.observations import Observation, outcome_of
from bach_lib.models import Fault
from bach_lib.outcomes import Outcome, Sent
from bach_lib.said import Sentence, together

_NOT_IMPLEMENTED = 501


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back: status, headers, and how the body began (of an answer that is a success it need not be read)."""

    status: int
    headers: Mapping[str, str]
    content_type: str = ""
    body: bytes = b""

    @property
    def is_success(self) -> bool:
        """Whether it has been taken, whatever else is said and whether or not that comes in whole."""
        return 200 <= self.status < 300

    @property
    def is_redirect(self) -> bool:
        """Whether it leads somewhere else."""
        return 300 <= self.status < 400


def outcome_for(answer: Answer, host: str, id_: str, now: float) -> Outcome:
    """What an answer means. The id is what the other side can tell the message by."""
    if answer.is_success:
        return Sent(remote_id=id_)
    wait = retry_after(answer.headers, now)
    fault = _fault(answer.status, host, wait)
    return outcome_of(_seen(answer, wait), fault)


def reachable(status: int, host: str, *, may_redirect: bool = True, is_refused: bool = False) -> Fault | None:
    """What is wrong with the answer to a question that hurts nobody.

    Few addresses know it, and many refuse it that take every message: 401, 403, 404, 405 and 501 prove that something
    is there, and no more. Only with `is_refused`, for messages were refused as well, it is our credentials.
    """
    fault = _fault(status, host, None)
    match status:
        case 401 | 403:
            return fault if is_refused else None
        case 410:
            return fault
        case _ if 300 <= status < 400:
            return None if may_redirect else fault
    return fault if status >= 500 and status != _NOT_IMPLEMENTED else None


def _seen(answer: Answer, wait: float | None) -> Observation:
    """A failure (5xx) may come after the work was done, and so may a redirect or somebody's loss of patience."""
    match answer.status:
        case 429 | 503 if wait is not None:
            return Observation.TOLD_TO_WAIT
        case _ if is_page(answer.content_type, answer.body):
            return Observation.NO_ANSWER
        case 429:
            return Observation.TOLD_TO_WAIT
        case 401 | 403 | 404 | 405 | 407:  # which method, and who stands in between, is the connection's
            return Observation.UNCLEAR
        case 425:
            return Observation.NOT_NOW
        case 408 | 499:
            return Observation.NO_ANSWER
        case status if 400 <= status < 500:
            return Observation.REFUSED
    return Observation.NO_ANSWER


_REFUSES: Final = Sentence("host_refuses_the_credentials", "{host} refuses the credentials (HTTP status {status}).")
_UNKNOWN: Final = Sentence("host_does_not_know_this_address", "{host} does not know this address (HTTP status 404).")
_GONE: Final = Sentence("host_wants_nothing", "{host} wants nothing at this address any more (HTTP status 410).")
_METHOD: Final = Sentence("host_does_not_take_this_method", "{host} does not take this method (HTTP status 405).")
_REDIRECTS: Final = Sentence("redirects_are_not_followed", "Redirects are not followed: give the address they lead to.")


def _fault(status: int, host: str, wait: float | None) -> Fault:
    said = HOST_ANSWERED_WITH_HTTP_STATUS_STATUS(host=host, status=status)
    match status:
        case 401 | 403:
            return Fault(code="auth_failed", text=_REFUSES(host=host, status=status))
        case 404:
            return Fault(code="not_found", text=_UNKNOWN(host=host))
        case 410:
            return Fault(code="gone", text=_GONE(host=host))
        case 405:
            return Fault(code="bad_request", text=_METHOD(host=host))
        case 429:
            return Fault(code="rate_limited", text=said, retry_after=wait)
        case _ if 300 <= status < 400:
            return Fault(code="bad_answer", text=together([said, _REDIRECTS]))
        case _ if status < 200:
            return Fault(code="bad_answer", text=said)
        case _ if 400 <= status < 500:
            return Fault(code="bad_request", text=said)
    return Fault(code="server_error", text=said, retry_after=wait)
