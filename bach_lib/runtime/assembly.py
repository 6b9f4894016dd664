"""Composition root: builds all parts of BACH; the only file that knows every part."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aiohttp import ClientSession

from bach_lib.bus import Bus
from bach_lib.clock import Clock
from bach_lib.connectors import Connectors
from bach_lib.errors import UnknownConnectionError
from bach_lib.events import SenderBlocked
from bach_lib.home_loop import HomeLoop
from bach_lib.inbound.inbox import Inbox
from bach_lib.inbound.pairing import Pairings
from bach_lib.inbound.reader import InboxReader
from bach_lib.inbound.router import Router
from bach_lib.inbound.rules import Rules
from bach_lib.metrics.counters import Counters
from bach_lib.models import Category
from bach_lib.outbound.amending import Amender
from bach_lib.outbound.by_hand import ByHand
from bach_lib.outbound.corrections import Corrections
from bach_lib.outbound.history import History
from bach_lib.outbound.queue import Queue
from bach_lib.outbound.resending import Retrier
from bach_lib.outbound.sender import Sender
from bach_lib.outbound.services import DispatchServices
from bach_lib.outbound.waiters import Waiters
from bach_lib.partners.prober import Prober, ProbeServices
from bach_lib.partners.probers import Probers
from bach_lib.policy import Policy
from bach_lib.questions.asking import QuestionService
from bach_lib.registry import Registry
from bach_lib.registry.directory import Directory
from bach_lib.registry.secrets import Secrets
from bach_lib.runtime.connection_runtime import ConnectionRuntime, Services
from bach_lib.runtime.housekeeping import Housekeeping
from bach_lib.runtime.runtimes import Runtimes
from bach_lib.storage import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """Parts that exist before the database is open."""

    store: Store
    home: HomeLoop
    bus: Bus
    clock: Clock
    secrets: Secrets
    connectors: Connectors
    policy: Policy
    policies: Mapping[str, Policy]
    new_session: Callable[[], ClientSession]
    autostart: bool
    counters: Counters


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Parts that exist while BACH is open."""

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
    inbox_reader: InboxReader
    corrections: Corrections
    by_hand: ByHand
    retrier: Retrier
    amender: Amender
    asking: QuestionService
    waiters: Waiters
    housekeeping: Housekeeping
    counters: Counters
    clock: Clock

    async def close(self, grace: float) -> None:
        """Give attempts under way `grace` seconds, then stop everything; the store stays open."""
        try:
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


async def assemble(base: Base, session: ClientSession) -> Parts:
    """Make every part. Reads from the store, which is open, and starts nothing."""
    row = await base.store.submit(lambda tx: tx.row("instance"), writes=False)
    instance = str(row["value"]) if row else ""
    registry = Registry(base.store, base.bus, base.connectors, base.secrets, base.home)
    await registry.open()
    directory = await _directory(base, registry)
    pairings = Pairings(lambda name, who: base.bus.publish(SenderBlocked(connection=name, candidate=who)), base.clock)
    rules, inbox = Rules(base.store, base.home), _inbox(base, pairings, instance, directory)
    await rules.open()
    router = Router(inbox, rules, base.bus, base.clock)
    queue, history = Queue(base.store, base.clock, instance), History(base.store, instance)
    dispatching = _dispatch_services(base, registry=registry, queue=queue, directory=directory, inbox=inbox)
    runtimes = Runtimes(_services(base, session, dispatching, registry=registry, inbox=inbox, router=router))
    sender = _sender(base, registry, directory, queue, runtimes)
    corrections = Corrections(base.store, base.clock, instance)
    by_hand = ByHand(queue, corrections, base.bus, runtimes.dispatcher)
    return Parts(
        registry=registry,
        connectors=base.connectors,
        directory=directory,
        queue=queue,
        history=history,
        inbox=inbox,
        rules=rules,
        pairings=pairings,
        runtimes=runtimes,
        probers=Probers(_probe_services(base, session, registry)),
        sender=sender,
        inbox_reader=InboxReader(inbox, directory, registry, base.connectors, runtimes.fetch),
        corrections=corrections,
        by_hand=by_hand,
        retrier=Retrier(base.bus, base.clock, by_hand, queue.get),
        amender=_amender(base, registry, directory, corrections, by_hand),
        asking=_asking(base, directory, registry=registry, queue=queue, sender=sender, by_hand=by_hand),
        waiters=Waiters(base.bus, base.clock, queue.get),
        housekeeping=Housekeeping(history, inbox, registry.removals, base.clock, base.policy.keep_seconds),
        counters=base.counters,
        clock=base.clock,
    )


def _inbox(base: Base, pairings: Pairings, instance: str, directory: Directory) -> Inbox:
    receive = base.policy.receive
    return Inbox(
        base.store,
        base.clock,
        pairings,
        instance,
        receive.max_age,
        policy=receive,
        own={name: policy.receive for name, policy in base.policies.items()},
        directory=directory,
    )


async def _directory(base: Base, registry: Registry) -> Directory:
    def form_of(name: str, written: str, *, of_sender: bool = False) -> str | None:
        try:
            return base.connectors.form(registry.get(name).type, written, of_sender=of_sender)
        except UnknownConnectionError:  # it has been removed; what it left is known as it was written
            return None

    directory = Directory(base.store, base.bus, lambda name: registry.get(name).allowed, form_of)
    await directory.open()
    return directory


def _probe_services(base: Base, session: ClientSession, registry: Registry) -> ProbeServices:
    return ProbeServices(
        registry=registry,
        bus=base.bus,
        clock=base.clock,
        secrets=base.secrets,
        session=session,
        policy=base.policy.probe,
        policies={name: policy.probe for name, policy in base.policies.items()},
        random=random.random,
        autostart=base.autostart,
    )


def _sender(base: Base, registry: Registry, directory: Directory, queue: Queue, runtimes: Runtimes) -> Sender:
    return Sender(
        registry=registry,
        directory=directory,
        connectors=base.connectors,
        queue=queue,
        dispatcher_of=lambda name: runtimes.get(name).dispatcher,
        clock=base.clock,
        max_retries=lambda name: base.policies.get(name, base.policy).retry.max_retries,
    )


def _amender(
    base: Base, registry: Registry, directory: Directory, corrections: Corrections, by_hand: ByHand
) -> Amender:
    return Amender(
        registry=registry,
        directory=directory,
        connectors=base.connectors,
        corrections=corrections,
        by_hand=by_hand,
        clock=base.clock,
    )


def _asking(
    base: Base,
    directory: Directory,
    *,
    registry: Registry,
    queue: Queue,
    sender: Sender,
    by_hand: ByHand,
) -> QuestionService:
    return QuestionService(
        bus=base.bus,
        clock=base.clock,
        registry=registry,
        connectors=base.connectors,
        sender=sender,
        cancel=by_hand.cancel,
        get=queue.get,
        normal=directory.normal,
    )


def _dispatch_services(
    base: Base, *, registry: Registry, queue: Queue, directory: Directory, inbox: Inbox
) -> DispatchServices:
    return DispatchServices(
        queue=queue,
        directory=directory,
        bus=base.bus,
        clock=base.clock,
        policy=base.policy,
        policies=base.policies,
        random=random.random,
        save_breaker=registry.save_breaker,
        count=lambda name, delivered: registry.count(name, delivered, base.clock.now()),
        ensure_account=inbox.handover.ensure,
        attempted=base.counters.attempted,
    )


def _services(
    base: Base,
    session: ClientSession,
    dispatching: DispatchServices,
    *,
    registry: Registry,
    inbox: Inbox,
    router: Router,
) -> Services:
    return Services(
        registry=registry,
        inbox=inbox,
        router=router,
        dispatching=dispatching,
        bus=base.bus,
        connectors=base.connectors,
        secrets=base.secrets,
        session=session,
        new_session=base.new_session,
        autostart=base.autostart,
    )
