"""Errors that the caller can correct: wrong names, values, recipients, references. Nothing was written."""

from bach_lib.errors.root import InputError


class UnknownConnectionError(InputError):
    """No connection has this name."""

    code = "unknown_connection"
    template = 'There is no connection named "{name}". Known connections: {known}.'


class BackupExistsError(InputError):
    """There is something of the name that a backup was to have; it was left as it is."""

    code = "backup_exists"
    template = "{path} exists already and was left as it is. Choose another name for the backup."


class ConnectionExistsError(InputError):
    """The name is taken."""

    code = "connection_exists"
    template = 'A connection named "{name}" exists already. Choose another name, or update that one.'


class InvalidNameError(InputError):
    """A connection's name is empty, too long or has characters that would not survive in logs and addresses."""

    code = "invalid_name"
    template = '"{name}" is no name for a connection. Use 1 to 100 letters, digits, "_", "-" or ".".'


class UnknownTypeError(InputError):
    """Nothing here knows this type, or it belongs to another category."""

    code = "unknown_type"
    template = 'There is no connection type "{type}" here. Known types: {known}.'


class InvalidEndpointError(InputError):
    """An endpoint is not an http(s) address."""

    code = "invalid_endpoint"
    template = '"{endpoint}" is no address like "https://example.org". Give scheme and host, without user and password.'


class SecretInEndpointError(InvalidEndpointError):
    """An endpoint holds a token or a password, which would lie in the database in the clear."""

    code = "secret_in_endpoint"
    template = (
        "This address holds a token or a password, and an endpoint is kept in the clear. "
        "Give it without that; secrets have fields of their own."
    )


class UnknownFieldError(InputError):
    """`registry.update` was given a field that a person cannot set."""

    code = "unknown_field"
    template = 'A connection has no field "{field}" that can be set. Fields: {known}.'


class UnknownNameError(InputError):
    """A secret or a setting that this type does not know; most are misspelt."""

    code = "unknown_name"
    template = 'There is no {kind} "{name}" for {type}. {meant}Known: {known}.'


class AccountTakenError(InputError):
    """Another connection has the same account; both would take each other's messages away."""

    code = "account_taken"
    template = (
        '"{other}" is the same account already; both would take each other\'s messages away.'
        " Use that one, or remove it first."
    )


class InvalidRecipientError(InputError):
    """The recipient does not have the form that the connector knows."""

    code = "invalid_recipient"
    template = '"{recipient}" is not a recipient of {type}. Use {expected}.'


class EmptyTextError(InputError):
    """A message without text."""

    code = "empty_text"
    template = "The message has no text. Give it at least one visible character."


class TextTooLongError(InputError):
    """More text than the platform takes in one message."""

    code = "text_too_long"
    template = "The message has {length} characters, but {type} takes {limit}. Shorten it or send it in parts."


class UnknownFormatError(InputError):
    """The connector cannot show this text format."""

    code = "unknown_format"
    template = '{type} does not know the text format "{format}". Use one of: {known}.'


class InvalidTimeToLiveError(InputError):
    """A time to live that is zero, negative or not a number."""

    code = "invalid_time_to_live"
    template = "A time to live of {value} seconds is not possible. Give a number above 0, or leave it out."


class InvalidValueError(InputError):
    """A field of a message or a filter is outside its limits."""

    code = "invalid_value"
    template = '"{value}" is not possible for {field}. Use {expected}.'


class UnknownMessageError(InputError):
    """No message has this id (or it was purged)."""

    code = "unknown_message"
    template = "There is no message {id}. It may have been removed because of its age."


class InvalidButtonsError(InputError):
    """Buttons that the platform would not show, or whose presses could not be told apart."""

    code = "invalid_buttons"
    template = "The buttons cannot be used: {reason}."


class CannotDoError(InputError):
    """The platform knows no such operation."""

    code = "cannot_do"
    template = "{type} cannot {operation} messages."


class NotSentError(InputError):
    """Only what is on the platform can be edited, deleted or reacted to."""

    code = "not_sent"
    template = "Message {id} is {status}. Only a message that has been sent can be changed."


class NotRetryableError(InputError):
    """Only a message that ended without being sent can be sent again."""

    code = "not_retryable"
    template = (
        "Message {id} is {status} and cannot be retried. Only dead, uncertain, expired and cancelled messages can."
    )


class NotCancellableError(InputError):
    """The message is on its way or has ended."""

    code = "not_cancellable"
    template = "Message {id} is {status} and cannot be cancelled any more."


class NotAmendableError(InputError):
    """Only a message that waits, or ended without being sent, can become another one."""

    code = "not_amendable"
    template = (
        "Message {id} is {status} and cannot be amended. Waiting, dead, uncertain, expired and cancelled messages can."
    )


class NotDiscardableError(InputError):
    """Only what waits for a person can be discarded."""

    code = "not_discardable"
    template = "Message {id} is {status} and cannot be discarded. Only dead and uncertain messages can."


class IdempotencyKeyReusedError(InputError):
    """The same key with another message: one of the two would be lost."""

    code = "idempotency_key_reused"
    template = 'The key "{key}" was used for another message, {id}. Use a new key for each message.'


class NoFileError(InputError):
    """Nothing can be fetched for this message."""

    code = "no_file"
    template = "Message {id} holds no file."


class FileTooLargeError(InputError):
    """More than the platform lets us fetch, or than the caller wants."""

    code = "file_too_large"
    template = "The file of message {id} has {size} bytes, but only up to {limit} can be fetched."


class FileNotReadError(InputError):
    """A file of this machine that is to be sent cannot be read, or is none."""

    code = "file_not_read"
    template = "The file {path} cannot be read: {reason}."


class InvalidRuleError(InputError):
    """A rule that could never match, or a pattern that cannot be read."""

    code = "invalid_rule"
    template = 'The rule "{name}" cannot be used: {reason}.'


class UnknownRuleError(InputError):
    """No rule has this name."""

    code = "unknown_rule"
    template = 'There is no rule named "{name}". Known rules: {known}.'


class CannotReceiveError(InputError):
    """The connection does not receive, so nobody can be seen through it."""

    code = "cannot_receive"
    template = 'The connection "{name}" is not receiving. Enable it, and choose a type that receives.'


class PushRefusedError(InputError):
    """A request to us that shows no right to be let in, or holds no message.

    `is_proven`: it has shown its right, so what it holds may be kept to be looked at.
    """

    is_proven = False
    code = "push_refused"
    template = 'The request to "{name}" is refused: {reason}.'


class InvalidSecretReferenceError(InputError):
    """A secret was given itself, or through a scheme nobody serves. The value is never repeated."""

    code = "invalid_secret_reference"
    template = '"{field}" must be a reference to a secret, not the secret: {schemes}.'


class MissingSecretError(InputError):
    """The way to authenticate needs a secret that nobody named."""

    code = "missing_secret"
    template = 'The authentication "{auth_type}" needs a reference to a secret named "{field}".'


class SecretNotFoundError(InputError):
    """The reference leads nowhere."""

    code = "secret_not_found"
    template = 'No secret was found at "{reference}". Check that it exists and can be read.'


class SecretNotWritableError(InputError):
    """A secret that changes with use stands where nothing can be written."""

    code = "secret_not_writable"
    template = 'The secret "{field}" changes with use, so it must stand where BACH can write: {schemes}.'
