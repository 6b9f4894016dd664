"""Shows an answer in the chat while it is still being made: what an agent has said so far, once a second at most.

What is shown so is no message. It is gone by itself; whether anybody saw it changes nothing, and the answer goes
through the queue when it is done. What is there within a second is not shown before.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final

from homeassistant.components.conversation import ChatLog
from homeassistant.core import HomeAssistant, callback

PAUSE: Final = 1.0
"""Seconds before each."""
_LAST: Final = 3.0
"""Seconds that the answer waits for one on its way: it must not come after the answer, and seem a second one."""

type Show = Callable[[str], Awaitable[bool]]
"""Shows a text in place of what it has shown before. False: no more."""
type Listener = Callable[[ChatLog, Mapping[str, object]], None]


class _Growing:
    """An answer that grows."""

    def __init__(self, show: Show) -> None:
        self._show = show
        self._text = ""
        self._grown = asyncio.Event()
        self._is_showing = self._is_over = False

    @callback
    def hear(self, _: ChatLog, delta: Mapping[str, object]) -> None:
        """A piece of what the agent says. Each of its turns, as before and after a tool, is another answer."""
        if "role" in delta:
            self._text = ""
        if delta.get("role", "assistant") == "assistant" and isinstance(said := delta.get("content"), str) and said:
            self._text += said
            self._grown.set()

    async def show(self) -> None:
        """Go on until it is over, or no more can be shown."""
        goes_on = True
        while goes_on and not self._is_over:
            await self._grown.wait()
            await asyncio.sleep(PAUSE)
            self._grown.clear()
            self._is_showing = True
            goes_on = not self._text or await self._show(self._text)
            self._is_showing = False

    async def end(self, showing: asyncio.Task[None]) -> None:
        """Show nothing from now on."""
        self._is_over = True
        if self._is_showing:
            await asyncio.wait({showing}, timeout=_LAST)
        showing.cancel()


@asynccontextmanager
async def streamed(hass: HomeAssistant, show: Show) -> AsyncIterator[Listener]:
    """Show what the listener hears inside of this block."""
    growing = _Growing(show)
    showing = hass.async_create_background_task(growing.show(), "bach: preview")
    try:
        yield growing.hear
    finally:
        await growing.end(showing)
