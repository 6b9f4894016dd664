"""Classifies network errors of a request to the Bot API.

Nothing of aiohttp's own texts is quoted: they hold the address, and the address holds the token.
"""

from collections.abc import Mapping
from contextlib import suppress

from bach_lib.common_sentences import HOST_SAYS_WORDS
from bach_lib.connectors import tolerant
from bach_lib.connectors.network import at_most_a_day, broken, not_theirs, retry_after
from bach_lib.connectors.observations import CallError, Observation
from bach_lib.connectors.telegram.errors import RequestError
from bach_lib.said import Sentence

_PREFIXES = {400: "bad request", 403: "forbidden"}
"""How the Bot API begins what it says about a request; what it says about the bot itself begins otherwise
(https://github.com/tdlib/telegram-bot-api, `fail_query_with_error` and `get_closing_error`)."""

_NO_BOT_API = Sentence("no_bot_api", "no Bot API")
_LOGGED_OUT = Sentence(
    "this_bot_was_logged_out_here_words",
    "This bot was logged out here ({words}). Set the endpoint to the server that it was moved to.",
)


def network_failure(error: Exception, host: str, *, written: bool, ended: bool = True) -> RequestError:
    """What `error`, raised while talking to `host`, means.

    `written`: the request was handed to the network, at least in part; `ended`: all of it.
    """
    return _ours(broken(error, host, written=written, ended=ended))


def unreadable(
    status: int, answer: object, host: str, headers: Mapping[str, str] | None = None, now: float = 0.0
) -> RequestError | None:
    """What is wrong with an answer, given as the JSON that it is, or None if python-telegram-bot can read it.

    The Bot API answers every call with a JSON object whose `ok` says how it went
    (https://core.telegram.org/bots/api#making-requests). Anything else comes from something on the way, and what is
    behind that may have the message. So it may where the Bot API itself says that it failed (5xx).
    """
    match answer:
        case {"ok": True, "result": _} if 200 <= status < 300:
            return None
        case {"ok": False, "description": str(words), **rest} if isinstance(rest.get("error_code", status), int):
            parameters = rest.get("parameters", {})
            if 400 <= status < 500 and isinstance(parameters, dict):
                return _refusal(status, words, parameters, host)
            if status >= 500:
                return RequestError("server_error", HOST_SAYS_WORDS(host=host, words=words), Observation.NO_ANSWER)
    wait = retry_after(headers or {}, now) if status == 429 else None
    return _ours(not_theirs(status, host, _NO_BOT_API, wait=wait))


def _refusal(code: int, words: str, parameters: Mapping[object, object], host: str) -> RequestError | None:
    """What the Bot API says itself, where python-telegram-bot cannot carry it."""
    match parameters:
        case {"retry_after": int() | float() as seconds}:
            return RequestError("rate_limited", words, Observation.TOLD_TO_WAIT, retry_after=at_most_a_day(seconds))
        case {"retry_after": _}:
            return _ours(not_theirs(code, host, _NO_BOT_API))
        case {"migrate_to_chat_id": moved} if not isinstance(moved, int):
            return _ours(not_theirs(code, host, _NO_BOT_API))
    if code == 429:
        return RequestError("rate_limited", words, Observation.TOLD_TO_WAIT)
    if code == 413:
        return RequestError("too_large", words, Observation.REFUSED)
    if words.lower() == "logged out":
        return RequestError("logged_out", _LOGGED_OUT(words=words), Observation.UNCLEAR)
    if not words.lower().startswith(_PREFIXES.get(code, "")):
        return RequestError("platform_error", words, Observation.UNCLEAR)
    return None


def _ours(error: CallError) -> RequestError:
    return RequestError(error.code, error.text, error.seen, retry_after=error.retry_after)


def decode(payload: bytes) -> object:
    """The JSON of an answer, None for what is none."""
    with suppress(ValueError):
        return tolerant.decode(payload)
    return None
