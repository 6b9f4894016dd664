"""Handlers for one message: its history, and what can be done to it by hand."""

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import cast

from aiohttp import web

from bach_lib.bach import Bach
from bach_lib.errors import UnknownMessageError
from bach_lib.models import Status
from bach_lib.outbound.amending import Amendment
from bach_lib.redact import readable
from bach_lib.rest.answers import Json, answer
from bach_lib.rest.outgoing_rows import attempt_line, outgoing_row, proof_line, receipt_row
from bach_lib.rest.requests import (
    MAX_LIMIT,
    MAX_OFFSET,
    clear_fields,
    edit_fields,
    idempotency_key,
    invalid,
    json_object,
    optional_fields,
    query_fields,
    whole_number,
)

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
    "not_before": (str,),
}
_NAMES = {"connector": "connection", "content": "text"}
"""What the interface calls otherwise than the library."""


class Letters:
    """Handlers of what a program may ask about one message, or do with what was not delivered."""

    def __init__(self, bach: Bach) -> None:
        self._bach = bach

    @property
    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """Where it is."""
        one = "/api/v1/messages/{id:[0-9]{1,18}}"
        return [
            web.get("/api/v1/messages", self.page),
            web.get(one, self.show),
            web.post(f"{one}/edit", self.edit),
            web.post(f"{one}/cancel", self.cancel),
            web.post(f"{one}/send-now", self.send_now),
            web.post(f"{one}/retry", self.retry),
            web.post(f"{one}/amend", self.amend),
            web.post("/api/v1/messages/clear", self.clear),
            web.post("/api/v1/messages/discard", self.discard),
            web.get("/api/v1/messages/held", self.held),
            web.post("/api/v1/messages/held/release", self.release),
            web.post("/api/v1/messages/held/discard", self.discard_held),
        ]

    async def show(self, request: web.Request) -> web.Response:
        """One message with its attempts and proofs; with `wait`, when it has ended, or then."""
        if wait := _wait(request):
            await self._bach.wait(_id(request), wait)
        message, attempts = await self._bach.history(_id(request))
        proofs = await self._bach.proofs(message.id)
        lines: dict[str, Json] = {
            "attempts": [attempt_line(one) for one in attempts],
            "proofs": [proof_line(one) for one in proofs],
        }
        return answer({**outgoing_row(message), **lines})

    async def page(self, request: web.Request) -> web.Response:
        """A page of messages, newest first."""
        fields = query_fields(request, "connector", "recipient", "status", "before", "limit")
        names = [name for name in fields.get("status", "").split(",") if name]
        if strange := [name for name in names if name not in [*Status]]:
            raise invalid(f'"status" must be some of: {", ".join(Status)}; not {readable(strange[0][:50])}.')
        connector = fields.get("connector") or None
        if connector is not None:
            self._bach.registry.get(connector)
        before = whole_number(fields, "before", 0, 0, MAX_OFFSET)
        page = await self._bach.messages(
            connection=connector,
            recipient=fields.get("recipient") or None,
            status=[Status(name) for name in names] or None,
            before=before or None,
            limit=whole_number(fields, "limit", 50, 1, MAX_LIMIT),
        )
        return answer({"messages": [outgoing_row(one) for one in page], "count": len(page)})

    async def edit(self, request: web.Request) -> web.Response:
        """Give a sent message another text, in its turn."""
        query_fields(request)
        content, options = edit_fields(await json_object(request))
        if key := idempotency_key(request):
            options["idempotency_key"] = key
        receipt = await self._bach.edit(_id(request), content, **options)
        queued_at = (await self._bach.get(receipt.id)).created_at
        return answer(receipt_row(receipt, queued_at), HTTPStatus.CREATED)

    async def cancel(self, request: web.Request) -> web.Response:
        """Take a waiting message out of the queue."""
        query_fields(request)
        return answer(outgoing_row(await self._bach.cancel(_id(request))))

    async def send_now(self, request: web.Request) -> web.Response:
        """Do not wait for its time; what came of it."""
        wait = _wait(request)
        return answer(outgoing_row(await self._bach.send_now(_id(request), wait=wait)))

    async def retry(self, request: web.Request) -> web.Response:
        """Send it again; what came of it."""
        wait = _wait(request)
        return answer(outgoing_row(await self._bach.retry(_id(request), wait=wait)))

    async def amend(self, request: web.Request) -> web.Response:
        """Correct it and send it again; what came of it."""
        wait = _wait(request)
        fields = optional_fields(await json_object(request), _AMENDABLE)
        amendment = cast("Amendment", {_NAMES.get(name, name): value for name, value in fields.items()})
        return answer(outgoing_row(await self._bach.amend(_id(request), wait=wait, **amendment)))

    async def clear(self, request: web.Request) -> web.Response:
        """Cancel what waits with a tag, and have taken away what was sent with it."""
        query_fields(request)
        cleared = await self._bach.clear(*clear_fields(await json_object(request)))
        return answer({"cancelled": cleared.cancelled, "taken_away": cleared.taken_away})

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
        return answer({"messages": [outgoing_row(one) for one in messages], "count": len(messages), "total": total})

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
