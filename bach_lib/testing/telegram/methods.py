"""The methods of the Bot API that the double answers, with the order of checks of telegram-bot-api's `Client.cpp`.

Each is described at https://core.telegram.org/bots/api under its name; `errors` says where the texts of refusals come
from.
"""

from collections.abc import Mapping
from dataclasses import replace

from bach_lib.models import Location, Poll
from bach_lib.testing.telegram import passing_on
from bach_lib.testing.telegram.arguments import Arguments, Upload
from bach_lib.testing.telegram.calls import PARSERS, Call, Method
from bach_lib.testing.telegram.changes import (
    delete_message,
    delete_messages,
    edit_message_caption,
    edit_message_reply_markup,
    edit_message_text,
    set_message_reaction,
    shows_previews,
)
from bach_lib.testing.telegram.errors import bad_request
from bach_lib.testing.telegram.fetching import delete_webhook, get_updates, get_webhook_info, set_webhook
from bach_lib.testing.telegram.files import get_file
from bach_lib.testing.telegram.keyboards import read_keyboard
from bach_lib.testing.telegram.markup import Formatted, caption, message_text
from bach_lib.testing.telegram.models import CallbackAnswer, Chat, ChatAction, Draft, SentMessage
from bach_lib.testing.telegram.payloads import sent_message
from bach_lib.testing.telegram.places import read_place
from bach_lib.testing.telegram.polls import check_effect, read_poll

ACTIONS = frozenset(
    {
        "cancel",
        "choose_sticker",
        "find_location",
        "pick_up_location",
        "record_audio",
        "record_video",
        "record_video_note",
        "record_voice",
        "typing",
        "upload_audio",
        "upload_document",
        "upload_photo",
        "upload_video",
        "upload_video_note",
        "upload_voice",
    }
)
KINDS_OF_FILES = ("animation", "audio", "document", "photo", "video", "voice")
PICTURES = frozenset({"image/jpeg", "image/png", "image/webp"})
MAX_PICTURE = 10_000_000
MIN_ALBUM, MAX_ALBUM = 2, 10
ALBUM_KINDS = frozenset({"audio", "document", "photo", "video"})
MIXED_KINDS = frozenset({"photo", "video"})
EVERY_GIFT = {
    "unlimited_gifts": True,
    "limited_gifts": True,
    "unique_gifts": True,
    "premium_subscription": True,
    "gifts_from_channels": True,
}


def get_me(call: Call) -> object:
    """Who the bot is."""
    return call.bot.as_json() | {
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


def send_message(call: Call) -> object:
    """Send a text."""
    return _send(call, message_text(call.arguments, PARSERS))


def send_place(kind: str) -> Method:
    """The method that sends a point on the map, with a name or without."""

    def send(call: Call) -> object:
        place = read_place(call.arguments, is_venue=kind == "venue")
        return _send(call, Formatted("", ()), kind, location=place)

    return send


def send_poll(call: Call) -> object:
    """Send a question with answers to choose from."""
    return _send(call, Formatted("", ()), "poll", poll=read_poll(call.arguments))


def send_file(kind: str) -> Method:
    """The method that sends a file of this kind, which comes in a form."""

    def send(call: Call) -> object:
        file = call.arguments.files.get(kind)
        if file is None:
            raise bad_request(f"there is no {kind} in the request")
        _check_picture(kind, file)
        return _send(call, caption(call.arguments, PARSERS), kind, file)

    return send


def send_media_group(call: Call) -> object:
    """Send several as one, each a message of its own (https://core.telegram.org/bots/api#sendmediagroup)."""
    media = call.arguments.nested("media")
    items = [item for item in media if isinstance(item, dict)] if isinstance(media, list) else []
    if not MIN_ALBUM <= len(items) <= MAX_ALBUM:
        raise bad_request("wrong number of media in the album" if items else 'parameter "media" is required')
    kinds = {str(item.get("type")) for item in items}
    if not kinds <= ALBUM_KINDS or (len(kinds) > 1 and not kinds <= MIXED_KINDS):
        raise bad_request("can't use the media of the specified type in the album")
    if call.arguments.values.get("reply_markup") is not None:
        raise bad_request("can't use reply markup in the album")
    files = [_attached(call, item) for item in items]
    chat = call.platform.writable_chat(call.arguments)
    group = f"{chat.id}-{chat.next_message_id}"
    return [
        _send(_item(call, item), _caption_of(item), str(item["type"]), file, group)
        for item, file in zip(items, files, strict=True)
    ]


def _attached(call: Call, item: Mapping[object, object]) -> Upload:
    """The file of an album that comes in the form. Raises ApiError (400)."""
    file = call.arguments.files.get(str(item.get("media")).removeprefix("attach://"))
    if file is None:
        raise bad_request("there is no file in the request")
    _check_picture(str(item["type"]), file)
    return file


def _item(call: Call, item: Mapping[object, object]) -> Call:
    """The call as it is for one of an album."""
    own = {str(name): value for name, value in item.items()}
    return replace(call, arguments=Arguments({**call.arguments.values, **own}))


def _caption_of(item: Mapping[object, object]) -> Formatted:
    return caption(Arguments({str(name): value for name, value in item.items()}), PARSERS)


def _check_picture(kind: str, file: Upload) -> None:
    if kind == "photo" and file.mime_type.lower() not in PICTURES:
        raise bad_request("IMAGE_PROCESS_FAILED")
    if kind == "photo" and len(file.content) > MAX_PICTURE:
        raise bad_request("file is too big")


def _send(
    call: Call,
    formatted: Formatted,
    kind: str = "text",
    file: Upload | None = None,
    album: str | None = None,
    *,
    location: Location | None = None,
    poll: Poll | None = None,
) -> object:
    keyboard = read_keyboard(call.arguments)
    chat = call.platform.writable_chat(call.arguments)
    reply_to = _reply_target(chat, call.arguments)
    thread_id = chat.check_thread(call.arguments.integer("message_thread_id"))
    call.platform.check_limits(call.bot, chat)
    message = SentMessage(
        bot=call.bot.username,
        chat_id=chat.id,
        message_id=chat.take_message_id(),
        text=formatted.text,
        received_at=call.platform.clock.monotonic(),
        date=int(call.platform.clock.now()),
        thread_id=thread_id,
        parse_mode=call.arguments.text("parse_mode") or None,
        silent=call.arguments.flag("disable_notification"),
        protected=call.arguments.flag("protect_content"),
        link_preview=shows_previews(call.arguments),
        reply_to=reply_to,
        entities=formatted.entities,
        keyboard=keyboard,
        kind=kind,
        file=file,
        album=album,
        location=location,
        poll=poll,
        effect=check_effect(call.arguments, chat),
        arguments=call.arguments.values,
    )
    call.platform.store(message)
    return sent_message(message, call.bot, chat)


def _reply_target(chat: Chat, arguments: Arguments) -> int | None:
    """The message to answer, None for none."""
    target = _reply_parameters(arguments)
    message_id = target.integer("message_id")
    if message_id <= 0:
        return None
    if message_id in chat.messages:
        return message_id
    if target.flag("allow_sending_without_reply"):
        return None
    raise bad_request("message to be replied not found")


def _reply_parameters(arguments: Arguments) -> Arguments:
    given = arguments.nested("reply_parameters")
    if given is None:  # the older form of the same
        values = arguments.values
        return Arguments({**values, "message_id": values.get("reply_to_message_id")})
    if not isinstance(given, dict):
        raise bad_request("object expected as reply parameters")
    return Arguments(given)


def get_chat(call: Call) -> object:
    """What is known about a chat."""
    chat = call.platform.chat(call.arguments)
    if chat.type in {"supergroup", "channel"}:
        chat.check_writable()  # a bot that was thrown out cannot even look; in a blocked or upgraded chat it can
    return chat.as_json() | {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": EVERY_GIFT}


def send_chat_action(call: Call) -> object:
    """Show that the bot is busy."""
    action = call.arguments.text("action").lower()
    if action not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    chat = call.platform.writable_chat(call.arguments)
    thread_id = chat.check_thread(call.arguments.integer("message_thread_id"))
    call.platform.actions.append(ChatAction(bot=call.bot.username, chat_id=chat.id, thread_id=thread_id, action=action))
    call.platform.changed()
    return True


def send_message_draft(call: Call) -> object:
    """Show what a message will say, in a private chat (https://core.telegram.org/bots/api#sendmessagedraft)."""
    chat = call.platform.writable_chat(call.arguments)
    if chat.type != "private":
        raise bad_request("CHAT_ID_INVALID")
    number = call.arguments.integer("draft_id")
    if not number:
        raise bad_request("DRAFT_ID_INVALID")
    thread_id = chat.check_thread(call.arguments.integer("message_thread_id"))
    words = message_text(call.arguments, PARSERS).text
    draft = Draft(bot=call.bot.username, chat_id=chat.id, thread_id=thread_id, number=number, text=words)
    call.platform.drafts.append(draft)
    call.platform.changed()
    return True


def answer_callback_query(call: Call) -> object:
    """End the progress bar of a button."""
    query_id = call.arguments.text("callback_query_id")
    if call.platform.queries.get(query_id) != call.bot.username:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    answer = CallbackAnswer(
        bot=call.bot.username,
        callback_query_id=query_id,
        text=call.arguments.text("text"),
        show_alert=call.arguments.flag("show_alert"),
    )
    call.platform.callback_answers.append(answer)
    call.platform.changed()
    return True


# By the name in lower case, as the real server compares it; the other name is the one of the documentation.
METHODS: Mapping[str, tuple[str, Method]] = {
    **passing_on.METHODS,
    "answercallbackquery": ("answerCallbackQuery", answer_callback_query),
    "deletemessage": ("deleteMessage", delete_message),
    "deletemessages": ("deleteMessages", delete_messages),
    "deletewebhook": ("deleteWebhook", delete_webhook),
    "editmessagereplymarkup": ("editMessageReplyMarkup", edit_message_reply_markup),
    "editmessagecaption": ("editMessageCaption", edit_message_caption),
    "editmessagetext": ("editMessageText", edit_message_text),
    "getchat": ("getChat", get_chat),
    "getfile": ("getFile", get_file),
    "getme": ("getMe", get_me),
    "getupdates": ("getUpdates", get_updates),
    "getwebhookinfo": ("getWebhookInfo", get_webhook_info),
    "sendchataction": ("sendChatAction", send_chat_action),
    "sendmediagroup": ("sendMediaGroup", send_media_group),
    "sendmessage": ("sendMessage", send_message),
    "sendmessagedraft": ("sendMessageDraft", send_message_draft),
    **{f"send{kind}": (f"send{kind.capitalize()}", send_file(kind)) for kind in KINDS_OF_FILES},
    "sendlocation": ("sendLocation", send_place("location")),
    "sendpoll": ("sendPoll", send_poll),
    "sendvenue": ("sendVenue", send_place("venue")),
    "setmessagereaction": ("setMessageReaction", set_message_reaction),
    "setwebhook": ("setWebhook", set_webhook),
}
