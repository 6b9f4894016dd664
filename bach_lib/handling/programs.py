"""All that programs have asked for: subscribers, streams, the handlers of commands and the loops over what comes in."""

import re
import weakref
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Concatenate

from bach_lib.bus import Bus, Unsubscribe
from bach_lib.clock import Clock
from bach_lib.errors import InvalidValueError, StorageError
from bach_lib.events import MessageReceived, MessageSetAside
from bach_lib.field_logger import FieldLogger
from bach_lib.handling.command_handlers import Commands, Handler
from bach_lib.handling.ending import Ending
from bach_lib.handling.parameters import parameters_of
from bach_lib.handling.received_loop import ReceivedLoop
from bach_lib.handling.received_message import ReceivedMessage, Work
from bach_lib.handling.subscribers import Subscribers
from bach_lib.models.incoming import IncomingMessage

_LOGGER = FieldLogger(__name__)
_COMMAND = re.compile(r"[a-z0-9_-]{1,64}")
_LONGEST_USAGE = 1000


class Programs:
    """Services of one BACH for the program around it. `work` raises `NotOpenError` while it is closed."""

    def __init__(self, bus: Bus, clock: Clock, work: Callable[[], Work]) -> None:
        self.work = work
        self.is_open: bool = False
        self.begun: set[int] = set()
        self.ending: Ending = Ending(clock)
        self.subscribers: Subscribers = Subscribers(bus, self.ending)
        self._bus = bus
        self._commands = Commands(work, clock, self.told, self.set_aside, self.ending)
        self._loops: weakref.WeakSet[ReceivedLoop] = weakref.WeakSet()
        self._unsubscribe: Unsubscribe | None = None

    def on_command[**P](
        self, commands: tuple[str, ...], usage: str
    ) -> Callable[
        [Callable[Concatenate[ReceivedMessage, P], Awaitable[None]]],
        Callable[Concatenate[ReceivedMessage, P], Awaitable[None]],
    ]:
        """Make the function below a handler. Raises `InvalidValueError`."""
        names = tuple(_name(one) for one in commands)
        if not names:
            raise InvalidValueError(field="a command", value="", expected="at least one word")
        if not isinstance(usage, str) or len(usage) > _LONGEST_USAGE:
            raise InvalidValueError(field="usage", value=str(usage)[:50], expected="a sentence")

        def decorate(
            function: Callable[Concatenate[ReceivedMessage, P], Awaitable[None]],
        ) -> Callable[Concatenate[ReceivedMessage, P], Awaitable[None]]:
            handler = Handler(call=function, parameters=parameters_of(function), usage=usage)
            for name in names:
                if self._commands.knows(name):
                    raise InvalidValueError(field="a command", value=name, expected="one that has no handler yet")
            self._commands.add(names, handler)
            return function

        return decorate

    def loop(self, connection: str | None) -> ReceivedLoop:
        """A loop over what comes in, which has not begun."""
        return ReceivedLoop(self, connection)

    def begin(self) -> None:
        """BACH is open."""
        self.is_open = True
        self._unsubscribe = self._bus.subscribe(MessageReceived, lambda event: self.told(event.message.id))
        self._commands.begin()

    async def close(self, grace: float) -> None:
        """End the loops, and give handlers and subscribers `grace` seconds. Everything else still works."""
        self.is_open = False
        if self._unsubscribe:
            self._unsubscribe()
        for loop in tuple(self._loops):
            loop.end()
        await self._give_back()
        await self._commands.close(grace)
        await self.subscribers.close(grace)

    async def _give_back(self) -> None:
        """Count no try of what was not given. What a disk that fails keeps of it costs that message one try."""
        begun, self.begun = self.begun, set()
        with suppress(StorageError):
            for incoming_id in begun:
                await self.work().inbox.unhandled.interrupted(incoming_id)

    def enter(self, loop: ReceivedLoop) -> None:
        """Let a loop receive, and end those that receive the same."""
        for other in tuple(self._loops):
            if None in (loop.connection, other.connection) or loop.connection == other.connection:
                other.end(is_elsewhere=True)
                self._loops.discard(other)
        self._loops.add(loop)

    def is_elsewhere(self, message: IncomingMessage) -> bool:
        """Whether a handler of a command deals with it."""
        return self._commands.is_for_us(message)

    def told(self, incoming_id: int, *, is_again: bool = False) -> None:
        """This message may be for somebody now."""
        if is_again:  # its tries are forgotten, so this one has to be counted
            self.begun.discard(incoming_id)
        self._commands.came(incoming_id)
        for loop in tuple(self._loops):
            loop.came(incoming_id, is_again=is_again)

    def set_aside(self, message: IncomingMessage) -> None:
        """Say that a message waits for a person."""
        _LOGGER.warning(
            "Message %s of %s was begun %d times and never done; it is set aside, unread, and the others go on",
            message.id,
            message.connection,
            message.tries,
            connection=message.connection,
            message_id=message.id,
        )
        self._bus.publish(MessageSetAside(connection=message.connection, message=message))


def _name(command: object) -> str:
    name = command.strip().removeprefix("/").lower() if isinstance(command, str) else ""
    if not _COMMAND.fullmatch(name):
        value = command[:50] if isinstance(command, str) else type(command).__name__
        expected = 'a word of letters, digits, _ and -, as in @bach.on_command("light")'
        raise InvalidValueError(field="a command", value=value, expected=expected)
    return name
