"""The REST interface for programs on the same machine: the fields of the original BACH in four endpoints, and letters.

`make_application(bach, token=…)` returns an `aiohttp.web.Application`; whoever serves it decides where. Everything but
`/health`, `/ready`, the OpenAPI document and what is posted to webhooks, which proves itself, needs the bearer token.
A program with a server and a login of its own takes the handlers alone (`Endpoints`, `Letters`, `Changes`,
`RouteHandlers`, `BridgeHandlers`), calls each inside of `errors`, and keeps bodies below `MAX_BODY` bytes.
"""

from bach_lib.rest.access import errors
from bach_lib.rest.answers import RefusedError
from bach_lib.rest.application import make_application
from bach_lib.rest.bridge_handlers import BridgeHandlers
from bach_lib.rest.change_handlers import Changes
from bach_lib.rest.handlers import Endpoints
from bach_lib.rest.message_handlers import Letters
from bach_lib.rest.requests import MAX_BODY
from bach_lib.rest.route_handlers import RouteHandlers
from bach_lib.rest.tokens import load_token

__all__ = [
    "MAX_BODY",
    "BridgeHandlers",
    "Changes",
    "Endpoints",
    "Letters",
    "RefusedError",
    "RouteHandlers",
    "errors",
    "load_token",
    "make_application",
]
