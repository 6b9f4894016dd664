"""Form fields of AI partners, MCP servers and other APIs: authentication, OAuth, model and limits.

Also the conversion between what the forms show and what entry data holds.
"""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final

import voluptuous as vol
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    TextSelector,
)

from bach_lib import Identity, Report
from bach_lib.models.chat import THINKING, TOKENS
from custom_components.bach.const import (
    CONF_API_KEY_HEADER,
    CONF_AUTH_TYPE,
    CONF_CLIENT_AUTH,
    CONF_CLIENT_ID,
    CONF_CLIENT_SECRET,
    CONF_EXPECTED_STATUS,
    CONF_LOGIN,
    CONF_MAX_TOKENS,
    CONF_METHOD,
    CONF_MODEL,
    CONF_NUM_CTX,
    CONF_REFRESH_TOKEN,
    CONF_SCOPE,
    CONF_SECRET,
    CONF_SYSTEM,
    CONF_THINKING,
    CONF_TOKEN_ENDPOINT,
    TYPE_OLLAMA,
)

from .form_fields import (
    ADDRESS_BOX,
    LINES_BOX,
    SECRET_BOX,
    drop_down,
    form_section,
    given_values,
    optional,
    put_texts,
)

SECTION_DETAILS: Final = "details"
SECTION_LIMITS: Final = "limits"
SECTION_OAUTH: Final = "oauth"
_CLOSEST: Final = 3

OAUTH: Final = "oauth"

AUTH_FIELDS: Final[Mapping[str, Mapping[str, str]]] = {
    "none": {},
    "api_key": {"api_key": CONF_SECRET},
    "bearer": {"token": CONF_SECRET},
    "basic": {"username": CONF_LOGIN, "password": CONF_SECRET},
    OAUTH: {
        "client_id": CONF_CLIENT_ID,
        "client_secret": CONF_CLIENT_SECRET,
        "refresh_token": CONF_REFRESH_TOKEN,
    },
}
"""For each way to show who we are: what the library calls a credential, and in which field of the entry it is."""

OAUTH_FIELDS: Final[Mapping[str, Any]] = {
    CONF_TOKEN_ENDPOINT: ADDRESS_BOX,
    CONF_CLIENT_ID: TextSelector(),
    CONF_CLIENT_SECRET: SECRET_BOX,
    CONF_REFRESH_TOKEN: SECRET_BOX,
    CONF_SCOPE: TextSelector(),
    CONF_CLIENT_AUTH: drop_down(["post", "basic"], translation_key="client_auth"),
}

CREDENTIALS: Final = frozenset({CONF_LOGIN, CONF_SECRET, *OAUTH_FIELDS})
HIDDEN: Final = frozenset({CONF_SECRET, CONF_CLIENT_SECRET, CONF_REFRESH_TOKEN})
"""What no form shows again; an empty box keeps it."""

DETAIL_FIELDS: Final[Mapping[str, Any]] = {CONF_API_KEY_HEADER: TextSelector()}

HTTP_FIELDS: Final[Mapping[str, Any]] = {
    CONF_METHOD: drop_down(["GET", "HEAD"]),
    CONF_EXPECTED_STATUS: drop_down(
        ["200", "201", "204", "301", "302", "401", "403", "404"], multiple=True, custom_value=True
    ),
}
"""What only an address of which nothing is known can be told."""

CONVERSATION: Final = frozenset({CONF_MODEL, CONF_SYSTEM, CONF_THINKING, CONF_MAX_TOKENS, CONF_NUM_CTX})
"""Who talks, and how: asked for once the models are known."""

_AUTH_BOX = drop_down(list(AUTH_FIELDS), translation_key="auth_type")


def auth_fields(auth_type: str) -> dict[vol.Marker, Any]:
    """The fields for authentication."""
    return {
        vol.Required(CONF_AUTH_TYPE, default=auth_type): _AUTH_BOX,
        vol.Optional(CONF_LOGIN): TextSelector(),
        vol.Optional(CONF_SECRET): SECRET_BOX,
    }


def oauth_section(auth_type: str) -> dict[vol.Marker, Any]:
    """The section with the OAuth fields, collapsed for everybody else."""
    folded = form_section(optional(OAUTH_FIELDS), is_open=auth_type == OAUTH)
    return {vol.Optional(SECTION_OAUTH): folded}


def model_schema(type_: str, offers: Sequence[str]) -> vol.Schema:
    """The form for model, system prompt and limits, with the models the partner offers."""
    limits: dict[vol.Marker, Any] = {
        vol.Optional(CONF_THINKING): drop_down(THINKING, translation_key=CONF_THINKING),
        vol.Optional(CONF_MAX_TOKENS): _tokens(CONF_MAX_TOKENS),
    }
    if type_ == TYPE_OLLAMA:
        limits[vol.Optional(CONF_NUM_CTX)] = _tokens(CONF_NUM_CTX)
    return vol.Schema(
        {
            vol.Optional(CONF_MODEL): drop_down(offers, custom_value=True) if offers else TextSelector(),
            vol.Optional(CONF_SYSTEM): LINES_BOX,
            vol.Optional(SECTION_LIMITS): form_section(limits),
        }
    )


def is_listed(model: str, partner: Identity) -> bool:
    """Whether the partner offers this model; True if its list is incomplete.

    Ollama adds `:latest` to a name without a tag.
    """
    if not isinstance(partner, Report) or not partner.offers or partner.offered > len(partner.offers):
        return True
    return model in partner.offers or f"{model}:latest" in partner.offers


def closest(model: str, offers: Sequence[str]) -> list[str]:
    """The most similar names, or the first ones if none is similar."""
    by_fold = {offer.casefold(): offer for offer in offers}
    found = get_close_matches(model.casefold(), list(by_fold), n=_CLOSEST, cutoff=0.5)
    return [by_fold[name] for name in found] or list(offers[:_CLOSEST])


def put_conversation(data: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The data with the values of the model form; empty ones are removed."""
    found = {**given, **given.get(SECTION_LIMITS, {})}
    texts = {name: found.get(name, "").strip() for name in (CONF_MODEL, CONF_SYSTEM, CONF_THINKING)}
    tokens = {name: int(found.get(name) or 0) for name in (CONF_MAX_TOKENS, CONF_NUM_CTX)}
    kept = {name: value for name, value in data.items() if name not in CONVERSATION}
    return kept | {name: value for name, value in {**texts, **tokens}.items() if value}


def suggested_conversation(data: Mapping[str, Any]) -> dict[str, Any]:
    """The suggested values of the model form."""
    found = given_values(data, *CONVERSATION)
    return {**found, SECTION_LIMITS: found}


def _tokens(field: str) -> NumberSelector:
    least, most = TOKENS[field]
    return NumberSelector(NumberSelectorConfig(min=least, max=most, mode=NumberSelectorMode.BOX))


def put_request(data: dict[str, Any], given: Mapping[str, Any]) -> None:
    """Store how an address is asked. Statuses become numbers; other text is kept, and refused by the library."""
    put_texts(data, given, CONF_METHOD)
    data.pop(CONF_EXPECTED_STATUS, None)
    if found := given.get(CONF_EXPECTED_STATUS):
        data[CONF_EXPECTED_STATUS] = [int(one) if one.strip().isdecimal() else one for one in found]


def suggested_request(data: Mapping[str, Any]) -> dict[str, Any]:
    """How an address is asked, with the expected statuses as text."""
    found = data.get(CONF_EXPECTED_STATUS)
    statuses = {CONF_EXPECTED_STATUS: [str(one) for one in found]} if found else {}
    return given_values(data, CONF_METHOD) | statuses
