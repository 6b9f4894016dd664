"""What people do by hand with messages that wait or have ended, and with the connection that these go through."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Amend:
    """A person corrects where a message goes: to somebody else, through another connection, or both."""

    number: int
    recipient: str | None = None
    connection: str | None = None


@dataclass(frozen=True, slots=True)
class Correct:
    """A person corrects the address of a recipient: what is not sent yet, and its dead letters, go to the new one."""

    connection: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Discard:
    """A person gives a message up that failed."""

    number: int


@dataclass(frozen=True, slots=True)
class DiscardAll:
    """A person gives all dead letters of a connection up."""

    connection: str


@dataclass(frozen=True, slots=True)
class Remove:
    """A person removes a connection, with all that waits for it or is under way."""

    connection: str


@dataclass(frozen=True, slots=True)
class Add:
    """A person sets a connection up that was removed."""

    connection: str


@dataclass(frozen=True, slots=True)
class SendNow:
    """A person does not want to wait for the time of a message."""

    number: int


type HandStep = SendNow | Amend | Correct | Discard | DiscardAll | Remove | Add
