"""The address to which the panel sends a message with files, for whoever may control the recipient."""

from functools import partial
from http import HTTPStatus

from aiohttp import web
from homeassistant.components.http import KEY_HASS, HomeAssistantView
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from bach_lib.rest import RefusedError, errors
from bach_lib.rest.answers import answer
from bach_lib.rest.uploads import Uploads
from bach_lib.web.viewer import ForbiddenError, Visit
from bach_lib.web.writing import write_with_files
from custom_components.bach.home.errors import translated_errors
from custom_components.bach.home.hub import HUB
from custom_components.bach.web.panel_commands import PANEL_ANSWERS, HomeViewer


class _Write(HomeAssistantView):
    url = "/api/bach/panel/write"
    name = "api:bach:panel:write"

    def __init__(self) -> None:
        self._uploads = Uploads()

    async def post(self, request: web.Request) -> web.StreamResponse:
        """Handle POST."""
        return await errors(request, partial(self._write, request.app[KEY_HASS]))

    async def _write(self, hass: HomeAssistant, request: web.Request) -> web.StreamResponse:
        try:
            with translated_errors(hass):
                visit = Visit(hass.data[HUB].bach, HomeViewer(hass, request["hass_user"]))
                return answer(await write_with_files(visit, request, self._uploads))
        except ForbiddenError as error:  # no 401: for Home Assistant that would be a wrong password
            raise RefusedError(HTTPStatus.FORBIDDEN, "forbidden", "You may not write there.") from error
        except HomeAssistantError as error:
            raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, "refused", str(error)) from error
        finally:
            hass.data[PANEL_ANSWERS].forget()


def async_register_panel_files(hass: HomeAssistant) -> None:
    """Register the address. It says so while nothing is loaded."""
    hass.http.register_view(_Write())
