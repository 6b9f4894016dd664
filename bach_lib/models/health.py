"""Health of a connection: the state of one direction, and what a health check found."""

from dataclasses import dataclass

from bach_lib.field_logger import FieldLogger
from bach_lib.models.connection import ConnectionState
from bach_lib.models.fault import Fault
from bach_lib.said import Sentence

INTERNAL = "internal"
"""The code of a mistake in code that runs inside of BACH; it says nothing about the platform."""

_LOGGER = FieldLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who we are on the platform, and in which `version` it answers if it tells, as a health check learned it.

    `notice`: it works, but not all of it does, and a person can change that. `accepted`: our credentials were; None
    where the check cannot tell, or none are shown.
    """

    id: str
    """Of our account, by which the platform knows it."""
    name: str
    """As people know the account."""
    link: str | None = None
    """Opens a chat with it."""
    version: str | None = None
    notice: Fault | None = None
    accepted: bool | None = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(Identity):
    """What a health check learned of an AI partner, an MCP server or an API.

    `accepted`: None where none are shown. `latency`: seconds to an answer. `offers`: models or tools by name, at most a
    hundred of the `offered` there are.
    """

    accepted: bool | None
    latency: float
    offers: tuple[str, ...] = ()
    offered: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How one direction of a connection stands, and since when it last worked.

    While it is connected, `fault` names what works less well than it could.
    """

    state: ConnectionState
    """How it stands."""
    last_success: float | None = None
    """When it last worked."""
    fault: Fault | None = None


def state_after(fault: Fault) -> ConnectionState:
    """What a failure says about a connection."""
    return ConnectionState.AUTH_FAILED if fault.code == "auth_failed" else ConnectionState.DISCONNECTED


def internal_fault(error: BaseException) -> Fault:
    """What is told of an error nobody expected: its type only, for its text may hold secrets."""
    return Fault(
        code=INTERNAL,
        text=Sentence("an_error_inside_bach_kind", "An error inside BACH: {kind}", kind=type(error).__name__),
    )


def log_transition(name: str, direction: str, old: Health, new: Health) -> None:
    """One line when a direction goes down, one when it is back; nothing in between."""
    down = {ConnectionState.DISCONNECTED, ConnectionState.AUTH_FAILED}
    if new.state in down and old.state not in down:
        _LOGGER.info(
            "%s through %s does not work: %s",
            direction,
            name,
            new.fault.text if new.fault else new.state,
            connection=name,
        )
    elif new.state is ConnectionState.CONNECTED and old.state in down:
        _LOGGER.info("%s through %s works again", direction, name, connection=name)
