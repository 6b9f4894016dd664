"""Tables in a schema of their own, of the layout this code works with; and whether the server is as BACH needs it.

Whatever is refused is refused before anything was changed: tables are made in one transaction, under a lock that two
processes that begin at the same time take one after the other.
"""

import time
from importlib.resources import files

from bach_lib.common_sentences import THE_SCHEMA_BACH_IN_ADDRESS
from bach_lib.errors import (
    StorageError,
    StoreAddressError,
    StoreAwayError,
    StoreForeignError,
    StoreInUseError,
    StoreMissingError,
    StoreTooNewError,
    StoreUnsafeError,
    StoreUnsuitableError,
)
from bach_lib.field_logger import FieldLogger
from bach_lib.said import Sentence
from bach_lib.storage.moved import Opening, check_usable
from bach_lib.storage.postgresql import server_errors
from bach_lib.storage.postgresql.address import Address
from bach_lib.storage.postgresql.driver import Wire
from bach_lib.storage.postgresql.server_errors import ConnectionGoneError, RefusedError
from bach_lib.storage.transaction import Value
from bach_lib.storage.values import noted

_LOGGER = FieldLogger(__name__)
_OLDEST = 130000
"""PostgreSQL 13."""
_LOCK = 0x42414348
"""Of who makes tables ("BACH" in ASCII); whoever uses them shares the next number."""
_WAYS_BACK = Sentence("restore_a_backup_of_before_the_update", "restore a backup of before the update")
_WEAK = frozenset({"off", "local", "remote_write"})
_LOOK = (
    "SELECT current_setting('synchronous_commit') AS waits, current_setting('fsync') AS fsync,"
    " pg_is_in_recovery() AS is_standby, to_regnamespace('bach') IS NOT NULL AS has_schema,"
    " to_regclass('bach.meta') IS NOT NULL AND to_regclass('bach.messages') IS NOT NULL AS is_ours,"
    " EXISTS (SELECT FROM pg_constraint WHERE conname = 'owners_process_fkey'"
    " AND connamespace = to_regnamespace('bach')) AS is_whole,"  # of the last that a restored dump adds
    " EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace('bach')) AS has_tables"
)
_LAYOUT = "SELECT value FROM bach.meta WHERE key = 'layout'"
_NOTE = "INSERT INTO meta (key, value) VALUES ('layout', '{}') ON CONFLICT (key) DO UPDATE SET value = excluded.value"
_LETS_GO, _LOOK_AGAIN = 3.0, 0.05
"""Seconds until a server has noticed that somebody closed a connection, and between two looks whether it has."""
_ALONE = "SELECT pg_try_advisory_lock(?1) AS got"
_SHARED = "SELECT pg_try_advisory_lock_shared(?1) AS got"
_BEHIND = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE pid = ?1 AND CAST(backend_start AS text) = ?2"
    " AND wait_event IS DISTINCT FROM 'SyncRep'"  # its commit is there already, and not yet where it shall be
)


def _read() -> tuple[str, ...]:
    folder = files("bach_lib.storage") / "migrations" / "postgresql"
    scripts = [file for file in folder.iterdir() if file.name.endswith(".sql")]
    return tuple(file.read_text("utf-8") for file in sorted(scripts, key=lambda file: file.name))


_MIGRATIONS = _read()
SERVER_LAYOUT = len(_MIGRATIONS)
"""The layout this code works with."""


def refusal(error: Exception, address: Address) -> StorageError:
    """Why nobody gets in, in our words. The server's own are repeated where they help, without a password."""
    if isinstance(error, ConnectionGoneError):
        return StoreAwayError(path=address, reason=error.reason)
    if not isinstance(error, RefusedError):
        raise error
    match error.state:
        case server_errors.NO_ADDRESS:
            return StoreAddressError(path=address)
        case "42501":
            reason = Sentence(
                "this_user_has_no_right_to_what_it_needs_there",
                "this user has no right to what it needs there ({reason})",
                reason=error.reason,
            )
        case _:
            reason = Sentence("the_server_says_reason", "the server says: {reason}", reason=error.reason)
    return StoreUnsuitableError(path=address, reason=reason)


def prepare(wire: Wire, address: Address, *, creates: bool = True) -> None:
    """Check the server, and bring the tables up to date. Raises a `StorageError`, or as `Wire`."""
    if wire.version < _OLDEST:
        reason = Sentence(
            "its_server_is_postgresql_version_and_bach",
            "its server is PostgreSQL {version}, and BACH needs {least} or newer",
            version=wire.version // 10000,
            least=_OLDEST // 10000,
        )
        raise StoreUnsuitableError(path=address, reason=reason)
    if wire.encoding != "UTF8":
        raise StoreUnsuitableError(
            path=address,
            reason=Sentence(
                "it_holds_texts_as_encoding_and_bach_needs_utf8",
                "it holds texts as {encoding}, and BACH needs UTF8",
                encoding=wire.encoding,
            ),
        )
    [found] = wire.execute(_LOOK).fetchall()
    if found["is_standby"]:
        raise ConnectionGoneError(Sentence("is_a_standby", "its server is a standby, and takes nothing"))
    if found["waits"] in _WEAK:
        wire.script("SET synchronous_commit TO on")
    if found["fsync"] == "off":
        _LOGGER.warning("%s", StoreUnsafeError(path=address))
    if found["has_tables"] and not found["is_ours"]:
        raise StoreForeignError(path=THE_SCHEMA_BACH_IN_ADDRESS(address=address))
    if not found["is_ours"] and not creates:
        raise StoreMissingError(path=address)
    if not found["is_ours"] or _layout(wire, address) < SERVER_LAYOUT:
        _migrate(wire, address)
    elif not found["is_whole"]:
        raise ConnectionGoneError(
            Sentence(
                "its_tables_are_not_complete_a_backup_is_being",
                "its tables are not complete: a backup is being put back, or that was broken off",
            )
        )


def has_tables(wire: Wire) -> bool:
    """Whether there is anything in the schema. Raises as `Wire`."""
    return bool(wire.execute(_LOOK).fetchall()[0]["has_tables"])


def _layout(wire: Wire, address: Address) -> int:
    rows = wire.execute(_LAYOUT).fetchall()
    found = noted(rows[0]["value"]) if rows else 0
    if found == 0:
        raise StoreForeignError(path=THE_SCHEMA_BACH_IN_ADDRESS(address=address))
    if found > SERVER_LAYOUT:
        raise StoreTooNewError(path=address, found=found, known=SERVER_LAYOUT, way_back=_WAYS_BACK)
    return found


def _migrate(wire: Wire, address: Address) -> None:
    try:
        wire.script(f"BEGIN; SET LOCAL lock_timeout TO '60s'; SELECT pg_advisory_xact_lock({_LOCK})")
        [found] = wire.execute(_LOOK).fetchall()
        if not found["has_schema"]:
            wire.script("CREATE SCHEMA bach")
        for script in _MIGRATIONS[_layout(wire, address) if found["is_ours"] else 0 :]:
            wire.script(script)
        wire.script(_NOTE.format(SERVER_LAYOUT))
        wire.script("COMMIT")
    except ConnectionGoneError:
        raise
    except BaseException:
        wire.roll_back()
        raise


def put_behind(wire: Wire, before: tuple[Value, Value]) -> None:
    """End what the server still does for a connection of ours that broke; it may not know yet. Raises as `Wire`."""
    wire.execute(_BEHIND, before)


def admit(wire: Wire, address: Address, opening: Opening) -> None:
    """Use it beside others or alone, or move it alone; first the lock, then the look.

    The lock is that of the connection which writes. So who has lost it, asleep or cut off, writes nothing any more.
    Raises a `StorageError`, or as `Wire`.
    """
    if opening.looks:
        return
    take = _ALONE if opening.moves or opening.alone else _SHARED
    until = time.monotonic() + _LETS_GO
    while not wire.execute(take, [_LOCK + 1]).fetchall()[0]["got"]:
        if time.monotonic() >= until:
            raise StoreInUseError(path=address)
        time.sleep(_LOOK_AGAIN)
    check_usable(wire.execute("SELECT key, value FROM meta").fetchall(), address, opening)
