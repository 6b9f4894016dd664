"""In-process event bus: `subscribe(type, fn)` and `publish(event)`, synchronous, in the event loop.

Subscribing to a base class (`Event`, `MessageFinished`) receives every fact below it.
"""

import inspect
import logging
from collections.abc import Callable

from bach_lib.errors import InvalidValueError
from bach_lib.events import Event, MessageEvent, MessageReceived
from bach_lib.field_logger import FieldLogger

type Unsubscribe = Callable[[], None]
"""Call it to hear no more."""

_LOGGER = FieldLogger(__name__)


def is_asynchronous(callback: Callable[..., object]) -> bool:
    """Whether what it returns has to be awaited."""
    return any(map(inspect.iscoroutinefunction, (callback, type(callback).__call__)))


class Bus:
    """Hands every published event to its subscribers.

    Those of its very type come first, then those of the types above; each in the order they subscribed.
    """

    def __init__(self) -> None:
        # the inner dictionaries are sets that keep their order
        self._subscribers: dict[type[Event], dict[Callable[[Event], None], None]] = {}

    def subscribe[E: Event](self, event_type: type[E], callback: Callable[[E], None]) -> Unsubscribe:
        """Call `callback` for every event of `event_type` until the returned function is called.

        Raises `InvalidValueError` for an asynchronous function: its coroutine would never be awaited.
        """
        if is_asynchronous(callback) or any(map(inspect.isasyncgenfunction, (callback, type(callback).__call__))):
            raise InvalidValueError(field="callback", value="an asynchronous function", expected="a plain one")

        def receive(event: Event) -> None:
            if isinstance(event, event_type):
                callback(event)

        subscribers = self._subscribers.setdefault(event_type, {})
        subscribers[receive] = None

        def unsubscribe() -> None:
            subscribers.pop(receive, None)

        return unsubscribe

    def publish(self, event: Event) -> None:
        """Tell everyone.

        A subscriber that raises is logged and does not stop the others, nor the delivery of messages.
        """
        if _LOGGER.isEnabledFor(logging.DEBUG):
            _LOGGER.debug(
                "%s %s %s", type(event).__name__, event.connection, _message_of(event) or "", extra=_fields(event)
            )
        for event_type in type(event).__mro__:
            subscribers = self._subscribers.get(event_type, {})
            for receive in tuple(subscribers):
                if receive not in subscribers:  # another one has just unsubscribed it
                    continue
                try:
                    receive(event)
                except (KeyboardInterrupt, SystemExit):
                    raise
                except BaseException:  # a border: subscribers are foreign code, and what they cancelled is not us
                    _LOGGER.exception("A subscriber of %s failed", type(event).__name__, extra=_fields(event))


def _message_of(event: Event) -> int | None:
    return event.message.id if isinstance(event, MessageEvent | MessageReceived) else None


def _fields(event: Event) -> dict[str, object]:
    """What a log record about an event says it is about."""
    return {"connection": event.connection or None, "message_id": _message_of(event)}
