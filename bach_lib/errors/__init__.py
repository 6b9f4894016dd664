"""The error tree of BACH.

Every error says in one sentence what was wrong, where, and what to do. The sentence is a template plus placeholders, so
that an application can show it in another language: `code` names the sentence, `placeholders` fill it. What can go
wrong with a question stands in `unanswered`. The files follow the tree: `root` has its root, `inputs` and
`message_inputs` what a caller can correct, `store_failures` and `moves` the storage's, `failures` everything else.

    BachError
    ├── InputError (also a ValueError): the caller can correct it; nothing was written
    │   ├── UnknownConnectionError, ConnectionExistsError, InvalidNameError
    │   ├── UnknownTypeError, UnusableConnectorError
    │   ├── InvalidEndpointError: its address is none
    │   │   └── SecretInEndpointError
    │   ├── UnknownFieldError, UnknownNameError, MissingFieldError, InvalidValueError, AccountTakenError
    │   ├── InvalidRecipientError, CannotReceiveError, PushRefusedError
    │   ├── EmptyTextError, TextTooLongError, UnknownFormatError, InvalidTimeToLiveError
    │   ├── InvalidButtonsError, CannotDoError, NotSentError
    │   ├── UnknownMessageError, NotRetryableError, NotCancellableError, NotAmendableError
    │   ├── NotDiscardableError, NotUndoableError, NotScheduledError, WordsNotKeptError, IdempotencyKeyReusedError
    │   ├── FileNotReadError, FileNotFetchedError, NoFileError, FileTooLargeError, InvalidRuleError, UnknownRuleError
    │   ├── UnknownRouteError, UnknownRunError, UnknownBridgeError, RouteKeyReusedError, BackupExistsError
    │   └── InvalidSecretReferenceError, MissingSecretError, SecretNotFoundError, SecretNotWritableError
    ├── SecretNotSavedError: a secret that changed with use could not be written
    ├── NotFetchedError: the file that somebody sent could not be fetched
    ├── QueueFullError, ScheduleFullError: a limit on waiting messages was reached, or on scheduled ones
    ├── TooManyRunsError: a limit on runs of routes that are under way was reached
    ├── EventsLostError: events came faster than they were taken
    │   └── EventsMissingError: or the process that tells them was away
    ├── ReceivedElsewhereError: a newer loop receives
    ├── StorageError: the disk or the file
    │   ├── StoreInUseError, StoreTooNewError, StoreForeignError, StoreIncompleteError
    │   ├── StoreLinkedError, StoreMountedError, StorePartError: the file has another name as well, or a wrong one
    │   ├── StoreDamagedError
    │   │   └── StoreAlteredError: another program has changed tables, indexes or triggers
    │   ├── StoreAddressError, StoreUnsuitableError, StoreUnsafeError, BackupElsewhereError: a database on a server
    │   ├── StoreMovedError, StoreFillingError, StoreMissingError, StoreOccupiedError, StoreUnmovedError: a move
    │   ├── StoreMovingError: while it is under way
    │   ├── StoreDifferentError, RowUnreadableError: what cannot be moved
    │   ├── StoreLostError: the file was deleted, moved or replaced while it was open
    │   ├── StoreVanishedError: the same of the tables on a server
    │   └── StoreFailedError
    │       ├── StoreForbiddenError, StoreLockedError
    │       ├── StoreAwayError, StoreUnknownError: a server does not answer
    │       │   └── StoreUnreachableError: the same when it is opened
    ├── MissingLibraryError: an extra of the package is not installed
    │   └── UnusableLibraryError: it is, and does not fit
    ├── MissingExtraError: the same of what is no connector
    ├── ConnectorFailedError: the code of a connector did what none may do
    ├── NotOpenError: used before `async with`, or after it
    ├── AlreadyOpenError: opened although it is open
    ├── WrongLoopError: awaited in another event loop than the one that opened it
    ├── OwnThreadError: a call for other threads, in the event loop's own
    ├── OwnedElsewhereError: another process works on the connection
    ├── SessionEndedError: others took this process for dead
    ├── RunChangedError, BridgeChangedError: or went on with the same run of a route, or the same bridge
    ├── OwnerGoneError: the process that has the database open gave no answer
    ├── AccessRefusedError: it lets nobody in with this token
    └── RemoteFailedError: it could not do it, or speaks another language
"""

from bach_lib.errors.failures import (
    AccessRefusedError,
    AlreadyOpenError,
    BridgeChangedError,
    ConnectorFailedError,
    EventsLostError,
    EventsMissingError,
    MissingExtraError,
    MissingLibraryError,
    NotFetchedError,
    NotOpenError,
    OwnedElsewhereError,
    OwnerGoneError,
    OwnThreadError,
    QueueFullError,
    ReceivedElsewhereError,
    RemoteFailedError,
    RunChangedError,
    ScheduleFullError,
    SecretNotSavedError,
    SessionEndedError,
    TooManyRunsError,
    UnusableLibraryError,
    WrongLoopError,
)
from bach_lib.errors.inputs import (
    AccountTakenError,
    BackupExistsError,
    CannotReceiveError,
    ConnectionExistsError,
    InvalidEndpointError,
    InvalidNameError,
    InvalidRecipientError,
    InvalidRuleError,
    InvalidSecretReferenceError,
    InvalidValueError,
    MissingFieldError,
    MissingSecretError,
    PushRefusedError,
    RouteKeyReusedError,
    SecretInEndpointError,
    SecretNotFoundError,
    SecretNotWritableError,
    UnknownBridgeError,
    UnknownConnectionError,
    UnknownFieldError,
    UnknownNameError,
    UnknownRouteError,
    UnknownRuleError,
    UnknownRunError,
    UnknownTypeError,
    UnusableConnectorError,
)
from bach_lib.errors.message_inputs import (
    CannotDoError,
    EmptyTextError,
    FileNotFetchedError,
    FileNotReadError,
    FileTooLargeError,
    IdempotencyKeyReusedError,
    InvalidButtonsError,
    InvalidTimeToLiveError,
    NoFileError,
    NotAmendableError,
    NotCancellableError,
    NotDiscardableError,
    NotRetryableError,
    NotScheduledError,
    NotSentError,
    NotUndoableError,
    TextTooLongError,
    UnknownFormatError,
    UnknownMessageError,
    WordsNotKeptError,
)
from bach_lib.errors.moves import (
    RowUnreadableError,
    StoreDifferentError,
    StoreFillingError,
    StoreMissingError,
    StoreMovedError,
    StoreMovingError,
    StoreOccupiedError,
    StoreUnmovedError,
)
from bach_lib.errors.root import BachError, InputError
from bach_lib.errors.store_failures import (
    BackupElsewhereError,
    StorageError,
    StoreAddressError,
    StoreAlteredError,
    StoreAwayError,
    StoreDamagedError,
    StoreFailedError,
    StoreForbiddenError,
    StoreForeignError,
    StoreIncompleteError,
    StoreInUseError,
    StoreLinkedError,
    StoreLockedError,
    StoreLostError,
    StoreMountedError,
    StorePartError,
    StoreTooNewError,
    StoreUnknownError,
    StoreUnreachableError,
    StoreUnsafeError,
    StoreUnsuitableError,
    StoreVanishedError,
)

__all__ = [
    "AccessRefusedError",
    "AccountTakenError",
    "AlreadyOpenError",
    "BachError",
    "BackupElsewhereError",
    "BackupExistsError",
    "BridgeChangedError",
    "CannotDoError",
    "CannotReceiveError",
    "ConnectionExistsError",
    "ConnectorFailedError",
    "EmptyTextError",
    "EventsLostError",
    "EventsMissingError",
    "FileNotFetchedError",
    "FileNotReadError",
    "FileTooLargeError",
    "IdempotencyKeyReusedError",
    "InputError",
    "InvalidButtonsError",
    "InvalidEndpointError",
    "InvalidNameError",
    "InvalidRecipientError",
    "InvalidRuleError",
    "InvalidSecretReferenceError",
    "InvalidTimeToLiveError",
    "InvalidValueError",
    "MissingExtraError",
    "MissingFieldError",
    "MissingLibraryError",
    "MissingSecretError",
    "NoFileError",
    "NotAmendableError",
    "NotCancellableError",
    "NotDiscardableError",
    "NotFetchedError",
    "NotOpenError",
    "NotRetryableError",
    "NotScheduledError",
    "NotSentError",
    "NotUndoableError",
    "OwnThreadError",
    "OwnedElsewhereError",
    "OwnerGoneError",
    "PushRefusedError",
    "QueueFullError",
    "ReceivedElsewhereError",
    "RemoteFailedError",
    "RouteKeyReusedError",
    "RowUnreadableError",
    "RunChangedError",
    "ScheduleFullError",
    "SecretInEndpointError",
    "SecretNotFoundError",
    "SecretNotSavedError",
    "SecretNotWritableError",
    "SessionEndedError",
    "StorageError",
    "StoreAddressError",
    "StoreAlteredError",
    "StoreAwayError",
    "StoreDamagedError",
    "StoreDifferentError",
    "StoreFailedError",
    "StoreFillingError",
    "StoreForbiddenError",
    "StoreForeignError",
    "StoreInUseError",
    "StoreIncompleteError",
    "StoreLinkedError",
    "StoreLockedError",
    "StoreLostError",
    "StoreMissingError",
    "StoreMountedError",
    "StoreMovedError",
    "StoreMovingError",
    "StoreOccupiedError",
    "StorePartError",
    "StoreTooNewError",
    "StoreUnknownError",
    "StoreUnmovedError",
    "StoreUnreachableError",
    "StoreUnsafeError",
    "StoreUnsuitableError",
    "StoreVanishedError",
    "TextTooLongError",
    "TooManyRunsError",
    "UnknownBridgeError",
    "UnknownConnectionError",
    "UnknownFieldError",
    "UnknownFormatError",
    "UnknownMessageError",
    "UnknownNameError",
    "UnknownRouteError",
    "UnknownRuleError",
    "UnknownRunError",
    "UnknownTypeError",
    "UnusableConnectorError",
    "UnusableLibraryError",
    "WordsNotKeptError",
    "WrongLoopError",
]
