"""All that a connector of your own imports: the contract, what it says of what it saw, and helpers that ours use, too.

`docs/write-a-connector.md` shows how to write one, `bach_lib.testing.ConnectorContract` holds it to the contract, and
the entry-point group `bach_lib.connectors` makes it known to every BACH that runs in the same environment. What is
missing here stays a platform's own, and may change.
"""

from bach_lib.clock import Clock
from bach_lib.connectors.base import Batch, Connector, Incoming, Invitation, Proof, Setup, Unreadable
from bach_lib.connectors.capabilities import Capabilities, Rate
from bach_lib.connectors.course import Course
from bach_lib.connectors.declaration import Known, Knows
from bach_lib.connectors.defaults import SendAndReceive, SendOnly
from bach_lib.connectors.json_client import JsonClient, Timeouts
from bach_lib.connectors.ladder import Ladder
from bach_lib.connectors.network import broken, is_page, not_theirs, read_body, retry_after
from bach_lib.connectors.observations import CallError, Observation, unless_repeated
from bach_lib.connectors.own_session import OwnSession
from bach_lib.connectors.request_body import Body, FormBody, JsonBody, NoBody
from bach_lib.connectors.rung import Rung, Rungs, Step
from bach_lib.connectors.slash_commands import content_of
from bach_lib.connectors.tolerant import UnreadableError, read_each
from bach_lib.errors import InputError, InvalidRecipientError, InvalidValueError, PushRefusedError, SecretNotFoundError
from bach_lib.models import (
    Button,
    ButtonStyle,
    Candidate,
    Connection,
    Effect,
    Embed,
    EmbedField,
    Extra,
    Extras,
    Fault,
    File,
    Format,
    Identity,
    Loss,
    Message,
    Operation,
    Poll,
    PollLimits,
)
from bach_lib.models.forwarding import Forwarding
from bach_lib.models.incoming import Content, Kind, Location, Media
from bach_lib.models.proof import ProofKind
from bach_lib.models.spellings import Sighting
from bach_lib.outcomes import Dead, Outcome, Retry, Scope, Sent, Uncertain, Wait
from bach_lib.redact import Redactor
from bach_lib.text.html_markdown import MarkdownMarks
from bach_lib.text.splitting import Limit, split

__all__ = [
    "Batch",
    "Body",
    "Button",
    "ButtonStyle",
    "CallError",
    "Candidate",
    "Capabilities",
    "Clock",
    "Connection",
    "Connector",
    "Content",
    "Course",
    "Dead",
    "Effect",
    "Embed",
    "EmbedField",
    "Extra",
    "Extras",
    "Fault",
    "File",
    "FormBody",
    "Format",
    "Forwarding",
    "Identity",
    "Incoming",
    "InputError",
    "InvalidRecipientError",
    "InvalidValueError",
    "Invitation",
    "JsonBody",
    "JsonClient",
    "Kind",
    "Known",
    "Knows",
    "Ladder",
    "Limit",
    "Location",
    "Loss",
    "MarkdownMarks",
    "Media",
    "Message",
    "NoBody",
    "Observation",
    "Operation",
    "Outcome",
    "OwnSession",
    "Poll",
    "PollLimits",
    "Proof",
    "ProofKind",
    "PushRefusedError",
    "Rate",
    "Redactor",
    "Retry",
    "Rung",
    "Rungs",
    "Scope",
    "SecretNotFoundError",
    "SendAndReceive",
    "SendOnly",
    "Sent",
    "Setup",
    "Sighting",
    "Step",
    "Timeouts",
    "Uncertain",
    "Unreadable",
    "UnreadableError",
    "Wait",
    "broken",
    "content_of",
    "is_page",
    "not_theirs",
    "read_body",
    "read_each",
    "retry_after",
    "split",
    "unless_repeated",
]
