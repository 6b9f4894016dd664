"""Handlers for what is done to a message that is there: an emoji on it, keeping it in sight, passing it on."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus

from aiohttp import web

from bach_lib.bach import Bach
from bach_lib.models import Receipt
from bach_lib.outbound.draft import SendOptions
from bach_lib.rest.answers import answer
from bach_lib.rest.outgoing_rows import receipt_row
from bach_lib.rest.requests import idempotency_key, invalid, json_object, optional_fields, query_fields

_NAMED: Mapping[str, tuple[type, ...]] = {"id": (int,), "incoming_id": (int,)}
_PIN: Mapping[str, tuple[type, ...]] = {**_NAMED, "silent": (bool,)}
_FORWARD: Mapping[str, tuple[type, ...]] = {
    **_PIN,
    "connector": (str,),
    "recipient": (str,),
    "copy": (bool,),
}
_REACT: Mapping[str, tuple[type, ...]] = {**_NAMED, "emoji": (str,)}


class Changes:
    """Handlers of changes of a message that BACH has sent, or that came in."""

    def __init__(self, bach: Bach) -> None:
        self._bach = bach

    @property
    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """Where it is."""
        return [
            web.post("/api/v1/messages/pin", self.pin),
            web.post("/api/v1/messages/unpin", self.unpin),
            web.post("/api/v1/messages/react", self.react),
            web.post("/api/v1/messages/forward", self.forward),
        ]

    async def pin(self, request: web.Request) -> web.Response:
        """Keep it in sight at the top of its chat."""
        number, incoming_id, fields, key = await _asked(request, _PIN)
        options = SendOptions(silent=fields.get("silent") is True, idempotency_key=key)
        return await self._receipt(await self._bach.pin(number, incoming_id=incoming_id, **options))

    async def unpin(self, request: web.Request) -> web.Response:
        """No longer."""
        number, incoming_id, _, key = await _asked(request, _NAMED)
        return await self._receipt(await self._bach.unpin(number, incoming_id=incoming_id, idempotency_key=key))

    async def react(self, request: web.Request) -> web.Response:
        """Put an emoji on it."""
        number, incoming_id, fields, key = await _asked(request, _REACT)
        if (emoji := str(fields.get("emoji", ""))) == "":
            raise invalid('"emoji" is missing, or is no text.')
        if number is not None:
            return await self._receipt(await self._bach.react(number, emoji, idempotency_key=key))
        return await self._receipt(await self._bach.react_to(incoming_id or 0, emoji, idempotency_key=key))

    async def forward(self, request: web.Request) -> web.Response:
        """Pass it on."""
        number, incoming_id, fields, key = await _asked(request, _FORWARD)
        place = [str(fields.get(name, "")) for name in ("connector", "recipient")]
        if not all(place):
            raise invalid('"connector" and "recipient" are missing, or are no texts.')
        options = SendOptions(silent=fields.get("silent") is True, idempotency_key=key)
        is_copy = fields.get("copy") is True
        receipt = await self._bach.forward(place[0], place[1], number, incoming_id=incoming_id, copy=is_copy, **options)
        return await self._receipt(receipt)

    async def _receipt(self, receipt: Receipt) -> web.Response:
        queued_at = (await self._bach.get(receipt.id)).created_at
        return answer(receipt_row(receipt, queued_at), HTTPStatus.CREATED)


async def _asked(
    request: web.Request, known: Mapping[str, tuple[type, ...]]
) -> tuple[int | None, int | None, Mapping[str, object], str | None]:
    """Which message, sent or incoming, what else is said, and the key. Raises `RefusedError`."""
    query_fields(request)
    fields = optional_fields(await json_object(request), known)
    number, incoming_id = fields.get("id"), fields.get("incoming_id")
    if (number is None) == (incoming_id is None):
        raise invalid('Give either "id" or "incoming_id".')
    for one in (number, incoming_id):
        if isinstance(one, int) and not 0 < one < 10**18:
            raise invalid('"id" and "incoming_id" are numbers of messages.')
    key = idempotency_key(request)
    return (
        number if isinstance(number, int) else None,
        incoming_id if isinstance(incoming_id, int) else None,
        fields,
        key,
    )
