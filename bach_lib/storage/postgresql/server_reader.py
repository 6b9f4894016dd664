"""Lookups on a connection of their own, which only reads and which nobody who writes waits for."""

import time
from collections.abc import Callable

from bach_lib.errors import StoreAwayError
from bach_lib.storage.postgresql.address import Address
from bach_lib.storage.postgresql.dialect import queries
from bach_lib.storage.postgresql.driver import ConnectionGoneError, RefusedError, Wire
from bach_lib.storage.postgresql.layout import refusal
from bach_lib.storage.postgresql.server_session import explained
from bach_lib.storage.request import Request
from bach_lib.storage.transaction import Transaction

_BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_PATIENCE = 10.0
_PAUSE = 0.5


class ServerReader:
    """The reader of one open database. `pause`: waits so many seconds, or less; whether to wait no more."""

    def __init__(self, address: Address, pause: Callable[[float], bool], _: Callable[[], bool]) -> None:
        self._address = address
        self._pause = pause
        self._wire: Wire | None = None
        self._transaction: Transaction | None = None
        self._away_until = 0.0

    def look_up(self, request: Request[Transaction]) -> bool:
        """Run the request on what is committed at this moment. Never raises."""
        until = time.monotonic() + _PATIENCE
        while True:
            request.error = None
            try:
                self._look_up(request)
            except (ConnectionGoneError, StoreAwayError) as error:
                self.close()
                if time.monotonic() < until and not self._pause(_PAUSE):
                    continue
                reason = str(error) if isinstance(error, ConnectionGoneError) else error.placeholders["reason"]
                request.error = StoreAwayError(path=self._address, reason=reason.rstrip("."))
            except BaseException as error:  # noqa: BLE001 - whatever it is, somebody waits for an answer
                request.error = explained(error, self._address)
            return True

    def close(self) -> None:
        """Close."""
        wire, self._wire = self._wire, None
        if wire:
            wire.close()

    def _look_up(self, request: Request[Transaction]) -> None:
        if self._wire is None or self._transaction is None:
            try:
                self._wire = Wire(self._address)
            except (ConnectionGoneError, RefusedError) as error:
                raise refusal(error, self._address) from None
            self._transaction = Transaction(self._wire, queries())
        try:
            self._wire.later(_BEGIN)
            request.result = request.work(self._transaction)
        finally:
            self._wire.roll_back()
