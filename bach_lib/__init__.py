"""BACH carries messages between a home and its people, and loses none.

What programs need is in `__all__`; the rest may move (docs/library.md, ADR 0066). Flat beside this file lies only what
several rooms need, and nothing in this package knows Home Assistant.
"""

import logging

from bach_lib import errors, events, version
from bach_lib.bach import Bach
from bach_lib.bridges.defined_bridges import Bridges
from bach_lib.bus import Unsubscribe
from bach_lib.client import AnyBach, connect, share
from bach_lib.clock import Cancel, Clock, SystemClock
from bach_lib.connectors.address_file import fetch_file
from bach_lib.connectors.base import Batch, Connector, Incoming, Invitation, Proof, Setup, Unreadable
from bach_lib.connectors.capabilities import Capabilities, Rate
from bach_lib.connectors.course import Course
from bach_lib.connectors.declaration import Known, Knows
from bach_lib.connectors.network_way import NewSession, pool_through
from bach_lib.connectors.proxy import Proxy
from bach_lib.errors import *  # noqa: F403 - the tree has its own list
from bach_lib.events import *  # noqa: F403 - they have their own list
from bach_lib.handling.received_message import ReceivedMessage
from bach_lib.inbound.pairing import Pairing
from bach_lib.inbound.pushed import Refusal
from bach_lib.inbound.rules import Match, Rule, Rules
from bach_lib.metrics.last_day import Hour, LastDay
from bach_lib.metrics.snapshot import Metrics
from bach_lib.models import (
    Attempt,
    BreakerState,
    Bridge,
    BridgeSide,
    BridgeWords,
    Button,
    Buttons,
    ButtonStyle,
    Candidate,
    Category,
    Connection,
    ConnectionState,
    Delivery,
    Direction,
    Effect,
    Embed,
    EmbedField,
    Extras,
    Fault,
    File,
    Format,
    Health,
    Hop,
    HopName,
    Identity,
    LeftOut,
    Loss,
    Message,
    Operation,
    PersonProof,
    Place,
    Poll,
    PollLimits,
    ProofKind,
    Proven,
    QueueStatus,
    Reached,
    Receipt,
    Report,
    Route,
    RouteRun,
    RouteStatus,
    RouteWords,
    Said,
    Snooze,
    Stage,
    Status,
    Step,
    Tried,
)
from bach_lib.models.chat import ChatMessage, ChatOptions, Reply, Role
from bach_lib.models.incoming import Content, InboxStatus, IncomingMessage, Kind, Location, Media
from bach_lib.models.spellings import Sighting
from bach_lib.outbound.amending import Amendment
from bach_lib.outbound.draft import SendOptions
from bach_lib.outbound.resending import Retried
from bach_lib.outbound.superseding import Cleared
from bach_lib.outcomes import Dead, Outcome, Retry, Scope, Sent, Uncertain, Wait
from bach_lib.owners.membership import Process
from bach_lib.policy import BreakerPolicy, Policy, ProbePolicy, ReceivePolicy, RetryPolicy
from bach_lib.questions import Answer, Question, Wording
from bach_lib.questions.unanswered import (
    NobodyAnsweredError,
    QuestionInterruptedError,
    QuestionUndeliveredError,
    UnansweredError,
)
from bach_lib.questions.under_way import UnderWay
from bach_lib.registry import Changes, Ensured, EnsureResult, Registry
from bach_lib.registry.secrets import Lookup
from bach_lib.routes.defined import Routes
from bach_lib.routes.starting import RouteOptions
from bach_lib.runtime.credential_check import check_connection
from bach_lib.storage import Store

__all__ = [
    "Amendment",
    "Answer",
    "AnyBach",
    "Attempt",
    "Bach",
    "Batch",
    "BreakerPolicy",
    "BreakerState",
    "Bridge",
    "BridgeSide",
    "BridgeWords",
    "Bridges",
    "Button",
    "ButtonStyle",
    "Buttons",
    "Cancel",
    "Candidate",
    "Capabilities",
    "Category",
    "Changes",
    "ChatMessage",
    "ChatOptions",
    "Cleared",
    "Clock",
    "Connection",
    "ConnectionState",
    "Connector",
    "Content",
    "Course",
    "Dead",
    "Delivery",
    "Direction",
    "Effect",
    "Embed",
    "EmbedField",
    "EnsureResult",
    "Ensured",
    "Extras",
    "Fault",
    "File",
    "Format",
    "Health",
    "Hop",
    "HopName",
    "Hour",
    "Identity",
    "InboxStatus",
    "Incoming",
    "IncomingMessage",
    "Invitation",
    "Kind",
    "Known",
    "Knows",
    "LastDay",
    "LeftOut",
    "Location",
    "Lookup",
    "Loss",
    "Match",
    "Media",
    "Message",
    "Metrics",
    "NewSession",
    "NobodyAnsweredError",
    "Operation",
    "Outcome",
    "Pairing",
    "PersonProof",
    "Place",
    "Policy",
    "Poll",
    "PollLimits",
    "ProbePolicy",
    "Process",
    "Proof",
    "ProofKind",
    "Proven",
    "Proxy",
    "Question",
    "QuestionInterruptedError",
    "QuestionUndeliveredError",
    "QueueStatus",
    "Rate",
    "Reached",
    "Receipt",
    "ReceivePolicy",
    "ReceivedMessage",
    "Refusal",
    "Registry",
    "Reply",
    "Report",
    "Retried",
    "Retry",
    "RetryPolicy",
    "Role",
    "Route",
    "RouteOptions",
    "RouteRun",
    "RouteStatus",
    "RouteWords",
    "Routes",
    "Rule",
    "Rules",
    "Said",
    "Scope",
    "SendOptions",
    "Sent",
    "Setup",
    "Sighting",
    "Snooze",
    "Stage",
    "Status",
    "Step",
    "Store",
    "SystemClock",
    "Tried",
    "UnansweredError",
    "Uncertain",
    "UnderWay",
    "Unreadable",
    "Unsubscribe",
    "Wait",
    "Wording",
    "check_connection",
    "connect",
    "fetch_file",
    "pool_through",
    "share",
]
__all__ += errors.__all__  # the whole tree
__all__ += events.__all__
__version__ = version.VERSION

logging.getLogger(__name__).addHandler(logging.NullHandler())  # what is logged is the program's to show
