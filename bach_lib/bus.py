"""The way facts travel inside one BACH: `subscribe(type, fn)` and `publish(event)`, synchronous, in the event loop.

Subscribing to a base class (`Event`, `MessageFinished`) receives every fact below it.
"""

import logging
from collections.abc import Callable

from bach_lib.events import Event, MessageEvent, MessageReceived

type Unsubscribe = Callable[[], None]

_LOGGER = logging.getLogger(__name__)


class Bus:
    """Hands every published event to its subscribers, in the order they subscribed."""

    def __init__(self) -> None:
        self._subscribers: dict[type[Event], list[Callable[[Event], None]]] = {}

    def subscribe[E: Event](self, event_type: type[E], callback: Callable[[E], None]) -> Unsubscribe:
        """Call `callback` for every event of `event_type` until the returned function is called."""

        def receive(event: Event) -> None:
            if isinstance(event, event_type):
                callback(event)

        subscribers = self._subscribers.setdefault(event_type, [])
        subscribers.append(receive)

        def unsubscribe() -> None:
            if receive in subscribers:
                subscribers.remove(receive)

        return unsubscribe

    def publish(self, event: Event) -> None:
        """Tell everyone.

        A subscriber that raises is logged and does not stop the others, nor the delivery of messages.
        """
        if _LOGGER.isEnabledFor(logging.DEBUG):
            message = event.message.id if isinstance(event, MessageEvent | MessageReceived) else ""
            _LOGGER.debug("%s %s %s", type(event).__name__, event.connection, message)
        for event_type in type(event).__mro__:
            for receive in tuple(self._subscribers.get(event_type, ())):
                try:
                    receive(event)
                except Exception:  # a border: subscribers are foreign code
                    _LOGGER.exception("A subscriber of %s failed", type(event).__name__)
