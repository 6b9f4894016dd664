"""The branch of the storage: the disk, the file, or the server that has the database."""

from bach_lib.errors.root import BachError


class StorageError(BachError):
    """The disk or the file."""


class StoreInUseError(StorageError):
    """Another process has the database open."""

    code = "store_in_use"
    template = "{path} is in use by another BACH. Stop it first, or choose another file."
    path: object


class StoreTooNewError(StorageError):
    """A newer BACH has written the file."""

    code = "store_too_new"
    template = (
        "{path} was written by a newer BACH (layout {found}, this one knows {known}). Update BACH, or {way_back}."
    )
    path: object
    found: int
    known: int
    way_back: str


class StoreForeignError(StorageError):
    """The file is another program's database; it was left as it was."""

    code = "store_foreign"
    template = "{path} belongs to another program and was left as it was. Choose another file for BACH."
    path: object


class StoreIncompleteError(StorageError):
    """The database is missing or empty, and its log is not; both were left as they were."""

    code = "store_incomplete"
    template = (
        "{path} is missing or empty, but its log {log} is not. Put the file back, or move the log away to start empty."
    )
    path: object
    log: object


class StoreLinkedError(StorageError):
    """The file has more than one name, and its log lies beside one of them only; it was left as it was."""

    code = "store_linked"
    template = (
        "{path} is one of {count} names of the same file (hard links). The latest messages lie in a log beside one of"
        " them, and would be missing under another. Remove the other names, or put copies in their place."
    )
    path: object
    count: int


class StoreMountedError(StorageError):
    """The file alone is mounted, without its folder, so its log would lie elsewhere; it was left as it was."""

    code = "store_mounted"
    template = (
        "{path} is mounted without its folder, as with docker -v file:file. The latest messages lie in a log beside it,"
        " and would go with the container. Mount the folder instead, and put {path}-wal into it if there is one."
    )
    path: object


class StorePartError(StorageError):
    """A file of this name would be taken for a part of a database, and thrown away or written over."""

    code = "store_part"
    template = "A file whose name ends in {ending} is taken for a part of a database. Choose another name than {path}."
    path: object
    ending: str


class StoreDamagedError(StorageError):
    """The file is not a database, or a broken one."""

    code = "store_damaged"
    template = "{path} is not a readable database. Restore it from a backup, or move it away to start empty."
    path: object


class StoreAlteredError(StoreDamagedError):
    """Something other than BACH has changed tables, indexes or triggers of the file; it was left as it was."""

    code = "store_altered"
    template = (
        "{path} is not as BACH made it: {difference}. It was left as it is. Undo that, or restore it from a backup."
    )
    difference: str


class StoreFailedError(StorageError):
    """Reading or writing failed; the transaction was taken back."""

    code = "store_failed"
    template = "{path} could not be read or written: {reason}. Check the disk's free space and health."
    path: object
    reason: object


class StoreForbiddenError(StoreFailedError):
    """The account that BACH runs as may not have the file."""

    code = "store_forbidden"
    template = "{path} may not be opened by the account BACH runs as: {reason}. Give it the file, or choose another."
    path: object
    reason: object


class StoreLostError(StorageError):
    """What lies under the name of the open database is another file, or none. What it held was saved, if possible."""

    code = "store_lost"
    template = "{path} {what} while BACH had it open. {advice} Until then nothing new is taken, and nothing is sent."
    path: object
    what: str
    advice: str


class StoreLockedError(StoreFailedError):
    """Another program keeps the database locked; the transaction was taken back."""

    code = "store_locked"
    template = "{path} is locked by another program. Close what has it open, then try again."
    reason: object = "locked"
    """Is always the same."""


class StoreAwayError(StoreFailedError):
    """The database's server does not answer; what was asked was not done."""

    code = "store_away"
    template = "{path} does not answer: {reason}. Nothing is lost, and BACH goes on by itself as soon as it does."
    path: object
    reason: object


class StoreUnreachableError(StoreAwayError):
    """The same when the database is opened. BACH does not try again by itself then; whoever started it may."""

    code = "store_unreachable"
    template = (
        "{path} does not answer: {reason}. Nothing that it holds is lost. Check its address, and that its server runs"
        " and takes connections from here."
    )


class StoreUnsafeError(StorageError):
    """The server does not wait for its disk, so what is committed may be gone after a power cut."""

    code = "store_unsafe"
    template = (
        "{path} has fsync turned off: a power cut may lose what was promised, and more. Turn it on in the settings of"
        " its server (fsync = on)."
    )
    path: object


class StoreUnknownError(StoreFailedError):
    """The connection to the database broke during a commit, and nobody could be asked since what became of it."""

    code = "store_unknown"
    template = (
        "The connection to {path} broke while something was stored ({reason}), and it has not answered since: whether"
        " it was stored is not known. Whoever asks again with the same idempotency key stores it once."
    )
    path: object
    reason: object


class StoreVanishedError(StorageError):
    """There was a database of BACH on the server, and now there is none; none was made in its place."""

    code = "store_vanished"
    template = (
        "There is no database of BACH at {path} any more, and there was one. Put a backup of it back: what waits in it"
        " is held then, and BACH goes on by itself. To begin with an empty one, {way} BACH anew. Until then nothing is"
        " taken, and nothing is sent."
    )
    path: object
    way: str


class StoreUnsuitableError(StorageError):
    """The server lets nobody in, or is not as BACH needs it; it was left as it was."""

    code = "store_unsuitable"
    template = "{path} cannot be used: {reason}."
    path: object
    reason: object


class StoreAddressError(StorageError):
    """What was given for the address of a database is none."""

    code = "store_address"
    template = (
        "{path} is not the address of a PostgreSQL database. One looks like"
        " postgresql://user:password@host:5432/database, with signs like @ and % written as %40 and %25."
    )
    path: object


class BackupElsewhereError(StorageError):
    """A database on a server is backed up there."""

    code = "backup_elsewhere"
    template = (
        "{path} is backed up on its server, for example with pg_dump --schema=bach. BACH itself writes no file of it."
    )
    path: object
