"""Errors that the caller can correct: what a message holds, and what can be done with one. Nothing was written."""

from bach_lib.errors.root import InputError


class EmptyTextError(InputError):
    """A message without text."""

    code = "empty_text"
    template = "The message has no text. Give it at least one visible character."


class TextTooLongError(InputError):
    """More text than the platform takes in one message."""

    code = "text_too_long"
    template = "The message has {length} characters, but {type} takes {limit}. Shorten it or send it in parts."
    length: int
    type: str
    limit: int


class UnknownFormatError(InputError):
    """The connector cannot show this text format."""

    code = "unknown_format"
    template = '{type} does not know the text format "{format}". Use one of: {known}.'
    type: str
    format: object
    known: str


class InvalidTimeToLiveError(InputError):
    """A time to live that is zero, negative, beyond any date or not a number."""

    code = "invalid_time_to_live"
    template = (
        "A time to live of {value} seconds is not possible. Give more than 0, and less than 7,900 years, or leave it"
        " out."
    )
    value: object


class UnknownMessageError(InputError):
    """No message has this id (or it was purged)."""

    code = "unknown_message"
    template = "There is no message {id}. It may have been removed because of its age."
    id: object


class InvalidButtonsError(InputError):
    """Buttons that the platform would not show, or whose presses could not be told apart."""

    code = "invalid_buttons"
    template = "The buttons cannot be used: {reason}."
    reason: object


class CannotDoError(InputError):
    """The platform knows no such operation."""

    code = "cannot_do"
    template = "{type} cannot {operation} messages."
    type: str
    operation: str


class NotSentError(InputError):
    """Only what is on the platform can be edited, deleted or reacted to."""

    code = "not_sent"
    template = "Message {id} is {status}. Only a message that has been sent can be changed."
    id: int
    status: str


class NotRetryableError(InputError):
    """Only a message that ended without being sent can be sent again."""

    code = "not_retryable"
    template = (
        "Message {id} is {status} and cannot be retried. Only dead, uncertain, expired and cancelled messages can."
    )
    id: int
    status: str


class WordsNotKeptError(InputError):
    """The words of a confidential message went with its end."""

    code = "words_not_kept"
    template = "The words of message {id} are confidential, and not kept once it has ended. Write them anew."
    id: int


class NotScheduledError(InputError):
    """Only what waits for its time can be sent before it."""

    code = "not_scheduled"
    template = "Message {id} does not wait for a time at which it is to be sent. It is {status}."
    id: int
    status: str


class NotCancellableError(InputError):
    """The message is on its way or has ended."""

    code = "not_cancellable"
    template = "Message {id} is {status} and cannot be cancelled any more."
    id: int
    status: str


class NotAmendableError(InputError):
    """Only a message that waits, or ended without being sent, can become another one."""

    code = "not_amendable"
    template = (
        "Message {id} is {status} and cannot be amended. Waiting, dead, uncertain, expired and cancelled messages can."
    )
    id: int
    status: str


class NotDiscardableError(InputError):
    """Only what waits for a person can be discarded."""

    code = "not_discardable"
    template = "Message {id} is {status} and cannot be discarded. Only dead and uncertain messages can."
    id: int
    status: str


class NotUndoableError(InputError):
    """Only what was cancelled or discarded a moment ago, and is untouched since, stands again as it stood."""

    code = "not_undoable"
    template = (
        "Message {id} cannot be put back: that it was taken out is more than a minute ago, it was changed since, "
        "or a newer one took its place."
    )
    id: int


class IdempotencyKeyReusedError(InputError):
    """The same key with another message: one of the two would be lost."""

    code = "idempotency_key_reused"
    template = 'The key "{key}" was used for another message, {id}. Use a new key for each message.'
    key: str
    id: int


class NoFileError(InputError):
    """Nothing can be fetched for this message."""

    code = "no_file"
    template = "Message {id} holds no file."
    id: int


class FileTooLargeError(InputError):
    """More than the platform lets us fetch, or than the caller wants."""

    code = "file_too_large"
    template = "The file of message {id} has {size} bytes, but only up to {limit} can be fetched."
    id: int
    size: int
    limit: int


class FileNotFetchedError(InputError):
    """A file that is to be sent cannot be fetched from its address, or may not be."""

    code = "file_not_fetched"
    template = "The file at {host} cannot be fetched: {reason}."
    host: object
    reason: object


class FileNotReadError(InputError):
    """A file of this machine that is to be sent cannot be read, or is none."""

    code = "file_not_read"
    template = "The file {path} cannot be read: {reason}."
    path: object
    reason: object
