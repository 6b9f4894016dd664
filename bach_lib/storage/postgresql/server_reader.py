"""Lookups on a connection of their own, which only reads and which nobody who writes waits for."""

from collections.abc import Callable

from bach_lib.errors import StoreAwayError
from bach_lib.storage.postgresql.address import Address
from bach_lib.storage.postgresql.dialect import queries
from bach_lib.storage.postgresql.driver import Wire
from bach_lib.storage.postgresql.layout import refusal
from bach_lib.storage.postgresql.outage import Outage
from bach_lib.storage.postgresql.server_errors import ConnectionGoneError, RefusedError, gone_if_another
from bach_lib.storage.postgresql.server_session import explained
from bach_lib.storage.request import Request, Single
from bach_lib.storage.transaction import Transaction

_BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_PAUSE = 0.5


class ServerReader:
    """The reader of one open database.

    `pause`: waits so many seconds, or less; whether to wait no more. `is_unwanted`: whether nobody waits for what is
    looked up any more; the server ends it then.
    """

    def __init__(self, address: Address, pause: Callable[[float], bool], is_unwanted: Callable[[], bool]) -> None:
        self._address, self._pause, self._is_unwanted = address, pause, is_unwanted
        self._outage = Outage()
        self._wire: Wire | None = None
        self._transaction: Transaction | None = None

    def look_up(self, request: Request[Transaction]) -> bool:
        """Run the request on what is committed at this moment. Never raises."""
        self._outage.ask()
        while not self._outage.is_known:
            request.error = None
            try:
                self._look_up(request)
            except ConnectionGoneError as error:
                self.close()
                self._outage.goes_on(str(error))
                if self._outage.left > 0 and not self._is_unwanted() and not self._pause(_PAUSE):
                    continue
                break
            except BaseException as error:  # noqa: BLE001 - whatever it is, somebody waits for an answer
                request.error = explained(error, self._address)
            return True
        request.error = StoreAwayError(path=self._address, reason=self._outage.reason)
        return True

    def close(self) -> None:
        """Close."""
        wire, self._wire = self._wire, None
        if wire:
            wire.close()

    def _look_up(self, request: Request[Transaction]) -> None:
        if self._wire is None or self._transaction is None:
            try:
                self._wire = Wire(self._address, within=self._outage.left, is_unwanted=self._is_unwanted)
            except RefusedError as error:
                raise refusal(error, self._address) from None
            self._transaction = Transaction(self._wire, queries())
        try:
            if not isinstance(request.work, Single):  # a statement alone sees one moment anyway
                self._wire.later(_BEGIN)
            request.result = request.work(self._transaction)
            self._outage.ends()
        except RefusedError as error:
            gone_if_another(error)
            raise
        finally:
            if self._is_unwanted():  # what was to end it may come late, and would meet whatever is asked next
                self.close()
            else:
                self._wire.roll_back()
