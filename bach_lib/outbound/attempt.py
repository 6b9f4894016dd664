"""One try to hand one message to the platform: whatever a connector does, what comes out is an outcome."""

import asyncio
import logging
from dataclasses import replace

from bach_lib.connectors.base import Connector
from bach_lib.health import internal_fault
from bach_lib.models import Fault, Message
from bach_lib.outcomes import Outcome, Sent, Uncertain, Wait
from bach_lib.redact import Redactor

_LOGGER = logging.getLogger(__name__)
_LONGEST_WAIT = 86_400.0
"""Seconds; no server may silence a connection for longer than a day at a time."""


async def attempt(connector: Connector, message: Message, redact: Redactor) -> Outcome:
    """Send once. Never raises but for cancellation, and lets no secret through."""
    try:
        async with asyncio.timeout(connector.capabilities.send_timeout):
            outcome = await connector.send(message)
    except TimeoutError:
        return Uncertain(
            fault=Fault(code="timeout", text="The platform did not answer in time; the message may have arrived.")
        )
    except Exception as error:  # noqa: BLE001 - a border: a fault in a connector must stop one message, not the queue
        _LOGGER.error("Sending message %s failed unexpectedly: %s", message.id, redact(repr(error)))  # noqa: TRY400 - a traceback may hold secrets
        return Uncertain(fault=internal_fault(error))
    if isinstance(outcome, Sent):
        return outcome
    if isinstance(outcome, Wait):
        outcome = replace(outcome, seconds=min(max(0.0, outcome.seconds), _LONGEST_WAIT))
    return replace(outcome, fault=replace(outcome.fault, text=redact(outcome.fault.text)))
