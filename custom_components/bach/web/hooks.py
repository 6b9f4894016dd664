"""Registers a Home Assistant webhook for each connection that takes posts.

It stays registered as long as the entry exists: Home Assistant answers 200 at an unknown webhook, which senders take
for success. So what cannot be stored now (the entry reloads, failed to set up or is disabled) is answered 503, and
senders try again.
"""

import asyncio
import logging
from functools import partial
from http import HTTPStatus
from typing import Final

from aiohttp.web import Request, Response
from homeassistant.components import webhook
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.http import current_request
from homeassistant.helpers.network import NoURLAvailableError, is_cloud_connection

from bach_lib.connectors.webhook.networks import LOCAL
from bach_lib.errors import BachError, PushRefusedError
from bach_lib.rest.hooks import MAX_POST, METHODS, as_posted
from bach_lib.rest.requests import give_up_body
from custom_components.bach.const import CONF_WEBHOOK_ID, DOMAIN
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.entry import connection_name
from custom_components.bach.home.hub import HUB

_LOGGER = logging.getLogger(__name__)
_LATER: Final = {"Retry-After": "10"}
_BODY_SECONDS: Final = 30.0


@callback
def async_serve(hass: HomeAssistant, entry: BachConfigEntry) -> None:
    """Register the entry's webhook, if it has one."""
    if webhook_id := _webhook_id(entry):
        webhook.async_unregister(hass, webhook_id)  # of this entry, before it was loaded anew
        # Not `local_only`: Home Assistant would answer 200 and drop what was posted; the library's list refuses it.
        handler = partial(_take, connection_name(entry))
        webhook.async_register(hass, DOMAIN, entry.title, webhook_id, handler, allowed_methods=METHODS)


@callback
def async_withdraw(hass: HomeAssistant, entry: BachConfigEntry) -> None:
    """Unregister the webhook of a removed entry."""
    if webhook_id := _webhook_id(entry):
        webhook.async_unregister(hass, webhook_id)


def _webhook_id(entry: BachConfigEntry) -> str:
    """Empty if there is none, or what is stored cannot be one; the set-up says so."""
    found = entry.data.get(CONF_WEBHOOK_ID)
    return found if isinstance(found, str) else ""


@callback
def post_address(hass: HomeAssistant, webhook_id: str, addresses: list[str]) -> str:
    """The webhook's URL; the host is the one of the current request if Home Assistant knows none."""
    try:
        return webhook.async_generate_url(hass, webhook_id, prefer_external=addresses != [LOCAL])
    except NoURLAvailableError:
        path = webhook.async_generate_path(webhook_id)
        request = current_request.get()  # of whoever looks at it: their browser has found the way
        return f"{request.url.origin()}{path}" if request else path


async def _take(connection: str, hass: HomeAssistant, webhook_id: str, request: Request) -> Response:
    """Handle a post: authenticate it, and answer once it is on disk. A refusal says nothing about why."""
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            body = await _read(request)
    except TimeoutError:
        return Response(status=HTTPStatus.REQUEST_TIMEOUT)
    except Exception:  # noqa: BLE001 - what comes from outside may be broken in more ways than anybody lists
        give_up_body(request)
        return Response(status=HTTPStatus.BAD_REQUEST)
    if body is None:
        return Response(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    address = None if is_cloud_connection(hass) else request.remote
    try:
        headers, body = as_posted(request, body)
        await hass.data[HUB].bach.push(connection, headers, body, address=address)
    except PushRefusedError:
        return Response(status=HTTPStatus.FORBIDDEN)
    except BachError:  # it is not at work now, or the disk failed
        return Response(status=HTTPStatus.SERVICE_UNAVAILABLE, headers=_LATER)
    except Exception:
        _LOGGER.exception("What was posted to %s could not be taken", connection)
        return Response(status=HTTPStatus.INTERNAL_SERVER_ERROR)
    return Response(status=HTTPStatus.NO_CONTENT)


async def _read(request: Request) -> bytes | None:
    """The body, or None as soon as it is too large."""
    content, body = request.content, b""
    while chunk := await content.read(MAX_POST + 1 - len(body)):
        body += chunk
        if len(body) > MAX_POST:
            return None
    return body
