"""Errors that no caller can correct by asking differently: the disk, a limit, something missing or not open."""

from bach_lib.errors.root import BachError


class SecretNotSavedError(BachError):
    """A secret has changed, and the new one exists in memory only."""

    code = "secret_not_saved"
    template = 'A new secret could not be written to "{reference}": {reason}. Mend that before the next restart.'
    reference: str
    reason: object


class NotFetchedError(BachError):
    """The platform did not hand out a file."""

    code = "not_fetched"
    template = "The file of message {id} could not be fetched: {reason}. Try again, or have it sent again."
    id: int
    reason: object


class QueueFullError(BachError):
    """Too many messages wait already; a runaway automation must not fill the disk."""

    code = "queue_full"
    template = '"{connection}" has {limit} messages waiting, which is its limit. Send them, cancel them, or wait.'
    connection: str
    limit: int


class ScheduleFullError(BachError):
    """Too many messages wait for their time already."""

    code = "schedule_full"
    template = (
        '"{connection}" has {limit} scheduled messages, which is its limit. Cancel some, or wait until some are sent.'
    )
    connection: str
    limit: int


class TooManyRunsError(BachError):
    """Too many runs of routes are under way; a runaway automation must not keep everybody awake."""

    code = "too_many_runs"
    template = "{limit} alarms of routes are under way, which is the limit. Acknowledge some, or call them off."
    limit: int


class EventsLostError(BachError):
    """Whoever takes events in a loop was too slow for what happened."""

    code = "events_lost"
    template = "{number} events are lost: more than {limit} were waiting. Take them faster, or ask for fewer types."
    number: int
    limit: int


class EventsMissingError(EventsLostError):
    """Beside the owner: it went away for longer than it remembers events, or was read too slowly.

    How many are missing is not known; `number` and `limit` are 0.
    """

    code = "events_missing"
    template = "Events are missing here: the process that tells them went away, or was read too slowly."
    number: int = 0
    limit: int = 0


class ReceivedElsewhereError(BachError):
    """A newer loop deals with what comes in."""

    code = "received_elsewhere"
    template = "Another loop receives these messages now. Use one loop for a connection, and let it hand them on."


class MissingLibraryError(BachError):
    """An extra of the package is not installed."""

    code = "missing_library"
    template = 'The type "{type}" needs the package {package}. Install bach-lib[{extra}].'
    type: str
    package: str
    extra: str


class MissingExtraError(BachError):
    """What was asked for needs an extra of the package that is not installed."""

    code = "missing_extra"
    template = "{what} needs the package {package}. Install bach-lib[{extra}]."
    what: str
    package: str
    extra: str


class UnusableLibraryError(MissingLibraryError):
    """A package that a connector needs is installed, but not as we know it; or files of two versions are mixed."""

    code = "unusable_library"
    template = (
        'The type "{type}" needs {wanted}. {package} {found} is installed, and cannot be used: {reason}. Install what'
        " is needed and start again."
    )
    wanted: str
    extra: str = ""
    """Is installed."""
    found: str
    reason: object


class NotOpenError(BachError):
    """Used outside of `async with`."""

    code = "not_open"
    template = 'BACH is not open. Use it inside "async with Bach(...)".'


class AlreadyOpenError(BachError, RuntimeError):
    """Opened although it is open, or is being opened or closed. Nothing was done: what is open stays as it is."""

    code = "already_open"
    template = "This BACH is open already. Open it once, and close it before it is opened again."


class WrongLoopError(BachError, RuntimeError):
    """Awaited in another event loop than the one that opened it; nothing was done. A RuntimeError, as asyncio's is."""

    code = "wrong_loop"
    template = (
        "This BACH belongs to the event loop that opened it. From another thread use send_threadsafe, or"
        " asyncio.run_coroutine_threadsafe with that loop."
    )


class OwnThreadError(BachError, RuntimeError):
    """A call for other threads, in the thread of the event loop that it would wait for. Nothing was done."""

    code = "own_thread"
    template = "send_threadsafe is for other threads; here it would wait for itself. Use: await bach.send(...)."


class OwnedElsewhereError(BachError):
    """Another process that shares the database works on the connection; only that one can be asked for this."""

    code = "owned_elsewhere"
    template = "Another process works on {connection}: {owner}. Ask that one (bach cluster status names all)."
    connection: str
    owner: str


class SessionEndedError(BachError):
    """The others took this process for dead, as it had not said that it lives; nothing was written."""

    code = "session_ended"
    template = "This process was silent for so long that others took over its connections. It begins anew by itself."


class OwnerGoneError(BachError):
    """The process that has the database open did not answer, or went away before it had answered."""

    code = "owner_gone"
    template = (
        "The BACH at {place} gave no answer: {reason}. What was asked may have been done; a send with the same"
        " idempotency key can be repeated."
    )
    place: object
    reason: object


class AccessRefusedError(BachError):
    """Another process has the database, and does not let us in."""

    code = "access_refused"
    template = "The BACH at {place} does not let this program in: {reason}."
    place: object
    reason: object


class RemoteFailedError(BachError):
    """The process that has the database open could not do it, or speaks another language than we do."""

    code = "remote_failed"
    template = 'The BACH at {place} could not do that: "{reason}".'
    place: object
    reason: object


class ConnectorFailedError(BachError):
    """The code of a connector did what none may do; whoever wrote it can mend it."""

    code = "connector_failed"
    template = 'The connector "{type}" made a mistake: {what}. Whoever wrote it can mend it; the log says more.'
    type: str
    what: str


class BridgeChangedError(BachError):
    """Of two processes that went on with a bridge at the same moment, this one came second; it looks again."""

    code = "bridge_changed"
    template = 'Another process went on with the bridge "{name}" at the same moment. Try again.'
    name: str


class RunChangedError(BachError):
    """Of two processes that went on with a run at the same moment, this one came second; it looks again."""

    code = "run_changed"
    template = "Another process went on with the run {id} of a route at the same moment. Try again."
    id: int
