"""A network between BACH and its database that breaks where a test says so."""

import contextlib
import re
import select
import socket
import threading

_PREPARED = re.compile(rb"(\w+)\0COMMIT\0")
_DONE = b"COMMIT\0"


class Network:
    """Passes on what both sides say, on a port of its own. `server`: the server's.

    `cut_before`: so many commits break before the server hears of them; `cut_after`: so many after it has heard, before
    anybody hears of that. `heard`: while it is not set nothing comes through, and nobody is told; `hush_after`: so many
    commits are done, and from then on that is so.
    """

    def __init__(self, server: int) -> None:
        self._server = ("127.0.0.1", server)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self.cut_before = self.cut_after = self.hush_after = 0
        self.is_down = False
        self.heard = threading.Event()
        self.heard.set()
        self._accepting = threading.Thread(target=self._accept)
        self._accepting.start()

    def address(self, database: str) -> str:
        """Of a database behind it."""
        return f"postgresql://bach@127.0.0.1:{self._listening.getsockname()[1]}/{database}"

    def cut(self) -> None:
        """Break all connections that there are."""
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Break all, and take no more."""
        self.is_down = True
        self.heard.set()
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._accepting.join()
        self.cut()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                caller, _ = self._listening.accept()
            except OSError:
                return
            if self.is_down:
                caller.close()
                continue
            self._open.append(caller)
            self._threads.append(threading.Thread(target=self._pass_on, args=(caller,)))
            self._threads[-1].start()

    def _pass_on(self, caller: socket.socket) -> None:
        name = b""
        self.heard.wait()
        server = socket.create_connection(self._server)
        self._open.append(server)
        with caller, server, contextlib.suppress(OSError):
            while True:
                for one in select.select([caller, server], [], [])[0]:
                    said = one.recv(1 << 20)
                    if not said:
                        return
                    if one is caller:
                        if found := _PREPARED.search(said):
                            name = found[1]
                        if name and b"\0" + name + b"\0" in said and self.cut_before:
                            self.cut_before -= 1
                            return
                    elif _DONE in said and self.cut_after:
                        self.cut_after -= 1
                        return
                    elif _DONE in said and self.hush_after:
                        self.hush_after -= 1
                        self.heard.clear()
                    self.heard.wait()
                    (server if one is caller else caller).sendall(said)
