"""Answers that open pages share: after a change all of them ask at the same moment, and many ask the same.

An answer is shared by pages of the same person, until pages are told that something changed or somebody does something
through one of them, and for a second at most: names and rights change without a word to pages.
"""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from bach_lib.clock import Clock
from bach_lib.rest.answers import Json
from bach_lib.web.app_commands import READING, perform
from bach_lib.web.change_signal import Changes
from bach_lib.web.viewer import Visit

_LASTS: Final = 1.0
"""Seconds."""
_MOST: Final = 200


class SharedAnswers:
    """Those of one home. `changes`: by which its pages hear that something changed."""

    def __init__(self, *changes: Changes, clock: Clock) -> None:
        self._changes = changes
        self._clock = clock
        self._answers: dict[str, asyncio.Task[Json]] = {}
        self._moment = (0, 0.0)

    async def perform(self, who: str, visit: Visit, name: str, arguments: Mapping[str, Json]) -> Json:
        """Carry out a command for somebody (`who`: the same word for nobody else). Raises as `app_commands.perform`."""
        if name not in READING:
            try:
                return await perform(visit, name, arguments)
            finally:
                self.forget()
        if not any(one.is_followed for one in self._changes):  # then nobody is told when something changes
            return await perform(visit, name, arguments)
        self._forget_old()
        question = json.dumps([who, name, arguments], sort_keys=True)
        if (answer := self._answers.get(question)) is None:
            self._answers[question] = answer = asyncio.create_task(perform(visit, name, arguments), name="bach-page")
            answer.add_done_callback(_heard)
        return await asyncio.shield(answer)  # whoever goes takes it from nobody else

    def forget(self) -> None:
        """Somebody did something, perhaps without a command; whoever asks now sees what came of it."""
        self._answers.clear()

    def _forget_old(self) -> None:
        (told, at), now = self._moment, self._clock.monotonic()
        told_by_now = sum(one.told for one in self._changes)
        if told != told_by_now or now - at >= _LASTS or len(self._answers) >= _MOST:
            self._moment = (told_by_now, now)
            self._answers.clear()


def _heard(answer: asyncio.Task[Json]) -> None:
    """Nobody may be left who hears what went wrong."""
    with suppress(asyncio.CancelledError):
        answer.exception()
