"""Classifies failed requests as a `Fault`: one table of HTTP statuses for all types of partners.

Where each platform puts its own words is known here too.
"""

import re
from collections.abc import Mapping

from bach_lib.common_sentences import HOST_ANSWERED_WITH_HTTP_STATUS_STATUS, HOST_SAYS_WORDS
from bach_lib.models import Fault
from bach_lib.said import Sentence

_DEFAULT_WAIT = 60.0
_LONGEST_WAIT = 86_400.0
"""Seconds; a number from outside."""

_NESTED = ("error", "errors", "fault")
_WORDS = (
    *("error_description", "errorMessage", "error_message", "error_msg", "faultstring", "message", "Message"),
    *("detail", "details", "msg", "error", "errors", "fault", "description", "title", "reason"),
)
"""Where words are, the most telling first."""
_REFUSALS = frozenset({"error", "errors", "errorMessage", "error_message", "error_msg", "fault", "detail"})
"""What only a refusal has."""
_DESCRIBED = re.compile(r'\berror_description="([^"]{1,500})"')
_MAX_DEPTH = 8
_MAX_LOOKED_AT = 20

NOT_REACHED = frozenset({"dns", "disabled", "internal", "refused", "secret_not_found", "timeout", "tls", "unreachable"})
"""Faults that do not come from the other side."""


class FaultError(Exception):
    """Carries a fault up to the border of this package, which gives it back as a value. Its text has no secrets."""

    def __init__(self, code: str, text: str, *, retry_after: float | None = None) -> None:
        super().__init__(code)
        self.fault: Fault = Fault(code=code, text=text, retry_after=retry_after)


def status_error(status: int, headers: Mapping[str, str], answer: object, host: str) -> FaultError:
    """What an HTTP status that is no success means. `answer`: the body, as JSON or as a text."""
    words = words_of(answer) or (_challenge(headers.get("WWW-Authenticate", "")) if status in {401, 403} else None)
    text = (
        HOST_SAYS_WORDS(host=host, words=words)
        if words
        else HOST_ANSWERED_WITH_HTTP_STATUS_STATUS(host=host, status=status)
    )
    if status == 401 or _is_bad_key(status, answer):
        return FaultError("auth_failed", text)
    if status == 403:
        return FaultError("forbidden", text)
    if status in {404, 405}:
        return FaultError(
            "not_found",
            Sentence("host_has_nothing_there_answer", "{host} has nothing there: {answer}", host=host, answer=text),
        )
    if status == 429:
        return FaultError("rate_limited", text, retry_after=_retry_after(headers))
    if 300 <= status < 400:
        return FaultError(
            "redirected",
            Sentence(
                "host_sends_us_elsewhere_set_the_endpoint",
                "{host} sends us elsewhere. Set the endpoint to where it is now.",
                host=host,
            ),
        )
    if status >= 500:
        return FaultError("server_error", text)
    return FaultError("declined" if _is_filtered(answer) else "bad_request", text)


def words_of(answer: object, depth: int = 0) -> str | None:
    """The server's own words for its refusal, wherever they are: each nests them in its own way.

    `error` may be a text, or an object with a `message`; `detail` (FastAPI) and `errors` (Cloudflare) are lists of
    objects or texts; Apigee's `fault` has a `faultstring`, AWS an `errorMessage`, Baidu an `error_msg`; OAuth has an
    `error_description`; some say nothing but a text.
    """
    if depth > _MAX_DEPTH:
        return None
    if isinstance(answer, str):
        return answer.strip() or None
    if isinstance(answer, list):
        return next((words for one in answer[:_MAX_LOOKED_AT] if (words := words_of(one, depth + 1))), None)
    if not isinstance(answer, dict):
        return None
    nested = [answer.get(name) for name in _NESTED if not isinstance(answer.get(name), str)]
    plain = [answer.get(name) for name in _WORDS]
    errors, detail = (
        list(inner.values()) if isinstance(inner := answer.get(name), dict) else None for name in ("errors", "detail")
    )  # under the name of each field that is wrong
    return words_of([*nested, errors, *plain, detail], depth + 1)


def no_text(answer: object, whose: str) -> FaultError:
    """What it means that there is no text where `whose` API puts it: many refuse so, with status 200."""
    if isinstance(answer, dict) and not _REFUSALS.isdisjoint(answer) and (words := words_of(answer)):
        return FaultError("bad_request", Sentence("the_server_says_words", "The server says: {words}", words=words))
    return FaultError(
        "bad_answer",
        Sentence(
            "the_answer_has_no_text_where_whose_puts", "The answer has no text where {whose} puts it.", whose=whose
        ),
    )


def _challenge(header: str) -> str | None:
    """What a server says there that has nothing in its body (RFC 6750 3, RFC 9728 5.1)."""
    described = _DESCRIBED.search(header)
    if described and (words := described[1].strip()):
        return words
    if "resource_metadata=" in header:
        return Sentence(
            "it_takes_an_access_token_of_oauth_only",
            "it takes an access token of OAuth only, and names who gives one out. Set the connection up with OAuth.",
        )
    return None


def _is_bad_key(status: int, answer: object) -> bool:
    """Google answers 400 to a key that does not exist."""
    match answer:
        case {"error": {"details": list(details)}} if status == 400:
            return any(isinstance(one, dict) and one.get("reason") == "API_KEY_INVALID" for one in details)
    return False


def _is_filtered(answer: object) -> bool:
    """Azure refuses a question that its filter does not like before any model has seen it."""
    match answer:
        case {"error": {"code": "content_filter"}}:
            return True
    return False


def _retry_after(headers: Mapping[str, str]) -> float:
    """The seconds it wishes; a date, which is rare, is taken for the default."""
    try:
        seconds = float(headers.get("Retry-After", ""))
    except ValueError:
        return _DEFAULT_WAIT
    return min(seconds, _LONGEST_WAIT) if seconds > 0 else _DEFAULT_WAIT
