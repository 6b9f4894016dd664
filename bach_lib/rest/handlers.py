"""Handlers of the original's four endpoints, with its fields; what it called a connector is a connection's name."""

from collections.abc import Iterable
from dataclasses import replace
from http import HTTPStatus

from aiohttp import web

from bach_lib.bach import Bach
from bach_lib.errors import UnknownConnectionError
from bach_lib.models import Category, QueueStatus, Status
from bach_lib.models.incoming import InboxStatus, IncomingMessage
from bach_lib.rest.answers import Json, answer
from bach_lib.rest.outgoing_rows import iso, receipt_row
from bach_lib.rest.requests import (
    MAX_LIMIT,
    MAX_OFFSET,
    idempotency_key,
    invalid,
    message_fields,
    query_fields,
    whole_number,
)
from bach_lib.rest.uploads import Uploads

_ALL = "all"
_TOTALS = (Status.PENDING, Status.SENT, Status.FAILED, Status.DEAD)


class Endpoints:
    """Handlers of the endpoints of one BACH."""

    def __init__(self, bach: Bach, uploads: Uploads | None = None) -> None:
        self._bach, self._uploads = bach, uploads or Uploads()

    @property
    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """Where they are."""
        return [
            web.post("/api/v1/messages/send", self.send),
            web.get("/api/v1/messages/queue", self.queue),
            web.get("/api/v1/messages/inbox", self.inbox),
            web.post("/api/v1/messages/route", self.route),
        ]

    async def send(self, request: web.Request) -> web.Response:
        """Queue a message. It is on disk when the answer goes; "pending" says no more than that."""
        query_fields(request)
        body, files = await self._uploads.read(request)
        connector, recipient, content, options = message_fields(body, has_files=bool(files))
        if files:
            options["files"] = files
        if key := idempotency_key(request):
            options["idempotency_key"] = key
        if self._bach.registry.get(connector).category is not Category.CONNECTOR:
            raise UnknownConnectionError(name=connector, known=", ".join(self._connectors()) or "none")
        receipt = await self._bach.send(connector, recipient, content, **options)
        message = await self._bach.get(receipt.id)
        return answer(
            receipt_row(replace(receipt, connection=connector, recipient=recipient), message.created_at),
            HTTPStatus.CREATED,
        )

    async def queue(self, request: web.Request) -> web.Response:
        """How many messages of each connection are where."""
        query_fields(request)
        totals = {status.value: 0 for status in _TOTALS}
        connectors: dict[str, Json] = {}
        for name, status in (await self._bach.queue_status()).items():
            going_out = _numbers(status)
            came_in = await self._bach.count_inbox(connection=name)
            connectors[name] = {"in": {Status.SENT.value: came_in} if came_in else {}, "out": going_out}
            for key in totals:
                totals[key] += going_out.get(key, 0)
        return answer({"connectors": connectors, "totals": totals})

    async def inbox(self, request: web.Request) -> web.Response:
        """A page of what came in."""
        fields = query_fields(request, "status", "sender", "limit", "offset")
        wanted = fields.get("status", InboxStatus.UNREAD)
        if wanted not in (_ALL, *InboxStatus):
            raise invalid(f'"status" must be one of: {", ".join([*InboxStatus, _ALL])}.')
        status = None if wanted == _ALL else InboxStatus(wanted)
        sender = fields.get("sender") or None
        limit = whole_number(fields, "limit", 50, 1, MAX_LIMIT)
        offset = whole_number(fields, "offset", 0, 0, MAX_OFFSET)
        page = await self._bach.inbox(status=status, sender=sender, limit=limit, offset=offset)
        return answer(
            {
                "messages": [_message(message) for message in page],
                "count": len(page),
                "total": await self._bach.count_inbox(status=status, sender=sender),
                "offset": offset,
                "limit": limit,
            }
        )

    async def route(self, request: web.Request) -> web.Response:
        """Route what is left over. Everything else was routed when it came."""
        query_fields(request)
        return answer({"routed": await self._bach.route(), "error_count": 0, "errors": []})

    def _connectors(self) -> list[str]:
        return [row.name for row in self._bach.registry.list(category=Category.CONNECTOR)]


def _numbers(status: QueueStatus) -> dict[str, int]:
    """As in the original, only what there is."""
    numbers = {
        Status.PENDING: status.pending,
        Status.SENDING: status.sending,
        Status.FAILED: status.failed,
        Status.SENT: status.sent,
        Status.DEAD: status.dead,
        Status.UNCERTAIN: status.uncertain,
    }
    return {name.value: number for name, number in numbers.items() if number}


def _message(message: IncomingMessage) -> Json:
    return {
        "id": message.id,
        "direction": "inbox",
        "sender": message.sender,
        "recipient": message.recipient,
        "subject": f"Connector: {message.connection}",
        "body": message.text,
        "body_type": "text",
        "priority": 0,
        "status": message.status,
        "metadata": {
            **{name: plain(value) for name, value in message.metadata.items()},
            "kind": message.kind,
            "sender_name": message.sender_name,
        },
        "created_at": iso(message.received_at),
    }


def plain(value: object) -> Json:
    """What JSON wrote into the metadata, as a type that says so."""
    match value:
        case dict():
            return {str(key): plain(one) for key, one in value.items()}
        case list() | tuple():
            return [plain(one) for one in value]
        case str() | bool() | int() | float() | None:
            return value
        case _:
            return str(value)
