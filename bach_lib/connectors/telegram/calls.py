"""Maps a message to a method of the Bot API."""

from collections.abc import Mapping
from typing import Final

from telegram import InputFile

from bach_lib.connectors.file_limits import is_picture
from bach_lib.connectors.request_body import media_type
from bach_lib.connectors.telegram import codec
from bach_lib.connectors.telegram.recipients import Target
from bach_lib.models import File, Message, Operation
from bach_lib.text.telegram import PARSE_MODES, compose

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


PICTURE_BYTES: Final = 10_000_000
"""What is shown as a picture may have (https://core.telegram.org/bots/api#sendphoto); a document may have more."""
_SOUNDS = frozenset({"audio/mp4", "audio/mpeg", "audio/ogg"})
"""What it takes as a voice message (https://core.telegram.org/bots/api#sendvoice)."""


def call_for(message: Message, target: Target, *, otherwise: bool) -> tuple[str, dict[str, object]]:
    """The method and what it is told; what is None is left out.

    `otherwise`: a file goes as a document, and the words to change stand below a file.

    https://core.telegram.org/bots/api#sendmessage, #editmessagetext, #deletemessage, #setmessagereaction
    """
    if message.operation is Operation.SEND:
        return _send(message, target, otherwise=otherwise)
    about: dict[str, object] = {"chat_id": target.chat_id, "message_id": codec.message_number(message.target)}
    match message.operation:
        case Operation.EDIT if otherwise:
            return "editMessageCaption", about | _words("caption", message)
        case Operation.EDIT:
            return "editMessageText", about | _words("text", message)
        case Operation.DELETE:
            return "deleteMessage", about
        case Operation.REACT:
            return "setMessageReaction", about | {"reaction": codec.reaction(message.text)}


def _send(message: Message, target: Target, *, otherwise: bool) -> tuple[str, dict[str, object]]:
    around: dict[str, object] = {
        "chat_id": target.chat_id,
        "message_thread_id": target.topic,
        "disable_notification": message.silent or None,
        "reply_parameters": codec.reply(message.reply_to, target.chat) if message.reply_to else None,
    }
    for file in message.files:  # there is at most one
        method, field = _AS_DOCUMENT if otherwise else _method(file)
        content = InputFile(file.content, filename=file.name)
        content.mimetype = file.mime_type or content.mimetype  # which it has guessed from the name
        return method, around | _words("caption", message) | {field: content}
    return "sendMessage", around | _words("text", message)


def _words(field: str, message: Message) -> dict[str, object]:
    text = compose(message.text, message.title, message.format)
    return {
        field: text or None,
        "parse_mode": PARSE_MODES[message.format] if text else None,
        "reply_markup": codec.keyboard(message.buttons, message.nonce),
    }


def _method(file: File) -> tuple[str, str]:
    if file.is_voice and media_type(file).lower() in _SOUNDS:
        return "sendVoice", "voice"
    if is_picture(file) and len(file.content) > PICTURE_BYTES:
        return _AS_DOCUMENT
    return _BY_MIME_TYPE.get(media_type(file).lower(), _AS_DOCUMENT)


def message_id(answer: object) -> str | None:
    """The number of a new message. None rather than an error: the platform has taken it, whatever it says about it."""
    match answer:
        case {"message_id": int(number)}:
            return str(number)
    return None
