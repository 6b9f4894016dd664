"""Graceful degradation: what a platform refuses is left out, and the rest goes in the same attempt.

As asked; then without what was refused, one thing after the other: markup, what a file is shown as, words below a
file, the file, the quote, the topic, the buttons. At last the bare words. A rung below is only tried after the
platform's own, well-formed refusal of this message, so nothing can arrive twice. A connector says what a message
becomes, how one request is made, and which refusal names what.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from bach_lib.clock import Clock
from bach_lib.connectors.course import Course
from bach_lib.connectors.observations import CallError, Observation
from bach_lib.models import File, Format, Loss, Message, Operation
from bach_lib.outcomes import Scope, Sent
from bach_lib.said import Sentence
from bach_lib.text.buttons import in_words
from bach_lib.text.progress import Progress, Unfinished

_LONGEST_PAUSE = 30.0
"""Seconds that the requests of one attempt wait for the platform's limits in all; the rest goes later."""
_MARGIN, _LONGEST_LAG = 0.5, 5.0
"""Seconds beside the limit: the platform counts from when it heard of a request, and we from when we made it."""
_MOST_MENDED = 2
"""How often one attempt is told that the same would pass now; a platform may have gone mad."""
_MAX_REASON = 300


class Rung(StrEnum):
    """What a message can go without. The values are the codes of `Loss`."""

    MARKUP = "markup"
    """Bold, links and the like: the bare words go."""
    KIND = "kind"
    """A picture shown as one, a voice message: it goes as a document."""
    CAPTION = "caption"
    """Words below a file: both go, apart."""
    FILE = "file"
    """A file; of several, each goes alone first."""
    REPLY = "reply"
    """What it answers: it goes by itself."""
    PLACE = "place"
    """The topic or thread: it goes to what is above."""
    BUTTONS = "buttons"
    """Pressed: they are said in words."""
    SILENT = "silent"
    """That nobody is disturbed."""
    ALL = "all"
    """Everything at once, where the platform does not name what it minds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One request: `message` has all that it carries. `otherwise`: with the platform's other call, as for a document.

    `key` is the same in every attempt, and another for every other request of the message; the first one's is "0".
    """

    key: str
    message: Message
    otherwise: bool = False


class Rungs(Protocol):
    """What the ladder asks of a platform."""

    def plan(self, message: Message) -> list[Message]:
        """The requests that a message becomes, words before files. Each has what it carries, and no more."""
        ...

    async def post(self, step: Step) -> str | None:
        """Make one request; the id of what is there then. Raises `CallError`."""
        ...

    def named(self, error: CallError) -> Sequence[Rung] | None:
        """What a refusal minds, in the order in which it is left out; nothing if no lesser message would pass.

        None: it does not say.
        """
        ...

    def above(self, recipient: str) -> str | None:
        """The place above a topic or thread."""
        ...

    def mended(self) -> bool:
        """Whether what was just refused would pass now, as after a group moved. Says so once for each cause."""
        ...


class Ladder:
    """Sender of one connection's messages, which goes down the rungs. `names_parts`: as in `Sent.parts`."""

    def __init__(self, rungs: Rungs, course: Course, clock: Clock, *, names_parts: bool = False) -> None:
        self._names_parts = names_parts
        self._rungs = rungs
        self._course = course
        self._clock = clock
        self._unfinished = Unfinished()

    async def send(self, message: Message, lost: Sequence[Loss] = ()) -> Sent:
        """Send all that will go. Raises `CallError` for a refusal that leaves nothing.

        `lost`: what this platform cannot have at all.
        """
        plan = self._rungs.plan(message)
        progress = self._unfinished.take(message.nonce) or Progress.read(message.progress)
        if progress.of != len(plan):
            progress = Progress(of=len(plan))
        progress.lose(lost)
        climb = _Climb(message, plan, progress)
        try:
            while climb.left:
                await self._next(climb)
        except BaseException:  # also if we are stopped: what has arrived must not arrive again
            self._unfinished.keep(message.nonce, progress)
            raise
        parts = tuple(one for one in progress.done.values() if one is not None) if self._names_parts else ()
        return Sent(remote_id=climb.remote_id, degraded=bool(progress.lost), losses=tuple(progress.lost), parts=parts)

    async def _next(self, climb: _Climb) -> None:
        step = climb.next()
        if step is None:
            return
        if climb.requests:
            await self._turn(climb)
        climb.requests += 1
        began = self._clock.monotonic()
        try:
            remote_id = await self._rungs.post(step)
        except CallError as error:
            if self._rungs.mended() and climb.mends < _MOST_MENDED:
                climb.mends += 1
                climb.left.appendleft(step)
            elif not climb.descend(error, self._rungs):
                raise
            return
        finally:
            climb.lag = max(climb.lag, self._clock.monotonic() - began)
        climb.arrived(step, remote_id)
        if climb.left:
            await self._course.keep(climb.message.id, climb.progress.written())

    async def _turn(self, climb: _Climb) -> None:
        """Every request has a place under the platform's limits; the first was given one with the message."""
        while (seconds := self._course.turn(climb.message.recipient)) > 0:
            climb.paused += seconds
            if climb.paused > _LONGEST_PAUSE:
                text = Sentence(
                    "the_rest_of_this_message_goes_as_soon",
                    "The rest of this message goes as soon as the platform's limits allow.",
                )
                raise CallError(
                    "rate_limited", text, Observation.TOLD_TO_WAIT, retry_after=seconds, scope=Scope.RECIPIENT
                )
            await self._clock.sleep(seconds + _MARGIN + min(climb.lag, _LONGEST_LAG))


class _Climb:
    """One attempt at one message."""

    def __init__(self, message: Message, plan: Sequence[Message], progress: Progress) -> None:
        self.message = message
        self.progress = progress
        self.left = deque(Step(key=str(number), message=one) for number, one in enumerate(plan))
        self.remote_id: str | None = None
        self.requests = self.mends = 0
        self.paused = self.lag = 0.0
        self._has_words_id = False
        self._place: str | None = None
        self._step: Step | None = None

    def next(self) -> Step | None:
        """The next request, at the place where the others went; None if it has arrived before."""
        step = self.left.popleft()
        if step.key in self.progress.done:
            self._identify(step, self.progress.done[step.key])
            return None
        if self._place is not None and step.message.recipient == self.message.recipient:
            step = replace(step, message=replace(step.message, recipient=self._place))
        self._step = step
        return step

    def arrived(self, step: Step, remote_id: str | None) -> None:
        """The platform has it."""
        self.progress.done[step.key] = remote_id
        self._identify(step, remote_id)

    def _identify(self, step: Step, remote_id: str | None) -> None:
        """The message is known by the last of its words, or by a file if it has none."""
        has_words = bool(step.message.text)
        if has_words or not self._has_words_id:
            self.remote_id, self._has_words_id = remote_id, has_words

    def descend(self, error: CallError, rungs: Rungs) -> bool:
        """Put what goes instead of the refused step in its place. False: nothing does."""
        step = self._step
        if step is None or error.seen is not Observation.REFUSED:
            return False
        named = rungs.named(error)
        if named is not None and not named:
            return False
        for rung in (*(named or ()), Rung.ALL):
            lesser = self._without(step, rung, rungs)
            if lesser is not None:
                losses = [Loss(what=what, reason=error.text[:_MAX_REASON]) for what in _lost(step, rung)]
                self.progress.lose(losses)
                self.left.extendleft(reversed(lesser))
                return True
        return False

    def _without(self, step: Step, rung: Rung, rungs: Rungs) -> list[Step] | None:
        """The requests that go instead; None if this one has nothing of the kind."""
        one = step.message
        if rung is Rung.KIND:
            is_shown = bool(one.files) or one.operation is Operation.EDIT
            return [replace(step, otherwise=True)] if is_shown and not step.otherwise else None
        if rung is Rung.PLACE:
            above = rungs.above(one.recipient)
            if above is None:
                return None
            self._place = above
            return [replace(step, message=replace(one, recipient=above))]
        messages = self._lesser(one, rung)
        if messages is None:
            return None
        parts = [part for message in messages for part in (rungs.plan(message) if _has_words(message) else [message])]
        if len(parts) == 1:
            return [replace(step, message=parts[0])]
        return [replace(step, key=f"{step.key}.{number}", message=part) for number, part in enumerate(parts)]

    def _lesser(self, one: Message, rung: Rung) -> list[Message] | None:
        match rung:
            case Rung.MARKUP if one.format is not Format.PLAIN:
                return [replace(one, format=Format.PLAIN)]
            case Rung.CAPTION if one.files and _has_words(one):
                return [replace(one, files=()), _only(one, one.files)]
            case Rung.FILE if len(one.files) > 1:
                return [replace(one, files=one.files[:1]), *(_only(one, (file,)) for file in one.files[1:])]
            case Rung.FILE if one.files:
                return self._without_file(one)
            case Rung.REPLY if one.reply_to is not None:
                return [replace(one, reply_to=None)]
            case Rung.BUTTONS if one.buttons:
                return [_in_words(one)]
            case Rung.SILENT if one.silent:
                return [replace(one, silent=False)]
            case Rung.ALL if one.operation is Operation.SEND and one.files and not _has_words(one):
                return self._without_file(one)
            case Rung.ALL if (bare := _bare(one)) != one:
                return [bare]
        return None

    def _without_file(self, one: Message) -> list[Message] | None:
        """The words; nothing if they go elsewhere; None if there is nothing else to read."""
        if _has_words(one):
            return [replace(one, files=())]
        return [] if _has_words(self.message) or self.progress.done or self.left else None


def _has_words(message: Message) -> bool:
    return bool(message.text.strip() or (message.title or "").strip())


def _only(message: Message, files: tuple[File, ...]) -> Message:
    """The files without anything that belongs to the words."""
    return replace(message, text="", title=None, reply_to=None, buttons=(), files=files, format=Format.PLAIN)


def _in_words(message: Message) -> Message:
    return replace(message, text=f"{message.text}\n\n{in_words(message.buttons, message.format)}", buttons=())


def _bare(message: Message) -> Message:
    """The words and nothing else."""
    title = (message.title or "").strip()
    plain = replace(message, format=Format.PLAIN, reply_to=None, silent=False, files=())
    plain = _in_words(plain) if plain.buttons else plain
    return replace(plain, title=None, text=f"{title}\n\n{plain.text}") if title else plain


def _lost(step: Step, rung: Rung) -> list[str]:
    """What a step goes without on a rung, as codes. That words stand below a file is nothing to lose in an edit."""
    one = step.message
    if rung is not Rung.ALL:
        return [] if rung is Rung.KIND and one.operation is Operation.EDIT else [rung.value]
    has = {
        Rung.MARKUP: one.format is not Format.PLAIN,
        Rung.FILE: bool(one.files),
        Rung.REPLY: one.reply_to is not None,
        Rung.BUTTONS: bool(one.buttons),
        Rung.SILENT: one.silent,
    }
    return [what.value for what, there in has.items() if there] or ["title"]
