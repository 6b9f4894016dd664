"""The branch of moving all that is stored from one place to another."""

from bach_lib.errors.store_failures import StorageError


class StoreMovedError(StorageError):
    """All that was stored there has moved; whoever went on with it would send what waits a second time."""

    code = "store_moved"
    template = (
        "{path} has moved to {target}, so use that. To use {path} again all the same: bach migrate-storage --take-back,"
        " which holds what waits in it."
    )
    path: object
    target: str


class StoreFillingError(StorageError):
    """It is being filled by a move that has not come to its end."""

    code = "store_filling"
    template = (
        "{path} is being filled from {source}, and not all of that is there yet. The same bach migrate-storage again"
        " goes on where it was."
    )
    path: object
    source: str


class StoreMovingError(StorageError):
    """All that is stored is on its way to another place; nothing can be taken before it is there."""

    code = "store_moving"
    template = "All messages are being moved to {target} just now. Try again when that is done."
    target: object


class StoreMissingError(StorageError):
    """There is nothing of BACH to move."""

    code = "store_missing"
    template = "There is no database of BACH at {path}."
    path: object


class StoreOccupiedError(StorageError):
    """What is to be filled holds something already; both were left as they were."""

    code = "store_occupied"
    template = "{path} holds something already and was left as it was. Move to an empty one."
    path: object


class StoreUnmovedError(StorageError):
    """It has not moved, so there is nothing to take back."""

    code = "store_unmoved"
    template = "{path} has not moved anywhere, and can be used as it is."
    path: object


class RowUnreadableError(StorageError):
    """A row is not as BACH writes it, so no other database would take it. What was moved before it is there."""

    code = "row_unreadable"
    template = (
        "{row} of the table {table} in {path} cannot be moved: {reason}. Mend it, or call this again with"
        " --leave-unreadable, which leaves such rows behind and counts them."
    )
    path: object
    table: str
    row: str
    reason: str


class StoreDifferentError(StorageError):
    """What has arrived is not what was sent; nobody uses it, and what was to be moved is as it was."""

    code = "store_different"
    template = (
        "What arrived in {path} is not what was read (table {table}: {here} rows there, {there} here). {source} is as"
        " it was. Call this again, which begins anew; if it stays so, look at the disks."
    )
    path: object
    source: object
    table: str
    here: int
    there: int
