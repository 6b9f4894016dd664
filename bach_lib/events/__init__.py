"""Events that other parts may subscribe to. Past tense, frozen, published after the commit that made them true.

Event
├── MessageEvent (message)
│   ├── MessageQueued, MessageAttempted, MessageRetrying, MessagePutBack, MessageProven
│   └── MessageFinished: MessageSent, MessageDead, MessageExpired, MessageCancelled, MessageUncertain
├── UploadAdvanced, which is about a message, too
├── MessageReceived, MessageSetAside, InboxChanged, SenderBlocked
├── BreakerChanged, ConnectionChanged, ConnectionChecked, ConnectionIdentified, RecipientMoved
├── ConnectionAdded, ConnectionUpdated, ConnectionRemoved, AccountChanged
├── RouteEvent (run): RouteStepped, RouteAcknowledged, RouteExhausted, RouteCancelled, RouteSnoozed
└── StorageChanged and EventsMissed, which are about none of them
"""

from bach_lib.events.connection_events import (
    AccountChanged,
    BreakerChanged,
    ConnectionAdded,
    ConnectionChanged,
    ConnectionChecked,
    ConnectionIdentified,
    ConnectionRemoved,
    ConnectionUpdated,
    RecipientMoved,
)
from bach_lib.events.event import (
    Event,
    EventsMissed,
    StorageChanged,
)
from bach_lib.events.incoming_events import (
    InboxChanged,
    MessageReceived,
    MessageSetAside,
    SenderBlocked,
)
from bach_lib.events.message_events import (
    MessageAttempted,
    MessageCancelled,
    MessageDead,
    MessageEvent,
    MessageExpired,
    MessageFinished,
    MessageProven,
    MessagePutBack,
    MessageQueued,
    MessageRetrying,
    MessageSent,
    MessageUncertain,
    UploadAdvanced,
)
from bach_lib.events.route_events import (
    RouteAcknowledged,
    RouteCancelled,
    RouteEvent,
    RouteExhausted,
    RouteSnoozed,
    RouteStepped,
)

__all__ = [
    "AccountChanged",
    "BreakerChanged",
    "ConnectionAdded",
    "ConnectionChanged",
    "ConnectionChecked",
    "ConnectionIdentified",
    "ConnectionRemoved",
    "ConnectionUpdated",
    "Event",
    "EventsMissed",
    "InboxChanged",
    "MessageAttempted",
    "MessageCancelled",
    "MessageDead",
    "MessageEvent",
    "MessageExpired",
    "MessageFinished",
    "MessageProven",
    "MessagePutBack",
    "MessageQueued",
    "MessageReceived",
    "MessageRetrying",
    "MessageSent",
    "MessageSetAside",
    "MessageUncertain",
    "RecipientMoved",
    "RouteAcknowledged",
    "RouteCancelled",
    "RouteEvent",
    "RouteExhausted",
    "RouteSnoozed",
    "RouteStepped",
    "SenderBlocked",
    "StorageChanged",
    "UploadAdvanced",
]
