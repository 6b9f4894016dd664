"""The ladder of Telegram: what a message becomes, which refusal names what, and how it goes without that."""

from collections.abc import Sequence
from dataclasses import replace

from telegram.error import ChatMigrated, TelegramError

from bach_lib.connectors.apart import parted
from bach_lib.connectors.observations import CallError
from bach_lib.connectors.passed_on import passed_on
from bach_lib.connectors.rung import Posted, Rung, Step
from bach_lib.connectors.telegram import codec
from bach_lib.connectors.telegram.bot import RawBot
from bach_lib.connectors.telegram.calls import albums, call_for, films_in, message_ids
from bach_lib.connectors.telegram.errors import call_error, is_done_already
from bach_lib.connectors.telegram.recipients import Target
from bach_lib.connectors.telegram.sightings import of_answer
from bach_lib.models import APART, Extra, Message, Operation
from bach_lib.models.spellings import Sighting
from bach_lib.text.html_blocks import with_lines
from bach_lib.text.telegram import CAPTION, compose, fits, parts_of

_FINAL = (
    "bot was",
    "bot is not",
    "bot can't",
    "chat not found",
    "chat_write_forbidden",
    "chat_restricted",
    "have no rights to send a message",
    "need administrator rights in the channel chat",
    "not enough rights to send text",
    "group chat was deactivated",
    "peer_id_invalid",
    "send_plain_forbidden",
    "user is deactivated",
    "user not found",
)
"""Parts of refusals, in lower case, that no lesser message would escape: it is the person or the chat."""
_NAMED = (
    (("thread not found", "topic_", "topic was", "topic is", "message thread"), (Rung.PLACE,)),
    (("replied not found", "reply message", "message to reply", "reply_to", "reply_message", "quote"), (Rung.REPLY,)),
    (("caption",), (Rung.CAPTION, Rung.MARKUP)),
    (("parse", "entit", "must be non-empty", "text is empty", "parse_mode"), (Rung.MARKUP,)),
    (("button", "keyboard", "reply_markup", "reply markup"), (Rung.BUTTONS,)),
    (("link_preview",), (Rung.LINK_PREVIEW,)),
    (("effect",), (Rung.EFFECT,)),
    (("poll",), (Rung.POLL,)),
    (("location", "latitude", "longitude", "venue"), (Rung.LOCATION,)),
    (("there is no text in the message to edit",), (Rung.KIND,)),
    (
        ("send document", "send_docs", "too large", "too big", "entity too large", "file_parts", "wrong file"),
        (Rung.FILE,),
    ),
    (
        ("photo", "image", "voice", "video", "audio", "animation", "gif", "media", "sticker", "file", "document"),
        (Rung.KIND, Rung.FILE),
    ),
    (("too long",), (Rung.MARKUP, Rung.CAPTION)),
)
"""Parts of other refusals, in lower case, and what they mind; the first that fits counts.

https://github.com/tdlib/telegram-bot-api, `Client.cpp`, and https://core.telegram.org/api/errors."""


class TelegramRungs:
    """Rungs of one bot's messages. Remembers where groups went that became supergroups.

    `most_bytes`: what the files of one request may have.
    """

    def __init__(self, bot: RawBot, most_bytes: int) -> None:
        self._bot = bot
        self._most_bytes = most_bytes
        self._moved: dict[str, str] = {}
        self._is_new = False
        self._seen: dict[str, Sighting] = {}  # by the chat that was asked for

    def seen(self, recipient: str) -> tuple[Sighting, ...]:
        """What the last answer said of a chat, once."""
        found = self._seen.pop(self.target(recipient).chat, None)
        return () if found is None else (found,)

    def target(self, recipient: str) -> Target:
        """Where a recipient is now."""
        target = Target.parse(recipient)
        return replace(target, chat=self._moved[target.chat]) if target.chat in self._moved else target

    def plan(self, message: Message) -> list[Message]:
        """The words, in as many messages as they take; files as albums, the first with words that fit below it.

        An album has no buttons; then the words go apart, before it.
        """
        message = with_lines(message)
        if message.operation is not Operation.SEND:
            return [message]
        if (passed := message.forwarding) is not None:
            numbers = {codec.message_number(one): one for one in passed.remote_ids}
            there = [numbers[one] for one in sorted(filter(None, numbers))]  # the id of a poll is none
            return passed_on(message, replace(passed, remote_ids=tuple(there) or passed.remote_ids))
        words, apart = parted(message, APART)
        first, *others = [*(self._words(words) if words else []), *apart]
        return [first, *(replace(one, extras=one.extras.without((Extra.EFFECT,))) for one in others)]

    def _words(self, message: Message) -> list[Message]:
        whole = compose(message.text, message.title, message.format)
        albums = self._albums(message)
        is_caption = not whole or fits(whole, message.format, CAPTION)
        if albums and is_caption and (len(albums[0].files) == 1 or not message.buttons):
            return [replace(message, files=albums[0].files), *albums[1:]]
        texts = parts_of(whole, message.format)
        if len(texts) < 2:
            return [replace(message, files=()), *albums] if albums else [message]
        last = len(texts) - 1
        heading = whole.removesuffix(message.text)
        parts = [
            replace(
                message,
                text=text,
                title=None,
                files=(),
                reply_to=None if part else message.reply_to,
                buttons=message.buttons if part == last else (),
            )
            for part, text in enumerate(texts)
        ]
        if heading and texts[0].startswith(heading):  # without markup the title must not show how it was marked
            parts[0] = replace(parts[0], title=message.title, text=texts[0].removeprefix(heading))
        return [*parts, *albums]

    def _albums(self, message: Message) -> list[Message]:
        """The messages that files become, without words."""
        alone = replace(message, text="", title=None, reply_to=None, buttons=())
        return [replace(alone, files=some) for some in albums(message.files, self._most_bytes)]

    async def post(self, step: Step) -> Posted:
        """Call the method that a step becomes. Raises `CallError`."""
        message = step.message
        is_send = message.operation is Operation.SEND
        target = self.target(message.recipient) if is_send else Target.parse(message.recipient)
        films = () if step.otherwise else await films_in(message)
        method, parameters = call_for(message, target, otherwise=step.otherwise, films=films)
        failure: CallError
        try:
            answer = await self._bot.call(method, **parameters)
        except TelegramError as error:
            if not is_send and is_done_already(error):
                return message.target
            if is_send and isinstance(error, ChatMigrated) and target.chat == Target.parse(message.recipient).chat:
                self._moved[target.chat] = str(error.new_chat_id)
                self._is_new = True
            failure = call_error(error, is_shared=target.is_shared, is_send=is_send)
        else:
            first = answer[0] if isinstance(answer, list) and answer else answer
            if (sighting := of_answer(first, target.chat)) is not None:
                self._seen[target.chat] = sighting
            return message_ids(answer, has_poll=message.extras.poll is not None) if is_send else message.target
        raise failure  # out here: what python-telegram-bot raised need not travel along

    def named(self, error: CallError) -> Sequence[Rung] | None:
        """What Telegram minds, as far as it says."""
        said = error.text.lower()
        if said.startswith("forbidden") or any(words in said for words in _FINAL):
            return ()
        return next((rungs for words, rungs in _NAMED if any(one in said for one in words)), None)

    def above(self, recipient: str) -> str | None:
        """A topic is in a chat."""
        target = Target.parse(recipient)
        return None if target.topic is None else target.chat

    def mended(self) -> bool:
        """A group that became a supergroup is followed once."""
        is_new, self._is_new = self._is_new, False
        return is_new
