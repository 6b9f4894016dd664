"""Classifies Telegram's errors: one table, no I/O. What follows from that is in `observations`.

python-telegram-bot's errors tell what the platform said. They cannot tell whether a request was written before the
network failed, nor whether a Bot API answered at all; so our request class raises an error of its own.
"""

import re
from collections.abc import Mapping

from telegram.error import BadRequest, ChatMigrated, Conflict, Forbidden, InvalidToken, RetryAfter, TelegramError

from bach_lib.connectors.observations import DEFAULT_WAIT, CallError, Observation, outcome_of
from bach_lib.models import Fault
from bach_lib.outcomes import Outcome, Scope
from bach_lib.said import Sentence

CONFLICT_PAUSE = 35.0
"""Seconds. The other program's poll may last 30; who comes back earlier throws it out, and is thrown out in turn."""


class RequestError(TelegramError):
    """A request that got no answer of the Bot API, or one that python-telegram-bot cannot carry."""

    def __init__(self, code: str, text: str, seen: Observation, *, retry_after: float | None = None) -> None:
        super().__init__(text)
        self.text = text
        """As it was given; of what python-telegram-bot keeps, only the words are left."""
        self.code = code
        self.seen = seen
        self.retry_after = retry_after


_TO_A_WEBHOOK = Sentence(
    "messages_go_to_a_webhook",
    "The messages for {name} go to a webhook. Remove it (deleteWebhook) to receive them here.",
)
_ANOTHER_PROGRAM = Sentence(
    "another_program_receives",
    "Another program receives the messages for {name}. Stop it there, or use a bot of its own here.",
)
_SAYS = Sentence("telegram_says", "{words}")
"""In English the bare words, which are English; in every other language they are marked as those of Telegram."""
_NOT_NOW, _ACCOUNT = "not_now", "account"
"""A refusal that may pass, and one of all that this bot does."""
_BEGINNINGS: Mapping[str, tuple[str, ...]] = {
    "chat_not_found": (
        *(
            "chat not found",
            "private chat not found",
            "user not found",
            "basic group not found",
            "supergroup not found",
        ),
        *("bot not found", "bot is deleted", "bot is inaccessible", "peer_id_invalid", "user_id_invalid"),
        *("chat_id is empty", "chat_id_invalid", "chat identifier", "empty chat_id", "channel_invalid"),
        *(
            "channel_private",
            "group chat was",
            "chat is deactivated",
            "chat is not accessible",
            "can't access the chat",
        ),
        *(
            "have no access to the user",
            "can't access the user",
            "input_user_deactivated",
            "message thread not found",
            "can't access the topic",
        ),
        *("topic_deleted", "topic_id_invalid", "unknown forum topic", "the chat is not a", "chat is not a forum"),
    ),
    "forbidden": (
        *("not enough rights", "have no rights", "have no write access", "have no access to the chat"),
        *("need administrator rights", "need delete messages administrator right", "topic_closed"),
        *("chat_write_forbidden", "chat_send_", "chat_guest_send_forbidden", "chat_restricted", "chat_admin_required"),
        *("right_forbidden", "user_banned_in_channel", "user_privacy_restricted", "user restricted receiving"),
        *("voice_messages_forbidden", "privacy_premium_required", "allow_payment_required", "you can't write"),
    ),
    "too_long": (
        *("message is too long", "text is too long", "message caption is too long"),
        *("media_caption_too_long", "message_too_long"),
    ),
    "too_large": ("request entity too large",),
    "entities": ("can't parse entities", "can't parse messageentity"),
    _NOT_NOW: (
        *("failed to upload file", "file_part_", "message send failed", "group send failed", "message was not sent"),
        *("request aborted", "msg_wait_", "rpc_"),
    ),
    _ACCOUNT: ("peer_flood", "frozen_", "user_deactivated_ban", "bot_banned"),
}
"""How a 400's description begins, in lower case: the Bot API numbers its errors no finer than HTTP does.

Behind the beginning it may quote what people wrote, such as a tag that it does not know. The words are those of
telegram-bot-api (`Client.cpp`), of TDLib, and in capitals those of the platform behind both.
"""
_TO_WAIT = re.compile(r"(?:slowmode|flood|flood_premium)_wait_([0-9]{1,6})\b")


def _begins(error: TelegramError, *beginnings: str) -> bool:
    return isinstance(error, BadRequest) and error.message.lower().startswith(beginnings)


def is_markup_refusal(error: TelegramError) -> bool:
    """True when the same text may pass as plain text. Markup around nothing is refused as empty."""
    return _begins(error, *_BEGINNINGS["entities"], "text must be non-empty")


def is_photo_refusal(error: TelegramError) -> bool:
    """True when the same file may pass as a document: too long a picture, or none that Telegram can read."""
    return _begins(error, "photo_", "image_process_failed", "can't load photo")


def has_caption(error: TelegramError) -> bool:
    """True when the words to change are not a text, but stand below a file."""
    return _begins(error, "there is no text in the message to edit")


def is_done_already(error: TelegramError) -> bool:
    """True where what was asked for is so already: another attempt did it, or a person."""
    return _begins(
        error,
        "message is not modified",
        "message to delete not found",
        "message to unpin not found",
        "chat_not_modified",
    )


def conflict_of(error: Conflict, name: str) -> Fault:
    """Why the bot of this name hears nothing: a person with five of them has to find the program that uses it too."""
    text = _TO_A_WEBHOOK(name=name) if "webhook" in error.message else _ANOTHER_PROGRAM(name=name)
    return Fault(code="conflict", text=text, retry_after=CONFLICT_PAUSE)


def fault_of(error: TelegramError) -> Fault:
    """The error as a code and the platform's words. `BadRequest` is a `NetworkError` too, so it is asked for first."""
    match error:
        case RequestError():
            return Fault(code=error.code, text=error.text, retry_after=error.retry_after)
        case BadRequest():
            wait = _TO_WAIT.match(error.message.lower())
            seconds = float(wait[1]) if wait else None
            code = _refusal_code(error.message.lower())
            code = "platform_error" if code in {_NOT_NOW, _ACCOUNT} else code
            return Fault(code=code, text=_SAYS(words=error.message), retry_after=seconds)
        case InvalidToken():
            return Fault(code="auth_failed", text=_SAYS(words=error.message))
        case Forbidden():
            return Fault(code="forbidden", text=_SAYS(words=error.message))
        case Conflict():
            return Fault(code="conflict", text=_SAYS(words=error.message), retry_after=CONFLICT_PAUSE)
        case RetryAfter():
            return Fault(code="rate_limited", text=_SAYS(words=error.message), retry_after=DEFAULT_WAIT)
        case ChatMigrated():
            return Fault(code="moved", text=_SAYS(words=error.message))
        case _:
            return Fault(code="platform_error", text=_SAYS(words=error.message))


def outcome_for(error: TelegramError, flood_scope: Scope) -> Outcome:
    """What an attempt that ended in `error` means. `flood_scope`: whom a "wait" without an address concerns."""
    return outcome_of(_seen(error), fault_of(error), flood_scope)


def call_error(error: TelegramError, *, is_shared: bool, is_send: bool = True) -> CallError:
    """The same for the ladder.

    A 429 does not say whose limit was hit. In a group it is nearly always the group's 20 a minute; for one person, who
    has no such limit, it is safer to take it for the bot's. A message of a group that moved has stayed behind.
    """
    fault = fault_of(error)
    seen = Observation.REFUSED if isinstance(error, ChatMigrated) and not is_send else _seen(error)
    scope = Scope.RECIPIENT if is_shared else Scope.CONNECTION
    return CallError(fault.code, fault.text, seen, retry_after=fault.retry_after, scope=scope)


def _seen(error: TelegramError) -> Observation:
    """What was seen. Of words that nobody here knows, nobody knows either whether they are about the message."""
    match error:
        case RequestError():
            return error.seen
        case BadRequest():
            return _SEEN.get(_refusal_code(error.message.lower()), Observation.REFUSED)
        case Forbidden():
            return Observation.REFUSED
        case ChatMigrated():
            return Observation.NOT_NOW
        case RetryAfter():
            return Observation.TOLD_TO_WAIT
    return Observation.UNCLEAR


def _refusal_code(description: str) -> str:
    if _TO_WAIT.match(description):
        return "rate_limited"
    fitting = [
        (len(beginning), code)
        for code, beginnings in _BEGINNINGS.items()
        for beginning in beginnings
        if description.startswith(beginning)
    ]
    return max(fitting)[1] if fitting else "bad_request"


_SEEN: Mapping[str, Observation] = {
    _NOT_NOW: Observation.NOT_NOW,
    _ACCOUNT: Observation.UNCLEAR,
    "rate_limited": Observation.TOLD_TO_WAIT,
}
"""What is no refusal of this message for good."""
