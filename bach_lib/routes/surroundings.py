"""What running routes takes of the rooms below, in one place, as the composition root hands it over."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass

from bach_lib.bus import Bus
from bach_lib.clock import Clock
from bach_lib.connectors import Connectors
from bach_lib.models import Message
from bach_lib.models.incoming import IncomingMessage
from bach_lib.models.route import Place, RouteRun
from bach_lib.outbound.sender import Sender
from bach_lib.questions.open_questions import Questions
from bach_lib.registry import Registry
from bach_lib.routes.book import RunBook
from bach_lib.routes.carrying import Carrying


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteServices:
    """What running routes takes.

    `those` reads messages from disk, `cancel` takes a waiting one back, `prove` is told which has been answered,
    and `mark` by which of those that came in;
    `incoming_at` finds what came from a place lately, newest first. `normal` is as in `Asked`. `is_down`: whether what
    goes to a place is known to wait.
    """

    bus: Bus
    clock: Clock
    registry: Registry
    connectors: Connectors
    sender: Sender
    book: RunBook
    carrying: Carrying
    questions: Questions
    those: Callable[[tuple[int, ...]], Awaitable[list[Message]]]
    cancel: Callable[[int], Awaitable[Message]]
    prove: Callable[[int, IncomingMessage], Coroutine[object, object, None]]
    mark: Callable[[int], Awaitable[None]]
    incoming_at: Callable[[str, str], Awaitable[list[IncomingMessage]]]
    normal: Callable[[str, str], str]
    is_down: Callable[[Place], bool]

    async def waiting(self, run: RouteRun) -> frozenset[int]:
        """Messages of a run that are still to be sent. Raises a `StorageError`."""
        return frozenset(one.id for one in await self.those(run.message_ids) if not one.status.is_final)
