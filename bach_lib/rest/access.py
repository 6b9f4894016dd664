"""Access control of the REST interface: requests for this host, with the token; no answer tells too much."""

import hmac
from collections.abc import Collection, Iterable
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bach_lib.errors import BachError
from bach_lib.field_logger import FieldLogger
from bach_lib.redact import readable
from bach_lib.rest.answers import RefusedError, refusal_of, refusal_of_http

_LOGGER = FieldLogger(__name__)

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every refusal is JSON with a code and a sentence; what nobody expected says nothing of the inside."""
    try:
        return await handler(request)
    except RefusedError as refused:
        return refused.response
    except BachError as error:
        return refusal_of(error).response
    except web.HTTPException as error:
        return refusal_of_http(error).response
    except Exception:
        _LOGGER.exception("A request could not be answered: %s %s", request.method, readable(request.path))
        return RefusedError(
            HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "An error inside BACH; its log says more."
        ).response


def only_hosts(names: Iterable[str]) -> Middleware:
    """Refuse requests for other host names: a page in a browser may make its own name lead to 127.0.0.1."""
    known = LOOPBACK_NAMES | {name.lower() for name in names}

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if _without_port(request.headers.get("Host", "")) not in known:
            raise RefusedError(
                HTTPStatus.MISDIRECTED_REQUEST,
                "unknown_host",
                "This BACH does not serve that host name. Call it by its address, or allow the name when starting it.",
            )
        return await handler(request)

    return check


def only_bearers(token: str, *, public: Collection[web.AbstractResource]) -> Middleware:
    """Refuse requests without the token, except at the public resources, wherever they are served.

    What nobody serves is refused too, so that nobody can try out what there is.
    """
    expected = token.encode()

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        resource = request.match_info.route.resource
        if resource is None or resource not in public:
            scheme, given = _shown(request)
            is_good = hmac.compare_digest(given.strip().encode("utf-8", "surrogateescape"), expected)
            if scheme.lower() != "bearer" or not is_good:
                raise RefusedError(
                    HTTPStatus.UNAUTHORIZED,
                    "unauthorized",
                    'The token is missing or wrong. Send the header "Authorization: Bearer …".',
                    headers={"WWW-Authenticate": "Bearer"},
                )
        return await handler(request)

    return check


def _shown(request: web.Request) -> tuple[str, str]:
    """How somebody proves that they may, and the token. The original took it by a header of its own."""
    if key := request.headers.get("X-BACH-Key"):
        return "bearer", key
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    return scheme, given


async def harden(_: web.Request, response: web.StreamResponse) -> None:
    """Keep messages out of caches, and the versions of our parts to ourselves."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Server"] = "BACH"


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdecimal() else host).lower()
