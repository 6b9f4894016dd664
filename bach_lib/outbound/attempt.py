"""Delivery attempt: hands a message to the platform, and finds out whose fault a failure was (ADR 0017).

From a message to a verdict. That an outcome comes back whatever a connector does, and none that cannot be one, is seen
to where connectors are made (`connectors/checked.py`).
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from bach_lib.connectors.base import Connector
from bach_lib.errors import BachError
from bach_lib.events import MessageAttempted
from bach_lib.models import Fault, Message
from bach_lib.models.fast_frozen import changer
from bach_lib.models.spellings import Lesson
from bach_lib.outbound.belonging import NO_REPLY, anew, belonging, not_passed_on, note_whose, with_what_it_lacks
from bach_lib.outbound.delayed import with_delay
from bach_lib.outbound.entry import Entry
from bach_lib.outbound.gate import Gate
from bach_lib.outbound.ledger import Ledger
from bach_lib.outbound.monitor import STOPPED
from bach_lib.outbound.retry import EXPIRED, Settlement, Witnesses, decide, is_ambiguous
from bach_lib.outbound.services import DispatchServices
from bach_lib.outcomes import Dead, Outcome, Scope, Sent, Uncertain, Wait
from bach_lib.spans import Value, span
from bach_lib.text.html_markdown import in_markdown

of_attempt: Callable[..., Settlement] = changer(Settlement, "outcome", "seconds", "tried")
"""The settlement of an attempt that came to this, took so long, and was made with this message."""
_DISK_RETRY = 5.0
_SWITCHED_OFF = Wait(seconds=1.0, fault=STOPPED, scope=Scope.MESSAGE)
_TOO_LATE = Wait(seconds=1.0, fault=EXPIRED, scope=Scope.MESSAGE)
"""Its lane notices as well, and ends it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What an attempt brought, and what follows from it.

    `fault`: what the health check answered, if one was made and failed. `began`: monotonic.
    """

    outcome: Outcome
    settlement: Settlement
    fault: Fault | None
    began: float

    @property
    def wait(self) -> Wait | None:
        """The platform's wish to wait, if it has one."""
        return self.outcome if isinstance(self.outcome, Wait) else None


class Trials:
    """The attempts of one connection, with what has to be remembered between them."""

    def __init__(self, gate: Gate, ledger: Ledger, services: DispatchServices) -> None:
        self._gate = gate
        self._ledger = ledger
        self._services = services
        self._failed_at: dict[int, float] = {}  # monotonic, by message: when it failed last

    def clear(self) -> None:
        """Forget all messages."""
        self._failed_at.clear()

    async def hold(
        self, connector: Connector, message: Message, entry: Entry, is_at_work: Callable[[], bool]
    ) -> Verdict:
        """Send once and ask the witnesses. `is_at_work`: whether the connection still is; if not, they know nothing."""
        clock = self._services.clock
        began = clock.monotonic()

        def hindrance() -> Outcome | None:
            if not is_at_work():
                return _SWITCHED_OFF
            return _TOO_LATE if entry.is_over(clock) else None

        made = await self._begun(connector, message)
        outcome = await self._sent(connector, made, hindrance) if isinstance(made, Message) else made
        if isinstance(made, Message) and made.reply_to != message.reply_to:
            outcome = with_what_it_lacks(outcome, NO_REPLY)
        if isinstance(made, Message) and message.forwarding and not made.forwarding:
            outcome = with_what_it_lacks(outcome, not_passed_on(NO_REPLY.reason))
        seconds = clock.monotonic() - began
        repeatable = isinstance(outcome, Uncertain) and outcome.repeatable
        idempotent = connector.capabilities.idempotent or repeatable
        try:
            if isinstance(outcome, Sent):
                await note_whose(connector, message.connection, self._services)
            witnesses, fault = await self._gate.ask_witnesses(outcome, self._failed_at.get(message.id))
        except asyncio.CancelledError:  # what is known of the attempt must not be lost with the question
            self._ledger.leave(self._settle(message, outcome, Witnesses.OUTAGE, seconds, idempotent=idempotent))
            raise
        if is_ambiguous(outcome) and not is_at_work():  # its old credentials may have been the fault
            witnesses, fault = Witnesses.OUTAGE, fault or STOPPED
        settlement = self._settle(message, outcome, witnesses, seconds, idempotent=idempotent)
        if isinstance(outcome, Sent) and (lesson := self._learn(message, outcome)) is not None:
            settlement = replace(settlement, lesson=lesson)
        if settlement.status.is_final:
            self._failed_at.pop(message.id, None)
        else:
            self._failed_at[message.id] = clock.monotonic()
        return Verdict(outcome=outcome, settlement=settlement, fault=fault, began=began)

    async def _begun(self, connector: Connector, message: Message) -> Message | Outcome:
        """Say that it is tried now; the message as the present account may send it, or what becomes of it."""
        try:
            self._services.bus.publish(MessageAttempted(connection=message.connection, message=message))
            made = await belonging(connector, message, self._services)
        except BaseException:  # cancelled, or the program ends: nothing of it was written
            self._ledger.give_back(message)
            raise
        services = self._services
        return with_delay(made, services.settings, services.clock.now()) if isinstance(made, Message) else made

    async def _sent(self, connector: Connector, message: Message, hindrance: Callable[[], Outcome | None]) -> Outcome:
        """`hindrance`: what is in the way by now; asking whose the account is, and reading files, may take a while."""
        if (hindered := hindrance()) is not None:
            return hindered
        if not message.files:
            return await self._handed_over(connector, message)
        try:
            loaded = await self._services.queue.files.load(message)
        except BachError as error:  # the disk; the message is not to blame
            return Wait(seconds=_DISK_RETRY, fault=Fault(code=error.code, text=error.sentence), scope=Scope.MESSAGE)
        except BaseException:  # cancelled, or the program ends: nothing of it was written
            self._ledger.give_back(message)
            raise
        try:
            if (hindered := hindrance()) is not None:
                return hindered
            if not loaded.message.files and not message.text:
                return Dead(fault=Fault(code="without_file", text=loaded.lost[0].reason))
            services = self._services
            with services.uploads.told(loaded.message, services.bus, services.clock):
                outcome = await self._handed_over(connector, loaded.message)
            return with_what_it_lacks(outcome, *loaded.lost)
        finally:
            loaded.release()

    async def _handed_over(self, connector: Connector, message: Message) -> Outcome:
        if (marks := connector.capabilities.html_as) is not None:
            message = in_markdown(message, marks)
        about: dict[str, Value] = {"bach.connection": message.connection, "bach.message_id": message.id}
        with span("bach.attempt", about) as attempt:
            outcome = await connector.send(message)
            if isinstance(outcome, Dead) and (new := anew(message)) is not None:
                lacks = [not_passed_on(outcome.fault.text)] if message.forwarding else []
                # what it should have changed or passed on is gone, or lets nobody do that
                outcome = with_what_it_lacks(await connector.send(new), *lacks)
            attempt.set_attribute("bach.outcome", type(outcome).__name__.lower())
        return outcome

    def _learn(self, message: Message, outcome: Sent) -> Lesson | None:
        """What is new in what the platform said of the place; memory knows it at once, the disk when it is settled."""
        if outcome.moved_to is None and not outcome.sightings:  # as nearly always
            return None
        directory = self._services.directory
        lesson = directory.study_sent(message.connection, message.recipient, outcome)
        if lesson is not None:
            directory.learn(lesson)
        return lesson

    def _settle(
        self, message: Message, outcome: Outcome, witnesses: Witnesses, seconds: float, *, idempotent: bool
    ) -> Settlement:
        settlement = decide(
            message,
            outcome,
            witnesses,
            self._services.clock.now(),
            policy=self._services.policy.retry,
            random=self._services.random,
            idempotent=idempotent,
        )
        return of_attempt(settlement, type(outcome).__name__.lower(), seconds, message)
