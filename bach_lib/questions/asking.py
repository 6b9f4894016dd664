"""Asks people and waits for the first answer. What counts as one is decided in `question`.

However a question ends (an answer, time, a caller who goes away, BACH being closed), its messages are taken back: what
waits is cancelled, what was sent is edited to say how it ended, without buttons.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from bach_lib.bus import Bus
from bach_lib.clock import Clock
from bach_lib.connectors import Connectors
from bach_lib.errors import (
    BachError,
    CannotDoError,
    CannotReceiveError,
    NotCancellableError,
    TextTooLongError,
)
from bach_lib.events import AccountChanged, ConnectionRemoved, MessageEvent, MessageReceived
from bach_lib.field_logger import FieldLogger
from bach_lib.foreign import guarded
from bach_lib.models import Button, Buttons, Delivery, Extras, Message, Operation, Place, Status
from bach_lib.models.incoming import IncomingMessage
from bach_lib.outbound.draft import SendOptions
from bach_lib.outbound.sender import Sender
from bach_lib.questions.open_questions import Questions
from bach_lib.questions.question import Answer, Asked, Ending, Question
from bach_lib.questions.unanswered import NobodyAnsweredError, QuestionInterruptedError, QuestionUndeliveredError
from bach_lib.questions.under_way import UnderWay, under_way
from bach_lib.registry import Registry
from bach_lib.said import together
from bach_lib.text.buttons import as_it_is

_LOGGER = FieldLogger(__name__)
_MAX_SHOWN = 200
"""Characters of an answer that stand below the question."""


class QuestionService:
    """Sends questions, waits for the first valid answer, and closes the question's messages everywhere.

    `cancel` takes a waiting message back, `get` reads one from disk, `normal` is as in `Asked`. `prove` is told
    which of the messages has been answered.
    """

    def __init__(
        self,
        *,
        bus: Bus,
        clock: Clock,
        registry: Registry,
        connectors: Connectors,
        sender: Sender,
        cancel: Callable[[int], Awaitable[Message]],
        get: Callable[[int], Awaitable[Message]],
        normal: Callable[[str, str], str],
        prove: Callable[[int, IncomingMessage], Awaitable[None]],
    ) -> None:
        self._normal = normal
        self._bus = bus
        self._clock = clock
        self._registry = registry
        self._connectors = connectors
        self._sender = sender
        self._cancel = cancel
        self._get = get
        self._prove = prove
        self.questions: Questions = Questions()
        """Those that are open."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = asyncio.Event()
        self._unsubscribe = (
            bus.subscribe(MessageReceived, lambda event: self.questions.received(event.message)),
            bus.subscribe(MessageEvent, self._happened),
            bus.subscribe(ConnectionRemoved, self._removed),
            bus.subscribe(AccountChanged, self._handed_over),
        )

    async def ask(self, question: Question) -> Answer:
        """The first answer of somebody who may give one. Raises an `UnansweredError`, or as `send` does.

        `question`: as `checked` gives it.
        """
        if self._closing.is_set():
            raise QuestionInterruptedError
        started, over, go_on = self._clock.monotonic(), asyncio.Event(), asyncio.Event()
        putting: asyncio.Task[None] | None = None

        def ended(asked: Asked) -> None:
            over.set()
            go_on.set()
            cancel_timer()
            self.questions.close(asked)
            if putting:
                self._spawn(self._take_back(asked, putting))

        asked = Asked(question, ended, self._normal)
        asked.on_nobody = go_on.set
        cancel_timer = self._clock.call_later(question.timeout, partial(asked.end, Ending.TIMED_OUT))
        asked.ends_at = self._clock.now() + question.timeout
        self.questions.open(asked)
        putting = self._spawn(self._put(asked, go_on))
        try:
            await over.wait()
        finally:
            asked.end(Ending.INTERRUPTED)  # changes nothing unless the caller goes away
        return self._outcome(asked, self._clock.monotonic() - started)

    def under_way(self) -> list[UnderWay]:
        """Those that wait for an answer, in the order in which they were asked."""
        return [under_way(asked) for asked in self.questions]

    async def close(self) -> None:
        """End the wait of everybody, and take the questions back as far as that needs no network."""
        self._closing.set()
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        for asked in self.questions:
            asked.end(Ending.INTERRUPTED)
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await asyncio.sleep(0)  # the callbacks of those that are done must run

    # -- asking -------------------------------------------------------------------------------------------------------

    async def _put(self, asked: Asked, go_on: asyncio.Event) -> None:
        """Ask those who are asked first, and the next ones when their time comes, or nobody of these can be reached."""
        steps, refused, begun = asked.question.steps, dict[Place, Exception](), self._clock.monotonic()
        for number, (seconds, places) in enumerate(steps):
            if number and asked.ending is None and asked.is_waited_for(self.questions.is_down, steps[number:]):
                go_on.clear()
                cancel = self._clock.call_later(max(begun + seconds - self._clock.monotonic(), 0.0), go_on.set)
                await go_on.wait()
                cancel()
            if asked.ending is not None:
                break
            refused |= await self._put_step(asked, places)
        asked.all_put(refused)

    async def _put_step(self, asked: Asked, places: Sequence[Place]) -> dict[Place, Exception]:
        """Ask at every place; one that cannot be asked does not stop the others."""
        puts = (guarded(self._put_one(asked, place)) for place in places)
        results = await asyncio.gather(*puts, return_exceptions=True)
        refused = {place: one for place, one in zip(places, results, strict=True) if isinstance(one, Exception)}
        for place, error in refused.items():
            if len(refused) < len(asked.question.places):
                _LOGGER.warning(
                    "A question could not be asked everywhere; through %s: %s",
                    place.connection,
                    error,
                    connection=place.connection,
                )
        return refused

    async def _put_one(self, asked: Asked, place: Place) -> None:
        row = self._registry.get(place.connection)
        if not (await self._connectors.load(row.type)).capabilities.receives:
            raise CannotReceiveError(name=place.connection)
        options = _options(asked.question) | SendOptions(
            time_to_live=min(max(asked.ends_at - self._clock.now(), 1.0), asked.question.timeout),
            delivery=Delivery.AT_LEAST_ONCE,
            buttons=_numbered(asked.question.answers),
        )
        receipt = await self._sender.send(place.connection, place.recipient, asked.question.text, options, is_own=True)
        asked.put(place, receipt)
        with suppress(BachError):  # it is asked all the same; what becomes of it is told
            asked.found(await self._get(receipt.id))  # it may have gone before we knew its id

    def _outcome(self, asked: Asked, waited: float) -> Answer:
        match asked.ending:
            case Ending.ANSWERED if asked.answer:
                return replace(asked.answer, waited=waited, unreached=asked.unreached)
            case Ending.TIMED_OUT:
                raise NobodyAnsweredError(seconds=f"{asked.question.timeout:g}")
            case Ending.UNDELIVERED:
                refused = list(asked.refused.values())
                if refused and len(refused) == len(asked.unreached):
                    raise refused[0]
                raise QuestionUndeliveredError(reason=together(asked.unreached.values()))
            case _:
                raise QuestionInterruptedError

    def _happened(self, event: MessageEvent) -> None:
        for asked in self.questions:
            asked.happened(event.message)

    def _removed(self, event: ConnectionRemoved) -> None:
        for asked in self.questions:
            asked.removed(event.connection)

    def _handed_over(self, event: AccountChanged) -> None:
        for asked in self.questions:
            asked.handed_over(event.connection)

    # -- taking back --------------------------------------------------------------------------------------------------

    async def _take_back(self, asked: Asked, putting: asyncio.Task[None]) -> None:
        await asyncio.wait([putting])
        if asked.answer is not None and asked.answered_id is not None:
            with suppress(BachError):  # the disk, which has told of it; the answer counts all the same
                await self._prove(asked.answered_id, asked.answer.message)
        await asyncio.gather(*(self._take_one_back(asked, message_id) for message_id in asked.message_ids))

    async def _take_one_back(self, asked: Asked, message_id: int) -> None:
        """Cancel a message, or edit it as soon as it has been sent. One that fails keeps no other open."""
        try:
            await guarded(self._take_back_when_sent(asked, message_id))
        except BachError as error:
            _LOGGER.warning(
                "Message %s still looks like an open question: %s", message_id, error, message_id=message_id
            )
        except Exception:  # a connector may be anybody's; the others of this question have to be taken back, too
            _LOGGER.exception("Message %s still looks like an open question", message_id, message_id=message_id)

    async def _take_back_when_sent(self, asked: Asked, message_id: int) -> None:
        changed = asyncio.Event()

        def happened(event: MessageEvent) -> None:
            if event.message.id == message_id:
                changed.set()

        unsubscribe = self._bus.subscribe(MessageEvent, happened)
        try:
            while not await self._is_taken_back(asked, message_id):
                await self._wait_for(changed)
                changed.clear()
        finally:
            unsubscribe()

    async def _is_taken_back(self, asked: Asked, message_id: int) -> bool:
        """False: it is on its way at this moment, and BACH is not about to be closed."""
        message = await self._get(message_id)
        if message.status is Status.SENT:
            await self._show_the_end(asked, message)
        elif not message.status.is_final:
            try:
                await self._cancel(message_id)
            except NotCancellableError:
                return self._closing.is_set()
        return True

    async def _show_the_end(self, asked: Asked, message: Message) -> None:
        line = _last_line(asked, message)
        extras = Extras(link_preview=message.extras.link_preview)  # its place stands there already, and its files
        options = _options(asked.question) | SendOptions(extras=extras, files=(), lost=())
        options["format"] = message.format  # in which its text is; a platform may have none other
        try:
            await self._sender.change(message.id, Operation.EDIT, f"{message.text}\n\n{line}", options)
        except TextTooLongError:
            await self._sender.change(message.id, Operation.EDIT, line, options)
        except CannotDoError:
            _LOGGER.debug(
                "Message %s cannot be edited there", message.id, connection=message.connection, message_id=message.id
            )

    async def _wait_for(self, changed: asyncio.Event) -> None:
        """Until the message changes or BACH is being closed."""
        waits = [asyncio.create_task(event.wait()) for event in (changed, self._closing)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def _spawn(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name="bach-question")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _options(question: Question) -> SendOptions:
    """What its messages and their edits have in common. A question never replaces another message."""
    options = question.options.copy()
    options["tag"] = None
    options["buttons"] = ()
    options["time_to_live"] = options["idempotency_key"] = options["snooze"] = None
    return options


def _numbered(answers: Sequence[Sequence[Button]]) -> Buttons:
    """The same buttons, each with its place in the list instead of its value."""
    numbers = iter(range(sum(len(row) for row in answers)))
    return tuple(tuple(replace(button, value=str(next(numbers))) for button in row) for row in answers)


def _last_line(asked: Asked, message: Message) -> str:
    wording, answer = asked.wording(message.id), asked.answer
    if answer:
        text = answer.text if len(answer.text) <= _MAX_SHOWN else f"{answer.text[:_MAX_SHOWN]}…"
        said = {"name": answer.name, "answer": " ".join(text.split())}
        line = re.sub(r"\{(name|answer)\}", lambda match: said[match[1]], wording.answered)
    else:
        line = wording.unanswered if asked.ending is Ending.TIMED_OUT else wording.interrupted
    return as_it_is(line, message.format)
