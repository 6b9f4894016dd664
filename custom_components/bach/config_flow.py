"""Adding a connection: choose what it leads to, give what that asks for, and it is tried before it is kept."""

from collections.abc import Mapping
from typing import Any, Final, override

import voluptuous as vol
from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_USER,
    ConfigEntry,
    ConfigFlow,
    ConfigFlowResult,
    ConfigSubentryFlow,
    FlowType,
    SubentryFlowContext,
)
from homeassistant.const import CONF_TYPE
from homeassistant.core import callback
from homeassistant.data_entry_flow import section
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.selector import TextSelector, TextSelectorConfig, TextSelectorType

from bach_lib import Connection, Fault, Identity, InputError, check_connection
from bach_lib.errors import InvalidEndpointError

from .const import (
    CONF_BOT_TOKEN,
    CONF_ENDPOINT,
    CONF_LINK,
    DOMAIN,
    SECRET_FIELDS,
    SUBENTRY_PERSON,
    SUBENTRY_RECIPIENT,
    TYPE_TELEGRAM,
)
from .hub import new_session
from .person_flow import PersonFlow
from .recipient_flow import RecipientFlow

SECTION_SERVER: Final = "server"

_BOTFATHER = "https://t.me/BotFather"
_TOKEN = TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="current-password"))
_SERVER = section(
    vol.Schema({vol.Optional(CONF_ENDPOINT): TextSelector(TextSelectorConfig(type=TextSelectorType.URL))}),
    {"collapsed": True},
)

TELEGRAM_SCHEMA: Final = vol.Schema({vol.Required(CONF_BOT_TOKEN): _TOKEN, vol.Required(SECTION_SERVER): _SERVER})
REAUTH_SCHEMA: Final = vol.Schema({vol.Required(CONF_BOT_TOKEN): _TOKEN})
RECONFIGURE_SCHEMA: Final = vol.Schema({vol.Optional(CONF_BOT_TOKEN): _TOKEN, vol.Required(SECTION_SERVER): _SERVER})

FAULT_ERRORS: Final = {
    "auth_failed": "invalid_auth",
    "bad_answer": "bad_answer",
    "dns": "dns",
    "rate_limited": "rate_limited",
    "refused": "refused",
    "server_error": "server_error",
    "timeout": "timeout",
    "tls": "tls",
}
"""The text for each way in which a check can fail; the others are "cannot_connect"."""


class BachConfigFlow(ConfigFlow, domain=DOMAIN):
    """Adds a connection and changes its credentials."""

    VERSION = 1
    MINOR_VERSION = 1

    @classmethod
    @callback
    @override
    def async_get_supported_subentry_types(cls, config_entry: ConfigEntry) -> dict[str, type[ConfigSubentryFlow]]:
        """Everything a connection can be given."""
        return {SUBENTRY_RECIPIENT: RecipientFlow, SUBENTRY_PERSON: PersonFlow}

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Choose what the connection leads to."""
        return self.async_show_menu(step_id="user", menu_options=[TYPE_TELEGRAM])

    async def async_step_telegram(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for a bot's token, and try it."""
        return await self._ask(TYPE_TELEGRAM, "telegram", TELEGRAM_SCHEMA, user_input)

    async def async_step_reauth(self, entry_data: Mapping[str, Any]) -> ConfigFlowResult:  # noqa: ARG002  not needed
        """The platform has refused the credentials."""
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for new credentials."""
        return await self._ask(TYPE_TELEGRAM, "reauth_confirm", REAUTH_SCHEMA, user_input)

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for other credentials or another server."""
        return await self._ask(TYPE_TELEGRAM, "reconfigure", RECONFIGURE_SCHEMA, user_input)

    @override
    async def async_on_create_entry(self, result: ConfigFlowResult) -> ConfigFlowResult:
        """Lead on to the first recipient: a connection alone reaches nobody."""
        subentry_flow = await self.hass.config_entries.subentries.async_init(
            (result["result"].entry_id, SUBENTRY_RECIPIENT), context=SubentryFlowContext(source=SOURCE_USER)
        )
        result["next_flow"] = (FlowType.CONFIG_SUBENTRIES_FLOW, subentry_flow["flow_id"])
        return result

    async def _ask(
        self, kind: str, step_id: str, schema: vol.Schema, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        """Show the form until what was given works, then keep it."""
        old = self._entry_data()
        errors: dict[str, str] = {}
        placeholders = {"botfather": _BOTFATHER, "reason": ""}
        if user_input is not None:
            data = _merge({CONF_TYPE: kind, **old}, user_input)
            answer = await self._check(data)
            if isinstance(answer, Identity):
                return await self._keep(data, answer)
            errors["base"], placeholders["reason"] = answer
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(schema, user_input or _suggest(old)),
            errors=errors,
            description_placeholders=placeholders,
        )

    async def _check(self, data: Mapping[str, Any]) -> Identity | tuple[str, str]:
        """Who we are on the platform, or which error to show and the platform's words."""
        connection = Connection(
            name="new",
            type=data[CONF_TYPE],
            endpoint=data.get(CONF_ENDPOINT),
            auth_config={field: f"form:{field}" for field in SECRET_FIELDS if field in data},
        )
        try:
            answer = await check_connection(
                connection,
                session=async_get_clientsession(self.hass),
                new_session=new_session,
                secrets={"form": data.get},
            )
        except InvalidEndpointError:
            return "invalid_endpoint", ""
        except InputError:  # an empty token, or one that cannot be one
            return "invalid_auth", ""
        if isinstance(answer, Fault):
            return FAULT_ERRORS.get(answer.code, "cannot_connect"), answer.text
        return answer

    async def _keep(self, data: dict[str, Any], identity: Identity) -> ConfigFlowResult:
        """Create the entry, or give it its new data if it is still the same account."""
        await self.async_set_unique_id(identity.id)
        data[CONF_LINK] = identity.link
        if self.source == SOURCE_USER:
            self._abort_if_unique_id_configured()
            return self.async_create_entry(title=identity.name, data=data)
        self._abort_if_unique_id_mismatch()
        return self.async_update_and_abort(self._entry(), data=data)

    def _entry(self) -> ConfigEntry:
        return self._get_reauth_entry() if self.source == SOURCE_REAUTH else self._get_reconfigure_entry()

    def _entry_data(self) -> Mapping[str, Any]:
        return {} if self.source == SOURCE_USER else self._entry().data


def _merge(old: Mapping[str, Any], user_input: Mapping[str, Any]) -> dict[str, Any]:
    """The data after what the form says: no token keeps the old one, no endpoint means the platform's own."""
    data = dict(old)
    if token := user_input.get(CONF_BOT_TOKEN, "").strip():
        data[CONF_BOT_TOKEN] = token
    if SECTION_SERVER in user_input:
        data.pop(CONF_ENDPOINT, None)
        if endpoint := user_input[SECTION_SERVER].get(CONF_ENDPOINT, "").strip():
            data[CONF_ENDPOINT] = endpoint
    return data


def _suggest(old: Mapping[str, Any]) -> dict[str, Any]:
    """What the form starts with; secrets stay where they are."""
    return {SECTION_SERVER: {CONF_ENDPOINT: old[CONF_ENDPOINT]}} if CONF_ENDPOINT in old else {}
