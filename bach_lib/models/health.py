"""What failures and successes mean for how a direction of a connection stands; the same for both directions."""

import logging

from bach_lib.models.message import ConnectionState, Fault, Health

INTERNAL = "internal"
"""The code of a mistake in code that runs inside of BACH; it says nothing about the platform."""

_LOGGER = logging.getLogger(__name__)


def state_after(fault: Fault) -> ConnectionState:
    """What a failure says about a connection."""
    return ConnectionState.AUTH_FAILED if fault.code == "auth_failed" else ConnectionState.DISCONNECTED


def internal_fault(error: BaseException) -> Fault:
    """What is told of an error nobody expected: its type only, for its text may hold secrets."""
    return Fault(code=INTERNAL, text=f"An error inside BACH: {type(error).__name__}")


def log_transition(name: str, direction: str, old: Health, new: Health) -> None:
    """One line when a direction goes down, one when it is back; nothing in between."""
    down = {ConnectionState.DISCONNECTED, ConnectionState.AUTH_FAILED}
    if new.state in down and old.state not in down:
        _LOGGER.warning("%s through %s does not work: %s", direction, name, new.fault.text if new.fault else new.state)
    elif new.state is ConnectionState.CONNECTED and old.state in down:
        _LOGGER.info("%s through %s works again", direction, name)
