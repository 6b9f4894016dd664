"""One authenticated WebSocket to another Home Assistant: commands and their answers, and subscribed events."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from itertools import count

import orjson
from aiohttp import ClientWebSocketResponse, WSMsgType

from bach_lib.common_sentences import HOST_DID_NOT_ANSWER_IN_TIME, THE_CONNECTION_TO_HOST_BROKE
from bach_lib.connectors.base import Incoming, Unreadable
from bach_lib.connectors.homeassistant.errors import PLATFORM_ERROR, answered
from bach_lib.connectors.observations import CallError, Observation
from bach_lib.connectors.tolerant import UnreadableError, decode, read_one
from bach_lib.models import Fault
from bach_lib.said import Sentence

type Frame = Mapping[str, object]

_MAX_WORDS = 500


class HomeWebSocket:
    """One authenticated WebSocket: numbers commands, matches their answers, dispatches subscribed events.

    `told` gets each event of a subscription, `unread` what cannot be understood; `ended` is called at the end.
    """

    def __init__(
        self,
        socket: ClientWebSocketResponse,
        *,
        version: str,
        host: str,
        told: Callable[[object], None],
        unread: Callable[[Incoming | Unreadable], None],
        ended: Callable[[], None],
    ) -> None:
        self.version = version
        self.subscriptions: dict[str, int] = {}
        """Event types, and the number by which Home Assistant names our subscription to each."""
        self.is_open: bool = True
        self._socket = socket
        self._host = host
        self._told = told
        self._unread = unread
        self._ended = ended
        self._numbers = count(1)
        self._answers: dict[int, asyncio.Future[object]] = {}
        self._reading = asyncio.create_task(self._read(), name="bach-homeassistant-websocket")

    async def call(self, command: Frame, seconds: float) -> object:
        """The result of a command. Raises `CallError`."""
        return await self._ask(next(self._numbers), command, seconds)

    async def subscribe(self, event_type: str, seconds: float) -> None:
        """Hear of events of this type. Raises `CallError`."""
        self.subscriptions[event_type] = number = next(self._numbers)
        try:
            await self._ask(number, {"type": "subscribe_events", "event_type": event_type}, seconds)
        except BaseException:  # also when cancelled: nobody may take the type for heard
            del self.subscriptions[event_type]
            raise

    async def unsubscribe(self, event_type: str, seconds: float) -> None:
        """Hear of them no more. Raises `CallError`."""
        number = self.subscriptions.pop(event_type)
        await self.call({"type": "unsubscribe_events", "subscription": number}, seconds)

    async def hear_only(self, wanted: set[str], seconds: float) -> Fault | None:
        """Hear of events of these types and of no others; what we may not hear of, if anything. Raises `CallError`."""
        for event_type in self.subscriptions.keys() - wanted:
            await self.unsubscribe(event_type, seconds)
        for event_type in sorted(wanted - self.subscriptions.keys()):
            try:
                await self.subscribe(event_type, seconds)
            except CallError as error:
                if error.code != "unauthorized":
                    raise
                text = Sentence(
                    "the_user_whose_token_is_used_may_not_hear",
                    "The user whose token is used may not hear of {event_type} there.",
                    event_type=event_type,
                )
                return Fault(code="forbidden", text=text)
        return None

    async def close(self) -> None:
        """End it; who waits for an answer gets none."""
        self._reading.cancel()
        await asyncio.wait([self._reading])

    async def _ask(self, number: int, command: Frame, seconds: float) -> object:
        """Home Assistant takes no number that is not above the one before: nothing may wait between the two."""
        if not self.is_open:
            raise self._broken(Observation.NOTHING_WRITTEN)
        self._answers[number] = answer = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(seconds):
                await self._socket.send_str(orjson.dumps({**command, "id": number}).decode())
                return await answer
        except TimeoutError:
            raise CallError("timeout", HOST_DID_NOT_ANSWER_IN_TIME(host=self._host), Observation.NO_ANSWER) from None
        except ConnectionError:
            raise self._broken(Observation.NO_ANSWER) from None
        finally:
            del self._answers[number]

    async def _read(self) -> None:
        try:
            async for frame in self._socket:
                if frame.type is WSMsgType.TEXT:
                    for unread in read_one(frame.data, self._hear):
                        self._unread(unread)
        finally:
            self.is_open = False
            self._ended()
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(self._broken(Observation.NO_ANSWER))
            await self._socket.close()

    def _hear(self, raw: str) -> Iterable[Incoming]:
        """Raises `UnreadableError`; the frame beside it is heard all the same."""
        try:
            found = decode(raw)
        except ValueError:
            raise UnreadableError("no JSON") from None
        for frame in found if isinstance(found, list) else [found]:
            self._take(frame)
        return ()

    def _take(self, frame: object) -> None:
        match frame:
            case {"type": "event", "event": event}:
                self._told(event)
            case {"type": "result", "id": int(number)} if (answer := self._answers.get(number)) and not answer.done():
                match frame:
                    case {"success": True, **rest}:
                        answer.set_result(rest.get("result"))
                    case {**rest}:
                        answer.set_exception(_refusal(rest.get("error")))

    def _broken(self, seen: Observation) -> CallError:
        return CallError("unreachable", THE_CONNECTION_TO_HOST_BROKE(host=self._host), seen)


def frame_of(answer: object) -> Frame:
    """The answer to a command; an empty one for whatever is no object."""
    return answer if isinstance(answer, dict) else {}


def decode_frame(raw: str | bytes) -> Frame:
    """An object; an empty one for whatever is none."""
    try:
        found = decode(raw)
    except ValueError:
        return {}
    return frame_of(found)


def _refusal(error: object) -> CallError:
    match error:
        case {"code": str(code), "message": str(words)}:
            return answered(code, words[:_MAX_WORDS])
    return answered(PLATFORM_ERROR, Sentence("home_assistant_gives_no_reason", "Home Assistant gives no reason."))
