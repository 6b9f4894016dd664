"""What bots have sent through a double, and the wait for it."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from bach_lib.testing.waiting import Waiting


class Outbox[MessageT](ABC):
    """The messages that a platform has stored, oldest first."""

    def __init__(self) -> None:
        self.sent: list[MessageT] = []
        self._waiting = Waiting()

    @property
    @abstractmethod
    def texts(self) -> list[str]:
        """What people read of them, oldest first."""

    async def wait_for(self, count: int, timeout: float = 30.0) -> list[MessageT]:
        """Wait until `count` messages were stored and return them all. Raises TimeoutError after `timeout` seconds."""
        try:
            await self.wait_until(lambda: len(self.sent) >= count, timeout)
        except TimeoutError:
            raise TimeoutError(f"{len(self.sent)} of {count} messages after {timeout:g} s") from None
        return list(self.sent)

    async def wait_until(self, condition: Callable[[], bool], timeout: float = 30.0) -> None:
        """Wait until `condition` holds; every call and whatever else changes on the platform looks at it again.

        Raises TimeoutError after `timeout` seconds.
        """
        await self._waiting.until(condition, timeout)

    def changed(self) -> None:
        """Let those who wait look again."""
        self._waiting.changed()
