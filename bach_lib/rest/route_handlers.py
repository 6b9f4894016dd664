"""Handlers of routes: start one, and say who has it. What a route is, is for whoever may change the database."""

from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import cast

from aiohttp import web

from bach_lib.bach import Bach
from bach_lib.common_sentences import NONE
from bach_lib.errors import UnknownRouteError, UnknownRunError
from bach_lib.models.route import Route
from bach_lib.rest.answers import answer
from bach_lib.rest.requests import (
    MAX_LIMIT,
    MAX_OFFSET,
    idempotency_key,
    json_object,
    optional_fields,
    places_in,
    query_fields,
    quiet_fields,
    text_fields,
    whole_number,
)
from bach_lib.rest.run_rows import route_line, run_row
from bach_lib.rest.uploads import Uploads
from bach_lib.routes.starting import RouteOptions

_OPTIONAL: Mapping[str, tuple[type, ...]] = {
    "title": (str,),
    "format": (str,),
    "silent": (bool,),
    "priority": (int,),
    "snooze": (int, float),
    "reminds": (bool,),
    "tag": (str,),
    "caused_by": (list,),
}


class RouteHandlers:
    """Handlers of the routes of one BACH."""

    def __init__(
        self, bach: Bach, kept: Callable[[], Iterable[Route]] | None = None, uploads: Uploads | None = None
    ) -> None:
        """`kept`: all routes, where they are not those of the database."""
        self._bach, self._uploads = bach, uploads or Uploads()
        self._kept = kept

    @property
    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """Where they are."""
        runs = "/api/v1/routes/runs"
        one = f"{runs}/{{id:[0-9]{{1,18}}}}"
        return [
            web.get("/api/v1/routes", self.list),
            web.post("/api/v1/routes/{name}/start", self.start),
            web.get(runs, self.page),
            web.get(one, self.show),
            web.post(f"{one}/acknowledge", self.acknowledge),
            web.post(f"{one}/snooze", self.snooze),
            web.post(f"{one}/cancel", self.cancel),
            web.post(f"{one}/clear", self.clear),
        ]

    async def list(self, request: web.Request) -> web.Response:
        """All routes, by name."""
        query_fields(request)
        routes = sorted(self._all(), key=lambda route: route.name)
        return answer({"routes": [route_line(route) for route in routes], "count": len(routes)})

    async def start(self, request: web.Request) -> web.Response:
        """Tell somebody, and whoever comes next while nobody has it; on disk when this answers."""
        query_fields(request)
        body, files = await self._uploads.read(request)
        [content] = text_fields({key: value for key, value in body.items() if key not in _OPTIONAL}, "content")
        named = optional_fields({key: value for key, value in body.items() if key in _OPTIONAL}, _OPTIONAL)
        if "caused_by" in named:
            named["caused_by"] = places_in("caused_by", named["caused_by"])
        options = cast("RouteOptions", named | {"files": files})
        if key := idempotency_key(request):
            options["idempotency_key"] = key
        run = await self._bach.start_route(self._route(request.match_info["name"]), content, **options)
        return answer(run_row(run), HTTPStatus.CREATED)

    async def page(self, request: web.Request) -> web.Response:
        """A page of runs, newest first."""
        fields = query_fields(request, "route", "before", "limit")
        route = fields.get("route") or None
        before = whole_number(fields, "before", 0, 0, MAX_OFFSET)
        limit = whole_number(fields, "limit", 50, 1, MAX_LIMIT)
        page = await self._bach.route_runs(route, before=before or None, limit=limit)
        if route is not None and not page:
            self._route(route)
        return answer({"runs": [run_row(run) for run in page], "count": len(page)})

    async def show(self, request: web.Request) -> web.Response:
        """One run as it stands."""
        query_fields(request)
        return answer(run_row(await self._bach.route_run(_id(request))))

    async def acknowledge(self, request: web.Request) -> web.Response:
        """Somebody has it."""
        query_fields(request)
        [by] = text_fields(await json_object(request), "by")
        return answer(run_row(await self._bach.acknowledge(_id(request), by)))

    async def snooze(self, request: web.Request) -> web.Response:
        """Somebody wants quiet for a while."""
        query_fields(request)
        by, seconds = quiet_fields(await json_object(request))
        return answer(run_row(await self._bach.snooze_route(_id(request), seconds, by)))

    async def cancel(self, request: web.Request) -> web.Response:
        """Nobody needs to know any more."""
        query_fields(request)
        return answer(run_row(await self._bach.cancel_route(_id(request))))

    async def clear(self, request: web.Request) -> web.Response:
        """It is over, and all who were told hear so."""
        query_fields(request)
        [content] = text_fields(await json_object(request), "content")
        return answer(run_row(await self._bach.all_clear(_id(request), content)))

    def _all(self) -> Iterable[Route]:
        return self._bach.routes.list() if self._kept is None else self._kept()

    def _route(self, name: str) -> Route:
        routes = {route.name: route for route in self._all()}
        if name not in routes:
            raise UnknownRouteError(name=name, known=", ".join(sorted(routes)) or NONE)
        return routes[name]


def _id(request: web.Request) -> int:
    number = int(request.match_info["id"])
    if not number:
        raise UnknownRunError(id=number)
    return number
