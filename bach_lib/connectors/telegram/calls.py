"""Maps a message to a method of the Bot API."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from telegram import InputFile, InputMedia, InputMediaAudio, InputMediaDocument, InputMediaPhoto, InputMediaVideo

from bach_lib.connectors.file_limits import is_picture
from bach_lib.connectors.request_body import media_type
from bach_lib.connectors.rung import Posted
from bach_lib.connectors.telegram import codec
from bach_lib.connectors.telegram.recipients import Target
from bach_lib.connectors.videos import VideoFacts, facts_of
from bach_lib.models import Effect, Extra, File, Location, Message, Operation, Poll
from bach_lib.models.forwarding import Forwarding
from bach_lib.text.telegram import PARSE_MODES, compose

_MOST_DELETED = 100
"""Messages in one request (https://core.telegram.org/bots/api#deletemessages)."""
_AS_DOCUMENT = ("sendDocument", "document")
_VIDEO = "video"
_BY_MIME_TYPE: Mapping[str, tuple[str, str]] = {
    "audio/mp4": ("sendAudio", "audio"),
    "audio/mpeg": ("sendAudio", "audio"),
    "audio/ogg": ("sendVoice", "voice"),
    "image/gif": ("sendAnimation", "animation"),
    "image/jpeg": ("sendPhoto", "photo"),
    "image/png": ("sendPhoto", "photo"),
    "image/webp": ("sendPhoto", "photo"),
    "video/mp4": ("sendVideo", _VIDEO),
}
"""What Telegram shows as what it is (https://core.telegram.org/bots/api#sendphoto and on); others are documents."""


PICTURE_BYTES: Final = 10_000_000
"""What is shown as a picture may have (https://core.telegram.org/bots/api#sendphoto); a document may have more."""
MAX_ALBUM: Final = 10
"""Messages of one album (https://core.telegram.org/bots/api#sendmediagroup)."""
EXTRAS: Final = frozenset(
    {Extra.LINK_PREVIEW, Extra.PROTECTED, Extra.EFFECT, Extra.LOCATION, Extra.POLL},
)
_EFFECTS: Mapping[Effect, str] = {
    Effect.FIRE: "5104841245755180586",
    Effect.THUMBS_UP: "5107584321108051014",
    Effect.THUMBS_DOWN: "5104858069142078462",
    Effect.HEART: "5159385139981059251",
    Effect.CELEBRATION: "5046509860389126442",
    Effect.POOP: "5046589136895476101",
}
"""Those that everybody may use (https://core.telegram.org/api/effects); Telegram tells their numbers to its apps."""
_TOGETHER: Mapping[str, str] = {"photo": "shown", "video": "shown", "document": "document", "audio": "audio"}
_MEDIA: Mapping[str, Callable[..., InputMedia]] = {
    "audio": InputMediaAudio,
    "document": InputMediaDocument,
    "photo": InputMediaPhoto,
    "video": InputMediaVideo,
}
_SOUNDS = frozenset({"audio/mp4", "audio/mpeg", "audio/ogg"})
"""What it takes as a voice message (https://core.telegram.org/bots/api#sendvoice)."""


type Films = Sequence[VideoFacts | None]
"""What is known of each file that is shown as a video; empty where nothing is."""


def call_for(message: Message, target: Target, *, otherwise: bool, films: Films = ()) -> tuple[str, dict[str, object]]:
    """The method and what it is told; what is None is left out.

    `otherwise`: a file goes as a document, and the words to change stand below a file.

    https://core.telegram.org/bots/api#sendmessage, #editmessagetext, #deletemessage, #setmessagereaction,
    #pinchatmessage, #unpinchatmessage
    """
    if (passed := message.forwarding) is not None:
        return _pass_on(message, target, passed)
    if message.operation is Operation.SEND:
        return _send(message, target, otherwise=otherwise, films=films or [None] * len(message.files))
    about: dict[str, object] = {"chat_id": target.chat_id, "message_id": codec.message_number(message.target)}
    match message.operation:
        case Operation.EDIT if otherwise:
            return "editMessageCaption", about | _words("caption", message)
        case Operation.EDIT:
            return "editMessageText", about | _words("text", message) | _preview(message)
        case Operation.DELETE if message.parts:
            numbers = sorted(number for one in message.parts if (number := codec.message_number(one)))
            return "deleteMessages", {"chat_id": target.chat_id, "message_ids": numbers[-_MOST_DELETED:]}
        case Operation.DELETE:
            return "deleteMessage", about
        case Operation.REACT:
            return "setMessageReaction", about | {"reaction": codec.reaction(message.text)}
        case Operation.PIN:
            return "pinChatMessage", about | {"disable_notification": message.silent or None}
        case Operation.UNPIN:
            return "unpinChatMessage", about


async def films_in(message: Message) -> Films:
    """What is to be told of the videos among the files."""
    return [await facts_of(file) if method_of(file)[1] == _VIDEO else None for file in message.files]


def _pass_on(message: Message, target: Target, passed: Forwarding) -> tuple[str, dict[str, object]]:
    """https://core.telegram.org/bots/api#forwardmessage, #copymessage."""
    return "copyMessage" if passed.is_copy else "forwardMessage", {
        "chat_id": target.chat_id,
        "message_thread_id": target.topic,
        "from_chat_id": Target.parse(passed.place).chat_id,
        "message_id": codec.message_number(passed.remote_ids[0]),
        "disable_notification": message.silent or None,
    }


def _send(message: Message, target: Target, *, otherwise: bool, films: Films) -> tuple[str, dict[str, object]]:
    around: dict[str, object] = {
        "chat_id": target.chat_id,
        "message_thread_id": target.topic,
        "disable_notification": message.silent or None,
        "protect_content": message.extras.protected or None,
        "message_effect_id": _EFFECTS[message.extras.effect] if message.extras.effect else None,
        "reply_parameters": codec.reply(message.reply_to, target.chat) if message.reply_to else None,
    }
    if len(message.files) > 1:
        return "sendMediaGroup", around | _album(message, otherwise=otherwise, films=films)
    if (place := message.extras.location) is not None:
        method, parameters = _place(place)
        return method, around | parameters | {"reply_markup": codec.keyboard(message.buttons, message.nonce)}
    if (poll := message.extras.poll) is not None:
        return "sendPoll", around | _asked(poll) | {"reply_markup": codec.keyboard(message.buttons, message.nonce)}
    for file, film in zip(message.files, films, strict=True):
        method, field = _AS_DOCUMENT if otherwise else method_of(file)
        about = _of_film(film) if field == _VIDEO else {}
        return method, around | _words("caption", message) | {field: _content(file)} | about
    return "sendMessage", around | _words("text", message) | _preview(message)


def _place(place: Location) -> tuple[str, dict[str, object]]:
    """With a name or an address it is a venue, which needs both (https://core.telegram.org/bots/api#sendvenue)."""
    where: dict[str, object] = {"latitude": place.latitude, "longitude": place.longitude}
    title = place.name or place.address
    if title is None:
        return "sendLocation", where
    below = place.address if place.name and place.address else f"{place.latitude:.5f}, {place.longitude:.5f}"
    return "sendVenue", where | {"title": title, "address": below}


def _asked(poll: Poll) -> dict[str, object]:
    """Telegram tells bots only of votes that everybody sees (https://core.telegram.org/bots/api#sendpoll)."""
    return {
        "question": poll.question,
        "options": [{"text": one} for one in poll.options],
        "allows_multiple_answers": poll.multiple,
        "is_anonymous": False,
    }


def _of_film(film: VideoFacts | None) -> dict[str, object]:
    """What a video is sent with (https://core.telegram.org/bots/api#sendvideo)."""
    if film is None:
        return {}
    about: dict[str, object] = {"width": film.width, "height": film.height, "duration": film.seconds}
    if film.thumbnail:
        about["thumbnail"] = InputFile(film.thumbnail, filename="thumbnail.jpg", attach=True)
    return about | {"supports_streaming": True}


def _album(message: Message, *, otherwise: bool, films: Films) -> dict[str, object]:
    """Several as one; the words stand below the first, where apps show them below all of it.

    https://core.telegram.org/bots/api#sendmediagroup
    """
    text = compose(message.text, message.title, message.format)
    words = {"caption": text, "parse_mode": PARSE_MODES[message.format]} if text else {}
    media = list[InputMedia]()
    for file, film in zip(message.files, films, strict=True):
        kind = _AS_DOCUMENT[1] if otherwise else method_of(file)[1]
        about = _of_film(film) if kind == _VIDEO else {}
        media.append(_MEDIA[kind](media=_content(file, attach=True), **({} if media else words), **about))
    return {"media": media}


def _content(file: File, *, attach: bool = False) -> InputFile:
    content = InputFile(file.content, filename=file.name, attach=attach)
    content.mimetype = file.mime_type or content.mimetype  # which it has guessed from the name
    return content


def albums(files: Sequence[File], most_bytes: int) -> list[tuple[File, ...]]:
    """The messages that files become: what goes together in one stands together, and each is as large as may be.

    Pictures and videos go together, documents and music each with their like, voices and animations alone.
    """
    alike = dict[str, list[list[File]]]()
    for number, file in enumerate(files):
        kind = _TOGETHER.get(method_of(file)[1], f"alone {number}")
        groups = alike.setdefault(kind, [[]])
        size = sum(len(one.content) for one in groups[-1])
        if len(groups[-1]) == MAX_ALBUM or (groups[-1] and size + len(file.content) > most_bytes):
            groups.append([])
        groups[-1].append(file)
    return [tuple(group) for groups in alike.values() for group in groups]


def _words(field: str, message: Message) -> dict[str, object]:
    text = compose(message.text, message.title, message.format)
    return {
        field: text or None,
        "parse_mode": PARSE_MODES[message.format] if text else None,
        "reply_markup": codec.keyboard(message.buttons, message.nonce),
    }


def _preview(message: Message) -> dict[str, object]:
    """https://core.telegram.org/bots/api#linkpreviewoptions; below a file none is shown."""
    return {} if message.extras.link_preview else {"link_preview_options": {"is_disabled": True}}


def method_of(file: File) -> tuple[str, str]:
    """The method that shows it as what it is, and the field that it goes in."""
    if file.is_voice and media_type(file).lower() in _SOUNDS:
        return "sendVoice", "voice"
    if is_picture(file) and len(file.content) > PICTURE_BYTES:
        return _AS_DOCUMENT
    return _BY_MIME_TYPE.get(media_type(file).lower(), _AS_DOCUMENT)


def message_ids(answer: object, *, has_poll: bool) -> Posted:
    """The number of a new message, or the numbers of an album.

    `has_poll`: it asks with a poll of its own; one that is passed on stays that of the message where it was asked.
    None rather than an error: the platform has taken it, whatever it says about it.
    """
    match answer:
        case {"message_id": int(number), "poll": {"id": str(poll)}} if has_poll:
            return str(number), f"{codec.POLL}{poll}"
        case {"message_id": int(number)}:
            return str(number)
        case [*messages]:
            return tuple(one for each in messages if isinstance(one := message_ids(each, has_poll=False), str))
    return None
