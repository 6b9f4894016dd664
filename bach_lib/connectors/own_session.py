"""HTTP session of a connector's own: made when it is first needed, and thrown away with whatever hangs in it.

What receives holds a request or a socket open for long. Beside it, sending would wait for a place in the pool, and a
reset of the one would break the other.
"""

from collections.abc import Callable

from aiohttp import ClientSession


class OwnSession:
    """HTTP session of our own: called, it returns the one that is open now.

    `new_session` makes one, which is closed here.
    """

    def __init__(self, new_session: Callable[[], ClientSession]) -> None:
        self._new_session = new_session
        self._session: ClientSession | None = None

    def __call__(self) -> ClientSession:
        """The same until it is closed, then a new one."""
        if self._session is None:
            self._session = self._new_session()
        return self._session

    async def close(self) -> None:
        """End whatever is under way in it."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()
