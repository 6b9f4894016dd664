"""A connection that comes back: what was asked meanwhile waits a little, and what nobody knows of is found out.

A server is started again, moves, or its network fails. A transaction that had not been committed runs again; of one
whose commit broke off, the mark says whether it is there. Only while the server stays away is anybody told so.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from bach_lib.errors import StorageError, StoreAwayError, StoreUnknownError, StoreUnreachableError
from bach_lib.field_logger import FieldLogger
from bach_lib.said import Sentence
from bach_lib.storage.alike import Alike
from bach_lib.storage.moved import Opening
from bach_lib.storage.postgresql.address import Address
from bach_lib.storage.postgresql.driver import Wire
from bach_lib.storage.postgresql.known_commits import Commits, Note
from bach_lib.storage.postgresql.layout import put_behind, refusal
from bach_lib.storage.postgresql.outage import Outage
from bach_lib.storage.postgresql.server_errors import ConnectionGoneError, RefusedError
from bach_lib.storage.postgresql.server_session import Batch, CollidedError, Session, explained, refuse
from bach_lib.storage.postgresql.server_time import ServerTime
from bach_lib.storage.postgresql.session_start import start_session
from bach_lib.storage.transaction import Value

_LOGGER = FieldLogger(__name__)
DOUBT = 60.0
"""Seconds after which somebody whose commit broke off is told that nobody knows."""
_FIRST, _LONGEST = 0.05, 5.0
"""Seconds between two tries."""
_OFTEN, _SELDOM = 1.0, 20.0
"""Seconds between two looks while nobody wants anything."""
_MOST = 20
"""Times that one request runs again because others were first."""
_TOGETHER = 2
"""Times that many do."""
_BREAKS = 3
"""Connections that one batch may break."""


class Reconnecting:
    """The writer's connection of one open database; used from the storage's thread.

    `note`: outside of it, how far it had come. `tell`: called with the reason when the server is away, with another
    when there is another, and with None when it is back. `server_time`: is kept up to date.
    """

    def __init__(
        self,
        address: Address,
        note: Note,
        tell: Callable[[StorageError | None], None],
        opening: Opening,
        server_time: ServerTime,
    ) -> None:
        self._address, self._note = address, note
        self._opening, self._time = opening, server_time
        self._tell = tell
        self._commits = Commits()
        self._session: Session | None = None
        self._before: tuple[Value, Value] | None = None
        self._outage = Outage()
        self._away: StorageError | None = None
        self._doubtful: Batch = ()
        self._doubt_began = 0.0
        self._tried_at, self._pause = 0.0, _FIRST
        self.committing: threading.Lock = threading.Lock()
        """Held from a commit until those who wait for it are told."""
        self.closing: threading.Event = threading.Event()
        """Set from another thread: wait for nothing any more."""
        self.process: int | None = None
        """Which of those that share the database this is."""
        self.version: int = 0
        """Of the server, as 15."""

    def open(self) -> None:
        """Connect for the first time. Raises a `StorageError`; a connection that breaks meanwhile is tried again."""
        self._outage.ask()
        for tries in range(_BREAKS + 1):
            try:
                self._connect()
                return
            except StoreAwayError as error:
                if tries == _BREAKS or self._outage.left <= 0:
                    raise StoreUnreachableError(**error.placeholders) from error
                self.closing.wait(_FIRST)

    def run(self, batch: Batch, deliver: Callable[[Batch], None]) -> None:
        """Run a batch, now or when the server is back; or refuse it. Never raises. `deliver`: what is done."""
        left, until, tries = deque([batch]), self._outage.ask(), 0
        while left:
            group = left.popleft()
            try:
                again = self._attempt(group, deliver, until, tries)
            except StorageError as error:
                for refused in (group, *left):
                    refuse(refused, error, deliver)
                return
            tries = tries + 1 if len(again) == 1 and len(again[0]) == len(group) else 0
            left.extendleft(reversed(again))
        self._note.write(self._commits, self._time.now)
        if self._session and not self._doubtful and self._time.is_older_than(_SELDOM):
            self.look(deliver)  # where somebody always wants something, nobody else does

    def look(self, deliver: Callable[[Batch], None]) -> float:
        """To be called now and then while nobody wants anything; seconds until the next time. Never raises."""
        self._outage.ask()
        try:
            if self._session is None or self._doubtful:
                again = self._ready(time.monotonic(), deliver)
                if again:
                    self.run(again, deliver)
            elif self._time.is_older_than(_SELDOM / 2):
                self._time.measure(self._session.now)
                self._session.stay()
                self._note.write(self._commits, self._time.now)
        except ConnectionGoneError as error:
            self._lose(error)
        except (StorageError, RefusedError):
            pass
        return _OFTEN if self._session is None else _SELDOM

    def close(self, deliver: Callable[[Batch], None]) -> None:
        """Close; who is in doubt is told so."""
        if self._doubtful:
            with suppress(StorageError):
                if again := self._ready(time.monotonic(), deliver):
                    self.run(again, deliver)
        if self._doubtful:
            doubtful, self._doubtful = self._doubtful, ()
            refuse(
                doubtful,
                StoreUnknownError(path=self._address, reason=Sentence("bach_is_being_closed", "BACH is being closed")),
                deliver,
            )
        if self._session:
            self._session.wire.close()
            self._session = None
        self._note.write(self._commits, self._time.now, at_once=True)

    def _attempt(self, group: Batch, deliver: Callable[[Batch], None], until: float, tries: int) -> list[Batch]:
        """Run these together; what is to be run instead. Raises a `StorageError` if the server stays away."""
        first = self._ready(until, deliver)
        if first:
            return [first, group]
        try:
            self._connected.run(group, deliver)
        except ConnectionGoneError as error:
            self._lose(error)
            if error.in_doubt:
                return self._doubt(group, deliver, until)
            if time.monotonic() >= until:
                raise refusal(error, self._address) from error
            if tries < _BREAKS:
                return [group]
            return self._fail(group, error, deliver)
        except CollidedError as error:
            if tries < (_MOST if len(group) == 1 else _TOGETHER):
                return [group]
            return self._fail(group, error, deliver)
        except BaseException as error:  # noqa: BLE001 - a request failed: find out which one, and let the others live
            return self._fail(group, error, deliver)
        return []

    def _doubt(self, group: Batch, deliver: Callable[[Batch], None], until: float) -> list[Batch]:
        """Find out what became of the commit of these; what is to be run again. While nobody knows, they wait on.

        Others are told meanwhile that the server is away.
        """
        self._doubtful, self._doubt_began = group, time.monotonic()
        try:
            again = self._ready(min(until, self._doubt_began + DOUBT), deliver)
        except StorageError:
            return []
        return [again] if again else []

    def _fail(self, group: Batch, error: BaseException, deliver: Callable[[Batch], None]) -> list[Batch]:
        if len(group) > 1:
            return [[request] for request in group]
        group[0].error = explained(error, self._address)
        deliver(group)
        return []

    def _ready(self, until: float, deliver: Callable[[Batch], None]) -> Batch:
        """Be connected, and know what became of the last commit; what of it is to be run again.

        Raises a `StorageError` if the server stays away until a time.
        """
        while self._session is None or self._doubtful:
            try:
                if self._session is None:
                    self._reconnect(until)
                if self._doubtful:
                    return self._find_out(deliver)
            except ConnectionGoneError as error:
                self._lose(error)
            except RefusedError as error:  # somebody still works on that commit
                if self._wait(until):
                    self._give_up_doubt(error.reason, deliver)
                    raise StoreAwayError(path=self._address, reason=error.reason) from error
            except StorageError as error:
                self._give_up_doubt(str(error), deliver)
                raise
        return ()

    def _find_out(self, deliver: Callable[[Batch], None]) -> Batch:
        is_there = self._connected.has_committed()
        doubtful, self._doubtful = self._doubtful, ()
        if not is_there:
            return doubtful
        with self.committing:
            deliver(doubtful)
        return ()

    def _give_up_doubt(self, reason: str, deliver: Callable[[Batch], None]) -> None:
        """Tell those who wait that nobody knows; but who has claimed a message must know, so it waits on."""
        if self._doubtful and (time.monotonic() - self._doubt_began >= DOUBT or self.closing.is_set()):
            told = [request for request in self._doubtful if not isinstance(request.work, Alike)]
            self._doubtful = [request for request in self._doubtful if isinstance(request.work, Alike)]
            refuse(told, StoreUnknownError(path=self._address, reason=reason.rstrip(".")), deliver)

    @property
    def _connected(self) -> Session:
        if self._session is None:
            raise ConnectionGoneError(Sentence("there_is_none", "there is none"))
        return self._session

    def _reconnect(self, until: float) -> None:
        """Raises a `StorageError` if the server stays away until a time."""
        while True:
            if self._away and time.monotonic() - self._tried_at < self._pause and time.monotonic() >= until:
                raise self._away
            self._tried_at = time.monotonic()
            try:
                self._connect(until - self._tried_at)
            except StorageError as error:
                self._report(error)
                if self._wait(until):
                    raise
            else:
                self._pause = _FIRST
                self._report(None)
                return

    def _wait(self, until: float) -> bool:
        """Wait for the next try; whether there is none."""
        now = time.monotonic()
        if now >= until or self.closing.is_set():
            return True
        self.closing.wait(min(self._pause, until - now))
        self._pause = min(2 * self._pause, _LONGEST)
        return False

    def _connect(self, within: float = 0.0) -> None:
        try:
            wire = Wire(self._address, within=within)
            try:
                session = self._begin(wire)
            except BaseException:
                wire.close()
                raise
        except (ConnectionGoneError, RefusedError) as error:
            self._outage.goes_on(str(error))
            raise refusal(error, self._address) from None
        self._session, self._before, self.version = session, wire.place, wire.version // 10_000
        self._outage.ends()

    def _begin(self, wire: Wire) -> Session:
        session = Session(wire, self._commits, self.committing)
        self._time.measure(session.now)
        if self._before:
            put_behind(wire, self._before)
        start_session(wire, self._address, self._opening, self._commits, self._note, self._time.now)
        if self.process is not None:  # whose sign of life may wait behind all that could not be written
            with suppress(RefusedError):  # its row is held up: the next turn says it
                session.live(self.process)
        return session

    def _lose(self, error: ConnectionGoneError) -> None:
        self._outage.goes_on(str(error))
        if self._session:
            self._session.wire.close()
            self._session = None
            _LOGGER.warning("The connection to %s broke: %s", self._address, error)

    def _report(self, away: StorageError | None) -> None:
        before, self._away = self._away, away
        if type(away) is type(before):
            return
        if away:
            _LOGGER.error("%s", away)
        else:
            _LOGGER.warning("%s answers again", self._address)
        self._tell(away)
