"""The time that goes into a database: all who share it go by the same."""

from collections.abc import Callable
from typing import override

from bach_lib.clock import AWAKE_OR_NOT, Cancel, SystemClock, call_when
from bach_lib.storage.store import Store


class CommonClock(SystemClock):
    """The machine's own time, but what a database on a server says where there is one.

    Of two machines one may be an hour wrong, or be set; a message that one stored must not end by the other's clock.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    @override
    def now(self) -> float:
        ahead = self._store.ahead
        return super().now() if ahead is None else self.monotonic() + ahead

    @override
    def call_at(self, time: float, callback: Callable[[], None]) -> Cancel:
        if (ahead := self._store.ahead) is None:
            return super().call_at(time, callback)
        return call_when(AWAKE_OR_NOT, time - self.now(), time - ahead, callback)
