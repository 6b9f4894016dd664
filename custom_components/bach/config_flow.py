"""Config flow: adds a connection, reconfigures it, and asks for new credentials.

Every input is tried against the platform before it is saved. The steps of single types are mixins in `flows/`.
"""

from collections.abc import Mapping
from typing import Any, override

import voluptuous as vol
from homeassistant.config_entries import (
    SOURCE_IGNORE,
    SOURCE_REAUTH,
    SOURCE_USER,
    ConfigFlowResult,
    ConfigSubentryData,
    ConfigSubentryFlow,
    FlowType,
    SubentryFlowContext,
)
from homeassistant.const import CONF_NAME, CONF_TYPE
from homeassistant.core import callback

from bach_lib import Fault, Identity, InputError
from bach_lib.errors import InvalidEndpointError, InvalidValueError
from bach_lib.redact import readable

from .const import (
    CONF_ENDPOINT,
    CONF_HELLO,
    CONF_LINK,
    CONF_RECIPIENT,
    DOMAIN,
    SUBENTRY_RECIPIENT,
    TYPE_ROUTES,
    TYPE_THIS_HOME,
    TYPE_WEBHOOK,
)
from .coordinator import BachConfigEntry
from .flows.database_steps import DatabaseSteps
from .flows.discovery_steps import DiscoverySteps
from .flows.form_errors import AnyKind, contradiction, of_endpoint, of_fault, of_secret, of_value, opened, placed
from .flows.naming import new_title
from .flows.normalizing import TRY_ANOTHER, normalized, other_addresses
from .flows.options_flow import BachOptionsFlow
from .flows.other_steps import OtherSteps
from .flows.own_home_steps import OwnHomeSteps
from .flows.partner import PartnerSteps
from .flows.recipient import RecipientFlow
from .flows.subentry_flows import subentry_flows
from .flows.take_over_steps import TakeOverSteps
from .flows.trying import async_try
from .flows.unknown_kind import UNKNOWN_KIND, is_unknown, what_is_unknown
from .flows.webhook_forms import HOOK_SCHEMAS
from .flows.webhook_page import to_copy
from .flows.webhook_steps import WebhookSteps
from .home.entry import recipient_unique_id
from .home.language import in_home_language
from .kinds.markdown_escape import escape_markdown, with_escaped
from .kinds.others import async_others, is_other
from .kinds.own_home import OwnHomeKind
from .kinds.partner_forms import CONVERSATION
from .kinds.partners import ALL_KINDS, PartnerKind, kind_of
from .kinds.platforms import KINDS, Kind
from .kinds.settings import MINOR_VERSION, VERSION, stored, whole
from .kinds.stored_data import usable
from .kinds.webhook import WEBHOOK, WebhookKind, made
from .messages.hello import async_greet
from .taking_over.yaml_notifiers import async_found


class BachConfigFlow(
    DiscoverySteps, PartnerSteps, WebhookSteps, OtherSteps, TakeOverSteps, OwnHomeSteps, DatabaseSteps, domain=DOMAIN
):
    """Config flow of all connection types."""

    VERSION = VERSION
    MINOR_VERSION = MINOR_VERSION

    _found: tuple[dict[str, Any], Identity]

    @classmethod
    @callback
    @override
    def async_get_supported_subentry_types(cls, config_entry: BachConfigEntry) -> dict[str, type[ConfigSubentryFlow]]:
        """Return the subentry flows of a connection's type: recipients, and people where there are groups."""
        return subentry_flows(config_entry)

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: BachConfigEntry) -> BachOptionsFlow:
        """Return the flow that changes settings."""
        return BachOptionsFlow()

    def __init__(self) -> None:
        super().__init__()
        self._successors: dict[str, str] = {}
        self._called, self._says_hello = "", False

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show the menu of connection types."""
        others = ["other"] if await async_others() else []
        found = await async_found(self.hass)
        first = ["take_over"] if found else []
        options = [*first, *KINDS, TYPE_THIS_HOME, TYPE_ROUTES, TYPE_WEBHOOK, "ai", "mcp", "http", *others, "database"]
        words = {"found": ", ".join(readable(one.title) for one in found)}
        return self.async_show_menu(step_id="user", menu_options=options, description_placeholders=words)

    async def async_step_invite(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show the link that invites a new bot; it sees no channel before that."""
        data, identity = self._found
        if user_input is not None:
            return self._create(data, identity)
        words = with_escaped({"name": identity.name, "link": identity.link or ""})
        return self.async_show_form(step_id="invite", description_placeholders=words)

    async def async_step_reauth(self, entry_data: Mapping[str, Any]) -> ConfigFlowResult:  # noqa: ARG002  not needed
        """Begin the reauthentication."""
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for new credentials."""
        if is_unknown(self._entry().data):
            return self._abort_unknown()
        if self._entry().data[CONF_TYPE] == TYPE_WEBHOOK:
            return await self.async_step_webhook_refused()
        if is_other(self._entry().data):
            return await self.async_step_other_refused()
        return await self._ask(self._entry().data[CONF_TYPE], "reauth_confirm", user_input)

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for other credentials, another server or other settings."""
        if is_unknown(self._entry().data):
            return self._abort_unknown()
        if is_other(self._entry().data):
            return await self.async_step_change_other()
        if isinstance(ALL_KINDS[self._entry().data[CONF_TYPE]], OwnHomeKind):
            return self.async_abort(reason="nothing_to_change")
        if self._entry().data[CONF_TYPE] == TYPE_WEBHOOK:
            shows = to_copy(self.hass, self._entry())
            return await (self.async_step_manage_webhook() if shows else self.async_step_change_webhook())
        return await self._ask(self._entry().data[CONF_TYPE], "reconfigure", user_input)

    @override
    async def async_on_create_entry(self, result: ConfigFlowResult) -> ConfigFlowResult:
        """Start the subentry flow for the first recipient, or greet the only recipient there can be."""
        if result["result"].source == SOURCE_IGNORE:
            return result
        await self._settle(result)
        if self._says_hello:
            entry, seconds = result["result"], RecipientFlow.hello_seconds
            place = ALL_KINDS[entry.data[CONF_TYPE]].place or ""
            told, reason = await async_greet(self.hass, entry, place, seconds=seconds, key=f"hello-{self.flow_id}")
            result["description"] = told
            result["description_placeholders"] = {
                "name": escape_markdown(result["result"].title),
                "reason": escape_markdown(reason),
            }
        if (first := next(iter(subentry_flows(result["result"])), None)) and not result["result"].subentries:
            subentry_flow = await self.hass.config_entries.subentries.async_init(
                (result["result"].entry_id, first), context=SubentryFlowContext(source=SOURCE_USER)
            )
            result["next_flow"] = (FlowType.CONFIG_SUBENTRIES_FLOW, subentry_flow["flow_id"])
        return result

    @override
    async def _ask(self, type_: str, step_id: str, user_input: dict[str, Any] | None) -> ConfigFlowResult:
        """Show the form until its input works on the platform, then save it."""
        old = self._entry_data()
        kind = kind_of(type_, {**old, **(user_input or {})})
        wrong: tuple[str, str] | None = contradiction(kind, user_input or {})
        placeholders = {**kind.placeholders, "reason": "", "expected": "", **with_escaped({"name": self._name()})}
        if user_input is not None and wrong is None:
            data = {CONF_TYPE: type_, **old}
            try:
                given = kind.merge(data, user_input)
                data = normalized(given)
                talking = {name: data.pop(name) for name in CONVERSATION & data.keys()}  # that is tried in its own step
                answer = await self._check_all(data, other_addresses(given))
                data |= talking
            except InvalidEndpointError as error:
                wrong = of_endpoint(error, data)
            except InvalidValueError as error:
                wrong, placeholders["expected"] = (
                    of_value(error, kind),
                    in_home_language(self.hass, error.placeholders["expected"]),
                )
            except InputError as error:  # an empty credential, or one that cannot be one
                wrong, reason = of_secret(error, kind)
                placeholders["reason"] = in_home_language(self.hass, reason)
            else:
                if isinstance(answer, Identity):
                    self._called = str(user_input.get(CONF_NAME, ""))
                    self._says_hello = bool(user_input.get(CONF_HELLO))
                    if isinstance(kind, WebhookKind):
                        return await self._keep_webhook(data, answer, made(old, user_input, data))
                    return await self._keep(kind, data, answer)
                wrong, placeholders["reason"] = of_fault(answer, kind, data), in_home_language(self.hass, answer.text)
        schema = self._schema(step_id, kind)
        errors = placed(schema, dict([wrong]) if wrong else {})
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(opened(schema, errors), user_input or kind.suggest(old)),
            errors=errors,
            description_placeholders=placeholders,
        )

    def _schema(self, step_id: str, kind: AnyKind) -> vol.Schema:
        schemas = {
            "reauth_confirm": kind.reauth_schema,
            "reconfigure": kind.reconfigure_schema,
            "change_webhook": kind.reconfigure_schema,
            "webhook_refused": WEBHOOK.reauth_schema,
        }
        return HOOK_SCHEMAS.get(step_id) or schemas.get(step_id, kind.schema)

    async def _check_all(self, data: dict[str, Any], others: tuple[str, ...]) -> Identity | Fault:
        """Try the typed address, then the other ones it may mean; the first that works is kept."""
        first = await self._check(data)
        if isinstance(first, Identity) or first.code not in TRY_ANOTHER:
            return first
        for other in others:
            answer = await self._check(again := {**data, CONF_ENDPOINT: other})
            if isinstance(answer, Identity) or answer.code not in TRY_ANOTHER:
                data |= again
                return answer
        return first

    @override
    async def _check(self, data: dict[str, Any]) -> Identity | Fault:
        """Log in with the given data; return the account or the fault. Raises an `InputError`."""
        owner = self._entry() if self._changes else None
        return await async_try(self.hass, data, self._successors, owner)

    async def _keep(self, kind: Kind | PartnerKind, data: dict[str, Any], identity: Identity) -> ConfigFlowResult:
        """Create the entry, or update it if the account is the same."""
        if isinstance(kind, PartnerKind):
            return await self._keep_partner(data, identity)
        await self.async_set_unique_id(identity.id)
        data[CONF_LINK] = identity.link
        self._forget_other_home(data)
        if self._changes:
            self._abort_if_unique_id_mismatch()
            return self.async_update_and_abort(self._entry(), **stored(data, self._entry().options))
        self._abort_if_unique_id_configured()
        if kind.invites:
            self._found = data, identity
            return await self.async_step_invite()
        return self._create(data, identity)

    @override
    def _create(self, data: dict[str, Any], identity: Identity) -> ConfigFlowResult:
        first = list[ConfigSubentryData]()
        if place := ALL_KINDS[data[CONF_TYPE]].place:
            only = ConfigSubentryData(
                data={CONF_RECIPIENT: place},
                subentry_type=SUBENTRY_RECIPIENT,
                title=identity.name,
                unique_id=recipient_unique_id(place),
            )
            first.append(only)
        title = new_title(data, identity.name, self._async_current_entries(), chosen=self._called)
        return self.async_create_entry(title=title, **stored(data), subentries=first)

    @override
    def _entry(self) -> BachConfigEntry:
        return self._get_reauth_entry() if self.source == SOURCE_REAUTH else self._get_reconfigure_entry()

    def _abort_unknown(self) -> ConfigFlowResult:
        return self.async_abort(reason=UNKNOWN_KIND, description_placeholders=what_is_unknown(self._entry().data))

    def _name(self) -> str:
        """The title of the entry that the flow changes, for its texts; empty for a new one."""
        return self._entry().title if self._changes else ""

    @override
    def _entry_data(self) -> Mapping[str, Any]:
        return usable(whole(self._entry())) if self._changes else self._discovered
