"""MCP client over streamable HTTP: whether a server answers, who it is, and which tools it has.

Versions up to 2025-11-25 begin with a handshake and keep a session; 2026-07-28 has neither, and `server/discover`
instead. A server is asked the old way first, since nearly all still know it, and the new way if it refuses.
"""

from collections.abc import Mapping

from bach_lib.models import Report
from bach_lib.partners.catalog import Catalog, field_of, offers
from bach_lib.partners.faults import FaultError
from bach_lib.partners.http import HttpClient
from bach_lib.partners.rpc import METHOD_NOT_FOUND, STATELESS, Conversation, RefusedError

_HANDSHAKE = "2025-11-25"
_SERVER_INFO = "io.modelcontextprotocol/serverInfo"
_MAX_PAGES = 20
_MAX_TOOLS = 2000


async def probe(link: HttpClient, *, accepted: bool | None) -> Report:
    """One short conversation, after which the server need remember nothing."""
    conversation = Conversation(link)
    try:
        server = await _greeted(conversation)
        if server is None:
            await conversation.end()
            conversation = Conversation(link, version=STATELESS)
            server = await conversation.call("server/discover")
        return await _report(link, conversation, server, accepted=accepted)
    except RefusedError as refusal:
        raise FaultError("refused_call", f"{link.host}: {refusal.message}") from None
    finally:
        await conversation.end()


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
    about_us = {"name": "bach", "version": "1"}
    try:
        server = await conversation.call(
            "initialize", {"protocolVersion": _HANDSHAKE, "capabilities": {}, "clientInfo": about_us}
        )
    except RefusedError:
        return None
    except FaultError as error:
        if error.fault.code == "bad_request":
            return None
        raise
    agreed = server.get("protocolVersion")
    conversation.version = agreed if isinstance(agreed, str) and agreed.isascii() and len(agreed) <= 50 else _HANDSHAKE
    await conversation.tell("notifications/initialized")
    return server


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
