"""Detects that a database is a restored copy, so that what waited in it is not sent a second time.

A copy knows nothing of what was sent after it was made. So the database and a small file beside it (`.mark`) hold the
same token, which changes with the first write after an opening and at the closing after it: who brings back one of the
two, or both from different times, shows. A run that writes nothing leaves both alone: a copy from before it is no older
than what is there. Where both are copied together while they are open (Home Assistant's backup), the database says so
of itself (`copied`), and names the mark by what no copy of it has: its number and time of change in the file system,
or, where numbers do not last (FAT), the time it was made. A process that merely died finds its own mark there. A folder
that was copied as a whole while nobody had it open is told by what was noted outside of it (`runs`).
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bach_lib.errors import StorageError
from bach_lib.storage.births import birth_of
from bach_lib.storage.runs import Runs
from bach_lib.storage.schema import COPY_FLAG, load_queries
from bach_lib.storage.sqlite import Connection, ask_copy
from bach_lib.storage.transaction import Transaction
from bach_lib.storage.values import noted

_SIZE = 128
"""Bytes, always: the file neither shrinks nor vanishes while somebody copies it, and is written in one piece."""
_SHORT = 8
_ALONE = "alone"
_FLAG = "copied"
_NONE = "-"
"""Stands in the mark for the token of a database that has none yet."""
_NUMBER = "runs"
NO_MARK = "there is no {mark} beside it: it was restored from a backup, or moved here without that file"
OTHER_MARK = "{mark} beside it is not of the same moment: one of the two was put back from an older copy"
OLDER = "it has gone further here before: it was put back from an older copy, together with {mark}"
COPIED = "it was copied while it was open, as backups do, and the copy was put here"
"""Why what waits is held."""
HELD = (
    "%d messages that waited in %s are held, because %s. They may have been sent since. If it was only moved, send "
    "them (bach msg release); if it was restored, look at them (bach msg list) and send them or give them up "
    "(bach msg discard --held)"
)

_COUNT_IDS = (
    "INSERT INTO sqlite_sequence (name, seq) SELECT 'messages', 0"
    " WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'messages')"
)
_GO_ON = (  # the ids that were given since are known to platforms by their nonces, which would swallow a new message
    "UPDATE sqlite_sequence SET seq = 1000000 + 1000000 * (seq / 1000000) WHERE name = 'messages'"
)

_stat = os.fstat


@dataclass(frozen=True, slots=True)
class _Known:
    """What the database says of itself. `number`: raised by every run that writes."""

    token: str | None
    copied: str | None
    number: int
    instance: str


@dataclass(frozen=True, slots=True)
class _Mark:
    """What stands in the mark: the tokens that are good, and the announced backup. `identity`: of the mark itself."""

    tokens: tuple[str, ...]
    flag: str
    identity: str
    alone: frozenset[str] = frozenset()
    """Who the file may be without its log (`alone_as`); empty: nobody wrote that down."""

    def is_of(self, token: str | None, copied: str | None) -> bool:
        """Whether this is the mark of a database that says this of itself."""
        if copied is not None:
            flag, _, identity = copied.partition(" ")
            return bool(self.flag) and flag == self.flag and _is_same(identity, self.identity)
        return not self.tokens or (token or _NONE) in self.tokens  # torn by a power cut: that is no proof of a copy


_TORN = _Mark((), "", "")
"""What a power cut or a bad disk has left."""


class Marker:
    """The mark of one open database. Used from the storage's thread."""

    def __init__(self, path: Path, connection: Connection, runs: Runs | None = None) -> None:
        self._runs = runs or Runs(None)
        self._path = path.with_name(f"{path.name}.mark")
        self._connection = connection
        self._is_new = False
        self._alone: dict[str, None] = {}
        self._is_unsaid = False
        """Somebody copies the files, and the database could not say so of itself."""

    def open(self, *, is_copied: bool, alone: str = "") -> tuple[int, str]:
        """Hold what waits if the database is a restored copy; how many, and why it is taken for one.

        `is_copied`: somebody copies it just now. `alone`: who it was without its log (`alone_as`), if it has one.
        """
        known = self._known()
        token, copied, mark = known.token, known.copied, read_mark(self._path)
        self._alone = dict.fromkeys((alone, _as(token, copied)))
        is_older = known.number < self._runs.number(known.instance)
        is_ours = not is_older and (mark.is_of(token, copied) if mark else token is None and copied is None)
        held = 0 if is_ours else self._connection.do(_begin_anew)
        if is_copied or copied is not None or not is_ours:
            self.renew(is_copied=is_copied)
        is_of_mark = mark is not None and mark.is_of(token, copied)
        why = COPIED if copied is not None else OLDER if is_of_mark else OTHER_MARK if mark else NO_MARK
        return held, why.format(mark=self._path.name)

    def before_writing(self) -> bool:
        """From here on, a copy that was made before is older than what is here; whether that was written down now."""
        if self._is_new:
            return False
        self.renew()
        return True

    def close(self) -> None:
        """The same of what was copied in the meantime."""
        if self._is_new:
            self.renew()

    def renew(self, *, is_copied: bool = False) -> None:
        """A new token, first there and then here; until both have it, the old one is good as well.

        That it is no more need not be on disk at once: a power cut leaves that it is, which holds nothing back.
        """
        self._is_new = True
        known = self._known()
        old, number = known.token, max(known.number, self._runs.number(known.instance)) + 1
        new, flag = os.urandom(8).hex(), os.urandom(8).hex() if is_copied else ""
        with suppress(OSError, StorageError):  # a full disk: the old token is as good
            identity = self._write(old or _NONE, new, flag)

            def save(tx: Transaction) -> None:
                _save(tx, new, f"{flag} {identity}" if flag else None)
                tx.run("save_meta", key=_NUMBER, value=str(number))

            self._connection.do(save)
            self._alone[_as(new, None)] = None
            self._runs.note(known.instance, number)  # not before: no power cut may leave it ahead
            if not flag:
                self._write("", new, "", is_urgent=False)

    def begin_copying(self) -> None:
        """From here on, whoever copies the files has a copy that says so."""
        self.before_writing()  # now, as it would take back what is said here
        token = self._known().token
        flag, identity = os.urandom(8).hex(), ""
        with suppress(OSError):
            identity = self._write("", token or "", flag)
        try:
            self._connection.do(lambda tx: _save(tx, token, f"{flag} {identity}"))
        except StorageError:
            self._is_unsaid = True
            with suppress(OSError):  # takes no space: beside a mark of another moment, the copy is told as one as well
                self._write("", flag, "")
            raise

    def end_copying(self) -> None:
        """The copy is made."""
        token = self._known().token
        if self._is_unsaid:
            self._is_unsaid = False
        else:
            self._connection.do(lambda tx: _save(tx, token, None))
        with suppress(OSError):
            self._write("", token or "", "")

    def _known(self) -> _Known:
        def read(tx: Transaction) -> _Known:
            known = {str(row["key"]): str(row["value"]) for row in tx.rows("all_meta")}
            return _Known(
                token=known.get("token"),
                copied=known.get(_FLAG),
                number=noted(known.get(_NUMBER)),
                instance=known.get("instance", ""),
            )

        return self._connection.do(read, writes=False)

    def _write(self, old: str, token: str, flag: str, *, is_urgent: bool = True) -> str:
        """Write it in its place; its identity, which changes with that. Raises `OSError`."""
        is_new = not self._path.exists()
        file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            os.write(file, _line(old, token, flag, self._alone).ljust(_SIZE - 1).encode() + b"\n")
            if is_urgent:
                os.fsync(file)
            if is_new and os.name == "posix":
                folder = os.open(self._path.parent, os.O_RDONLY)
                try:
                    os.fsync(folder)
                finally:
                    os.close(folder)
            return _identity(file)
        finally:
            os.close(file)


def read_mark(path: Path) -> _Mark | None:
    """What stands in a mark; None if there is none."""
    try:
        file = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        raw = os.read(file, _SIZE)
        if len(raw) < _SIZE or not raw.endswith(b"\n"):
            return _TORN
        words = raw.decode("ascii", "replace").replace("\0", "").split()
        fields = dict(word.split("=", 1) for word in words if "=" in word)
        tokens = tuple(token for name in ("old", "token") if (token := fields.get(name)))
        alone = frozenset(fields.get(_ALONE, "").split(",")) - {""}
        return _Mark(
            tokens, fields.get("copied", ""), _identity(file), alone | {_as(one, None) for one in tokens if alone}
        )
    except OSError:
        return _TORN
    finally:
        os.close(file)


def alone_as(path: Path) -> str:
    """Who a database says it is without its log; "" if it says nothing then. Nobody may have it open."""
    known = {str(key): str(value) for key, value in ask_copy(path, load_queries()["all_meta"])}
    return _as(known.get("token"), known.get(_FLAG)) if known else ""


def _as(token: str | None, copied: str | None) -> str:
    """So short that several fit into the mark."""
    return f"{(token or _NONE)[:_SHORT]}{'*' if copied == COPY_FLAG else ''}"


def _line(old: str, token: str, flag: str, alone: Iterable[str]) -> str:
    line = f"old={old} token={token} copied={flag}"
    names = ",".join(one for one in alone if one)
    fuller = f"{line} {_ALONE}={names}"
    return fuller if names and len(fuller) < _SIZE else line


def _identity(file: int) -> str:
    found = _stat(file)
    return f"{found.st_ino}/{found.st_ctime_ns}/{birth_of(file) or ''}"


def _is_same(one: str, other: str) -> bool:
    """Whether it is the same file, written at the same time; or, if numbers do not last, made at the same time."""
    (number, changed, born), (its_number, its_changed, its_born) = _parts(one), _parts(other)
    if number == its_number:
        return changed == its_changed
    return bool(born) and born == its_born


def _parts(identity: str) -> tuple[str, str, str]:
    number, changed, born = (*identity.split("/"), "", "", "")[:3]
    return number, changed, born


def _begin_anew(tx: Transaction) -> int:
    """What an older copy needs; how many messages are held in it."""
    for change in (_COUNT_IDS, _GO_ON):
        tx.change(change, [()])
    tx.run("call_off_runs")
    tx.run("begin_bridges_anew")
    tx.run("forget_ends")
    return tx.run("hold_unfinished")


def _save(tx: Transaction, token: str | None, copied: str | None) -> None:
    for key, value in (("token", token), (_FLAG, copied)):
        if value is None:
            tx.run("delete_meta", key=key)
        else:
            tx.run("save_meta", key=key, value=value)
