"""Lets people put a message off: who presses its button, or writes the words of it, gets it again later.

What comes again is a message of its own, scheduled and with the tag of the first, so it is on disk, can be sent now or
cancelled, and takes the place of the first when it comes. It is put under a key made of the press: what somebody
pressed before a crash is looked for in the inbox, and put off once however often it is found.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final

from bach_lib.clock import Clock
from bach_lib.errors import InputError, InvalidValueError, TextTooLongError
from bach_lib.events import MessageReceived
from bach_lib.field_logger import FieldLogger
from bach_lib.models import Button, Extras, Fault, Loss, Message, Operation, Place, Receipt, Status
from bach_lib.models.incoming import ANSWER, IncomingMessage, Kind
from bach_lib.outbound.button_fitting import MAX_BUTTON_TEXT
from bach_lib.outbound.draft import SendOptions
from bach_lib.outbound.putting import receipt_of
from bach_lib.outbound.putting_off import PUT_OFF, by_word, can_be_put_off, seconds_of, words_lost
from bach_lib.outbound.tagged import id_there
from bach_lib.questions.question import Asked, Question
from bach_lib.registry.sender_tag import without
from bach_lib.routes.diligence import Diligence
from bach_lib.routes.surroundings import RouteServices
from bach_lib.said import Sentence
from bach_lib.text.buttons import as_it_is

_LOGGER = FieldLogger(__name__)
_LATE: Final = 86_400.0
"""Seconds for which a press that nobody has heard is looked for."""
_THERE: Final = frozenset({Status.SENT, Status.UNCERTAIN})
_A_MESSAGE: Final = Sentence("a_message_to_put_off", "a message to put off")
_PUT_OFF_AT_ALL: Final = Sentence(
    "one_that_was_sent_with_snooze", "one that was sent with a button for it, and that nothing newer has replaced"
)

type NameOf = Callable[[IncomingMessage], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class SnoozeServices:
    """What it takes beside what routes do.

    `filled` reads the files of a message, `sent_to` what was sent to a place lately, `lately` what came in from
    anywhere, newest first; `forms` are those of a recipient's address.
    """

    routes: RouteServices
    filled: Callable[[Message], Awaitable[tuple[Message, tuple[Loss, ...]]]]
    sent_to: Callable[[str, str], Awaitable[list[Message]]]
    lately: Callable[[], Awaitable[list[IncomingMessage]]]
    forms: Callable[[str, str], list[str] | tuple[str, ...]]


class Snoozing:
    """Hears of presses and words while it is open."""

    def __init__(self, services: SnoozeServices) -> None:
        self._more, self._services = services, services.routes
        self._clock: Clock = self._services.clock
        self._diligence = Diligence(self._clock)
        self._name_of: NameOf = lambda message: message.sender_name or message.sender_id
        self._unsubscribe: Callable[[], None] | None = None

    def open(self, name_of: NameOf | None = None) -> None:
        """Hear of them from now on, and of those that nobody has heard.

        `name_of`: what somebody is called, for all to read; None: they may put nothing off.
        """
        self._name_of = name_of or self._name_of
        if self._unsubscribe is not None:
            return
        self._diligence.open()
        self._unsubscribe = self._services.bus.subscribe(MessageReceived, lambda event: self._heard(event.message))
        self._diligence.begin(self._hear_what_came)

    async def _hear_what_came(self) -> None:
        since = self._clock.now() - _LATE
        for message in reversed(await self._more.lately()):
            if message.routed_at is not None and message.received_at > since:
                self._heard(message)

    async def close(self) -> None:
        """Hear of nothing any more."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
            await self._diligence.close()

    def _heard(self, message: IncomingMessage) -> None:
        if message.kind is Kind.BUTTON and message.message_id and seconds_of(message.content.value) is not None:
            self._diligence.begin(partial(self._pressed, message))
        elif message.kind is Kind.TEXT and message.is_own and self._has_words(message):
            self._diligence.begin(partial(self._written, message))

    def _has_words(self, message: IncomingMessage) -> bool:
        """Whether somebody who has no buttons may have meant one, and no question, also of before a restart."""
        if message.metadata.get(ANSWER) is True or not 0 < len(message.text.strip()) <= MAX_BUTTON_TEXT:
            return False
        with suppress(InputError):  # the connection is gone
            type_ = self._services.connectors.loaded(self._services.registry.get(message.connection).type)
            questions = self._services.questions
            all_ = (questions, questions.beside) if questions.beside else (questions,)
            is_free = not questions.took(message.id) and not any(one.addressed(message) for one in all_)
            return is_free and type_ is not None and not type_.capabilities.max_buttons
        return False

    async def _pressed(self, pressed: IncomingMessage) -> None:
        value = pressed.content.value
        for message in await self._services.those((pressed.message_id or 0,)):
            if (seconds := seconds_of(value)) and any(one.value == value for row in message.buttons for one in row):
                await self._put_off(message, pressed, seconds)

    async def takes(self, message: IncomingMessage) -> bool:
        """Whether somebody puts something off with these words, or did. Raises a `StorageError`."""
        if message.kind is not Kind.TEXT or not message.is_own or not self._has_words(message):
            return False
        return self._name_of(message) is not None and await self._meant_by(message) is not None

    async def _written(self, written: IncomingMessage) -> None:
        if found := await self._meant_by(written):
            await self._put_off(found[0], written, found[1])

    async def _meant_by(self, written: IncomingMessage) -> tuple[Message, float] | None:
        """The newest message that it can be about, or the one that it is a reply to, and for how long."""
        for message in await self._more.sent_to(written.connection, written.recipient):
            words = by_word(message.lost)
            if words and _is_meant(message, words.words, words.number, written, self._services.normal):
                return message, words.seconds
        return None

    async def put_off(self, message: Message, until: datetime | str, name: str, key: str | None) -> Receipt:
        """The same for who chooses a time elsewhere. Raises an `InputError` or `StorageError`; nothing is sent then."""
        is_there = message.status in _THERE and can_be_put_off(message) and not message.confidential
        if not is_there or await self._is_outdated(message):
            raise InvalidValueError(field=_A_MESSAGE, value=message.id, expected=_PUT_OFF_AT_ALL)
        return await self._again(message, until, name, (key, None))

    async def _put_off(self, message: Message, asked: IncomingMessage, seconds: float) -> None:
        """Send it again later, and say below what stands there who wanted that. Raises a `StorageError`."""
        name = self._name_of(asked)
        if name is None or message.status not in _THERE or await self._is_outdated(message):
            return
        until = datetime.fromtimestamp(asked.received_at + seconds, UTC)
        try:
            await self._again(message, until, name, (f"bach:later:{asked.id}", f"bach:put off:{asked.id}"))
        except InputError as error:  # the connection is gone, or it was put off before, with files that are gone now
            _LOGGER.debug("Message %s is not put off: %s", message.id, error, message_id=message.id)
            return
        await self._services.prove(message.id, asked)

    async def _again(
        self, message: Message, until: datetime | str, name: str, keys: tuple[str | None, str | None]
    ) -> Receipt:
        """Send it later, and say so below it: when it comes, which is later still if whoever gets it rests then."""
        receipt = await self._send_again(message, keys[0], name, until)
        wish = datetime.fromisoformat(until) if isinstance(until, str) else until
        comes = (one.scheduled_for for one in await self._services.those((receipt.id,)))
        due = next(comes, None) or wish.timestamp()
        with suppress(InputError):  # nothing can be changed there
            await self._say_so(
                message, keys[1] or f"bach:put off for:{receipt.id}", f"⏰ {_shown(due, self._clock.now())}, {name}"
            )
        return receipt

    async def _send_again(self, message: Message, key: str | None, name: str, until: datetime | str) -> Receipt:
        """With all that was in it, under its tag."""
        row = self._services.registry.get(message.connection)
        whole, gone = await self._more.filled(message)
        options = _options(message, without(row, message.title) if message.title else None) | SendOptions(
            tag=message.tag,
            delivery=message.delivery,
            max_retries=message.max_retries,
            context=message.context,
            buttons=message.buttons,
            extras=message.extras,
            files=whole.files,
            lost=[*words_lost(message), *gone],
            not_before=until,
            idempotency_key=key,
        )
        why = Fault(code=PUT_OFF, text=Sentence("name_put_it_off", "{name} put it off.", name=name))
        text = without(row, message.text)
        send = self._services.sender.send
        return await send(row.name, message.recipient, text, options, is_awake=message.awake, is_own=True, why=why)

    async def _say_so(self, message: Message, key: str | None, line: str) -> None:
        if not message.text and not message.files:
            return  # it is a place, below which nothing can be said
        line, change = as_it_is(line, message.format), self._services.sender.change_there
        extras = Extras(link_preview=message.extras.link_preview)
        options = _options(message, message.title) | SendOptions(idempotency_key=key, extras=extras)
        try:
            await change(message, Operation.EDIT, f"{message.text}\n\n{line}", options)
        except TextTooLongError:
            await change(message, Operation.EDIT, line, options)

    async def _is_outdated(self, message: Message) -> bool:
        """Whether something newer was said under its tag: what was true before must not take its place."""
        if message.tag is None:
            return False
        tagged, forms = self._services.sender.tagged, self._more.forms(message.connection, message.recipient)
        waiting = await tagged.waiting(message.connection, forms, message.tag)
        newer = await self._services.those(tuple(one for one in waiting if one > message.id))
        standing = await tagged.of_tag(message.connection, forms, message.tag)
        newer += [one for one in standing if one.id > message.id and id_there(one) != id_there(message)]
        return any(one.text != message.text for one in newer)


def _options(message: Message, title: str | None) -> SendOptions:
    """What a message, its change and what comes again have in common."""
    return SendOptions(title=title, format=message.format, silent=message.silent, priority=message.priority)


def _is_meant(
    message: Message, words: str, number: int, written: IncomingMessage, normal: Callable[[str, str], str]
) -> bool:
    """Whether somebody chose this, as they choose the answer to a question."""
    fillers = [Button(text="\n", value="other")] * (number - 1)
    place = Place(connection=message.connection, recipient=message.recipient)
    question = Question(text="", places=(place,), timeout=1.0, answers=([*fillers, Button(text=words, value=PUT_OFF)],))
    asked = Asked(question, lambda _: None, normal)
    asked.put(place, receipt_of(message))
    asked.happened(message)
    asked.take(written)
    return asked.answer is not None and asked.answer.value == PUT_OFF


def _shown(at: float, now: float) -> str:
    """A time by this machine's clock, with its day unless that is today."""
    time, today = (datetime.fromtimestamp(one, UTC).astimezone() for one in (at, now))
    return f"{time:%H:%M}" if time.date() == today.date() else f"{time:%Y-%m-%d %H:%M}"
