"""Notifier: calls out to the other processes that share the database, and hears them (LISTEN and NOTIFY).

It has a connection and a thread of its own. A transaction that notifies takes a lock which all such transactions of the
server share while they commit, so no message is ever stored in one. Nor does one wait for the disk or a standby: what
is lost with the server only says where to look, and it is looked anyway.
"""

import json
import select
import socket
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from bach_lib.storage.postgresql.address import Address
from bach_lib.storage.postgresql.driver import Wire
from bach_lib.storage.postgresql.server_errors import ConnectionGoneError, RefusedError

_CHANNEL = "bach"
_TELL = "SELECT pg_notify(?1, notice) FROM json_array_elements_text(CAST(?2 AS json)) AS notice"
_MOST = 10_000
"""Notices that wait for the server; they only say where to look, and it is looked anyway."""
_AT_ONCE = 500
_FIRST, _LONGEST = 0.1, 5.0
"""Seconds between two tries to connect."""
_QUIET = 15.0
"""Seconds without a notice after which the connection is looked at."""

type Call = Callable[..., None]


class Notifier:
    """The notices of one database. `call`: lets the event loop call something, from any thread."""

    def __init__(self, address: Address, call: Call) -> None:
        self._address, self._call = address, call
        self._pending: deque[str] = deque(maxlen=_MOST)
        self._closing = threading.Event()
        self._wake, self._woken = socket.socketpair()
        self._wake.setblocking(False)
        self._thread: threading.Thread | None = None

    def start(self, hear: Callable[[str], None], missed: Callable[[], None]) -> None:
        """Hear what is called out from now on; `missed` when the connection was broken meanwhile."""
        name = f"bach-notices-{self._address}"
        self._thread = threading.Thread(target=self._serve, args=(hear, missed), name=name, daemon=True)
        self._thread.start()

    def tell(self, notice: str) -> None:
        """Call this out. Never raises; it is lost if there is no connection for long."""
        self._pending.append(notice)
        self._ring()

    def close(self) -> None:
        """Call out what waits, and end. Blocks for as long as that takes."""
        self._closing.set()
        self._ring()
        if self._thread:
            self._thread.join()
        self._wake.close()
        self._woken.close()

    def _ring(self) -> None:
        with suppress(BlockingIOError):  # it was rung already
            self._wake.send(b".")

    def _serve(self, hear: Callable[[str], None], missed: Callable[[], None]) -> None:
        pause, was_connected = _FIRST, False
        while True:
            try:
                wire = Wire(self._address)
            except (ConnectionGoneError, RefusedError):
                if self._closing.wait(pause):
                    return
                pause = min(2 * pause, _LONGEST)
                continue
            try:
                wire.script("SET synchronous_commit TO off")
                wire.listen(_CHANNEL)
                if was_connected:
                    self._call(missed)
                pause, was_connected = _FIRST, True
                self._work(wire, hear)
                return
            except (ConnectionGoneError, RefusedError):
                continue
            finally:
                wire.close()

    def _work(self, wire: Wire, hear: Callable[[str], None]) -> None:
        """Until it is closed. Raises `ConnectionGoneError` or `RefusedError`."""
        while True:
            while self._pending:
                self._call_out(wire, [self._pending.popleft() for _ in range(min(_AT_ONCE, len(self._pending)))])
            for notice in wire.notices():
                self._call(hear, notice)
            if self._closing.is_set() and not self._pending:
                return
            if not self._pending:
                heard, _, _ = select.select([wire.fileno(), self._woken.fileno()], [], [], _QUIET)
                if self._woken.fileno() in heard:
                    self._woken.recv(4096)
                if not heard:
                    wire.execute("SELECT 1 AS alive")

    def _call_out(self, wire: Wire, notices: list[str]) -> None:
        try:
            wire.execute(_TELL, [_CHANNEL, json.dumps(notices)])
        except ConnectionGoneError:
            self._pending.extendleft(reversed(notices))  # perhaps twice, which costs a look
            raise
