"""Config flow steps of the connections that are in this home: nothing is asked, as there is nothing to know.

Whoever has BACH and a companion app is offered it once, as a card that can be ignored for good.
"""

from typing import Any, override

import voluptuous as vol
from homeassistant.config_entries import SOURCE_INTEGRATION_DISCOVERY, ConfigFlow, ConfigFlowResult
from homeassistant.const import CONF_TYPE
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.discovery_flow import async_create_flow
from homeassistant.helpers.start import async_at_started

from custom_components.bach.const import DOMAIN, TYPE_ROUTES, TYPE_THIS_HOME
from custom_components.bach.home.entry import connections
from custom_components.bach.home.language import common_texts
from custom_components.bach.routes.connector import ACCOUNT as ROUTES_ACCOUNT
from custom_components.bach.this_home.connector import ACCOUNT
from custom_components.bach.this_home.phones import phones


class OwnHomeSteps(ConfigFlow):
    """Mixin with the steps that add this home, and its routes, once."""

    async def async_step_this_home(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Add it; the dialog for the first recipient follows. Whoever did not choose it is asked."""
        await self.async_set_unique_id(ACCOUNT)
        self._abort_if_unique_id_configured()
        texts = await common_texts(self.hass, self.hass.config.language)
        if user_input is None and self.source == SOURCE_INTEGRATION_DISCOVERY:
            self.context["title_placeholders"] = {"name": texts["this_home"]}
            self._set_confirm_only()
            return self.async_show_form(step_id="this_home", data_schema=vol.Schema({}))
        return self.async_create_entry(title=texts["this_home"], data={CONF_TYPE: TYPE_THIS_HOME})

    async def async_step_routes(self, _: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Add the routes; the dialog for the first one follows."""
        await self.async_set_unique_id(ROUTES_ACCOUNT)
        self._abort_if_unique_id_configured()
        texts = await common_texts(self.hass, self.hass.config.language)
        return self.async_create_entry(title=texts["routes"], data={CONF_TYPE: TYPE_ROUTES})

    @override
    async def async_step_integration_discovery(self, _: dict[str, Any]) -> ConfigFlowResult:
        """Offer it."""
        return await self.async_step_this_home()


@callback
def async_offer_own_home(hass: HomeAssistant) -> None:
    """Once Home Assistant has started, offer this home if it has a phone and is no connection yet."""

    @callback
    def offer(_: HomeAssistant) -> None:
        if phones(hass) and not any(one.data.get(CONF_TYPE) == TYPE_THIS_HOME for one in connections(hass)):
            async_create_flow(hass, DOMAIN, context={"source": SOURCE_INTEGRATION_DISCOVERY}, data={})

    async_at_started(hass, offer)
