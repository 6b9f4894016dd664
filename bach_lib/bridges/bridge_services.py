"""What carrying takes of the rooms below, in one place, as the composition root hands it over."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bach_lib.bridges.bridge_book import BridgeBook
from bach_lib.bus import Bus
from bach_lib.clock import Clock
from bach_lib.connectors import Connectors
from bach_lib.models import Format, Message
from bach_lib.models.incoming import IncomingMessage
from bach_lib.outbound.sender import Sender
from bach_lib.registry import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeServices:
    """What carrying takes.

    `owns`: whether this process works on a connection. `is_answer`: whether a message answered a question, ended an
    alarm or put something off. `fetch` is given the number of an incoming message and the most bytes. `amend` gives a
    waiting message another text, `cancel` takes it back. `normal` and `forms`: of an address.
    """

    bus: Bus
    clock: Clock
    registry: Registry
    connectors: Connectors
    sender: Sender
    book: BridgeBook
    owns: Callable[[str], bool]
    is_answer: Callable[[IncomingMessage], Awaitable[bool]]
    fetch: Callable[[int, int], Awaitable[bytes]]
    amend: Callable[[int, str, Format], Awaitable[Message]]
    cancel: Callable[[int], Awaitable[Message]]
    normal: Callable[[str, str], str]
    forms: Callable[[str, str], Sequence[str]]
    name_of: Callable[[IncomingMessage], str | None]
