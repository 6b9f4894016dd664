"""What HTTP connectors share: whether a request was written, and whether the answer is the platform's own.

Nothing of aiohttp's own texts is quoted: they hold the address, and the address may hold a secret.
"""

import errno
import socket
import ssl
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

import orjson
from aiohttp import (
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientError,
    ClientHttpProxyError,
    ClientProxyConnectionError,
    ClientResponse,
    ClientSession,
    ClientSSLError,
    ClientTimeout,
    InvalidURL,
    ServerFingerprintMismatch,
)
from yarl import URL

from bach_lib.common_sentences import (
    HOST_ANSWERED_WITH_HTTP_STATUS_STATUS,
    HOST_DID_NOT_ANSWER_IN_TIME,
    IT_TOOK_TOO_LONG,
    THE_CONNECTION_TO_HOST_BROKE_BEFORE_THE_ANSWER,
    THE_SERVER,
)
from bach_lib.connectors.observations import DEFAULT_WAIT, CallError, Observation
from bach_lib.connectors.proxy_failures import ProxyFailedError
from bach_lib.said import Sentence

BROKEN: Final = (ClientError, OSError, ValueError, RuntimeError)
"""What a call raises that came to nothing; the last one, if the session is closed."""
_BROKE_OFF = Sentence("the_upload_to_host_broke_off", "What goes to {host} broke off before all of it had gone.")
_LONGEST_WAIT = 86_400.0
"""Seconds; no server may silence a connection for longer than a day at a time."""
_TOO_MANY = 429
_PAGE_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_PAGE_BEGINNINGS = (b"<!doctype html", b"<html")


async def download(
    session: ClientSession, url: URL, headers: Mapping[str, str], timeout: ClientTimeout, limit: int
) -> bytes | None:
    """The bytes of a file, None if there are more than `limit`. Raises `CallError`."""
    host = url.host_port_subcomponent or THE_SERVER
    failure: CallError
    try:
        async with session.get(
            url, headers=headers, timeout=timeout, allow_redirects=False, raise_for_status=False
        ) as response:
            if response.status == HTTPStatus.OK:
                content = await read_body(response, limit)
                return content if len(content) <= limit else None
            words = HOST_ANSWERED_WITH_HTTP_STATUS_STATUS(host=host, status=response.status)
            failure = CallError("not_fetched", words, Observation.UNCLEAR)
    except BROKEN as error:
        failure = broken(error, host, written=False)
    raise failure  # out here, so that its `__context__` does not carry what aiohttp quotes


def decoded(raw: bytes) -> object:
    """What stands in an answer as JSON; None if that is none."""
    try:
        answer: object = orjson.loads(raw)
    except ValueError:
        return None
    return answer


async def read_body(response: ClientResponse, limit: int) -> bytes:
    """The body; longer than `limit` (by one chunk at most) if there is more of it."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > limit:
            response.close()
            break
    return bytes(body)


def broken(error: Exception, host: str, *, written: bool, ended: bool = True) -> CallError:
    """What `error`, raised while talking to `host`, means. `written`: some of the request was handed to the network.

    `ended`: all of it was; of half a request nothing can have come. A connection that was kept open and that the other
    side has closed meanwhile counts as written: nobody can tell.
    """
    if not written or isinstance(error, ProxyFailedError):  # the proxy has handed nothing on
        return CallError(*not_connected(error, host), Observation.NOTHING_WRITTEN)
    if not ended:
        return CallError("unreachable", _BROKE_OFF(host=host), Observation.BROKE_OFF)
    if isinstance(error, TimeoutError):
        return CallError("timeout", HOST_DID_NOT_ANSWER_IN_TIME(host=host), Observation.NO_ANSWER)
    return CallError("unreachable", THE_CONNECTION_TO_HOST_BROKE_BEFORE_THE_ANSWER(host=host), Observation.NO_ANSWER)


def not_theirs(status: int, host: str, what: str, *, wait: float | None = None) -> CallError:
    """For an answer that is not the platform's own: a page of something on the way, or JSON of another shape.

    What is behind it may have the message. `what` says what it is not, as "not Discord". `wait`: it refuses everybody,
    and says for how long. A 429 that does not say it is no reason for a check to come again soon.
    """
    if wait is not None:
        text = Sentence(
            "what_stands_before_host_takes_nothing_from",
            "What stands before {host} takes nothing from this address for a while.",
            host=host,
        )
        return CallError("rate_limited", text, Observation.TOLD_TO_WAIT, retry_after=wait)
    if status >= 500:
        return CallError(
            "server_error", HOST_ANSWERED_WITH_HTTP_STATUS_STATUS(host=host, status=status), Observation.NO_ANSWER
        )
    text = Sentence(
        "what_answered_for_host_http_status_status",
        "What answered for {host} (HTTP status {status}) is {what}.",
        host=host,
        status=status,
        what=what,
    )
    return CallError(
        "bad_answer", text, Observation.NO_ANSWER, retry_after=DEFAULT_WAIT if status == _TOO_MANY else None
    )


def is_page(content_type: str, body: bytes) -> bool:
    """Whether an answer is a page for people."""
    return bool(body.strip()) and (
        content_type in _PAGE_TYPES or body.lstrip()[:20].lower().startswith(_PAGE_BEGINNINGS)
    )


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """How many seconds `Retry-After` asks to wait, as a number or as a date; None where it says nothing sensible.

    A date is held against the clock of the one who says it, where that is told.
    """
    text = headers.get("Retry-After", "")
    try:
        return at_most_a_day(float(text))
    except ValueError:
        until, told_at = _moment(text), _moment(headers.get("Date", ""))
    return None if until is None else at_most_a_day(until - (now if told_at is None else told_at))


def at_most_a_day(seconds: float) -> float | None:
    """A time to wait that came from outside, if it is one."""
    return float(min(seconds, _LONGEST_WAIT)) if seconds > 0 else None  # which is false for what is no number


def _moment(date: str) -> float | None:
    """Seconds since 1970."""
    try:
        moment = parsedate_to_datetime(date)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def not_connected(error: Exception, host: str) -> tuple[str, str]:
    """A code and a sentence for why no connection to `host` came about."""
    if isinstance(error, ProxyFailedError):
        return error.code, error.sentence
    code, reason = _cause(error)
    hop = error.host if isinstance(error, ClientConnectorError) else host
    return code, Sentence("no_connection_to_hop_reason", "No connection to {hop}: {reason}.", hop=hop, reason=reason)


_TLS_FAILED: Final = Sentence("tls_failed_reason", "TLS failed, {reason}")


def _cause(error: Exception) -> tuple[str, str]:
    match error:
        case ClientProxyConnectionError() | ClientHttpProxyError():
            return "unreachable", Sentence(
                "the_proxy_in_between_cannot_be_reached", "the proxy in between cannot be reached or refuses"
            )
        case ClientConnectorDNSError() | socket.gaierror():
            return "dns", Sentence("the_name_cannot_be_resolved", "the name cannot be resolved")
        case ClientSSLError():
            return "tls", _TLS_FAILED(reason=getattr(error.os_error, "verify_message", None) or error.os_error.strerror)
        case ssl.SSLError():
            return "tls", _TLS_FAILED(reason=getattr(error, "verify_message", None) or error.reason)
        case ServerFingerprintMismatch():
            return "tls", Sentence(
                "tls_failed_the_certificate_is_not_the_expected", "TLS failed, the certificate is not the expected one"
            )
        case TimeoutError():
            return "timeout", IT_TOOK_TOO_LONG
        case InvalidURL():
            return "unreachable", Sentence(
                "that_is_no_address_that_can_be_asked", "that is no address that can be asked"
            )
        case OSError(errno=errno.ECONNREFUSED):
            return "refused", Sentence("it_was_refused", "it was refused")
        case OSError(strerror=str(reason)):
            return "unreachable", reason
        case _:
            return "unreachable", type(error).__name__
