"""What Telegram's refusals say: one table, no I/O. What follows from that is in `seen`.

python-telegram-bot's errors tell what the platform said. They cannot tell whether a request was written before the
network failed, nor whether a Bot API answered at all; so our request class raises an error of its own.
"""

from telegram.error import BadRequest, ChatMigrated, Conflict, Forbidden, InvalidToken, RetryAfter, TelegramError

from bach_lib.connectors.seen import DEFAULT_WAIT, CallError, Seen, outcome_of
from bach_lib.models import Fault
from bach_lib.outcomes import Outcome, Scope

CONFLICT_PAUSE = 35.0
"""Seconds. The other program's poll may last 30; who comes back earlier throws it out, and is thrown out in turn."""


class RequestError(TelegramError):
    """A request that got no answer of the Bot API, or one that python-telegram-bot cannot carry."""

    def __init__(self, code: str, text: str, seen: Seen, *, retry_after: float | None = None) -> None:
        super().__init__(text)
        self.code = code
        self.seen = seen
        self.retry_after = retry_after


_REFUSALS = (
    ("can't parse entities", "entities"),
    ("too long", "too_long"),
    ("chat not found", "chat_not_found"),
    ("thread not found", "chat_not_found"),
    ("user not found", "chat_not_found"),
    ("peer_id_invalid", "chat_not_found"),
    ("group chat was upgraded", "chat_not_found"),
    ("group chat was deactivated", "chat_not_found"),
    ("not enough rights", "forbidden"),
    ("have no rights", "forbidden"),
    ("need administrator rights", "forbidden"),
    ("chat_write_forbidden", "forbidden"),
    ("topic_closed", "forbidden"),
)
"""Parts of a 400's description, in lower case: the Bot API numbers its errors no finer than HTTP does."""


def is_markup_refusal(error: TelegramError) -> bool:
    """True when the same text may pass as plain text. Markup around nothing is refused as empty."""
    return isinstance(error, BadRequest) and any(
        words in error.message.lower() for words in ("can't parse entities", "text must be non-empty")
    )


def is_photo_refusal(error: TelegramError) -> bool:
    """True when the same file may pass as a document: too long a picture, or none that Telegram can read."""
    return isinstance(error, BadRequest) and any(
        words in error.message.lower() for words in ("photo_", "image_process_failed", "can't load photo")
    )


def has_caption(error: TelegramError) -> bool:
    """True when the words to change are not a text, but stand below a file."""
    return isinstance(error, BadRequest) and "there is no text in the message to edit" in error.message.lower()


def is_done_already(error: TelegramError) -> bool:
    """True where what was asked for is so already: another attempt did it, or a person."""
    return isinstance(error, BadRequest) and any(
        words in error.message.lower() for words in ("message is not modified", "message to delete not found")
    )


def fault_of(error: TelegramError) -> Fault:
    """The error as a code and the platform's words. `BadRequest` is a `NetworkError` too, so it is asked for first."""
    match error:
        case RequestError():
            return Fault(code=error.code, text=error.message, retry_after=error.retry_after)
        case BadRequest():
            return Fault(code=_refusal_code(error.message.lower()), text=error.message)
        case InvalidToken():
            return Fault(code="auth_failed", text=error.message)
        case Forbidden():
            return Fault(code="forbidden", text=error.message)
        case Conflict():
            return Fault(code="conflict", text=error.message, retry_after=CONFLICT_PAUSE)
        case RetryAfter():
            return Fault(code="rate_limited", text=error.message, retry_after=DEFAULT_WAIT)
        case ChatMigrated():
            return Fault(code="moved", text=error.message)
        case _:
            return Fault(code="platform_error", text=error.message)


def outcome_for(error: TelegramError, flood_scope: Scope) -> Outcome:
    """What an attempt that ended in `error` means. `flood_scope`: whom a "wait" without an address concerns."""
    return outcome_of(_seen(error), fault_of(error), flood_scope)


def call_error(error: TelegramError, *, is_shared: bool, is_send: bool = True) -> CallError:
    """The same for the ladder.

    A 429 does not say whose limit was hit. In a group it is nearly always the group's 20 a minute; for one person, who
    has no such limit, it is safer to take it for the bot's. A message of a group that moved has stayed behind.
    """
    fault = fault_of(error)
    seen = Seen.REFUSED if isinstance(error, ChatMigrated) and not is_send else _seen(error)
    scope = Scope.RECIPIENT if is_shared else Scope.CONNECTION
    return CallError(fault.code, fault.text, seen, retry_after=fault.retry_after, scope=scope)


def _seen(error: TelegramError) -> Seen:
    """What was seen. Of words that nobody here knows, nobody knows either whether they are about the message."""
    match error:
        case RequestError():
            return error.seen
        case BadRequest() | Forbidden():
            return Seen.REFUSED
        case ChatMigrated():
            return Seen.NOT_NOW
        case RetryAfter():
            return Seen.TOLD_TO_WAIT
    return Seen.UNCLEAR


def _refusal_code(description: str) -> str:
    return next((code for words, code in _REFUSALS if words in description), "bad_request")
