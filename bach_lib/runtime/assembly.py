"""Composition root: builds all parts of BACH; the only file that knows every part."""

import random
from functools import partial

from aiohttp import ClientSession

from bach_lib.clock import SystemClock
from bach_lib.events import SenderBlocked
from bach_lib.inbound.inbox import Inbox
from bach_lib.inbound.pairing import Pairings
from bach_lib.inbound.reader import InboxReader
from bach_lib.inbound.router import Router
from bach_lib.inbound.rules import Rules
from bach_lib.outbound.amending import Amender
from bach_lib.outbound.by_hand import ByHand
from bach_lib.outbound.corrections import Corrections
from bach_lib.outbound.history import History
from bach_lib.outbound.loans import Loans
from bach_lib.outbound.proof_keeper import ProofKeeper
from bach_lib.outbound.queue import Queue
from bach_lib.outbound.resending import Retrier
from bach_lib.outbound.sender import Sender
from bach_lib.outbound.services import DispatchServices
from bach_lib.outbound.superseding import Superseding
from bach_lib.outbound.tagged import Tagged
from bach_lib.outbound.undoing import Undoing
from bach_lib.outbound.waiters import Waiters
from bach_lib.partners.prober import ProbeServices
from bach_lib.partners.probers import Probers
from bach_lib.questions.asking import QuestionService
from bach_lib.registry import Registry
from bach_lib.registry.directory import Directory
from bach_lib.registry.own_policy import Policies
from bach_lib.routes.book import RunBook
from bach_lib.runtime.answered import answered
from bach_lib.runtime.connection_runtime import Services
from bach_lib.runtime.housekeeping import Housekeeping
from bach_lib.runtime.neighbours import Shared
from bach_lib.runtime.opened import open_directory, open_registry, open_rules, read_instance
from bach_lib.runtime.parts import Base, Parts
from bach_lib.runtime.quoting import Quoting
from bach_lib.runtime.runtimes import Runtimes
from bach_lib.runtime.sharing import Sharing
from bach_lib.storage import SharedStore


async def assemble(base: Base, session: ClientSession) -> Parts:
    """Make every part. Reads from the store, which is open, and starts nothing."""
    instance, registry, rules = await read_instance(base.store), await open_registry(base), await open_rules(base)
    directory, policies = await open_directory(base, registry), Policies(base.policy, base.policies, registry.get)
    pairings, proofs = _pairings(base), ProofKeeper(base.store, base.bus, base.clock, instance)
    queue, history = Queue(base.store, base.clock, instance), History(base.store, instance)
    inbox = _inbox(base, pairings, instance, directory, proofs=proofs, policies=policies)
    dispatching = _dispatch_services(base, registry, policies, instance, queue=queue, directory=directory, inbox=inbox)
    sharing = _sharing(base, dispatching, inbox, proofs, registry=registry, rules=rules, queue=queue, history=history)
    runtimes = Runtimes(_services(base, session, dispatching, registry=registry, inbox=inbox, rules=rules), sharing)
    sender = _sender(base, registry, directory, queue, runtimes, policies=policies, inbox=inbox)
    proofs.dispatcher, corrections = runtimes.dispatcher, Corrections(base.store, base.clock, instance)
    by_hand = _by_hand(base, queue, corrections, runtimes, directory)
    return Parts(
        bus=base.bus,
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
        superseding=Superseding(base.bus, directory, sender, by_hand),
        inbox_reader=InboxReader(inbox, directory, registry, base.connectors, runtimes.fetch),
        corrections=corrections,
        by_hand=by_hand,
        retrier=Retrier(base.bus, base.clock, by_hand, queue.get),
        amender=_amender(base, registry, directory, corrections, by_hand),
        asking=_asking(base, directory, proofs, registry=registry, queue=queue, sender=sender, by_hand=by_hand),
        proofs=proofs,
        counters=base.counters,
        clock=base.clock,
        waiters=_waiters(base, queue, sharing),
        housekeeping=_housekeeping(base, registry, history, inbox, sharing, policies=policies),
        sharing=sharing,
    )


def _by_hand(base: Base, queue: Queue, corrections: Corrections, runtimes: Runtimes, directory: Directory) -> ByHand:
    undoing = Undoing(base.clock)
    return ByHand(queue, corrections, base.bus, runtimes.dispatcher, undoing=undoing, spellings=directory.spellings)


def _pairings(base: Base) -> Pairings:
    return Pairings(lambda name, who: base.bus.publish(SenderBlocked(connection=name, candidate=who)), base.clock)


def _sharing(
    base: Base,
    dispatching: DispatchServices,
    inbox: Inbox,
    proofs: ProofKeeper,
    *,
    registry: Registry,
    rules: Rules,
    queue: Queue,
    history: History,
) -> Sharing | None:
    if base.alone or not isinstance(base.store, SharedStore):
        return None
    clock = SystemClock()  # a lease is judged by the server's time, which nobody injects: days of a test cost no beats
    shared = Shared(
        registry=registry, rules=rules, queue=queue, history=history, proofs=proofs, bus=base.bus, clock=clock
    )
    loans = Loans(base.store, base.clock, proofs.instance)
    sharing = Sharing(base.store, shared, dispatching, loans, name=base.process, takes_part=base.autostart)
    registry.settle = sharing.look_now
    inbox.unhandled.owns = sharing.owns
    return sharing


def _waiters(base: Base, queue: Queue, sharing: Sharing | None) -> Waiters:
    if sharing is None:
        return Waiters(base.bus, base.clock, queue.get)
    return Waiters(base.bus, base.clock, queue.get, sharing.neighbours.wait_for)


def _housekeeping(
    base: Base, registry: Registry, history: History, inbox: Inbox, sharing: Sharing | None, *, policies: Policies
) -> Housekeeping:
    def own() -> dict[str, float]:
        usual = base.policy.keep_seconds
        kept = {row.name: policies.of(row.name).keep_seconds for row in registry.list()}
        return {name: seconds for name, seconds in kept.items() if seconds != usual}

    return Housekeeping(
        history,
        inbox,
        registry.removals,
        base.clock,
        base.policy.keep_seconds,
        own=own,
        is_ours=lambda: sharing is None or sharing.is_leader,
        sweep=base.store.sweep,
        purge_runs=RunBook(base.store).purge,
    )


def _inbox(
    base: Base, pairings: Pairings, instance: str, directory: Directory, *, proofs: ProofKeeper, policies: Policies
) -> Inbox:
    receive = base.policy.receive
    return Inbox(
        base.store,
        base.clock,
        pairings,
        instance,
        receive.max_age,
        policy=receive,
        policy_of=lambda name: policies.of(name).receive,
        directory=directory,
        witness=proofs,
    )


def _probe_services(base: Base, session: ClientSession, registry: Registry) -> ProbeServices:
    return ProbeServices(
        registry=registry,
        bus=base.bus,
        clock=base.clock,
        secrets=base.secrets,
        session=session,
        new_session=base.new_session,
        policy=base.policy.probe,
        policies={name: policy.probe for name, policy in base.policies.items()},
        random=random.random,
        autostart=base.autostart,
    )


def _sender(
    base: Base,
    registry: Registry,
    directory: Directory,
    queue: Queue,
    runtimes: Runtimes,
    *,
    policies: Policies,
    inbox: Inbox,
) -> Sender:
    return Sender(
        registry=registry,
        directory=directory,
        connectors=base.connectors,
        queue=queue,
        dispatcher_of=runtimes.queue_of,
        clock=base.clock,
        max_retries=lambda name: policies.of(name).retry.max_retries,
        file_bytes=lambda name: policies.of(name).file_bytes,
        tagged=Tagged(base.store, base.clock, queue.instance),
        quoting=Quoting(inbox, directory, base.connectors).named,
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
    proofs: ProofKeeper,
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
        prove=partial(answered, base.store, proofs),
    )


def _dispatch_services(
    base: Base,
    registry: Registry,
    policies: Policies,
    instance: str,
    *,
    queue: Queue,
    directory: Directory,
    inbox: Inbox,
) -> DispatchServices:
    return DispatchServices(
        queue=queue,
        directory=directory,
        bus=base.bus,
        clock=base.clock,
        usual=base.policy,
        policies=policies,
        random=random.random,
        save_breaker=registry.save_breaker,
        count=lambda name, delivered: registry.count(name, delivered, base.clock.now()),
        ensure_account=inbox.handover.ensure,
        attempted=base.counters.attempted,
        tagged=Tagged(base.store, base.clock, instance),
    )


def _services(
    base: Base,
    session: ClientSession,
    dispatching: DispatchServices,
    *,
    registry: Registry,
    inbox: Inbox,
    rules: Rules,
) -> Services:
    return Services(
        registry=registry,
        inbox=inbox,
        router=Router(inbox, rules, base.bus, base.clock),
        dispatching=dispatching,
        bus=base.bus,
        connectors=base.connectors,
        secrets=base.secrets,
        session=session,
        new_session=base.new_session,
        autostart=base.autostart,
    )
