"""Errors that the caller can correct: wrong names, values, recipients, references. Nothing was written."""

from bach_lib.errors.root import InputError


class UnknownConnectionError(InputError):
    """No connection has this name."""

    code = "unknown_connection"
    template = 'There is no connection named "{name}". Known connections: {known}.'
    name: str
    known: str


class BackupExistsError(InputError):
    """There is something of the name that a backup was to have; it was left as it is."""

    code = "backup_exists"
    template = "{path} exists already and was left as it is. Choose another name for the backup."
    path: object


class ConnectionExistsError(InputError):
    """The name is taken."""

    code = "connection_exists"
    template = 'A connection named "{name}" exists already. Choose another name, or update that one.'
    name: str


class InvalidNameError(InputError):
    """A connection's name is empty, too long or has characters that would not survive in logs and addresses."""

    code = "invalid_name"
    template = '"{name}" is no name for a connection. Use 1 to 100 letters, digits, "_", "-" or ".".'
    name: str


class UnknownTypeError(InputError):
    """Nothing here knows this type, or it belongs to another category."""

    code = "unknown_type"
    template = 'There is no connection type "{type}" here. Known types: {known}.'
    type: str
    known: str


class UnusableConnectorError(InputError):
    """Another package brings this type, and what it brings is no connector that works."""

    code = "unusable_connector"
    template = 'The type "{type}" comes with the package {package}, and cannot be used: {reason}.'
    type: str
    package: str
    reason: str


class InvalidEndpointError(InputError):
    """An endpoint is not an http(s) address."""

    code = "invalid_endpoint"
    template = '"{endpoint}" is no address like "https://example.org". Give scheme and host, without user and password.'
    endpoint: str


class SecretInEndpointError(InvalidEndpointError):
    """An endpoint holds a token or a password, which would lie in the database in the clear."""

    code = "secret_in_endpoint"
    template = (
        "This address holds a token or a password, and an endpoint is kept in the clear. "
        "Give it without that; secrets have fields of their own."
    )
    endpoint: str = ""
    """Is not repeated."""


class UnknownFieldError(InputError):
    """`registry.update` was given a field that a person cannot set."""

    code = "unknown_field"
    template = 'A connection has no field "{field}" that can be set. Fields: {known}.'
    field: str
    known: str


class UnknownNameError(InputError):
    """A secret or a setting that this type does not know; most are misspelt."""

    code = "unknown_name"
    template = 'There is no {kind} "{name}" for {type}. {meant}Known: {known}.'
    kind: str
    name: str
    type: str
    meant: str
    known: str


class MissingFieldError(InputError):
    """A connection lacks what its type cannot work without: a secret, its address or a setting."""

    code = "missing_field"
    template = 'A connection of type "{type}" needs {field}: {about}.'
    type: str
    field: str
    about: str


class AccountTakenError(InputError):
    """Another connection has the same account; both would take each other's messages away."""

    code = "account_taken"
    template = (
        '"{other}" is the same account already; both would take each other\'s messages away.'
        " Use that one, or remove it first."
    )
    other: str


class InvalidRecipientError(InputError):
    """The recipient does not have the form that the connector knows."""

    code = "invalid_recipient"
    template = '"{recipient}" is not a recipient of {type}. Use {expected}.'
    recipient: object
    type: str
    expected: str


class InvalidValueError(InputError):
    """A field of a message or a filter is outside its limits."""

    code = "invalid_value"
    template = '"{value}" is not possible for {field}. Use {expected}.'
    value: object
    field: str
    expected: str


class InvalidRuleError(InputError):
    """A rule that could never match, or a pattern that cannot be read."""

    code = "invalid_rule"
    template = 'The rule "{name}" cannot be used: {reason}.'
    name: str
    reason: object


class UnknownRuleError(InputError):
    """No rule has this name."""

    code = "unknown_rule"
    template = 'There is no rule named "{name}". Known rules: {known}.'
    name: str
    known: str


class UnknownBridgeError(InputError):
    """No bridge has this name."""

    code = "unknown_bridge"
    template = 'There is no bridge named "{name}". Known bridges: {known}.'
    name: str
    known: str


class UnknownRouteError(InputError):
    """No route has this name."""

    code = "unknown_route"
    template = 'There is no route named "{name}". Known routes: {known}.'
    name: str
    known: str


class UnknownRunError(InputError):
    """A route was not started under this number, or that is long ago."""

    code = "unknown_run"
    template = "No route was started under the number {id}, or that is so long ago that it was removed."
    id: int


class RouteKeyReusedError(InputError):
    """The same key with another alarm: one of the two would be lost."""

    code = "route_key_reused"
    template = 'The key "{key}" was used for run {id}, which tells something else. Use a new key for each alarm.'
    key: str
    id: int


class CannotReceiveError(InputError):
    """The connection does not receive, so nobody can be seen through it."""

    code = "cannot_receive"
    template = 'The connection "{name}" is not receiving. Enable it, and choose a type that receives.'
    name: str


class PushRefusedError(InputError):
    """A request to us that shows no right to be let in, or holds no message.

    `is_proven`: it has shown its right, so what it holds may be kept to be looked at.
    """

    is_proven = False
    code = "push_refused"
    template = 'The request to "{name}" is refused: {reason}.'
    name: str
    reason: object


class InvalidSecretReferenceError(InputError):
    """A secret was given itself, or through a scheme nobody serves. The value is never repeated."""

    code = "invalid_secret_reference"
    template = '"{field}" must be a reference to a secret, not the secret: {schemes}.'
    field: str
    schemes: str


class MissingSecretError(InputError):
    """The way to authenticate needs a secret that nobody named."""

    code = "missing_secret"
    template = 'The authentication "{auth_type}" needs a reference to a secret named "{field}".'
    auth_type: str
    field: str


class SecretNotFoundError(InputError):
    """The reference leads nowhere."""

    code = "secret_not_found"
    template = 'No secret was found at "{reference}". Check that it exists and can be read.'
    reference: str


class SecretNotWritableError(InputError):
    """A secret that changes with use stands where nothing can be written."""

    code = "secret_not_writable"
    template = 'The secret "{field}" changes with use, so it must stand where BACH can write: {schemes}.'
    field: str
    schemes: str
