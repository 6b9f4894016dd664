"""An MCP server on loopback, in the manners of all versions: with or without a handshake, with JSON or events."""

import json
from collections.abc import Sequence
from itertools import count
from typing import override

from aiohttp.web import BaseRequest, Response, StreamResponse, json_response

from bach_lib.testing.partners.base import Asked, PartnerServer

_INFO = {"name": "double", "title": "Double", "version": "1.2.3"}


class McpServer(PartnerServer):
    """It has `tools`, `page` of them a page. `sessions` are those that nobody has ended.

    `streams`: answers come as events, after something else. `stateless`: it speaks 2026-07-28 only. `knows_ping`:
    it answers to a ping.
    """

    def __init__(
        self,
        tools: Sequence[str] = ("turn_on", "turn_off"),
        *,
        key: str | None = None,
        page: int = 50,
        streams: bool = False,
        stateless: bool = False,
        knows_ping: bool = True,
        port: int = 0,
    ) -> None:
        super().__init__(key=key, port=port)
        self.tools: list[str] = list(tools)
        self.page = page
        self.streams = streams
        self.stateless = stateless
        self.knows_ping = knows_ping
        self.sessions: set[str] = set()
        self._numbers = count(1)

    @override
    async def respond(self, asked: Asked, request: BaseRequest, /) -> StreamResponse:
        session = asked.headers.get("Mcp-Session-Id")
        if asked.method == "DELETE":
            known = session in self.sessions
            self.sessions.discard(session or "")
            return Response(status=204 if known else 404)
        match asked.body:
            case {"id": int(number), "method": str(method), "params": dict(params)}:
                pass
            case {"method": str()}:
                return Response(status=202)
            case _:
                return Response(status=400)
        if not self.stateless and method != "initialize" and session not in self.sessions:
            return Response(status=404)
        result, headers = self._result(method, params, asked), {}
        if method == "initialize" and not self.stateless:
            headers["Mcp-Session-Id"] = f"session-{next(self._numbers)}"
            self.sessions.add(headers["Mcp-Session-Id"])
        if result is None:
            error = {"code": -32601, "message": f"Method not found: {method}"}
            status = 404 if self.stateless else 200
            return json_response({"jsonrpc": "2.0", "id": number, "error": error}, status=status)
        return await self._answer(request, {"jsonrpc": "2.0", "id": number, "result": result}, headers)

    def _result(self, method: str, params: dict[str, object], asked: Asked) -> dict[str, object] | None:
        about = {"capabilities": {"tools": {}}, "serverInfo": _INFO}
        match method:
            case "initialize" if not self.stateless:
                return {"protocolVersion": params["protocolVersion"], **about}
            case "ping" if self.knows_ping and not self.stateless:
                return {}
            case "server/discover" if self.stateless and _is_self_contained(params, asked, method):
                return {"supportedVersions": ["2026-07-28"], "resultType": "complete", **about}
            case "tools/list" if not self.stateless or _is_self_contained(params, asked, method):
                start = int(str(params.get("cursor", "0")))
                end = start + self.page
                tools = [{"name": name, "inputSchema": {"type": "object"}} for name in self.tools[start:end]]
                return {"tools": tools, **({"nextCursor": str(end)} if end < len(self.tools) else {})}
        return None

    async def _answer(self, request: BaseRequest, message: object, headers: dict[str, str]) -> StreamResponse:
        if not self.streams:
            return json_response(message, headers=headers)
        response = StreamResponse(headers={**headers, "Content-Type": "text/event-stream"})
        await response.prepare(request)
        notice = {"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": "hm"}}
        for one in (notice, message):
            await response.write(f": for whoever listens\r\nevent: message\r\ndata: {json.dumps(one)}\r\n\r\n".encode())
        await self.hold.wait()
        return response


def _is_self_contained(params: dict[str, object], asked: Asked, method: str) -> bool:
    """Whether a call says everything that there is no session for."""
    meta = params.get("_meta")
    version = meta.get("io.modelcontextprotocol/protocolVersion") if isinstance(meta, dict) else None
    return (
        version == asked.headers.get("MCP-Protocol-Version") == "2026-07-28"
        and asked.headers.get("Mcp-Method") == method
    )
