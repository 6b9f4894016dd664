"""One attempt at one message on its way down the ladder: what is left of it, and what goes instead."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from bach_lib.connectors.observations import CallError, Observation
from bach_lib.connectors.rung import Posted, Rung, Rungs, Step
from bach_lib.models import Extra, File, Format, Loss, Message, Operation
from bach_lib.text import extra_words
from bach_lib.text.buttons import in_words
from bach_lib.text.progress import Progress

_MAX_REASON = 300
_EXTRAS = {Rung(extra.value): extra for extra in Extra}


class Climb:
    """One attempt at one message."""

    def __init__(self, message: Message, plan: Sequence[Message], progress: Progress) -> None:
        self.message = message
        self.progress = progress
        self.left: deque[Step] = deque(Step(key=str(number), message=one) for number, one in enumerate(plan))
        self.remote_id: str | None = None
        self.requests = self.mends = 0
        self.paused: float = 0.0
        self.lag: float = 0.0
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

    def arrived(self, step: Step, posted: Posted) -> None:
        """The platform has it."""
        ids = posted if isinstance(posted, tuple) else (posted,)
        self.progress.done[step.key] = first = ids[0] if ids else None
        self.progress.done |= {f"{step.key}+{number}": one for number, one in enumerate(ids) if number}
        self._identify(step, first)

    def _identify(self, step: Step, remote_id: str | None) -> None:
        """The message is known by the last of its words, or by a file if it has none."""
        is_words = bool(step.message.text)
        if is_words or not self._has_words_id:
            self.remote_id, self._has_words_id = remote_id, is_words

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
            is_shown = len(one.files) == 1 or one.operation is Operation.EDIT
            return [replace(step, otherwise=True)] if is_shown and not step.otherwise else None
        if rung is Rung.PLACE:
            above = rungs.above(one.recipient)
            if above is None:
                return None
            self._place = above
            return [replace(step, message=replace(one, recipient=above))]
        messages = _without_extra(one, _EXTRAS[rung]) if rung in _EXTRAS else self._lesser(one, rung)
        if messages is None:
            return None
        parts = [part for message in messages for part in (rungs.plan(message) if has_words(message) else [message])]
        if len(parts) == 1:
            return [replace(step, message=parts[0])]
        return [replace(step, key=f"{step.key}.{number}", message=part) for number, part in enumerate(parts)]

    def _lesser(self, one: Message, rung: Rung) -> list[Message] | None:
        match rung:
            case Rung.MARKUP if one.format is not Format.PLAIN:
                return [replace(one, format=Format.PLAIN)]
            case Rung.CAPTION if one.files and has_words(one):
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
            case Rung.ALL if one.operation is Operation.SEND and one.files and not has_words(one):
                return self._without_file(one)
            case Rung.ALL if (bare := _bare(one)) != one:
                return [bare]
        return None

    def _without_file(self, one: Message) -> list[Message] | None:
        """The words; nothing if they go elsewhere; None if there is nothing else to read."""
        if has_words(one):
            return [replace(one, files=())]
        return [] if has_words(self.message) or self.progress.done or self.left else None


def has_words(message: Message) -> bool:
    """Whether there is anything to read in it."""
    return bool(message.text.strip() or (message.title or "").strip())


def _without_extra(one: Message, extra: Extra) -> list[Message] | None:
    """What can be said in words stands below the others."""
    if extra not in one.extras.given:
        return None
    said = extra_words.in_words(one.extras, extra, one.format)
    return [replace(one, text=extra_words.with_words(one.text, said), extras=one.extras.without((extra,)))]


def _only(message: Message, files: tuple[File, ...]) -> Message:
    """The files without anything that belongs to the words."""
    return replace(message, text="", title=None, reply_to=None, buttons=(), files=files, format=Format.PLAIN)


def _in_words(message: Message) -> Message:
    return replace(message, text=f"{message.text}\n\n{in_words(message.buttons, message.format)}", buttons=())


def _bare(message: Message) -> Message:
    """The words and nothing else."""
    title = (message.title or "").strip()
    for extra in message.extras.given:
        [message] = _without_extra(message, extra) or [message]
    plain = replace(message, format=Format.PLAIN, reply_to=None, silent=False, files=())
    plain = _in_words(plain) if plain.buttons else plain
    return replace(plain, title=None, text=f"{title}\n\n{plain.text}") if title else plain


def _lost(step: Step, rung: Rung) -> list[str]:
    """What a step goes without on a rung, as codes. That words stand below a file is nothing to lose in an edit."""
    one = step.message
    if rung is Rung.FILE and len(one.files) > 1:
        return [Rung.ALBUM.value]
    if rung is not Rung.ALL:
        return [] if rung is Rung.KIND and one.operation is Operation.EDIT else [rung.value]
    has = {
        Rung.MARKUP: one.format is not Format.PLAIN,
        Rung.FILE: bool(one.files),
        Rung.REPLY: one.reply_to is not None,
        Rung.BUTTONS: bool(one.buttons),
        Rung.SILENT: one.silent,
    }
    found = [what.value for what, there in has.items() if there] + [one.value for one in step.message.extras.given]
    return found or ["title"]
