"""Webhooks: the forms to send, to receive, or both, and the entry data made from them.

Secrets that people do not bring are generated here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Any, Final

import voluptuous as vol
from homeassistant.components.webhook import async_generate_id
from homeassistant.const import CONF_TYPE
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
    SelectSelector,
    SelectSelectorConfig,
    TextSelector,
)

from bach_lib.connectors.endpoint import same_place
from bach_lib.connectors.webhook.networks import LOCAL
from bach_lib.connectors.webhook.proofs import ADDRESS
from bach_lib.connectors.webhook.senders import SENDERS
from bach_lib.connectors.webhook.signature import new_secret
from bach_lib.connectors.webhook.template import PLACES
from bach_lib.errors import InvalidValueError
from custom_components.bach.const import (
    CONF_API_KEY,
    CONF_API_KEY_HEADER,
    CONF_AUTHORIZATION,
    CONF_INCOMING,
    CONF_INCOMING_ADDRESSES,
    CONF_INCOMING_FROM,
    CONF_INCOMING_PROOF,
    CONF_INCOMING_SECRET,
    CONF_INCOMING_TOKEN,
    CONF_LOGIN,
    CONF_PASSWORD,
    CONF_RECEIVES,
    CONF_SECRET,
    CONF_URL,
    CONF_WEBHOOK_ID,
    TYPE_DISCORD_WEBHOOK,
    TYPE_ROUTES,
    TYPE_WEBHOOK,
)
from custom_components.bach.coordinator import BachConfigEntry

from . import webhook_requests as outgoing
from .form_fields import LINES_BOX, SECRET_BOX, drop_down, form_section, put_secret, put_value

CONF_INCOMING_KEY: Final = "incoming_key"
CONF_IN_ADDRESS: Final = "token_in_address"
CONF_TAKES: Final = "takes"
SECTION_INCOMING: Final = "incoming"
SECTION_OUTGOING: Final = "outgoing"

TAKES: Final[Mapping[str, str]] = {"token": CONF_INCOMING_TOKEN, "signature": CONF_INCOMING_SECRET}
"""For each way in which others prove that they may post: the field of the entry with what they need for that."""
NOTHING: Final = "nothing"
MADE: Final = (CONF_SECRET, CONF_INCOMING_TOKEN, CONF_INCOMING_SECRET)
"""What is made for a person who does not bring any, and shown once."""

FIELD_ERRORS: Final[Mapping[str, str]] = {
    "api_key": "invalid_key_header",
    "api_key_header": "invalid_key_header",
    "authorization": "invalid_authorization",
    "body": "invalid_body",
    "headers": "invalid_headers",
    "incoming": "invalid_paths",
    "incoming_addresses": "invalid_addresses",
    "incoming_secret": "weak_secret",
    "incoming_token": "weak_secret",
    "old_secret": "weak_secret",
    "password": "invalid_login",
    "secret": "weak_secret",
    "username": "invalid_login",
    "neither": "hook_neither",
    "url": "invalid_url",
}
"""What to say about what the library does not take."""

_PATHS: Final[Mapping[str, str]] = {f"{name}_path": name for name in ("each", "text", "sender", "id", "recipient")}
_MANY: Final = ("text_path", "id_path")
"""What may stand in several places."""
_TOKEN_BYTES: Final = 32

INCOMING: Final = form_section(
    {
        vol.Required(CONF_TAKES, default=NOTHING): SelectSelector(
            SelectSelectorConfig(options=[NOTHING, *TAKES], translation_key="takes")
        ),
        vol.Optional(CONF_INCOMING_KEY): SECRET_BOX,
        vol.Optional(CONF_INCOMING_FROM): drop_down(list(SENDERS), translation_key=CONF_INCOMING_FROM),
        vol.Required(CONF_IN_ADDRESS, default=False): BooleanSelector(),
        vol.Optional(CONF_INCOMING_ADDRESSES): SelectSelector(
            SelectSelectorConfig(
                options=[LOCAL], multiple=True, custom_value=True, translation_key="incoming_addresses"
            )
        ),
        **{vol.Optional(field): LINES_BOX if field in _MANY else TextSelector() for field in _PATHS},
    },
    is_open=True,
)


@dataclass(frozen=True, slots=True)
class WebhookKind:
    """The webhook type. It has no account that could be recognised again. `is_heard`: others may post to it."""

    model: str = "Webhook"
    refused: str = "refused_hook"
    place: str | None = None
    is_heard: bool = True

    @property
    def schema(self) -> vol.Schema:
        """The form with all fields, for new and changed connections."""
        return vol.Schema(
            {
                vol.Optional(CONF_URL): SECRET_BOX,
                vol.Required(SECTION_OUTGOING): outgoing.OUTGOING,
                vol.Required(SECTION_INCOMING): INCOMING,
            }
        )

    @property
    def reconfigure_schema(self) -> vol.Schema:
        """The form for a changed connection, closed where nothing is set. How a request looks is an option."""
        return vol.Schema(
            {
                vol.Optional(CONF_URL): SECRET_BOX,
                vol.Required(SECTION_OUTGOING): outgoing.AUTHENTICATION,
                vol.Required(SECTION_INCOMING): section(INCOMING.schema, {"collapsed": not self.is_heard}),
            }
        )

    @property
    def placeholders(self) -> dict[str, str]:
        """Placeholders for the texts, with the names a body template can use."""
        return {"portal": "", "portal_url": "", "places": ", ".join(PLACES)}

    @property
    def reauth_schema(self) -> vol.Schema:
        """The form for credentials that the address refused."""
        return vol.Schema({vol.Optional(field): SECRET_BOX for field in (CONF_URL, *outgoing.CREDENTIALS, CONF_SECRET)})

    def merge(self, old: Mapping[str, Any], user_input: Mapping[str, Any]) -> dict[str, Any]:
        """Merge form input into entry data; an empty secret keeps the old one. Raises `InvalidValueError`."""
        data = dict(old)
        put_secret(data, CONF_URL, user_input.get(CONF_URL))
        if SECTION_OUTGOING not in user_input:  # the form that asks for credentials alone
            for field in (*outgoing.CREDENTIALS, CONF_SECRET):
                put_secret(data, field, user_input.get(field))
            outgoing.check_key(data)
            if CONF_API_KEY in data:
                data.setdefault(CONF_API_KEY_HEADER, outgoing.KEY_HEADER)
            if user_input.get(CONF_AUTHORIZATION, "").strip():  # in the place of a user name
                for field in (CONF_LOGIN, CONF_PASSWORD):
                    data.pop(field, None)
            return data
        outgoing.merge(data, user_input[SECTION_OUTGOING])
        _merge_incoming(data, user_input[SECTION_INCOMING])
        if CONF_URL not in data and not receives(data):
            field = "url" if CONF_URL in user_input else "neither"
            raise InvalidValueError(field=field, value="", expected="an address, or a way to post here")
        return data

    def suggest(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """The suggested values of the form; never secrets."""
        paths = data.get(CONF_INCOMING, {})
        incoming = {
            CONF_TAKES: next((way for way, field in TAKES.items() if field in data), NOTHING),
            CONF_IN_ADDRESS: ADDRESS in data.get(CONF_INCOMING_PROOF, ()),
            CONF_INCOMING_ADDRESSES: data.get(CONF_INCOMING_ADDRESSES, [] if CONF_WEBHOOK_ID in data else [LOCAL]),
            **{field: _written(paths[name]) for field, name in _PATHS.items() if name in paths},
        }
        if CONF_INCOMING_FROM in data:
            incoming[CONF_INCOMING_FROM] = data[CONF_INCOMING_FROM]
        return {SECTION_OUTGOING: outgoing.suggest(data), SECTION_INCOMING: incoming}


WEBHOOK: Final = WebhookKind()


def sends(data: Mapping[str, Any]) -> bool:
    """Whether a connection with this data can send."""
    return data.get(CONF_TYPE) != TYPE_WEBHOOK or CONF_URL in data


def receives(data: Mapping[str, Any]) -> bool:
    """Whether a connection with this data can receive."""
    if data.get(CONF_TYPE) == TYPE_WEBHOOK:
        return any(field in data for field in TAKES.values())
    if CONF_RECEIVES in data:  # of another package, which says so itself
        return bool(data[CONF_RECEIVES])
    return data.get(CONF_TYPE) not in {TYPE_DISCORD_WEBHOOK, TYPE_ROUTES}


def made(old: Mapping[str, Any], user_input: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, str]:
    """The secrets in the data that were generated just now, and not typed."""
    typed = {
        str(given.get(field, "")).strip()
        for given, field in (
            (user_input, CONF_SECRET),
            (user_input.get(SECTION_OUTGOING, {}), CONF_SECRET),
            (user_input.get(SECTION_INCOMING, {}), CONF_INCOMING_KEY),
        )
    }
    return {field: data[field] for field in MADE if field in data and data[field] not in {old.get(field), *typed}}


def is_same_address(entry: BachConfigEntry, data: Mapping[str, Any]) -> bool:
    """Whether another entry sends to the same address."""
    address = entry.data.get(CONF_URL)
    if entry.data.get(CONF_TYPE) != TYPE_WEBHOOK or not isinstance(address, str) or CONF_URL not in data:
        return False
    return same_place(address) == same_place(data[CONF_URL])


def _merge_incoming(data: dict[str, Any], given: Mapping[str, Any]) -> None:
    wanted = TAKES.get(given[CONF_TAKES])
    for field in TAKES.values():
        if field != wanted:
            data.pop(field, None)
    if wanted:
        put_secret(data, wanted, given.get(CONF_INCOMING_KEY))
        data.setdefault(wanted, token_urlsafe(_TOKEN_BYTES) if wanted == CONF_INCOMING_TOKEN else new_secret())
        data.setdefault(CONF_WEBHOOK_ID, async_generate_id())
    put_value(data, CONF_INCOMING_ADDRESSES, [one.strip() for one in given.get(CONF_INCOMING_ADDRESSES, ())])
    put_value(data, CONF_INCOMING_FROM, given.get(CONF_INCOMING_FROM))
    put_value(data, CONF_INCOMING_PROOF, [ADDRESS] if given[CONF_IN_ADDRESS] else [])
    found = {name: _paths(given.get(field, "")) for field, name in _PATHS.items()}
    put_value(data, CONF_INCOMING, {name: paths for name, paths in found.items() if paths})


def _paths(text: str) -> str | list[str]:
    """One path, or a list if there are several lines."""
    paths = [line.strip() for line in text.splitlines() if line.strip()]
    return paths if len(paths) > 1 else "".join(paths)


def _written(paths: str | list[str]) -> str:
    return paths if isinstance(paths, str) else "\n".join(paths)
