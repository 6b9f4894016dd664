"""Parts of BACH: what there is before the database is open, and while it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bach_lib.bus import Bus
from bach_lib.clock import Clock
from bach_lib.connectors import Connectors
from bach_lib.connectors.network_way import NewSession
from bach_lib.home_loop import HomeLoop
from bach_lib.inbound.inbox import Inbox
from bach_lib.inbound.pairing import Pairings
from bach_lib.inbound.reader import InboxReader
from bach_lib.inbound.rules import Rules
from bach_lib.metrics.counters import Counters
from bach_lib.models import Category
from bach_lib.outbound.amending import Amender
from bach_lib.outbound.by_hand import ByHand
from bach_lib.outbound.corrections import Corrections
from bach_lib.outbound.history import History
from bach_lib.outbound.proof_keeper import ProofKeeper
from bach_lib.outbound.queue import Queue
from bach_lib.outbound.resending import Retrier
from bach_lib.outbound.sender import Sender
from bach_lib.outbound.superseding import Superseding
from bach_lib.outbound.waiters import Waiters
from bach_lib.partners.prober import Prober
from bach_lib.partners.probers import Probers
from bach_lib.policy import Policy
from bach_lib.questions.asking import QuestionService
from bach_lib.registry import Registry
from bach_lib.registry.directory import Directory
from bach_lib.registry.secrets import Secrets
from bach_lib.runtime.connection_runtime import ConnectionRuntime
from bach_lib.runtime.housekeeping import Housekeeping
from bach_lib.runtime.runtimes import Runtimes
from bach_lib.runtime.sharing import Sharing
from bach_lib.storage import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """Parts that exist before the database is open."""

    store: Store
    bus: Bus
    clock: Clock
    secrets: Secrets
    connectors: Connectors
    policy: Policy
    policies: Mapping[str, Policy]
    new_session: NewSession
    autostart: bool
    counters: Counters
    process: str | None = None
    """What this process is called among those that share the database; None: its machine and its number."""
    alone: bool = False
    """Whether this process shares the database with no other."""
    home: HomeLoop = field(default_factory=HomeLoop)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Parts that exist while BACH is open."""

    bus: Bus
    registry: Registry
    connectors: Connectors
    directory: Directory
    queue: Queue
    history: History
    inbox: Inbox
    rules: Rules
    pairings: Pairings
    runtimes: Runtimes
    probers: Probers
    sender: Sender
    superseding: Superseding
    inbox_reader: InboxReader
    corrections: Corrections
    by_hand: ByHand
    retrier: Retrier
    amender: Amender
    asking: QuestionService
    proofs: ProofKeeper
    waiters: Waiters
    housekeeping: Housekeeping
    counters: Counters
    clock: Clock
    sharing: Sharing | None
    """Where several processes share the database."""

    async def close(self, grace: float) -> None:
        """Give attempts under way `grace` seconds, then stop everything; the store stays open."""
        try:
            await self.superseding.close()
            await self.asking.close()
            await self.housekeeping.stop()
            await self.probers.close()
        except BaseException:  # raised again: the caller has no more time, or something is broken
            grace = 0.0
            raise
        finally:
            try:
                await self.runtimes.close(grace)
            finally:
                self.waiters.close()
                self.directory.close()

    def at_work(self, name: str) -> ConnectionRuntime | Prober:
        """A connection of whatever category. Raises `UnknownConnectionError`."""
        if self.registry.get(name).category is Category.CONNECTOR:
            return self.runtimes.get(name)
        return self.probers.get(name)

    async def begin(self, name: str) -> ConnectionRuntime | Prober:
        """The same, put to work if it could not be before. Raises what `Connectors.load` raises."""
        if (row := self.registry.get(name)).category is Category.CONNECTOR:
            await self.connectors.load(row.type)
            await self.runtimes.begin(name)
        return self.at_work(name)
