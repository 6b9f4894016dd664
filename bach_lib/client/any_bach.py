"""The calls that a program has on any BACH: its own, one of another process, or one on another machine."""

from collections.abc import AsyncIterator, Callable, Iterable
from typing import Protocol, Unpack, overload

from bach_lib.bus import Unsubscribe
from bach_lib.events import Event
from bach_lib.handling.event_stream import LIMIT
from bach_lib.models import Message, Receipt, RouteRun, Status
from bach_lib.outbound.draft import SendOptions
from bach_lib.routes.starting import RouteOptions


class AnyBach(Protocol):
    """A BACH, wherever it is. Each call means what it means on `Bach`, and raises what it raises there.

    Beside the owner of the database each may also raise an `OwnerGoneError`, `AccessRefusedError` or
    `RemoteFailedError`.
    """

    async def send(self, connection: str, recipient: str, text: str, **options: Unpack[SendOptions]) -> Receipt:
        """Put a message on disk; it goes as soon as it can. Returns after the commit.

        After an `OwnerGoneError`, the same call with the same `idempotency_key` is safe.
        """
        ...

    async def edit(self, message_id: int, text: str, **options: Unpack[SendOptions]) -> Receipt:
        """Give a sent message another text (and other buttons), in its turn."""
        ...

    async def pin(
        self,
        message_id: int | None = None,
        *,
        incoming_id: int | None = None,
        silent: bool = False,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """Keep a message that was sent, or one that came in, in sight at the top of its chat, in its turn."""
        ...

    async def unpin(
        self, message_id: int | None = None, *, incoming_id: int | None = None, idempotency_key: str | None = None
    ) -> Receipt:
        """Let it go again, in its turn."""
        ...

    async def forward(
        self,
        connection: str,
        recipient: str,
        message_id: int | None = None,
        *,
        incoming_id: int | None = None,
        copy: bool = False,
        silent: bool = False,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """Pass on a message that was sent, or one that came in; `copy`: without whose words they are."""
        ...

    async def get(self, message_id: int) -> Message:
        """One message."""
        ...

    async def wait(self, message_id: int, timeout: float | None = None) -> Message:
        """The message when it has ended, or as it stands after `timeout` seconds."""
        ...

    async def messages(
        self,
        *,
        connection: str | None = None,
        recipient: str | None = None,
        status: Iterable[Status] | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> list[Message]:
        """A page of messages, newest first; the last id of a page is the next page's `before`."""
        ...

    async def cancel(self, message_id: int) -> Message:
        """Take a waiting message out of the queue."""
        ...

    async def send_now(self, message_id: int) -> Message:
        """Send a scheduled message without waiting for its time."""
        ...

    async def start_route(self, route: str, text: str, **options: Unpack[RouteOptions]) -> RouteRun:
        """Tell somebody, and whoever comes next while nobody is heard of; the run as it stands.

        After an `OwnerGoneError`, the same call with the same `idempotency_key` is safe.
        """
        ...

    async def acknowledge(self, run_id: int, by: str) -> RouteRun:
        """Somebody has it: nobody is told any more. The run as it stands then."""
        ...

    async def snooze_route(self, run_id: int, seconds: float, by: str) -> RouteRun:
        """Somebody wants to hear no more of it for a while: nobody is told until then. The run as it stands then."""
        ...

    async def cancel_route(self, run_id: int) -> RouteRun:
        """Call a run off: nobody needs to know any more."""
        ...

    async def all_clear(self, run_id: int, text: str) -> RouteRun:
        """End a run, and say once to all who were told of it that it is over."""
        ...

    async def route_run(self, run_id: int) -> RouteRun:
        """A run as it stands."""
        ...

    async def route_runs(
        self, route: str | None = None, *, before: int | None = None, limit: int = 50
    ) -> list[RouteRun]:
        """A page of runs, of one route or of all, newest first."""
        ...

    def subscribe[E: Event](self, event_type: type[E], callback: Callable[[E], None]) -> Unsubscribe:
        """Call `callback` for every event of this type until the returned function is called.

        Beside the owner, `EventsMissed` tells that there is a gap.
        """
        ...

    @overload
    def events(self, *, limit: int = LIMIT) -> AsyncIterator[Event]: ...

    @overload
    def events[E: Event](self, *event_types: type[E], limit: int = LIMIT) -> AsyncIterator[E]: ...

    def events[E: Event](self, *event_types: type[E], limit: int = LIMIT) -> AsyncIterator[E]:
        """What happens from now on, of these types (by default all): `async for event in bach.events(MessageSent)`.

        Whoever takes events too slowly gets an `EventsLostError`, also beside the owner, where an `EventsMissingError`
        tells that there is a gap.
        """
        ...
