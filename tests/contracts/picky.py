"""Platforms that mind one thing about a message, and say so in their own words; everything else they take."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.header import decode_header, make_header

from aiohttp import BodyPartReader, ClientSession, web

from bach_lib.clock import SystemClock
from bach_lib.connectors import Connectors
from bach_lib.connectors.base import Connector, Setup
from bach_lib.models import Connection

CHANNEL, THREAD = "1100000000000000001", "1100000000000000002"
HOOK = f"https://discord.com/api/webhooks/1100000000000000003/{'t' * 40}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request for a message: the words in it, and what it has beside them."""

    call: str
    words: str
    has: frozenset[str]


@dataclass(slots=True, kw_only=True)
class Picky:
    """A platform of one type. `minds`: what it refuses a request for that has it; `says`: status and body.

    `besides`: what else it minds, and what it says then; it names one thing at a time, the first that it sees.
    """

    type: str
    minds: str = ""
    says: tuple[int, Mapping[str, object]] = (400, {})
    besides: Mapping[str, tuple[int, Mapping[str, object]]] = field(default_factory=dict)
    refused: list[Asked] = field(default_factory=list)
    taken: list[Asked] = field(default_factory=list)

    async def respond(self, request: web.Request) -> web.Response:
        """Take a request, or refuse it."""
        fields, has_file = await _fields(request)
        call = request.path.rpartition("/")[2]
        if not _is_message(self.type, request):
            return web.json_response(_question(self.type, request.path))
        asked = _READ[self.type](call, fields, has_file, request)
        minded = {self.minds: self.says, **self.besides}
        if said := next((said for what, said in minded.items() if what in asked.has), None):
            self.refused.append(asked)
            return web.json_response(said[1], status=said[0])
        self.taken.append(asked)
        return web.json_response(_answer(self.type, len(self.taken)), status=201 if self.type == "signal" else 200)


async def _fields(request: web.Request) -> tuple[dict[str, object], bool]:
    if "Filename" in request.headers:  # a file, and beside it everything in headers
        return {name: _unwrapped(value) for name, value in request.headers.items()}, True
    if not request.content_type.startswith("multipart/"):
        return json.loads(await request.read() or b"{}"), False
    found: dict[str, object] = {}
    async for part in await request.multipart():
        assert isinstance(part, BodyPartReader)
        raw = await part.read()
        if part.filename is None:
            found[part.name or ""] = raw.decode()
    payload = found.pop("payload_json", None)
    return (json.loads(str(payload)) if payload else found), True


def _unwrapped(header: str) -> str:
    """A header of RFC 2047."""
    return str(make_header(decode_header(header)))


def _is_message(type_: str, request: web.Request) -> bool:
    path = request.path
    if type_ == "telegram":
        return path.rpartition("/")[2].startswith("send")
    if type_ == "signal":
        return path == "/v2/send"
    if type_ == "ntfy":
        return request.method == "POST"
    return request.method == "POST" and (path.endswith("/messages") or "/webhooks/" in path)


def _question(type_: str, path: str) -> object:
    if type_ == "telegram":
        return {"ok": True, "result": {"id": 1, "is_bot": True, "first_name": "b", "username": "home_bot"}}
    if type_ == "signal":
        return {"mode": "json-rpc", "versions": ["v2"]} if path.endswith("about") else ["+491700000001"]
    return {"id": "1100000000000000009", "username": "bot", "name": "hook"}


def _answer(type_: str, number: int) -> object:
    if type_ == "telegram":
        return {"ok": True, "result": {"message_id": number}}
    if type_ == "ntfy":
        return {"id": f"hwQ2YpKd{number}", "time": 1, "event": "message", "topic": "our_doorbell"}
    return {"timestamp": str(number)} if type_ == "signal" else {"id": str(1_200_000_000_000_000_000 + number)}


def _telegram(call: str, fields: Mapping[str, object], has_file: bool, request: web.Request) -> Asked:
    if "media" in fields:  # of an album, the first has the words
        fields = {**json.loads(str(fields["media"]))[0], **fields}
    there = {
        "markup": "parse_mode" in fields,
        "kind": has_file and call != "sendDocument",
        "caption": has_file and bool(fields.get("caption")),
        "file": has_file,
        "reply": "reply_parameters" in fields,
        "place": "message_thread_id" in fields,
        "buttons": "reply_markup" in fields,
        "silent": "disable_notification" in fields,
    }
    return Asked(call=call, words=str(fields.get("text") or fields.get("caption") or ""), has=_of(there))


def _discord(call: str, fields: Mapping[str, object], has_file: bool, request: web.Request) -> Asked:
    there = {
        "file": has_file,
        "reply": "message_reference" in fields,
        "place": THREAD in request.path or "thread_id" in request.query,
        "buttons": "components" in fields,
        "silent": "flags" in fields,
        "no name": "thread_name" not in fields and "thread_id" not in request.query,
    }
    return Asked(call=call, words=str(fields["content"]), has=_of(there))


def _signal(call: str, fields: Mapping[str, object], has_file: bool, request: web.Request) -> Asked:
    there = {
        "markup": fields["text_mode"] == "styled",
        "file": "base64_attachments" in fields,
        "reply": "quote_author" in fields,
    }
    return Asked(call=call, words=str(fields["message"]), has=_of(there))


def _ntfy(call: str, fields: Mapping[str, object], has_file: bool, request: web.Request) -> Asked:
    there = {
        "markup": {"markdown", "Markdown"} & fields.keys() != set(),
        "file": has_file,
        "silent": {"priority", "X-Priority"} & fields.keys() != set(),
    }
    return Asked(call=call, words=str(fields.get("message") or fields.get("Message") or ""), has=_of(there))


def _of(there: Mapping[str, bool]) -> frozenset[str]:
    return frozenset(name for name, is_there in there.items() if is_there) | {"everything"}


_READ = {"telegram": _telegram, "discord": _discord, "discord_webhook": _discord, "signal": _signal, "ntfy": _ntfy}
_SECRETS = {
    "telegram": {"bot_token": "123456789:AAH-the_token_of_the_contract_tests"},
    "discord": {"bot_token": "MTIzNDU2Nzg5MDEyMzQ1Njc4.GtEsT0.the_token_of_the_contract_tests"},
    "discord_webhook": {"url": HOOK},
    "signal": {},
    "ntfy": {},
}

_SETTINGS = {"signal": {"number": "+491700000001"}}


@asynccontextmanager
async def served(picky: Picky) -> AsyncIterator[str]:
    """The address of such a platform."""
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", picky.respond)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    yield f"http://{host}:{port}"
    await runner.cleanup()


@asynccontextmanager
async def connected(picky: Picky) -> AsyncIterator[Connector]:
    """A connector to such a platform."""
    async with served(picky) as address, ClientSession() as session:
        connection = Connection(name="home", type=picky.type, endpoint=address, settings=_SETTINGS.get(picky.type, {}))
        setup = Setup(
            connection=connection,
            secrets=_SECRETS[picky.type],
            session=session,
            new_session=ClientSession,
            clock=SystemClock(),
        )
        connector = (await Connectors().load(picky.type))(setup)
        yield connector
        await connector.close()
