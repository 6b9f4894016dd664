"""Classifies Discord's errors: one table, no I/O. What follows from that is in `observations`.

https://discord.com/developers/docs/topics/opcodes-and-status-codes
"""

from collections.abc import Iterator

from bach_lib.common_sentences import WHAT_ANSWERED_IS_NOT_DISCORD
from bach_lib.connectors.discord.error_codes import CODES, PASSING
from bach_lib.connectors.discord.json_fields import text
from bach_lib.connectors.network import not_theirs
from bach_lib.connectors.observations import DEFAULT_WAIT, CallError, Observation
from bach_lib.said import Sentence

NOT_DISCORD = Sentence("not_discord", "not Discord")
_SAYS = Sentence("discord_says", "{words}")
"""In English the bare words, which are English; in every other language they are marked as those of Discord."""
_TOO_LARGE = "too_large"
_NO_WEBHOOK = 10015
_INVALID_FORM = 50035
_SHUT_OUT = 40333
"""What stands before Discord has banned this address; whoever asks every few seconds stays banned."""
_FOR_GOOD = frozenset({"bad_request", "chat_not_found", "forbidden", "message_not_found", "too_long", _TOO_LARGE})


def refusal(status: int, answer: object, host: str) -> CallError:
    """What an answer that is no success means.

    Only what is Discord's JSON comes from Discord itself, and where it says that it failed itself (5xx), it may have
    stored the message before. Words that are new concern nobody knows what.
    """
    match answer:
        case {"message": str(message), "code": int(number), **rest} if 400 <= status < 600:
            errors = rest.get("errors")
            said = (f"{message} ({number})" if number else message) + _details(errors)
            words = _SAYS(words=said)
            if status >= 500:
                return CallError("server_error", words, Observation.NO_ANSWER)
            if number in PASSING:
                return CallError("rate_limited", words, Observation.TOLD_TO_WAIT, scope=PASSING[number])
            if number == _NO_WEBHOOK:
                words = Sentence(
                    "the_webhook_was_deleted_or_its_address",
                    "The webhook was deleted, or its address is wrong ({number})",
                    number=number,
                )
            code = _code(status, number, errors)
            wait = DEFAULT_WAIT if number == _SHUT_OUT else None
            return CallError(
                code, words, Observation.REFUSED if code in _FOR_GOOD else Observation.UNCLEAR, retry_after=wait
            )
    return not_theirs(status, host, NOT_DISCORD)


def is_too_large(error: CallError) -> bool:
    """Whether the files were too much; the words may pass without them."""
    return error.code == _TOO_LARGE


def expect_message(answer: object) -> str:
    """The id of the message that an answer describes. Raises `CallError`: what says something else is not Discord."""
    if isinstance(answer, dict) and (found := text(answer, "id")):
        return found
    raise CallError("bad_answer", WHAT_ANSWERED_IS_NOT_DISCORD, Observation.NO_ANSWER)


def expect_nothing(answer: object) -> None:
    """Where Discord has nothing to say. Raises `CallError`: what answers all the same is not Discord."""
    if answer is not None:
        raise CallError("bad_answer", WHAT_ANSWERED_IS_NOT_DISCORD, Observation.NO_ANSWER)


def _code(status: int, number: int, errors: object) -> str:
    if status == 401:
        return "auth_failed"
    if number == _INVALID_FORM and "BASE_TYPE_MAX_LENGTH" in _wrong(errors):
        return "too_long"
    if number in CODES:
        return CODES[number]
    return {400: "bad_request", 403: "forbidden", 404: "bad_request", 413: _TOO_LARGE}.get(status, "platform_error")


def _wrong(errors: object) -> Iterator[str]:
    """What Discord calls that is wrong with the fields of a form. Its sentences beside that may quote anything."""
    if not isinstance(errors, dict):
        return
    for name, inner in errors.items():
        if name == "_errors" and isinstance(inner, list):
            yield from (text(one, "code") for one in inner if isinstance(one, dict))
        else:
            yield from _wrong(inner)


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
