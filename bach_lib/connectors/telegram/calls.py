"""Which method of the Bot API a message becomes, and what is tried at once when the platform wants it otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from mimetypes import guess_file_type
from typing import Self

from telegram import InputFile
from telegram.error import ChatMigrated, TelegramError

from bach_lib.connectors.telegram import codec
from bach_lib.connectors.telegram.errors import has_caption, is_markup_refusal, is_photo_refusal
from bach_lib.connectors.telegram.markup import PARSE_MODES, compose
from bach_lib.connectors.telegram.recipients import Target
from bach_lib.models import File, Format, Message, Operation

_AS_DOCUMENT = ("sendDocument", "document")
_BY_MIME_TYPE: Mapping[str, tuple[str, str]] = {
    "audio/mp4": ("sendAudio", "audio"),
    "audio/mpeg": ("sendAudio", "audio"),
    "audio/ogg": ("sendVoice", "voice"),
    "image/gif": ("sendAnimation", "animation"),
    "image/jpeg": ("sendPhoto", "photo"),
    "image/png": ("sendPhoto", "photo"),
    "image/webp": ("sendPhoto", "photo"),
    "video/mp4": ("sendVideo", "video"),
}
"""What Telegram shows as what it is (https://core.telegram.org/bots/api#sendphoto and on); others are documents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """How a message is being tried: where, marked up how, and what had to be changed on the way.

    `as_document`: Telegram does not take the file for a picture. `is_caption`: the words to change stand below a file.
    """

    target: Target
    form: Format
    moved: bool = False
    degraded: bool = False
    as_document: bool = False
    is_caption: bool = False

    def after(self, error: TelegramError) -> Self | None:
        """What to try at once after this refusal; None when trying at once makes no sense. Each change happens once."""
        if isinstance(error, ChatMigrated) and not self.moved:
            return replace(self, target=replace(self.target, chat=str(error.new_chat_id)), moved=True)
        if is_markup_refusal(error) and self.form is not Format.PLAIN:
            return replace(self, form=Format.PLAIN, degraded=True)
        if is_photo_refusal(error) and not self.as_document:
            return replace(self, as_document=True)
        if has_caption(error) and not self.is_caption:
            return replace(self, is_caption=True)
        return None


class StoppedError(Exception):
    """A message, or a part of one, that Telegram did not take, and how it was tried last."""

    def __init__(self, error: TelegramError, attempt: Attempt) -> None:
        super().__init__(type(error).__name__)
        self.error = error
        self.attempt = attempt


def call_for(message: Message, attempt: Attempt) -> tuple[str, dict[str, object]]:
    """The method and what it is told; what is None is left out.

    https://core.telegram.org/bots/api#sendmessage, #editmessagetext, #deletemessage, #setmessagereaction
    """
    chat: dict[str, object] = {"chat_id": attempt.target.chat_id}
    about = chat | {"message_id": codec.message_number(message.target)}
    match message.operation:
        case Operation.EDIT if attempt.is_caption:
            return "editMessageCaption", about | _words("caption", message, attempt)
        case Operation.EDIT:
            return "editMessageText", about | _words("text", message, attempt)
        case Operation.DELETE:
            return "deleteMessage", about
        case Operation.REACT:
            return "setMessageReaction", about | {"reaction": codec.reaction(message.text)}
        case Operation.SEND:
            return _send(message, attempt)


def _send(message: Message, attempt: Attempt) -> tuple[str, dict[str, object]]:
    around: dict[str, object] = {
        "chat_id": attempt.target.chat_id,
        "message_thread_id": attempt.target.topic,
        "disable_notification": message.silent or None,
        "reply_parameters": codec.reply(message.reply_to, attempt.target.chat) if message.reply_to else None,
    }
    for file in message.files:  # there is at most one
        method, field = _AS_DOCUMENT if attempt.as_document else _method(file)
        content = InputFile(file.content, filename=file.name)
        content.mimetype = file.mime_type or content.mimetype  # which it has guessed from the name
        return method, around | _words("caption", message, attempt) | {field: content}
    return "sendMessage", around | _words("text", message, attempt)


def _words(field: str, message: Message, attempt: Attempt) -> dict[str, object]:
    text = compose(message.text, message.title, attempt.form)
    return {
        field: text or None,
        "parse_mode": PARSE_MODES[attempt.form] if text else None,
        "reply_markup": codec.keyboard(message.buttons, message.nonce),
    }


def _method(file: File) -> tuple[str, str]:
    mime_type = file.mime_type or guess_file_type(file.name)[0] or ""
    return _BY_MIME_TYPE.get(mime_type.lower(), _AS_DOCUMENT)


def message_id(answer: object) -> str | None:
    """The number of a new message. None rather than an error: the platform has taken it, whatever it says about it."""
    match answer:
        case {"message_id": int(number)}:
            return str(number)
    return None
