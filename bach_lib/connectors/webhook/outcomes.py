"""What the status of an answer means for a message: one table, no I/O."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC
from email.utils import parsedate_to_datetime
from math import isfinite

from bach_lib.models import Fault
from bach_lib.outcomes import Dead, Outcome, Retry, Scope, Sent, Uncertain, Wait

DEFAULT_WAIT = 30.0
"""Seconds, where the other side says "wait" without saying how long."""
_LONGEST_WAIT = 86_400.0


def outcome_of(status: int, headers: Mapping[str, str], host: str, id_: str, now: float) -> Outcome:
    """What an answer means. The id is what the other side can tell the message by."""
    fault = _fault(status, host)
    asked = _seconds(headers.get("Retry-After"), now)
    match status:
        case _ if 200 <= status < 300:
            return Sent(remote_id=id_)
        case 429:
            return Wait(seconds=asked or DEFAULT_WAIT, fault=fault, scope=Scope.CONNECTION)
        case 503 if asked:
            return Wait(seconds=asked, fault=fault, scope=Scope.CONNECTION)
        case 504:
            return Uncertain(
                fault=replace(fault, code="uncertain")
            )  # something on the way lost patience; what is behind it may have it
        case 408 | 425:
            return Retry(fault=fault, scope=Scope.MESSAGE)
        case _ if fault.code in {"bad_request", "gone"}:
            return Dead(fault=fault)
    return Retry(fault=fault, scope=Scope.CONNECTION)


def reachable(status: int, host: str) -> Fault | None:
    """What is wrong with the answer to a question that hurts nobody; few addresses know it, which is no fault."""
    if 200 <= status < 300:
        return None
    fault = _fault(status, host)
    return fault if fault.code in {"auth_failed", "gone", "server_error"} else None


def _fault(status: int, host: str) -> Fault:
    said = f"{host} answered with HTTP status {status}."
    match status:
        case 401 | 403:
            return Fault(code="auth_failed", text=f"{host} refuses the credentials (HTTP status {status}).")
        case 404:
            return Fault(code="not_found", text=f"{host} does not know this address (HTTP status 404).")
        case 410:
            return Fault(code="gone", text=f"{host} wants nothing at this address any more (HTTP status 410).")
        case 429:
            return Fault(code="rate_limited", text=said)
        case _ if status < 200 or 300 <= status < 400:
            return Fault(code="bad_answer", text=f"{said} Redirects are not followed: give the address they lead to.")
        case _ if 400 <= status < 500:
            return Fault(code="bad_request", text=said)
    return Fault(code="server_error", text=said)


def _seconds(text: str | None, now: float) -> float | None:
    """How long `Retry-After` asks to wait: seconds or a date."""
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(text).replace(tzinfo=UTC).timestamp() - now
        except ValueError, OverflowError:
            return None
    return min(seconds, _LONGEST_WAIT) if isfinite(seconds) and seconds > 0 else None
