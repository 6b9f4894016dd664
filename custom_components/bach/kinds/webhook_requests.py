"""Form section for the requests that a webhook sends: method, body, headers, credentials, signature.

Apart from `webhook` only because it is the larger half of the form.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

import voluptuous as vol
from homeassistant.helpers.selector import BooleanSelector, TextSelector

from bach_lib.connectors.webhook.posting import METHODS, BodyType
from bach_lib.connectors.webhook.signature import new_secret
from bach_lib.errors import InvalidValueError
from bach_lib.registry.secrets import can_be_shown
from custom_components.bach.const import (
    CONF_API_KEY,
    CONF_API_KEY_HEADER,
    CONF_AUTHORIZATION,
    CONF_BODY,
    CONF_BODY_TYPE,
    CONF_HEADERS,
    CONF_LOGIN,
    CONF_METHOD,
    CONF_OLD_SECRET,
    CONF_PASSWORD,
    CONF_SECRET,
)

from .form_fields import LINES_BOX, SECRET_BOX, drop_down, form_section, given_values, put_secret, put_value

CONF_BOTH_SIGN: Final = "both_sign"
CONF_SIGNS: Final = "signs"

CREDENTIALS: Final = (CONF_AUTHORIZATION, CONF_PASSWORD, CONF_API_KEY)
"""What an address may refuse, beside the signature; the rest of it is not secret."""

_USUAL_METHOD: Final = METHODS[0]
KEY_HEADER: Final = "X-API-Key"

REQUEST: Final[Mapping[vol.Marker, Any]] = {
    vol.Required(CONF_METHOD, default=_USUAL_METHOD): drop_down(METHODS),
    vol.Required(CONF_BODY_TYPE, default=BodyType.JSON.value): drop_down(
        [one.value for one in BodyType], translation_key=CONF_BODY_TYPE
    ),
    vol.Optional(CONF_BODY): LINES_BOX,
    vol.Optional(CONF_HEADERS): LINES_BOX,
}
"""How a request looks: what can be chosen without a change of the connection."""
_PROOF: Final[Mapping[vol.Marker, Any]] = {
    vol.Optional(CONF_AUTHORIZATION): SECRET_BOX,
    vol.Optional(CONF_LOGIN): TextSelector(),
    vol.Optional(CONF_PASSWORD): SECRET_BOX,
    vol.Optional(CONF_API_KEY_HEADER): TextSelector(),
    vol.Optional(CONF_API_KEY): SECRET_BOX,
    vol.Required(CONF_SIGNS, default=False): BooleanSelector(),
    vol.Optional(CONF_SECRET): SECRET_BOX,
    vol.Required(CONF_BOTH_SIGN, default=False): BooleanSelector(),
}
AUTHENTICATION: Final = form_section(_PROOF)
OUTGOING: Final = form_section({**REQUEST, **_PROOF})


def merge(data: dict[str, Any], given: Mapping[str, Any]) -> None:
    """Merge the section's input into entry data; an empty secret keeps the old one. Raises `InvalidValueError`."""
    if CONF_METHOD in given:
        merge_request(data, given)
    _log_in(data, given)
    _show_key(data, given)
    _sign(data, given)


def merge_request(data: dict[str, Any], given: Mapping[str, Any]) -> None:
    """Merge what is said of how a request looks. Raises `InvalidValueError`."""
    method, body_type = given[CONF_METHOD], given[CONF_BODY_TYPE]
    put_value(data, CONF_METHOD, method if method != _USUAL_METHOD else "")
    put_value(data, CONF_BODY_TYPE, body_type if body_type != BodyType.JSON and method != "GET" else "")
    put_value(data, CONF_BODY, _body(given.get(CONF_BODY, ""), body_type))
    put_value(data, CONF_HEADERS, _headers(given.get(CONF_HEADERS, "")))


def suggest(data: Mapping[str, Any]) -> dict[str, Any]:
    """The suggested values of the section; never secrets."""
    shown = given_values(data, CONF_LOGIN, CONF_API_KEY_HEADER)
    return shown | {CONF_SIGNS: CONF_SECRET in data, CONF_BOTH_SIGN: CONF_OLD_SECRET in data, **suggest_request(data)}


def suggest_request(data: Mapping[str, Any]) -> dict[str, Any]:
    """The suggested values of what a request looks like."""
    shown = given_values(data, CONF_METHOD, CONF_BODY_TYPE)
    if CONF_BODY in data:
        body = data[CONF_BODY]
        is_text = data.get(CONF_BODY_TYPE) == BodyType.TEXT
        shown[CONF_BODY] = body if is_text else json.dumps(body, indent=2, ensure_ascii=False)
    if CONF_HEADERS in data:
        shown[CONF_HEADERS] = "\n".join(f"{name}: {value}" for name, value in data[CONF_HEADERS].items())
    return shown


def _log_in(data: dict[str, Any], given: Mapping[str, Any]) -> None:
    """Store either the Authorization header or user name and password, whichever was typed last."""
    login = given.get(CONF_LOGIN, "").strip()
    put_value(data, CONF_LOGIN, login)
    put_secret(data, CONF_PASSWORD, given.get(CONF_PASSWORD))
    if login and not given.get(CONF_AUTHORIZATION, "").strip():
        data.pop(CONF_AUTHORIZATION, None)
        return
    put_secret(data, CONF_AUTHORIZATION, given.get(CONF_AUTHORIZATION))
    for field in (CONF_LOGIN, CONF_PASSWORD):
        data.pop(field, None)


def _show_key(data: dict[str, Any], given: Mapping[str, Any]) -> None:
    """Store the secret header; without a name it is removed, a new one gets the default name."""
    put_secret(data, CONF_API_KEY, given.get(CONF_API_KEY))
    name = given.get(CONF_API_KEY_HEADER, "").strip() or (KEY_HEADER if given.get(CONF_API_KEY, "").strip() else "")
    put_value(data, CONF_API_KEY_HEADER, name)
    if not name:
        data.pop(CONF_API_KEY, None)
    elif CONF_API_KEY not in data:
        raise InvalidValueError(field="api_key", value="", expected="the value of the header")
    check_key(data)


def check_key(data: Mapping[str, Any]) -> None:
    """Raise `InvalidValueError` for a value of the secret header that no header can carry."""
    if not can_be_shown(data.get(CONF_API_KEY, "")):
        raise InvalidValueError(field="api_key", value="***", expected="the value of the header")


def _sign(data: dict[str, Any], given: Mapping[str, Any]) -> None:
    """Store the signing secret; while it is being changed, the old one signs as well."""
    if not given[CONF_BOTH_SIGN]:
        data.pop(CONF_OLD_SECRET, None)
    if not given[CONF_SIGNS]:
        data.pop(CONF_SECRET, None)
        data.pop(CONF_OLD_SECRET, None)
        return
    now, new = data.get(CONF_SECRET), given.get(CONF_SECRET, "").strip()
    if now and given[CONF_BOTH_SIGN] and (new not in {"", now} or CONF_OLD_SECRET not in data):
        data[CONF_OLD_SECRET] = now
        data[CONF_SECRET] = new or new_secret()
    put_secret(data, CONF_SECRET, new)
    data.setdefault(CONF_SECRET, new_secret())


def _body(text: str, body_type: str) -> object:
    if body_type == BodyType.TEXT:
        return text.strip()
    try:
        return json.loads(text) if text.strip() else None
    except ValueError, RecursionError:
        raise InvalidValueError(field="body", value=text[:50], expected="JSON") from None


def _headers(text: str) -> dict[str, str]:
    """Parse one header per line."""
    headers: dict[str, str] = {}
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if line.strip() and (not colon or name.strip() in headers):
            raise InvalidValueError(field="headers", value="***", expected="one header a line, such as X-House: ours")
        if line.strip():
            headers[name.strip()] = value.strip()
    return headers
