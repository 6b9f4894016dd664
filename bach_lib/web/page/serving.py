"""The addresses of the daemon's page: it and its files, log-in and log-out, where it asks, and where files go."""

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Final

from aiohttp import web

from bach_lib.bach import Bach
from bach_lib.clock import Clock, SystemClock
from bach_lib.rest.answers import RefusedError, answer
from bach_lib.rest.requests import json_object
from bach_lib.rest.uploads import Uploads
from bach_lib.web.app_files import STATIC, loaded_with, version
from bach_lib.web.page.login import Login
from bach_lib.web.page.owner import Owner
from bach_lib.web.page.sockets import Sockets
from bach_lib.web.viewer import Visit
from bach_lib.web.writing import write_with_files

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data: blob:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types lit-html"
)
"""Nothing from anywhere else, no script in a page, and no text as markup."""
_PAGES: Final = ("alarms", "bridges", "chat", "connections", "household")
"""Of the app, beside the first; it looks at the path itself."""
_FILES: Final = re.compile(r"page\.css|(page|shared-[A-Z0-9]{8})\.js")
"""What the page loads, some of it together with the panel in Home Assistant."""
_TYPES: Final = {".js": "text/javascript", ".css": "text/css"}
_PAGE: Final = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>BACH</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/app/{version}/page.css">
{loads}<script type="module" src="/app/{version}/page.js"></script>
<body><bach-page><header><h1>BACH</h1></header></bach-page></body>
</html>
"""


class Page:
    """The page of one BACH. Without built files it has no routes; `is_built` says so."""

    def __init__(self, bach: Bach, *, token: str, clock: Clock | None = None) -> None:
        clock = clock or SystemClock()
        self._login = Login(token, clock)
        self._bach = bach
        self._sockets = Sockets(bach, clock)
        self._uploads = Uploads()
        self._version = version()
        loads = [f'<link rel="modulepreload" href="/app/{self._version}/{name}">\n' for name in loaded_with("page.js")]
        self._page = _PAGE.format(version=self._version, loads="".join(loads))

    @property
    def is_built(self) -> bool:
        """Whether there is something to show."""
        return self._version is not None

    @property
    def routes(self) -> Iterable[web.RouteDef]:
        """For `make_application`. They look at the log-in themselves."""
        if not self.is_built:
            return ()
        return (
            web.get("/", self._show),
            web.get("/message/{number:[1-9][0-9]{0,17}}", self._show),
            *(web.get(f"/{page}", self._show) for page in _PAGES),
            web.get("/chat/{place:.+}", self._show),
            web.get("/app/{version}/{name}", self._file),
            web.get("/login", self._standing),
            web.post("/login", self._log_in),
            web.post("/logout", self._log_out),
            web.get("/ws", self._ask),
            web.post("/write", self._write),
        )

    async def close(self, _: web.Application | None = None) -> None:
        """Close all sockets."""
        await self._sockets.close()

    async def _show(self, _: web.Request) -> web.Response:
        """The page holds nothing; what it shows it has to ask for."""
        headers = {"Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer"}
        return web.Response(text=self._page, content_type="text/html", headers=headers)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if not _FILES.fullmatch(name):
            raise web.HTTPNotFound
        file = STATIC / name
        return web.FileResponse(file, headers={"Content-Type": f"{_TYPES[file.suffix]}; charset=utf-8"})

    async def _log_in(self, request: web.Request) -> web.Response:
        body = await json_object(request)
        if not self._login.is_token(body.get("token")):
            raise _refused("This is not the token. `bach open` says in which file it is.")
        response = answer({"version": self._version})
        self._login.let_in(response, body.get("name"), is_secure=request.secure)
        return response

    async def _standing(self, request: web.Request) -> web.Response:
        """Whether this browser is logged in: of a socket that is refused, it would not be told why."""
        if not self._login.knows(request):
            raise _refused("Log in first.")
        return answer({"version": self._version})

    async def _log_out(self, _: web.Request) -> web.Response:
        response = answer({})
        self._login.let_out(response)
        return response

    async def _ask(self, request: web.Request) -> web.StreamResponse:
        self._require_own_page(request)
        return await self._sockets.serve(request, self._login.name_in(request))

    async def _write(self, request: web.Request) -> web.Response:
        self._require_own_page(request)
        try:
            visit = Visit(self._bach, Owner(self._bach, self._login.name_in(request)))
            return answer(await write_with_files(visit, request, self._uploads))
        finally:
            self._sockets.answers.forget()

    def _require_own_page(self, request: web.Request) -> None:
        """A page from elsewhere could let the browser show our cookie: same site is not same origin."""
        if not self._login.knows(request):
            raise _refused("Log in first.")
        if request.headers.get("Origin", "").partition("://")[2] != request.headers.get("Host"):
            raise RefusedError(HTTPStatus.FORBIDDEN, "foreign_page", "Only the page of this daemon may ask here.")


def _refused(sentence: str) -> RefusedError:
    return RefusedError(HTTPStatus.UNAUTHORIZED, "unauthorized", sentence)
