"""What a connection to the server, or the server itself, answers instead of what was asked."""

import re

from bach_lib.said import Sentence

NO_ADDRESS, NOT_LET_IN = "address", "28000"
"""Kinds of refusals that come before there is a connection."""
_NO_MARK = "22012"
"""The last commit of this process is not there (a division by zero: by how many rows have its number)."""
_ANOTHER = frozenset({_NO_MARK, "3F000", "42P01", "42703", "42883"})
"""Or a schema, table, column or function."""
_NO_VALUE = re.compile(r"invalid (integer|port|\w+ value)|for connection option")
_LETS_NOBODY_IN = re.compile(
    r"authentication failed|no password supplied|no pg_hba\.conf entry|does not exist|permission denied|not permitted"
)


class ConnectionGoneError(Exception):
    """The connection broke. `in_doubt`: while a commit was under way, so nobody knows what became of it."""

    def __init__(self, reason: str, *, in_doubt: bool = False) -> None:
        super().__init__(reason)
        self.reason: str = reason
        self.in_doubt: bool = in_doubt


class RefusedError(Exception):
    """The server refused something. `state`: what kind of refusal (SQLSTATE); `reason`: its own words, one line."""

    def __init__(self, state: str, reason: str) -> None:
        super().__init__(state, reason)
        self.state: str = state
        self.reason: str = reason


def not_connected(reason: str, *, is_misspelt: bool) -> ConnectionGoneError | RefusedError:
    """Why there is no connection, by the driver's words: it tells by words only whether that will pass by itself."""
    if is_misspelt or _NO_VALUE.search(reason):
        return RefusedError(NO_ADDRESS, "")  # whose words repeat of the address what may be a secret
    if _LETS_NOBODY_IN.search(reason):
        return RefusedError(NOT_LET_IN, reason.rpartition("FATAL:")[2].strip())
    return ConnectionGoneError(reason.rpartition("failed: ")[2])


def gone_if_another(error: RefusedError) -> None:
    """Raise `ConnectionGoneError` for what only a database refuses that is not the one it was."""
    if error.state in _ANOTHER:
        reason = (
            Sentence("the_last_commit_is_not_there", "the last commit is not there")
            if error.state == _NO_MARK
            else error.reason
        )
        raise ConnectionGoneError(
            Sentence("it_is_not_what_it_was_reason", "it is not what it was ({reason})", reason=reason)
        ) from error
