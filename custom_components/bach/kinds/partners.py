"""The partner types (AI, MCP server, other API): their forms, and the entry data made from them.

Partners have no recipients and no queue; entities show only whether they work.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import voluptuous as vol
from homeassistant.const import CONF_TYPE

from bach_lib.models import Category
from custom_components.bach.const import (
    CONF_API_KEY_HEADER,
    CONF_AUTH_TYPE,
    CONF_CLIENT_ID,
    CONF_ENDPOINT,
    CONF_LOGIN,
    CONF_MODEL,
    CONF_PASSWORD,
    CONF_PLATFORM,
    CONF_REFRESH_TOKEN,
    CONF_SECRET,
    CONF_TOKEN_ENDPOINT,
    TYPE_CLAUDE,
    TYPE_DISCORD,
    TYPE_DISCORD_WEBHOOK,
    TYPE_GEMINI,
    TYPE_HOMEASSISTANT,
    TYPE_HTTP,
    TYPE_MCP,
    TYPE_NTFY,
    TYPE_OLLAMA,
    TYPE_OPENAI_COMPATIBLE,
    TYPE_ROUTES,
    TYPE_SIGNAL,
    TYPE_TELEGRAM,
    TYPE_THIS_HOME,
    TYPE_WEBHOOK,
)
from custom_components.bach.coordinator import BachConfigEntry

from .form_fields import ADDRESS_BOX, SECRET_BOX, form_section, given_values, optional, put_texts
from .own_home import OWN_HOME, ROUTES, OwnHomeKind
from .partner_forms import (
    AUTH_FIELDS,
    CREDENTIALS,
    DETAIL_FIELDS,
    HIDDEN,
    HTTP_FIELDS,
    OAUTH,
    OAUTH_FIELDS,
    SECTION_DETAILS,
    SECTION_OAUTH,
    auth_fields,
    oauth_section,
    put_request,
    suggested_request,
)
from .platforms import KINDS, SECTION_SERVER, SERVER, Kind
from .settings import whole
from .webhook import WEBHOOK, WebhookKind, receives

_IDENTIFYING: Final = (
    CONF_TYPE,
    CONF_ENDPOINT,
    CONF_LOGIN,
    CONF_SECRET,
    CONF_TOKEN_ENDPOINT,
    CONF_CLIENT_ID,
    CONF_REFRESH_TOKEN,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerKind:
    """A partner type; `model` is the model of its device, `usual` its default authentication.

    Without a default `endpoint`, a person must give one. `portal` is where the key comes from; such types have one
    server and one way to authenticate. `details` are the fields that few people need.
    """

    category: Category
    model: str
    usual: str = "none"
    endpoint: str | None = None
    portal: str = ""
    portal_url: str = ""
    details: Mapping[str, Any] = field(default_factory=lambda: DETAIL_FIELDS)
    invites: bool = False
    place: str | None = None

    @property
    def refused(self) -> str:
        """The form error for refused credentials."""
        return "invalid_key" if self.portal else "invalid_credentials"

    @property
    def schema(self) -> vol.Schema:
        """The form for a new connection."""
        return self._whole_schema(vol.Required, self.details)

    @property
    def reconfigure_schema(self) -> vol.Schema:
        """The form for a changed connection: the credential may stay empty, and what is asked there is an option."""
        return self._whole_schema(vol.Optional, DETAIL_FIELDS)

    @property
    def reauth_schema(self) -> vol.Schema:
        """The form for new credentials, which may also be of another kind."""
        if self.portal:
            return vol.Schema({vol.Required(CONF_SECRET): SECRET_BOX})
        return vol.Schema({**auth_fields(self.usual), **oauth_section(self.usual)})

    @property
    def placeholders(self) -> dict[str, str]:
        """Placeholders that say where people find the credential."""
        return {"portal": self.portal, "portal_url": self.portal_url}

    def merge(self, old: Mapping[str, Any], user_input: Mapping[str, Any]) -> dict[str, Any]:
        """Merge form input into entry data; an empty credential keeps the old one."""
        data = self._credentials(old, user_input)
        if SECTION_SERVER in user_input:
            put_texts(data, user_input[SECTION_SERVER], CONF_ENDPOINT)
        if SECTION_DETAILS in user_input:
            put_texts(data, user_input, CONF_ENDPOINT)
            put_texts(data, user_input[SECTION_DETAILS], CONF_API_KEY_HEADER)
            if HTTP_FIELDS.keys() & user_input[SECTION_DETAILS].keys():  # in the form for a new one only
                put_request(data, user_input[SECTION_DETAILS])
        return data

    def _credentials(self, old: Mapping[str, Any], user_input: Mapping[str, Any]) -> dict[str, Any]:
        """The data with the credentials of the chosen authentication, and without those of others."""
        auth_type = user_input.get(CONF_AUTH_TYPE, self.usual)
        given = {**user_input, **user_input.get(SECTION_OAUTH, {})}
        data = {name: value for name, value in old.items() if name not in CREDENTIALS}
        for name in {*AUTH_FIELDS[auth_type].values(), *(OAUTH_FIELDS if auth_type == OAUTH else ())}:
            kept = old.get(name, "") if name in HIDDEN else ""
            if value := given.get(name, "").strip() or kept:
                data[name] = value
        return {**data, CONF_AUTH_TYPE: auth_type}

    def suggest(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """The suggested values of a form; never secrets."""
        given = ({CONF_ENDPOINT: self.endpoint} if self.endpoint else {}) | dict(data)
        return {
            **given_values(given, CONF_ENDPOINT, CONF_AUTH_TYPE, CONF_LOGIN),
            SECTION_OAUTH: given_values(given, *(name for name in OAUTH_FIELDS if name not in HIDDEN)),
            SECTION_SERVER: given_values(given, CONF_ENDPOINT),
            SECTION_DETAILS: given_values(given, CONF_API_KEY_HEADER) | suggested_request(given),
        }

    def _whole_schema(self, secret_marker: type[vol.Marker], details: Mapping[str, Any]) -> vol.Schema:
        if self.portal:
            return vol.Schema({secret_marker(CONF_SECRET): SECRET_BOX, vol.Required(SECTION_SERVER): SERVER})
        return vol.Schema(
            {
                vol.Required(CONF_ENDPOINT): ADDRESS_BOX,
                **auth_fields(self.usual),
                **oauth_section(self.usual),
                vol.Required(SECTION_DETAILS): form_section(optional(details)),
            }
        )


PARTNERS: Final[Mapping[str, PartnerKind]] = {
    TYPE_CLAUDE: PartnerKind(
        category=Category.AI,
        model="Claude",
        usual="api_key",
        portal="Claude Console",
        portal_url="https://platform.claude.com/settings/keys",
    ),
    TYPE_GEMINI: PartnerKind(
        category=Category.AI,
        model="Gemini",
        usual="api_key",
        portal="Google AI Studio",
        portal_url="https://aistudio.google.com/apikey",
    ),
    TYPE_OLLAMA: PartnerKind(category=Category.AI, model="Ollama", endpoint="http://localhost:11434"),
    TYPE_OPENAI_COMPATIBLE: PartnerKind(
        category=Category.AI, model="OpenAI-compatible", usual="bearer", endpoint="https://api.openai.com/v1"
    ),
    TYPE_MCP: PartnerKind(category=Category.MCP, model="MCP"),
    TYPE_HTTP: PartnerKind(category=Category.API, model="HTTP", details={**DETAIL_FIELDS, **HTTP_FIELDS}),
}

_MAKERS: Final[Mapping[str, str]] = {
    TYPE_CLAUDE: "Anthropic",
    TYPE_DISCORD: "Discord",
    TYPE_DISCORD_WEBHOOK: "Discord",
    TYPE_GEMINI: "Google",
    TYPE_HOMEASSISTANT: "Home Assistant",
    TYPE_NTFY: "ntfy",
    TYPE_OLLAMA: "Ollama",
    TYPE_ROUTES: "BACH",
    TYPE_SIGNAL: "Signal",
    TYPE_TELEGRAM: "Telegram",
    TYPE_THIS_HOME: "Home Assistant",
}

WITH_FORMS: Final[Mapping[str, Kind | PartnerKind | WebhookKind]] = {**KINDS, TYPE_WEBHOOK: WEBHOOK, **PARTNERS}
"""The kinds that have something to fill in."""
ALL_KINDS: Final[Mapping[str, Kind | PartnerKind | WebhookKind | OwnHomeKind]] = {
    **WITH_FORMS,
    TYPE_THIS_HOME: OWN_HOME,
    TYPE_ROUTES: ROUTES,
}


def type_of(data: Mapping[str, Any]) -> str:
    """The type of a connection; empty if none is stored that could be one."""
    found = data.get(CONF_TYPE)
    return found if isinstance(found, str) else ""


def auth_type_of(data: Mapping[str, Any], kind: PartnerKind) -> str:
    """How a partner authenticates; the usual way if none is stored."""
    found = data.get(CONF_AUTH_TYPE, kind.usual)
    return found if isinstance(found, str) else ""


def model_of(data: Mapping[str, Any]) -> str:
    """The model of an entry's devices; of a type that is not ours, what the entry says, else its type."""
    type_ = type_of(data)
    kind = ALL_KINDS.get(type_)
    return kind.model if kind else str(data.get(CONF_PLATFORM, type_))


def manufacturer_of(data: Mapping[str, Any]) -> str | None:
    """Who makes what an entry leads to, where that is known; an address of one's own may be anybody's."""
    return _MAKERS.get(type_of(data))


def kind_of(type_: str, data: Mapping[str, Any]) -> Kind | PartnerKind | WebhookKind:
    """The kind of a connection type, with the kind of credential that `data` says it has."""
    kind = WITH_FORMS[type_]
    if isinstance(kind, Kind) and kind.has_login and data.get(CONF_LOGIN):
        return replace(kind, secret=CONF_PASSWORD)
    if isinstance(kind, WebhookKind):
        return replace(kind, is_heard=receives(data))
    return replace(kind, usual=data.get(CONF_AUTH_TYPE, kind.usual)) if isinstance(kind, PartnerKind) else kind


def is_partner(entry: BachConfigEntry) -> bool:
    """Whether an entry is a partner, without recipients and queue."""
    return type_of(entry.data) in PARTNERS


def can_chat(entry: BachConfigEntry) -> bool:
    """Whether an entry is an AI partner with a model chosen."""
    partner = PARTNERS.get(type_of(entry.data))
    return partner is not None and partner.category is Category.AI and CONF_MODEL in whole(entry)


def is_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two entries' data lead to the same server with the same credentials."""
    return all(str(one.get(name) or "").rstrip("/") == str(other.get(name) or "").rstrip("/") for name in _IDENTIFYING)
