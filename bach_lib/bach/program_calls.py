"""The calls of `Bach` by which a program hears of things: subscribers, streams, handlers of commands, the loop."""

from abc import abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Concatenate, overload

from bach_lib.bach.call_group import CallGroup
from bach_lib.bus import Unsubscribe
from bach_lib.events import Event
from bach_lib.handling.event_stream import LIMIT, check_wish
from bach_lib.handling.programs import Programs
from bach_lib.handling.received_message import ReceivedMessage


class ProgramCalls(CallGroup):
    """Mixin of `Bach` with the calls by which a program hears of things."""

    @property
    @abstractmethod
    def _programs(self) -> Programs:
        """What programs have asked for."""

    def subscribe[E: Event](self, event_type: type[E], callback: Callable[[E], Awaitable[None] | None]) -> Unsubscribe:
        """Call `callback`, in the event loop, for every event of this type until the returned function is called.

        A plain function is called at once. An asynchronous one runs in a task that BACH keeps, one event after another,
        in order; at most 1,000 wait for it, then the oldest are lost and the log says how many. What it raises is
        logged. When BACH is closed it has the grace, is cancelled then, and hears of nothing more.
        """
        return self._programs.subscribers.subscribe(event_type, callback)

    @overload
    def events(self, *, limit: int = LIMIT) -> AsyncIterator[Event]: ...

    @overload
    def events[E: Event](self, *event_types: type[E], limit: int = LIMIT) -> AsyncIterator[E]: ...

    def events[E: Event](self, *event_types: type[E], limit: int = LIMIT) -> AsyncIterator[E]:
        """What happens from now on, of these types (by default all): `async for event in bach.events(MessageSent)`.

        At most `limit` events wait. Whoever takes them too slowly loses the oldest and gets an `EventsLostError` that
        says how many; another loop over the same stream goes on. It ends when BACH is closed. Raises
        `InvalidValueError`.
        """
        return self._programs.subscribers.stream(event_types, check_wish(event_types, limit))

    def received(self, connection: str | None = None) -> AsyncIterator[ReceivedMessage]:
        """What comes in, through one connection or all: `async for message in bach.received()`, then `message.done()`.

        Oldest first, beginning with what was announced and is unread; read means done. Whatever was not called done is
        given again, in order, to the next such loop: after an error in the body, after a crash, at the next start. Five
        times at most, then it is set aside: it stays unread, `MessageSetAside` tells of it, and the others go on
        (`mark` with unread gives it again). Commands that have a handler go there instead. Only a page of messages is
        in memory. One loop at a time receives a connection: a newer one takes over, and the older ends with
        `ReceivedElsewhereError`. It ends when BACH is closed. Raises `UnknownConnectionError`, `NotOpenError` or a
        `StorageError`.
        """
        if connection is not None:
            self._open_parts.registry.get(connection)
        return self._programs.loop(connection)

    def on_command[**P](
        self, *commands: str, usage: str = ""
    ) -> Callable[
        [Callable[Concatenate[ReceivedMessage, P], Awaitable[None]]],
        Callable[Concatenate[ReceivedMessage, P], Awaitable[None]],
    ]:
        """Make the function below the handler of these commands, such as `@bach.on_command("light")`.

        It is asynchronous and takes the message, then a parameter for each word: `str`, `int`, `float` or `bool` (on,
        off, yes, no …); what has a default may be left out, `*words` takes the rest. Quotes keep words together. Who
        writes too many words, too few or other ones is answered with one sentence: `usage`, or one made of the
        signature. Who may write at all is the connection's `allowed`.

        A message is done when the function returns. If it raises, it gets the message again (after 1, 5, 20 and 60 s,
        also after a restart); after five tries it is set aside as in `received`. In order for one person in one place;
        ten run at once, and those that take more than a minute beside them. Raises `InvalidValueError`.
        """
        return self._programs.on_command(commands, usage)
