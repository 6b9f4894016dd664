"""Config flow steps of partners: address and credentials, and for an AI the model.

All of it is tried before it is saved, by a few words of the chosen model too.
"""

from abc import ABC, abstractmethod
from typing import Any

from homeassistant.config_entries import SOURCE_USER, ConfigFlow, ConfigFlowResult
from homeassistant.const import CONF_TYPE

from bach_lib import Fault, Identity, Report
from bach_lib.errors import InputError
from bach_lib.models import Category
from custom_components.bach.const import (
    CONF_MODEL,
    TYPE_CLAUDE,
    TYPE_GEMINI,
    TYPE_HTTP,
    TYPE_MCP,
    TYPE_OLLAMA,
    TYPE_OPENAI_COMPATIBLE,
)
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.language import in_home_language
from custom_components.bach.kinds.markdown_escape import with_escaped
from custom_components.bach.kinds.partner_forms import (
    closest,
    is_listed,
    model_schema,
    put_conversation,
    suggested_conversation,
)
from custom_components.bach.kinds.partners import PARTNERS, is_same
from custom_components.bach.kinds.settings import stored


class PartnerSteps(ConfigFlow, ABC):
    """Mixin with the steps of AI partners, MCP servers and other APIs."""

    _partner: tuple[dict[str, Any], Identity]

    def __init__(self) -> None:
        super().__init__()
        self._unlisted: str | None = None

    async def async_step_ai(self, _: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show the menu of AI types."""
        return self.async_show_menu(step_id="ai", menu_options=["ollama", "openai_compatible", "claude", "gemini"])

    async def async_step_claude(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for an Anthropic API key, and try it."""
        return await self._ask(TYPE_CLAUDE, "claude", user_input)

    async def async_step_gemini(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for a Google API key, and try it."""
        return await self._ask(TYPE_GEMINI, "gemini", user_input)

    async def async_step_ollama(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the address of Ollama, and try it."""
        return await self._ask(TYPE_OLLAMA, "ollama", user_input)

    async def async_step_openai_compatible(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the address of a server with OpenAI's API, and try it."""
        return await self._ask(TYPE_OPENAI_COMPATIBLE, "openai_compatible", user_input)

    async def async_step_mcp(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the address of an MCP server, and try it."""
        return await self._ask(TYPE_MCP, "mcp", user_input)

    async def async_step_http(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for any HTTP address, and try it."""
        return await self._ask(TYPE_HTTP, "http", user_input)

    async def async_step_model(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the model, and try it with a few words."""
        data, identity = self._partner
        offers = identity.offers if isinstance(identity, Report) else ()
        errors, reason, similar = {}, "", ""
        if user_input is not None:
            before, data = data.get(CONF_MODEL), put_conversation(data, user_input)
            model = data.get(CONF_MODEL, "")
            if model not in {"", before, self._unlisted} and not is_listed(model, identity):
                self._unlisted = model  # it may go by another name than in the list: the second time, it is tried
                errors, similar = {CONF_MODEL: "unlisted_model"}, ", ".join(closest(model, offers))
            else:
                answer = await self._try_model(data) if model else identity
                if isinstance(answer, Identity):
                    return self._put_partner(data, identity)
                self._partner = data, identity  # a credential may have been replaced by being used
                errors, reason = {CONF_MODEL: "model_failed"}, in_home_language(self.hass, answer.text)
        return self.async_show_form(
            step_id="model",
            data_schema=self.add_suggested_values_to_schema(
                model_schema(data[CONF_TYPE], offers), user_input or suggested_conversation(data)
            ),
            errors=errors,
            description_placeholders=with_escaped({"name": identity.name, "reason": reason, "similar": similar}),
        )

    async def _keep_partner(self, data: dict[str, Any], identity: Identity) -> ConfigFlowResult:
        """Abort if another entry is the same; ask for the model of an AI; save the rest."""
        own = None if self.source == SOURCE_USER else self._entry()
        if any(entry is not own and is_same(entry.data, data) for entry in self._async_current_entries()):
            return self.async_abort(reason="already_configured")
        if PARTNERS[data[CONF_TYPE]].category is Category.AI and self.source == SOURCE_USER:
            self._partner = data, identity
            return await self.async_step_model()
        return self._put_partner(data, identity)

    async def _try_model(self, data: dict[str, Any]) -> Identity | Fault:
        try:
            return await self._check(data)
        except InputError as error:
            return Fault(code="invalid", text=error.sentence)

    def _put_partner(self, data: dict[str, Any], identity: Identity) -> ConfigFlowResult:
        if self.source == SOURCE_USER:
            return self._create(data, identity)
        return self.async_update_and_abort(self._entry(), **stored(data, self._entry().options))

    @abstractmethod
    def _entry(self) -> BachConfigEntry:
        """The entry that the flow changes."""

    @abstractmethod
    def _create(self, data: dict[str, Any], identity: Identity) -> ConfigFlowResult:
        """Create the entry."""

    @abstractmethod
    async def _ask(self, type_: str, step_id: str, user_input: dict[str, Any] | None) -> ConfigFlowResult:
        """Show the form until its input works, then save it."""

    @abstractmethod
    async def _check(self, data: dict[str, Any]) -> Identity | Fault:
        """Log in with the given data; return the account or the fault. Raises an `InputError`."""
