"""Classifies the errors of an ntfy server: one table of its own numbers, no I/O.

Every refusal of the server is JSON with a number of five digits, the first three of which are the HTTP status. The
numbers never change their meaning, the words do. (ntfy: `server/errors.go`)
"""

from collections.abc import Mapping, Sequence
from typing import Final

from bach_lib.connectors.observations import DEFAULT_WAIT, CallError, Observation
from bach_lib.connectors.rung import Rung
from bach_lib.outcomes import Scope

QUOTA_WAIT: Final = 3600.0
"""Seconds, where the messages of a day are used up: they come back at midnight, whose time zone is the server's."""

_REFUSED_FILE, _REFUSED_PRIORITY, _REFUSED_PLACE = "file_refused", "priority_refused", "chat_not_found"

CODES: Final[Mapping[int, tuple[str, Observation]]] = {
    **dict.fromkeys((40000, 40008, 40011, 40017, 40018, 40024, 41303), ("bad_request", Observation.REFUSED)),
    **dict.fromkeys((40013, 40014, 40015, 41301, 42905), (_REFUSED_FILE, Observation.REFUSED)),
    40007: (_REFUSED_PRIORITY, Observation.REFUSED),
    **dict.fromkeys((40009, 40010), (_REFUSED_PLACE, Observation.REFUSED)),
    40101: ("auth_failed", Observation.UNCLEAR),
    40301: ("forbidden", Observation.REFUSED),
    40401: ("bad_answer", Observation.UNCLEAR),
    **dict.fromkeys((42901, 42903, 42904, 42908, 42909), ("rate_limited", Observation.TOLD_TO_WAIT)),
    **dict.fromkeys((50001, 50002, 50003), ("server_error", Observation.NO_ANSWER)),
    50701: ("server_error", Observation.NOT_NOW),
}
"""The numbers that can be met, and what each means. 40401 is a page that no ntfy has: the address is not its own."""
_NAMED: Final[Mapping[str, Sequence[Rung]]] = {
    _REFUSED_FILE: (Rung.FILE,),
    _REFUSED_PRIORITY: (Rung.SILENT,),
    _REFUSED_PLACE: (),
    "forbidden": (),
}

_MAX_WORDS = 500


def refusal(status: int, answer: object, host: str, wait: float | None = None) -> CallError | None:
    """What an answer of the server means; None if it is not its own. `wait`: how long it asks to wait."""
    match answer:
        case {"code": int(number), "http": int(said), "error": str(words)} if said == status and words.strip():
            code, seen = CODES.get(number, (None, None)) if number // 100 == status else (None, None)
        case _:
            return None
    if code is None or seen is None:
        code, seen = _of_status(status)
    text = f"{host} says: {words.strip()[:_MAX_WORDS]}"
    if seen is Observation.TOLD_TO_WAIT:
        usual = QUOTA_WAIT if number in {42904, 42908} else DEFAULT_WAIT
        return CallError(code, text, seen, retry_after=wait or usual, scope=Scope.CONNECTION)
    return CallError(code, text, seen)


def named_by(error: CallError) -> Sequence[Rung] | None:
    """What a refusal minds (see `Ladder`): a file, a priority, or the topic itself."""
    return _NAMED.get(error.code)


def _of_status(status: int) -> tuple[str, Observation]:
    """What a number means that only a newer server knows."""
    if status == 401:
        return "auth_failed", Observation.UNCLEAR
    if status == 429:
        return "rate_limited", Observation.TOLD_TO_WAIT
    if status >= 500:
        return "server_error", Observation.NO_ANSWER
    if status in {400, 403, 413}:
        return {400: "bad_request", 403: "forbidden", 413: _REFUSED_FILE}[status], Observation.REFUSED
    return "platform_error", Observation.UNCLEAR
