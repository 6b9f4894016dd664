"""Maps the library's errors to form errors: which field, and which text.

Home Assistant shows an error above a field or a section, but none at a field inside a section. So such an error is
shown above the section, which is opened.
"""

from collections.abc import Mapping
from typing import Any, Final

import voluptuous as vol
from homeassistant.data_entry_flow import section

from bach_lib import Fault
from bach_lib.common_sentences import NOTHING_IS_THERE
from bach_lib.connectors.endpoint import check_endpoint
from bach_lib.errors import (
    InputError,
    InvalidEndpointError,
    InvalidValueError,
    MissingLibraryError,
    MissingSecretError,
    SecretNotFoundError,
    UnusableLibraryError,
)
from custom_components.bach.const import (
    CONF_API_KEY,
    CONF_API_KEY_HEADER,
    CONF_AUTH_TYPE,
    CONF_AUTHORIZATION,
    CONF_BODY,
    CONF_ENDPOINT,
    CONF_HEADERS,
    CONF_INCOMING_ADDRESSES,
    CONF_LOGIN,
    CONF_PASSWORD,
    CONF_REFRESH_TOKEN,
    CONF_SECRET,
    CONF_SENDER_TAG,
    CONF_TOKEN_ENDPOINT,
    CONF_URL,
    CONF_USERNAME,
)
from custom_components.bach.kinds.partner_forms import AUTH_FIELDS, HIDDEN, OAUTH, SECTION_OAUTH
from custom_components.bach.kinds.partners import PartnerKind
from custom_components.bach.kinds.platforms import Kind
from custom_components.bach.kinds.requirements import BY_HAND
from custom_components.bach.kinds.webhook import CONF_INCOMING_KEY, FIELD_ERRORS, WebhookKind

BASE: Final = "base"
NO_AUTH: Final = "none"

FAULT_ERRORS: Final = {
    "bad_answer": "bad_answer",
    "bad_request": "bad_answer",
    "dns": "dns",
    "forbidden": "forbidden",
    "gone": "bad_answer",
    MissingLibraryError.code: MissingLibraryError.code,
    BY_HAND: BY_HAND,
    "no_websocket": "no_websocket",
    "not_found": "bad_answer",
    "rate_limited": "rate_limited",
    "redirected": "bad_answer",
    "refused": "refused",
    "refused_call": "bad_answer",
    "server_error": "server_error",
    "timeout": "timeout",
    "tls": "tls",
    "unexpected_status": "bad_answer",
    UnusableLibraryError.code: UnusableLibraryError.code,
    "wrong_mode": "wrong_mode",
}
"""The text for each way in which a check can fail; `Kind.refused` and "cannot_connect" are the others."""

_OF_SERVER: Final = frozenset({"bad_answer", "cannot_connect", "dns", "no_websocket", "refused", "timeout", "tls"})
"""What another address would mend, where there is one of one's own."""

_HOOK_FIELDS: Final[Mapping[str, str]] = {
    "api_key": CONF_API_KEY,
    "api_key_header": CONF_API_KEY_HEADER,
    "authorization": CONF_AUTHORIZATION,
    "body": CONF_BODY,
    "headers": CONF_HEADERS,
    "incoming": "text_path",
    "incoming_addresses": CONF_INCOMING_ADDRESSES,
    "incoming_secret": CONF_INCOMING_KEY,
    "incoming_token": CONF_INCOMING_KEY,
    "old_secret": CONF_SECRET,
    "password": CONF_PASSWORD,
    "secret": CONF_SECRET,
    "settings.sender_tag": CONF_SENDER_TAG,
    "username": CONF_LOGIN,
    "url": CONF_URL,
}
"""In which box of the dialog for webhooks stands what the library calls so."""

type AnyKind = Kind | PartnerKind | WebhookKind


def of_fault(fault: Fault, kind: AnyKind, data: Mapping[str, Any]) -> tuple[str, str]:
    """Field and text for a failed check."""
    if fault.code == "auth_failed":
        return secret_field(kind), kind.refused
    error = FAULT_ERRORS.get(fault.code, "cannot_connect")
    address = CONF_URL if isinstance(kind, WebhookKind) else CONF_ENDPOINT
    return (address if error in _OF_SERVER and address in data else BASE), error


def of_endpoint(error: InvalidEndpointError, data: Mapping[str, Any]) -> tuple[str, str]:
    """Field and text for an invalid address."""
    needs_tokens = data.get(CONF_AUTH_TYPE) == OAUTH
    for field, missing in (
        (CONF_ENDPOINT, "http://none"),
        (CONF_TOKEN_ENDPOINT, "" if needs_tokens else "http://none"),
    ):
        try:
            check_endpoint(str(data.get(field, missing)))
        except InvalidEndpointError:
            return field, error.code
    return (CONF_ENDPOINT if CONF_ENDPOINT in data else CONF_URL), error.code


def of_value(error: InvalidValueError, kind: AnyKind) -> tuple[str, str]:
    """Field and text for an invalid value."""
    field = error.placeholders["field"].partition(",")[0]
    if isinstance(kind, WebhookKind):
        return _HOOK_FIELDS.get(field, BASE), FIELD_ERRORS.get(field, "invalid_value")
    if isinstance(kind, PartnerKind):  # a credential has another name there
        field = AUTH_FIELDS[kind.usual].get(field, field)
    if field == CONF_USERNAME and not (isinstance(kind, Kind) and CONF_USERNAME in kind.settings):
        return CONF_LOGIN, "invalid_value"  # of a credential; a Discord webhook has a setting of that name
    return field.removeprefix("settings."), "invalid_value"


def of_secret(error: InputError, kind: AnyKind) -> tuple[tuple[str, str], str]:
    """Field and text for an invalid credential, and the reason, without the library's name for its location."""
    is_missing = isinstance(error, MissingSecretError | SecretNotFoundError)
    reason = NOTHING_IS_THERE if is_missing else error.sentence
    return (_missing_field(error, kind) or secret_field(kind), kind.refused), reason


def _missing_field(error: InputError, kind: AnyKind) -> str | None:
    """The field of a partner's form for the credential that is missing."""
    if not isinstance(error, MissingSecretError) or not isinstance(kind, PartnerKind):
        return None
    return AUTH_FIELDS[kind.usual].get(error.placeholders["field"])


def secret_field(kind: AnyKind) -> str:
    """The field with the credential that a platform refuses."""
    match kind:
        case Kind():
            return kind.secret
        case PartnerKind():
            return CONF_REFRESH_TOKEN if kind.usual == OAUTH else CONF_SECRET
        case _:
            return CONF_URL


def contradiction(kind: AnyKind, user_input: Mapping[str, Any]) -> tuple[str, str] | None:
    """The error for a key that was typed although no authentication is chosen."""
    if not isinstance(kind, PartnerKind) or user_input.get(CONF_AUTH_TYPE) != NO_AUTH:
        return None
    given = {**user_input, **user_input.get(SECTION_OAUTH, {})}
    typed = any(str(given.get(field, "")).strip() for field in HIDDEN)
    return (CONF_AUTH_TYPE, "key_but_none") if typed else None


def placed(schema: vol.Schema, errors: Mapping[str, str]) -> dict[str, str]:
    """The errors at fields or sections that the form has; others above the whole form."""
    return {_place(schema, field): error for field, error in errors.items()}


def opened(schema: vol.Schema, errors: Mapping[str, str]) -> vol.Schema:
    """The schema with the sections opened that contain an error."""
    return vol.Schema(
        {
            marker: section(one.schema, {"collapsed": False})
            if isinstance(one, section) and str(marker) in errors
            else one
            for marker, one in schema.schema.items()
        }
    )


def _place(schema: vol.Schema, field: str) -> str:
    if field == CONF_LOGIN and field not in schema.schema and CONF_PASSWORD in schema.schema:
        return CONF_PASSWORD  # a form that asks for credentials alone has no user name
    for marker, one in schema.schema.items():
        if str(marker) == field or (isinstance(one, section) and field in {str(name) for name in one.schema.schema}):
            return str(marker)
    return BASE
