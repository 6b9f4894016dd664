"""Names what went wrong with a request.

Nothing of aiohttp's own texts is quoted: they hold the address, and the address holds the token.
"""

import json
import re
from contextlib import suppress

import orjson

from bach_lib.connectors.network import not_connected
from bach_lib.connectors.telegram.errors import DEFAULT_WAIT, AnswerLostError, RequestError

_LONGEST_WAIT = 86_400.0
"""Seconds; a number from outside."""

_ACCEPTED = re.compile(rb'\s*\{\s*"ok"\s*:\s*true')


def network_failure(error: Exception, host: str, *, written: bool) -> RequestError:
    """What `error`, raised while talking to `host`, means.

    `written`: the request was handed to the network, at least in part.
    """
    if written and isinstance(error, TimeoutError):
        return AnswerLostError("timeout", f"{host} did not answer in time.")
    if written:
        return AnswerLostError("unreachable", f"The connection to {host} broke before the answer came.")
    return RequestError(*not_connected(error, host))


def unreadable(status: int, payload: bytes, host: str) -> RequestError | None:
    """What is wrong with an answer, or None if python-telegram-bot can read it.

    The Bot API answers every call with a JSON object whose `ok` says how it went
    (https://core.telegram.org/bots/api#making-requests). Anything else comes from something on the way, and so the
    request never reached the platform; unless it begins like a success.
    """
    answer = decode(payload)
    match answer:
        case {"ok": True, "result": _} if 200 <= status < 300:
            return None
        case {"ok": False, "parameters": {"retry_after": int(seconds)}} if seconds > 0:
            return RequestError(
                "rate_limited", _description(answer, status), retry_after=min(float(seconds), _LONGEST_WAIT)
            )
    if _ACCEPTED.match(payload):
        return AnswerLostError("bad_answer", f"The answer of {host} is damaged.")
    if status == 429:
        return RequestError("rate_limited", _description(answer, status), retry_after=DEFAULT_WAIT)
    if status >= 500:
        return RequestError("server_error", f"{host}: {_description(answer, status)}")
    if status >= 400 and _is_refusal(answer):
        return None
    return RequestError("bad_answer", f"What answered for {host} (HTTP status {status}) is not a Bot API.")


def decode(payload: bytes) -> object:
    """The JSON of an answer, None for what is none.

    Half a character or a NaN in a single update must not make a whole poll unreadable, for it would come again for
    ever. Who stores the update finds it and sets it aside.
    """
    answer: object = None
    try:
        answer = orjson.loads(payload)
    except ValueError:
        with suppress(ValueError, RecursionError):
            answer = json.loads(payload.decode(errors="replace"))
    return answer


def _description(answer: object, status: int) -> str:
    match answer:
        case {"description": str(description)} if description:
            return description
    return f"HTTP status {status}"


def _is_refusal(answer: object) -> bool:
    """True for a refusal whose parts have the types that python-telegram-bot takes for granted."""
    match answer:
        case {"ok": False, "description": str(), **rest}:
            parameters = rest.get("parameters", {})
        case _:
            return False
    return (
        isinstance(parameters, dict)
        and isinstance(parameters.get("migrate_to_chat_id", 0), int)
        and "retry_after" not in parameters
    )
