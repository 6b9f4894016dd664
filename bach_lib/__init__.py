"""BACH carries messages between a home and its people, and loses none.

What programs need is in `__all__`; the rest may move. Flat beside this file lies only what several rooms need, and
nothing in this package knows Home Assistant.
"""

from bach_lib.bach import Bach
from bach_lib.clock import Clock, SystemClock
from bach_lib.connectors.base import Connector, Invitation, Unreadable
from bach_lib.errors import BachError, InputError, StorageError
from bach_lib.inbound.pairing import Pairing
from bach_lib.inbound.rules import Rule, Rules
from bach_lib.models import (
    Attempt,
    BreakerState,
    Button,
    Candidate,
    Category,
    Connection,
    ConnectionState,
    Delivery,
    Direction,
    Fault,
    File,
    Format,
    Health,
    Identity,
    Loss,
    Message,
    Operation,
    QueueStatus,
    Receipt,
    Report,
    Status,
)
from bach_lib.models.chat import ChatMessage, ChatOptions, Reply, Role
from bach_lib.models.incoming import Content, InboxStatus, IncomingMessage, Kind, Location, Media
from bach_lib.outbound.amending import Amendment
from bach_lib.outbound.resending import Retried
from bach_lib.policy import BreakerPolicy, Policy, ProbePolicy, ReceivePolicy, RetryPolicy
from bach_lib.questions import Answer, Place, Question, Wording
from bach_lib.questions.unanswered import UnansweredError
from bach_lib.registry import Ensured, EnsureResult, Registry
from bach_lib.runtime.credential_check import check_connection

__all__ = [
    "Amendment",
    "Answer",
    "Attempt",
    "Bach",
    "BachError",
    "BreakerPolicy",
    "BreakerState",
    "Button",
    "Candidate",
    "Category",
    "ChatMessage",
    "ChatOptions",
    "Clock",
    "Connection",
    "ConnectionState",
    "Connector",
    "Content",
    "Delivery",
    "Direction",
    "EnsureResult",
    "Ensured",
    "Fault",
    "File",
    "Format",
    "Health",
    "Identity",
    "InboxStatus",
    "IncomingMessage",
    "InputError",
    "Invitation",
    "Kind",
    "Location",
    "Loss",
    "Media",
    "Message",
    "Operation",
    "Pairing",
    "Place",
    "Policy",
    "ProbePolicy",
    "Question",
    "QueueStatus",
    "Receipt",
    "ReceivePolicy",
    "Registry",
    "Reply",
    "Report",
    "Retried",
    "RetryPolicy",
    "Role",
    "Rule",
    "Rules",
    "Status",
    "StorageError",
    "SystemClock",
    "UnansweredError",
    "Unreadable",
    "Wording",
    "check_connection",
]

__version__ = "0.1.0"
"""The same as in `pyproject.toml` and in the manifest of the integration, which refuses another."""
