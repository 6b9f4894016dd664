"""MCP client over streamable HTTP: whether a server answers, who it is, and which tools it has.

Versions up to 2025-11-25 begin with a handshake and keep a session; 2026-07-28 has neither, and `server/discover`
instead. A server is asked the old way first, since nearly all still know it, and the new way if it refuses.
"""

from collections.abc import Mapping
from contextlib import suppress

from bach_lib.common_sentences import HOST_SAYS_WORDS
from bach_lib.models import Report
from bach_lib.partners.catalog import Catalog, field_of, offers
from bach_lib.partners.faults import FaultError
from bach_lib.partners.http import HttpClient
from bach_lib.partners.rpc import METHOD_NOT_FOUND, STATELESS, Conversation, RefusedError, SessionLostError
from bach_lib.said import Sentence

_HANDSHAKE = "2025-11-25"
_SERVER_INFO = "io.modelcontextprotocol/serverInfo"
_MAX_PAGES = 20
_MAX_TOOLS = 2000
_MAX_VERSION = 50
_OLD_BEGINNING = b"event: endpoint"
"""How the stream begins that servers of 2024-11-05 open for whoever asks with GET."""
_TOO_OLD = Sentence(
    "host_speaks_mcp_as_it_was_in_2024",
    "{host} speaks MCP as it was in 2024 (HTTP+SSE), and BACH does not."
    " Look whether it has streamable HTTP as well: mostly "
    "at an address that ends in /mcp and not in /sse.",
)
_NOT_UNDERSTOOD = frozenset({"bad_answer", "bad_request", "not_found"})
_LISTENS_FOR = 3.0
"""Seconds. Newer servers have such a stream, too, in which nothing need ever come."""


async def probe(link: HttpClient, *, accepted: bool | None) -> Report:
    """One short conversation, after which the server need remember nothing."""
    try:
        return await _conversed(link, accepted=accepted)
    except SessionLostError:  # it has started anew, perhaps, just in between
        return await _conversed(link, accepted=accepted)


async def _conversed(link: HttpClient, *, accepted: bool | None) -> Report:
    conversation = Conversation(link)
    try:
        server = await _greeted(conversation)
        if server is None:
            await conversation.end()
            conversation = Conversation(link, version=STATELESS)
            server = await conversation.call("server/discover")
        return await _report(link, conversation, server, accepted=accepted)
    except RefusedError as refusal:
        raise FaultError("refused_call", HOST_SAYS_WORDS(host=link.host, words=refusal.message)) from None
    except FaultError as error:
        if error.fault.code in _NOT_UNDERSTOOD and not conversation.is_understood and await _is_of_2024(link):
            raise FaultError("bad_answer", _TOO_OLD(host=link.host)) from None
        raise
    finally:
        await conversation.end()


async def _is_of_2024(link: HttpClient) -> bool:
    """Whether the server speaks HTTP+SSE, which was given up in March 2025: calls go to another address there."""
    begin = b""
    with suppress(FaultError):
        async with link.raw("GET", "", {"Accept": "text/event-stream"}, None, _LISTENS_FOR) as response:
            if response.status == 200 and response.content_type == "text/event-stream":
                async for piece in response.content.iter_any():
                    begin += piece
                    if len(begin) >= len(_OLD_BEGINNING) * 4 or _OLD_BEGINNING in begin:
                        break
    return _OLD_BEGINNING in begin


async def _report(
    link: HttpClient, conversation: Conversation, server: Mapping[str, object], *, accepted: bool | None
) -> Report:
    start = link.clock.monotonic()
    await _answers(conversation)
    seconds = link.clock.monotonic() - start
    found = await _tools(conversation) if _has_tools(server) else Catalog()
    name, version = who(server)
    return Report(
        id=link.host,
        name=name or link.host,
        version=version,
        accepted=accepted,
        latency=seconds,
        offers=found.names,
        offered=found.count,
    )


async def _greeted(conversation: Conversation) -> Mapping[str, object] | None:
    """The handshake; None from a server that wants none."""
    try:
        server = await _initialized(conversation, _HANDSHAKE)
    except RefusedError as refusal:
        version = _older_version(refusal.data)
        if version is None:
            return None
        server = await _initialized(conversation, version)
    except FaultError as error:
        if error.fault.code == "bad_request":
            return None
        raise
    agreed = server.get("protocolVersion")
    conversation.version = agreed if isinstance(agreed, str) and _is_version(agreed) else _HANDSHAKE
    await conversation.tell("notifications/initialized")
    return server


async def _initialized(conversation: Conversation, version: str) -> Mapping[str, object]:
    about_us = {"name": "bach", "version": "1"}
    return await conversation.call(
        "initialize", {"protocolVersion": version, "capabilities": {}, "clientInfo": about_us}
    )


def _older_version(data: object) -> str | None:
    """The newest version with a handshake that a server knows who does not know ours, and does not offer another."""
    match data:
        case {"supported": list(supported)}:
            known = (one for one in supported if isinstance(one, str) and _is_version(one))
            return max((one for one in known if one < _HANDSHAKE), default=None)
    return None


def _is_version(text: str) -> bool:
    return text.isascii() and text.isprintable() and len(text) <= _MAX_VERSION


async def _answers(conversation: Conversation) -> None:
    """One cheap call. Servers may know one, the other, or neither: then the refusal is the proof."""
    for method in ("server/discover",) if conversation.version == STATELESS else ("ping", "server/discover"):
        try:
            await conversation.call(method)
        except RefusedError as refusal:
            if method == "ping" and refusal.code != METHOD_NOT_FOUND:
                return
        else:
            return


async def _tools(conversation: Conversation) -> Catalog:
    """All pages of the list, as far as the limits allow."""
    names: list[object] = []
    cursor: object = None
    seen: set[object] = set()
    for _ in range(_MAX_PAGES):
        page = await conversation.call("tools/list", {} if cursor is None else {"cursor": cursor})
        names += field_of(page.get("tools"), "name")
        cursor = page.get("nextCursor")
        if not isinstance(cursor, str) or not cursor or cursor in seen or len(names) > _MAX_TOOLS:
            break
        seen.add(cursor)
    return offers(names[:_MAX_TOOLS])


def who(server: Mapping[str, object]) -> tuple[str | None, str | None]:
    """Name and version, as it told them in its greeting."""
    meta = server.get("_meta")
    info = server.get("serverInfo") or (meta.get(_SERVER_INFO) if isinstance(meta, dict) else None)
    name = version = None
    match info:
        case {"title": str(text)} | {"name": str(text)} if text.strip():
            name = " ".join(text.split())[:100]
    match info:
        case {"version": str(text)} if text.strip():
            version = " ".join(text.split())[:50]
    return name, version


def _has_tools(server: Mapping[str, object]) -> bool:
    capabilities = server.get("capabilities")
    return isinstance(capabilities, dict) and isinstance(capabilities.get("tools"), dict)
