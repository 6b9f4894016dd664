"""Receives pushed messages: requests of others to a connection; who may is the connector's to find out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from bach_lib.clock import Clock
from bach_lib.connectors.base import Connector, Incoming, Unreadable
from bach_lib.connectors.tolerant import aside, read_each, read_one
from bach_lib.errors import CannotReceiveError, PushRefusedError
from bach_lib.inbound.admission import Notice
from bach_lib.inbound.batch_check import validate_message
from bach_lib.inbound.receiver import Receiver
from bach_lib.models.incoming import IncomingMessage
from bach_lib.redact import Redactor
from bach_lib.said import Sentence

_LINE: Final = "%d requests to %s were refused, because %s"
_PART: Final = "%d messages in requests to %s were set aside, because %s"
_STRANGER: Final = Sentence("nobody_has_let_in_who_yet", 'nobody has let in "{who}" yet: it is no recipient')
"""Who posts so has proven that they may, so their name is no stranger's word; it is the first thing to find out."""
_AGAIN: Final = Sentence(
    "all_that_it_says_has_come_in_before",
    "all that it says has come in before, and it is signed without a time, so it may be an old one that somebody "
    "overheard. Whoever posts the same anew puts a time, or a number that counts, into the body",
)
_MAX_REASONS: Final = 20
_MAX_NAMED: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The last request that was refused: when (seconds since 1970), and why, for whoever sets the sender up."""

    at: float
    """When it was."""
    reason: str
    """Why, in a sentence."""


class Refusals:
    """Tells of refused requests: the log once an hour for each reason, and whoever asks of the last one.

    Whoever corrects one mistake has to see the next.
    """

    def __init__(self, name: str, clock: Clock) -> None:
        self.last: Refusal | None = None
        self._name = name
        self._clock = clock
        self._notices: dict[str, Notice] = {}

    def add(self, reason: object, line: str = _LINE) -> None:
        """A request was refused, or a part of it: `line` tells which."""
        text = str(reason)
        self.last = Refusal(at=self._clock.now(), reason=text)
        if text not in self._notices and len(self._notices) >= _MAX_REASONS:
            del self._notices[next(iter(self._notices))]
        notice = self._notices.setdefault(text, Notice(line, self._name, self._clock))
        notice.add(1, text)


class PushedMessages:
    """Receives the posts to one connection, whose `receiver` stores what comes in."""

    def __init__(self, name: str, receiver: Receiver, clock: Clock) -> None:
        self._name = name
        self._receiver = receiver
        self._refusals = Refusals(name, clock)

    @property
    def refused(self) -> Refusal | None:
        """The last request that was refused, since the start."""
        return self._refusals.last

    async def take(
        self,
        connector: Connector | None,
        headers: Mapping[str, str],
        body: bytes,
        address: str | None,
        redact: Redactor,
    ) -> IncomingMessage | None:
        """Take the message in a request; None if it is known or a stranger's. Raises an `InputError`.

        What cannot be read is kept for whoever looks for the reason, and refused, so that its sender learns of it too.
        """
        if connector is None or not connector.capabilities.takes_pushes:
            raise CannotReceiveError(name=self._name)
        try:
            messages, bad = self._pushed(connector, headers, body, address, redact)
        except PushRefusedError as error:
            self._refusals.add(error.placeholders["reason"])
            if error.is_proven:
                await self._receiver.set_aside(aside(body, str(error.placeholders["reason"])), redact)
            raise
        taken = await self._receiver.take(*messages, redact=redact, bad=bad)
        for reason in dict.fromkeys(redact(part.reason) for part in bad):
            self._refusals.add(reason, _PART)
        if taken is None and all(one.undated and self._receiver.is_let_in(one) for one in messages):
            self._refusals.add(_AGAIN)
        strangers = dict.fromkeys(one.sender_name for one in messages if not self._receiver.is_let_in(one))
        for who in list(strangers)[:_MAX_NAMED]:
            self._refusals.add(_STRANGER(who=redact(who)))
        return taken

    def _pushed(
        self, connector: Connector, headers: Mapping[str, str], body: bytes, address: str | None, redact: Redactor
    ) -> tuple[list[Incoming], list[Unreadable]]:
        """What is in a request. Raises `PushRefusedError`, also if none of it can be read."""

        def read(_: bytes) -> list[Incoming | Unreadable]:
            found = connector.pushed(headers, body, address)
            return read_each([found] if isinstance(found, Incoming) else found, _validated)

        found = read_one(body, read, passing=(PushRefusedError,))
        messages = [message for message in found if isinstance(message, Incoming)]
        bad = [message for message in found if isinstance(message, Unreadable)]
        if not messages:
            raise self._unreadable(
                redact(bad[0].reason) if bad else Sentence("there_is_no_message", "there is no message in it")
            )
        return messages, bad

    def _unreadable(self, reason: str) -> PushRefusedError:
        error = PushRefusedError(name=self._name, reason=reason)
        error.is_proven = True
        return error


def _validated(found: Incoming | Unreadable) -> Iterable[Incoming | Unreadable]:
    """A message if it can be stored, and what the connector itself could not read."""
    return [found] if isinstance(found, Unreadable) else validate_message(found)
