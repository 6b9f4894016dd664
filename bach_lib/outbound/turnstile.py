"""Turnstile: who sends many messages at once holds up neither the event loop nor those who send one."""

import asyncio
from collections import deque

_AT_ONCE = 150
"""Messages put at the same time: enough to share commits, too few for their answers to hold up the loop."""
_A_TURN = 50
"""Messages that are checked and put in one turn of the loop, which everything else in the program waits for."""


class Turnstile:
    """Fair semaphore: lets callers through in order, so many a turn of the loop, while not too many are inside."""

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._inside = self._this_turn = 0
        self._is_turning = False

    async def __aenter__(self) -> None:
        if not self._waiting and self._has_place():
            self._enter()
            return
        future = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():  # it was let in just now
                self._leave()
            raise

    async def __aexit__(self, *_: object) -> None:
        self._leave()

    def _has_place(self) -> bool:
        return self._inside < _AT_ONCE and self._this_turn < _A_TURN

    def _enter(self) -> None:
        self._inside += 1
        self._this_turn += 1
        if not self._is_turning:
            self._is_turning = True
            asyncio.get_running_loop().call_soon(self._turn)

    def _leave(self) -> None:
        self._inside -= 1
        self._let_in()

    def _turn(self) -> None:
        self._this_turn, self._is_turning = 0, False
        self._let_in()

    def _let_in(self) -> None:
        while self._waiting and self._has_place():
            future = self._waiting.popleft()
            if not future.done():  # else its caller has gone
                self._enter()
                future.set_result(None)
