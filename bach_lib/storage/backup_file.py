"""Online backup: one complete file under a name that was free, or nothing, while everything goes on."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from bach_lib.errors import BachError, BackupExistsError, StoreFailedError
from bach_lib.storage.complete_copy import complete
from bach_lib.storage.one_name import check_no_part
from bach_lib.storage.sqlite import write_snapshot

_SHOWN = 300
"""Characters of a path that are repeated where it is none."""
_LOGS = ("", "-wal", "-shm", "-journal")


def write_backup(
    source: Path, target: Path, go_on: Callable[[], None], read: Callable[[str], bytes | None] = lambda _: None
) -> None:
    """Write all that the database holds at this moment. `go_on` is called often, and may raise to end it.

    `read`: what lies in a file beside the database, under a hash.

    Raises a `BackupExistsError` or `StorageError`.
    """
    check_free(target)
    unfinished = target.parent / f".{target.name}.{os.urandom(4).hex()}.part"
    with explained(target), tidied(unfinished):
        file = os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
        try:
            write_snapshot(source, unfinished, partial(_step, file, go_on))
            complete(unfinished, read, go_on)
            os.fsync(file)
        finally:
            os.close(file)
        give_name(unfinished, target)


def check_free(target: Path) -> None:
    """Raise a `BackupExistsError` for a name that is taken, or a `StorageError` for what is none, or a part's."""
    with explained(target):
        check_no_part(target)
        if os.path.lexists(target):
            raise BackupExistsError(path=target)


@contextmanager
def tidied(unfinished: Path) -> Iterator[None]:
    """Leave nothing under this name in the end, even if its folder has another name by then. Raises an `OSError`."""
    folder = os.open(unfinished.parent, os.O_RDONLY | os.O_DIRECTORY) if os.unlink in os.supports_dir_fd else None
    try:
        yield
    finally:
        for suffix in _LOGS:
            with suppress(OSError):
                Path(f"{unfinished}{suffix}").unlink()
            if folder is not None:
                with suppress(OSError):
                    os.unlink(f"{unfinished.name}{suffix}", dir_fd=folder)
        if folder is not None:
            os.close(folder)


@contextmanager
def explained(target: Path) -> Iterator[None]:
    """Say what keeps a backup from being written. Raises a `StorageError` for what the system says."""
    try:
        yield
    except StoreFailedError as error:  # of the name that it has while it is written, which nobody has heard of
        raise StoreFailedError(path=str(target)[:_SHOWN], reason=error.reason) from error
    except BachError:  # some of them are ValueErrors as well
        raise
    except OSError as error:
        raise StoreFailedError(path=str(target)[:_SHOWN], reason=error.strerror or error) from error
    except ValueError as error:  # no path at all: NUL, or half a character
        raise StoreFailedError(path=ascii(str(target)[:_SHOWN]), reason=error) from error


def give_name(unfinished: Path, target: Path) -> None:
    """Name a file that is finished; nothing is overwritten, whoever takes the name meanwhile.

    Raises a `BackupExistsError` or `OSError`.
    """
    try:
        os.link(unfinished, target)
    except FileExistsError as error:
        raise BackupExistsError(path=target) from error
    except OSError as error:  # no links here (FAT, some shares)
        if os.path.lexists(target):
            raise BackupExistsError(path=target) from error
        unfinished.rename(target)
    if os.name == "posix":
        folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            with suppress(OSError):  # not every file system takes that
                os.fsync(folder)
        finally:
            os.close(folder)


def _step(file: int, go_on: Callable[[], None]) -> None:
    """What is written goes to the disk at once: all of it at the end would keep everybody else's commit waiting."""
    go_on()
    os.fsync(file)
