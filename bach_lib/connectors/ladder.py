"""Graceful degradation: what a platform refuses is left out, and the rest goes in the same attempt.

As asked; then without what was refused, one thing after the other: markup, what a file is shown as, words below a
file, the file, the quote, the topic, the buttons. At last the bare words. A rung below is only tried after the
platform's own, well-formed refusal of this message, so nothing can arrive twice. A connector says what a message
becomes, how one request is made, and which refusal names what.
"""

from collections.abc import Sequence

from bach_lib.clock import Clock
from bach_lib.connectors.climb import Climb, has_words
from bach_lib.connectors.course import Course
from bach_lib.connectors.file_limits import LimitsAt, fitted
from bach_lib.connectors.observations import CallError, Observation
from bach_lib.connectors.rung import Rungs
from bach_lib.models import Loss, Message
from bach_lib.outcomes import Scope, Sent
from bach_lib.said import Sentence
from bach_lib.text.progress import Progress, Unfinished

_LONGEST_PAUSE = 30.0
"""Seconds that the requests of one attempt wait for the platform's limits in all; the rest goes later."""
_MARGIN, _LONGEST_LAG = 0.5, 5.0
"""Seconds beside the limit: the platform counts from when it heard of a request, and we from when we made it."""
_MOST_MENDED = 2
"""How often one attempt is told that the same would pass now; a platform may have gone mad."""


class Ladder:
    """Sender of one connection's messages, which goes down the rungs.

    `names_parts`: as in `Sent.parts`, also of a message that became one. `limits`: what files may go to the place of a
    message; None: all that it has.
    """

    def __init__(
        self,
        rungs: Rungs,
        course: Course,
        clock: Clock,
        *,
        names_parts: bool = False,
        limits: LimitsAt | None = None,
    ) -> None:
        self._names_parts = names_parts
        self._limits = limits
        self._rungs = rungs
        self._course = course
        self._clock = clock
        self._unfinished = Unfinished()

    async def send(self, message: Message, lost: Sequence[Loss] = ()) -> Sent:
        """Send all that will go. Raises `CallError` for a refusal that leaves nothing.

        `lost`: what this platform cannot have at all.
        """
        if message.files and self._limits is not None:
            message, left_out = await fitted(message, await self._limits(message))
            lost = (*lost, *left_out)
            if not message.files and not has_words(message):
                raise CallError("without_file", left_out[0].reason, Observation.REFUSED)
        plan = self._rungs.plan(message)
        progress = self._unfinished.take(message.nonce) or Progress.read(message.progress)
        if progress.of != len(plan):
            progress = Progress(of=len(plan))
        progress.lose(lost)
        climb = Climb(message, plan, progress)
        try:
            while climb.left:
                await self._next(climb)
        except BaseException:  # also if we are stopped: what has arrived must not arrive again
            self._unfinished.keep(message.nonce, progress)
            raise
        parts = tuple(one for one in progress.done.values() if one is not None)
        return Sent(
            remote_id=climb.remote_id,
            degraded=bool(progress.lost),
            losses=tuple(progress.lost),
            parts=parts if self._names_parts or len(parts) > 1 or message.extras.poll else (),
        )

    async def _next(self, climb: Climb) -> None:
        step = climb.next()
        if step is None:
            return
        if climb.requests:
            await self._turn(climb)
        climb.requests += 1
        began = self._clock.monotonic()
        try:
            posted = await self._rungs.post(step)
        except CallError as error:
            if self._rungs.mended() and climb.mends < _MOST_MENDED:
                climb.mends += 1
                climb.left.appendleft(step)
            elif not climb.descend(error, self._rungs):
                raise
            return
        finally:
            climb.lag = max(climb.lag, self._clock.monotonic() - began)
        climb.arrived(step, posted)
        if climb.left:
            await self._course.keep(climb.message.id, climb.progress.written())

    async def _turn(self, climb: Climb) -> None:
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
