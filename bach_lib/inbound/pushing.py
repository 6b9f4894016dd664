"""Messages that others bring to a connection in requests: who may is the connector's to find out."""

from collections.abc import Mapping

from bach_lib.clock import Clock
from bach_lib.connectors.base import Connector, Unreadable
from bach_lib.connectors.elements import aside, one
from bach_lib.errors import CannotReceiveError, PushRefusedError
from bach_lib.inbound.admission import Notice
from bach_lib.inbound.receiver import Receiver
from bach_lib.inbound.sifting import sound
from bach_lib.incoming import IncomingMessage
from bach_lib.redact import Redactor


class Pushing:
    """The door of one connection, whose `receiver` stores what comes in."""

    def __init__(self, name: str, receiver: Receiver, clock: Clock) -> None:
        self._name = name
        self._receiver = receiver
        self._refusals = Notice("%d requests to %s were refused; the last one because %s", name, clock)

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
            [found] = one(body, lambda _: sound(connector.pushed(headers, body, address)), passing=(PushRefusedError,))
            if isinstance(found, Unreadable):
                raise self._unreadable(redact(found.reason))
        except PushRefusedError as error:
            self._refusals.add(1, error.placeholders["reason"])
            if error.is_proven:
                await self._receiver.set_aside(aside(body, str(error.placeholders["reason"])), redact)
            raise
        return await self._receiver.take(found, redact)

    def _unreadable(self, reason: str) -> PushRefusedError:
        error = PushRefusedError(name=self._name, reason=reason)
        error.is_proven = True
        return error
