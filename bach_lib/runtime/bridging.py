"""Puts the parts of bridges together: what they ask of messages, of what came in and of connections."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from bach_lib.bridges.bridge_book import BridgeBook
from bach_lib.bridges.bridge_runner import BridgeRunner
from bach_lib.bridges.bridge_services import BridgeServices
from bach_lib.bridges.defined_bridges import Bridges
from bach_lib.models import Format, Message
from bach_lib.models.incoming import IncomingMessage
from bach_lib.outbound.amending import Amendment
from bach_lib.routes.left_over import is_for_a_run
from bach_lib.runtime.opened import read_instance
from bach_lib.runtime.parts import Base, Parts
from bach_lib.runtime.routing import Routing
from bach_lib.runtime.sharing import Sharing


@dataclass(slots=True, kw_only=True)
class Bridging:
    """Bridges, and what carries for them. `name_of`: what somebody is called for all to read."""

    bridges: Bridges
    runner: BridgeRunner
    name_of: Callable[[IncomingMessage], str | None] | None = None


async def open_bridging(base: Base, parts: Parts, routing: Routing) -> Bridging:
    """Read the bridges; `open` of the runner lets them carry. Raises a `StorageError`."""
    book = BridgeBook(base.store, await read_instance(base.store))
    bridging: Bridging

    async def amend(message_id: int, text: str, form: Format) -> Message:
        return await parts.amender.amend(message_id, Amendment(text=text, format=form))

    async def changed() -> None:
        await bridging.runner.follow()
        if parts.sharing:
            parts.sharing.neighbours.run_written()

    runner = BridgeRunner(
        BridgeServices(
            bus=base.bus,
            clock=base.clock,
            registry=parts.registry,
            connectors=base.connectors,
            sender=parts.sender,
            book=book,
            owns=lambda connection: parts.sharing is None or parts.sharing.owns(connection),
            is_answer=partial(_is_answer, parts, routing, base.clock.now()),
            fetch=parts.inbox_reader.fetch,
            amend=amend,
            cancel=parts.by_hand.cancel,
            normal=parts.directory.normal,
            forms=parts.directory.spellings,
            name_of=lambda message: bridging.name_of(message) if bridging.name_of else None,
        )
    )
    bridges = Bridges(book, base.clock, parts.registry, base.connectors, check_loop=base.home.check, changed=changed)
    bridging = Bridging(bridges=bridges, runner=runner)
    await bridges.open()
    if parts.sharing:
        _follow(parts.sharing, bridging)
    return bridging


async def _is_answer(parts: Parts, routing: Routing, opened: float, message: IncomingMessage) -> bool:
    """Whether a question, an alarm or a message that can be put off has taken it, or is about to."""
    if parts.asking.questions.took(message.id) or await routing.snoozing.takes(message):
        return True
    return message.received_at < opened and await is_for_a_run(routing.services, message)


def _follow(sharing: Sharing, bridging: Bridging) -> None:
    """What other processes write is read again, together with routes; and what is taken over is carried on."""
    of_routes, of_programs = sharing.neighbours.follow_runs, sharing.taken

    async def follow() -> None:
        await of_routes()
        await bridging.bridges.open()
        await bridging.runner.follow()

    def taken() -> None:
        of_programs()
        bridging.runner.wake()

    sharing.neighbours.follow_runs, sharing.taken = follow, taken
