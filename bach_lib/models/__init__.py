"""The models: connections, messages, incoming messages, health. All frozen; times are seconds since 1970 (UTC).

A change is a new object from the part that owns the data. Nothing here asks a disk, a network or a clock.
"""

from bach_lib.models.bridge import Bridge, BridgeSide, BridgeWords, LeftOut
from bach_lib.models.candidate import Candidate
from bach_lib.models.connection import BreakerState, Category, Connection, ConnectionState, Direction
from bach_lib.models.embed import Embed, EmbedField
from bach_lib.models.extras import APART, NO_EXTRAS, WORDLESS, Effect, Extra, Extras, extras_of
from bach_lib.models.fault import Fault
from bach_lib.models.file import MOST_OF_FILE, MOST_OF_FILES, File, Loss
from bach_lib.models.health import Health, Identity, Report
from bach_lib.models.hop import Hop, HopName
from bach_lib.models.incoming import Location
from bach_lib.models.message import (
    MAX_NONCE,
    Attempt,
    Button,
    Buttons,
    ButtonStyle,
    Delivery,
    Format,
    Message,
    Operation,
    QueueStatus,
    Receipt,
    Snooze,
    Status,
)
from bach_lib.models.poll import Poll, PollLimits
from bach_lib.models.proof import PersonProof, ProofKind, Proven
from bach_lib.models.route import Place, Reached, Route, RouteRun, RouteStatus, RouteWords, Said, Stage, Step, Tried

__all__ = [
    "APART",
    "MAX_NONCE",
    "MOST_OF_FILE",
    "MOST_OF_FILES",
    "NO_EXTRAS",
    "WORDLESS",
    "Attempt",
    "BreakerState",
    "Bridge",
    "BridgeSide",
    "BridgeWords",
    "Button",
    "ButtonStyle",
    "Buttons",
    "Candidate",
    "Category",
    "Connection",
    "ConnectionState",
    "Delivery",
    "Direction",
    "Effect",
    "Embed",
    "EmbedField",
    "Extra",
    "Extras",
    "Fault",
    "File",
    "Format",
    "Health",
    "Hop",
    "HopName",
    "Identity",
    "LeftOut",
    "Location",
    "Loss",
    "Message",
    "Operation",
    "PersonProof",
    "Place",
    "Poll",
    "PollLimits",
    "ProofKind",
    "Proven",
    "QueueStatus",
    "Reached",
    "Receipt",
    "Report",
    "Route",
    "RouteRun",
    "RouteStatus",
    "RouteWords",
    "Said",
    "Snooze",
    "Stage",
    "Status",
    "Step",
    "Tried",
    "extras_of",
]
