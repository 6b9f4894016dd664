"""One try to hand one message to the platform: whatever a connector does, what comes out is an outcome."""

import asyncio
import logging
from dataclasses import replace

from bach_lib.connectors.base import Connector
from bach_lib.foreign import let_through
from bach_lib.models import Fault, Message
from bach_lib.models.health import internal_fault
from bach_lib.outcomes import Dead, Outcome, Retry, Sent, Uncertain, Wait
from bach_lib.redact import Redactor

_LOGGER = logging.getLogger(__name__)
_SHORTEST_WAIT, _LONGEST_WAIT = 1.0, 86_400.0
"""Seconds; no server may have itself asked without a pause, nor silence anybody for longer than a day at a time."""


async def attempt(connector: Connector, message: Message, redact: Redactor) -> Outcome:
    """Send once. Never raises but for our own cancellation, and lets no secret through."""
    try:
        async with asyncio.timeout(connector.capabilities.send_timeout):
            outcome = await connector.send(message)
    except TimeoutError:
        return Uncertain(
            fault=Fault(code="timeout", text="The platform did not answer in time; the message may have arrived.")
        )
    except BaseException as error:  # noqa: BLE001 - a border: a fault in a connector must stop one message, not the queue
        let_through(error)
        _LOGGER.error("Sending message %s failed unexpectedly: %s", message.id, redact(repr(error)))  # noqa: TRY400 - a traceback may hold secrets
        return Uncertain(fault=internal_fault(error))
    if isinstance(outcome, Sent):
        if not outcome.losses:  # as nearly always
            return outcome
        return replace(outcome, losses=tuple(replace(loss, reason=redact(loss.reason)) for loss in outcome.losses))
    answer: object = outcome
    if not isinstance(answer, Retry | Wait | Dead | Uncertain):  # a connector that forgot its `return`
        _LOGGER.error("Sending message %s brought no outcome but %s", message.id, type(answer).__name__)
        return Uncertain(fault=internal_fault(TypeError()))
    if isinstance(outcome, Wait):
        seconds = max(_SHORTEST_WAIT, outcome.seconds)  # in this order NaN is the shortest
        outcome = replace(outcome, seconds=min(seconds, _LONGEST_WAIT))
    return replace(outcome, fault=replace(outcome.fault, text=redact(outcome.fault.text)))
