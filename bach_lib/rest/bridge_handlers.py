"""Handlers of bridges: what comes in at one place goes out at others."""

from collections.abc import Iterable
from dataclasses import replace
from http import HTTPStatus

from aiohttp import web

from bach_lib.bach import Bach
from bach_lib.rest.answers import answer
from bach_lib.rest.bridge_lines import bridge_line, bridge_of
from bach_lib.rest.requests import invalid, json_object, query_fields

_ALL = "/api/v1/bridges"
_ONE = f"{_ALL}/{{name}}"


class BridgeHandlers:
    """Handlers of the bridges of one BACH."""

    def __init__(self, bach: Bach) -> None:
        self._bach = bach

    @property
    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """Where they are."""
        return [
            web.get(_ALL, self.list),
            web.post(_ALL, self.set),
            web.get(_ONE, self.show),
            web.delete(_ONE, self.remove),
            web.post(f"{_ONE}/enable", self.enable),
            web.post(f"{_ONE}/disable", self.disable),
        ]

    async def list(self, request: web.Request) -> web.Response:
        """All bridges, by name."""
        query_fields(request)
        rows = [await bridge_line(self._bach, one) for one in self._bach.bridges.list()]
        return answer({"bridges": rows, "count": len(rows)})

    async def show(self, request: web.Request) -> web.Response:
        """One, and how carrying stands."""
        query_fields(request)
        return await self._line(request.match_info["name"])

    async def set(self, request: web.Request) -> web.Response:
        """Keep a new one; another of the same name only if it replaces that."""
        query_fields(request)
        bridge, replaces = bridge_of(await json_object(request))
        is_new = all(one.name != bridge.name for one in self._bach.bridges.list())
        if not is_new and not replaces:
            raise invalid('There is a bridge of this name. Say that the new one replaces it: "replaces": true.')
        await self._bach.bridges.set(bridge)
        return await self._line(bridge.name, HTTPStatus.CREATED if is_new else HTTPStatus.OK)

    async def remove(self, request: web.Request) -> web.Response:
        """Forget one; what it was."""
        query_fields(request)
        name = request.match_info["name"]
        found = await bridge_line(self._bach, self._bach.bridges.get(name))
        await self._bach.bridges.remove(name)
        return answer(found)

    async def enable(self, request: web.Request) -> web.Response:
        """Let it carry what is written from now on."""
        return await self._switch(request, is_active=True)

    async def disable(self, request: web.Request) -> web.Response:
        """Let it rest."""
        return await self._switch(request, is_active=False)

    async def _switch(self, request: web.Request, *, is_active: bool) -> web.Response:
        query_fields(request)
        bridge = self._bach.bridges.get(request.match_info["name"])
        await self._bach.bridges.set(replace(bridge, is_active=is_active))
        return await self._line(bridge.name)

    async def _line(self, name: str, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
        return answer(await bridge_line(self._bach, self._bach.bridges.get(name)), status)
