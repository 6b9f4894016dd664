"""Handlers for one message: its history, and what can be done to it by hand."""

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from aiohttp import web

from bach_lib.bach import Bach
from bach_lib.errors import UnknownMessageError
from bach_lib.models import Attempt, Message
from bach_lib.outbound.amending import Amendment
from bach_lib.rest.answers import Json, answer
from bach_lib.rest.handlers import iso
from bach_lib.rest.requests import MAX_LIMIT, invalid, json_object, optional_fields, query_fields, whole_number

MAX_WAIT = 60
"""Seconds that an answer may take."""
MAX_IDS = 500

_AMENDABLE: Mapping[str, tuple[type, ...]] = {
    "connector": (str,),
    "recipient": (str,),
    "content": (str,),
    "title": (str,),
    "format": (str,),
    "time_to_live": (int, float),
}
_NAMES = {"connector": "connection", "content": "text"}
"""What the interface calls otherwise than the library."""


class Letters:
    """What a program may ask about one message, or do with what was not delivered."""

    def __init__(self, bach: Bach) -> None:
        self._bach = bach

    @property
    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """Where it is."""
        one = "/api/v1/messages/{id:[0-9]{1,18}}"
        return [
            web.get(one, self.show),
            web.post(f"{one}/retry", self.retry),
            web.post(f"{one}/amend", self.amend),
            web.post("/api/v1/messages/discard", self.discard),
            web.get("/api/v1/messages/held", self.held),
            web.post("/api/v1/messages/held/release", self.release),
            web.post("/api/v1/messages/held/discard", self.discard_held),
        ]

    async def show(self, request: web.Request) -> web.Response:
        """One message with its attempts."""
        query_fields(request)
        message, attempts = await self._bach.history(_id(request))
        return answer({**_message(message), "attempts": [_attempt(one) for one in attempts]})

    async def retry(self, request: web.Request) -> web.Response:
        """Send it again; what came of it."""
        wait = _wait(request)
        return answer(_message(await self._bach.retry(_id(request), wait=wait)))

    async def amend(self, request: web.Request) -> web.Response:
        """Correct it and send it again; what came of it."""
        wait = _wait(request)
        fields = optional_fields(await json_object(request), _AMENDABLE)
        amendment = cast("Amendment", {_NAMES.get(name, name): value for name, value in fields.items()})
        return answer(_message(await self._bach.amend(_id(request), wait=wait, **amendment)))

    async def discard(self, request: web.Request) -> web.Response:
        """Give dead letters up: some, or all of a connection."""
        query_fields(request)
        body = await json_object(request)
        if len(body) != 1 or not body.keys() <= {"ids", "connector"}:
            raise invalid('Give either "ids" or "connector".')
        if (connector := body.get("connector")) is not None:
            if not isinstance(connector, str) or not connector:
                raise invalid('"connector" must be a text.')
            return answer({"discarded": await self._bach.discard_all(connector)})
        return answer({"discarded": await self._bach.discard_messages(_ids(body.get("ids")))})

    async def held(self, request: web.Request) -> web.Response:
        """What a restored database holds, oldest first."""
        fields = query_fields(request, "connector", "limit")
        limit = whole_number(fields, "limit", 50, 1, MAX_LIMIT)
        connector = fields.get("connector") or None
        total = sum(
            status.held for name, status in (await self._bach.queue_status()).items() if connector in {None, name}
        )
        messages = await self._bach.held(connector, limit=limit)
        return answer({"messages": [_message(one) for one in messages], "count": len(messages), "total": total})

    async def release(self, request: web.Request) -> web.Response:
        """Send what is held, of one connection or of all."""
        return answer({"released": await self._bach.release(await _connector(request))})

    async def discard_held(self, request: web.Request) -> web.Response:
        """Give it up."""
        return answer({"discarded": await self._bach.discard_held(await _connector(request))})


async def _connector(request: web.Request) -> str | None:
    """The one that is named; None: all are meant. Raises `RefusedError`."""
    query_fields(request)
    body = await json_object(request)
    if len(body) != 1 or not body.keys() <= {"connector", "all"}:
        raise invalid('Give either "connector" or "all".')
    if body.get("all") is True:
        return None
    connector = body.get("connector")
    if not isinstance(connector, str) or not connector:
        raise invalid('"connector" must be a text, and "all" true.')
    return connector


def _id(request: web.Request) -> int:
    number = int(request.match_info["id"])
    if not number:
        raise UnknownMessageError(id=number)
    return number


def _wait(request: web.Request) -> int:
    return whole_number(query_fields(request, "wait"), "wait", 0, 0, MAX_WAIT)


def _ids(value: object) -> Sequence[int]:
    """Raises `RefusedError`."""
    if not isinstance(value, list) or not 0 < len(value) <= MAX_IDS:
        raise invalid(f'"ids" must be a list of 1 to {MAX_IDS} ids of messages.')
    for one in value:
        if isinstance(one, bool) or not isinstance(one, int) or not 0 < one < 10**18:
            raise invalid('"ids" must hold ids of messages.')
    return value


def _message(message: Message) -> dict[str, Json]:
    return {
        "id": message.id,
        "direction": "outbox",
        "connector": message.connection,
        "recipient": message.recipient,
        "operation": message.operation,
        "title": message.title,
        "content": message.text,
        "format": message.format,
        "priority": message.priority,
        "tag": message.tag,
        "status": message.status,
        "held": message.held,
        "degraded": message.degraded,
        "retry_count": message.retry_count,
        "max_retries": message.max_retries,
        "queued_at": iso(message.created_at),
        "expires_at": _time(message.expires_at),
        "next_retry_at": _time(message.next_retry_at),
        "finished_at": _time(message.finished_at),
        "error": message.error.text if message.error else None,
        "error_code": message.error.code if message.error else None,
    }


def _attempt(attempt: Attempt) -> Json:
    return {
        "number": attempt.number,
        "recipient": attempt.recipient,
        "outcome": attempt.outcome,
        "started_at": _time(attempt.started_at),
        "seconds": attempt.seconds,
        "error": attempt.error.text if attempt.error else None,
        "error_code": attempt.error.code if attempt.error else None,
    }


def _time(seconds: float | None) -> str | None:
    """A time to live may end after the last year that has a name."""
    try:
        return None if seconds is None else iso(seconds)
    except (OverflowError, ValueError, OSError):
        return None
