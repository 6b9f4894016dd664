"""The form *Options* of each kind of connection, and the options made from it.

Two or three fields first, the rest in sections. An empty field means what is usual; numbers are stored only where
somebody has chosen them.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import voluptuous as vol
from homeassistant.const import CONF_TYPE
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    ObjectSelector,
    TextSelector,
)

from bach_lib.connectors.network_way import FAMILIES
from bach_lib.connectors.proxy import apart, is_same_place
from bach_lib.errors import InvalidValueError
from bach_lib.models import Category
from custom_components.bach.const import (
    CONF_AVATAR_URL,
    CONF_BREAKER_FAILURES,
    CONF_BREAKER_SECONDS,
    CONF_DELAYED_MINUTES,
    CONF_FILE_MEGABYTES,
    CONF_GATHERING,
    CONF_HOLIDAYS,
    CONF_INBOX_MEGABYTES,
    CONF_IP_FAMILY,
    CONF_KEEP_DAYS,
    CONF_MAX_RETRIES,
    CONF_MAX_WAITING,
    CONF_PER_MINUTE,
    CONF_PROXY,
    CONF_PROXY_FORGET,
    CONF_PROXY_PASSWORD,
    CONF_PROXY_USER,
    CONF_QUIET_HOURS,
    CONF_QUIET_START,
    CONF_RECEIVING,
    CONF_RETRY_DELAYS,
    CONF_SENDER_TAG,
    CONF_USERNAME,
    TYPE_HTTP,
    TYPE_THIS_HOME,
    TYPE_WEBHOOK,
)

from . import webhook_requests as outgoing
from .form_fields import ADDRESS_BOX, drop_down, form_section, given_values, optional, put_texts, put_value
from .gathering_forms import shown_gathering, stored_gathering
from .own_home import OwnHomeKind
from .partner_forms import (
    CONVERSATION,
    HTTP_FIELDS,
    model_schema,
    put_conversation,
    put_request,
    suggested_conversation,
    suggested_request,
)
from .partners import ALL_KINDS, PARTNERS
from .platforms import Kind
from .quiet_forms import shown_holidays, shown_quiet_hours, stored_holidays, stored_quiet_hours
from .webhook import SECTION_OUTGOING, receives, sends

SECTION_AMOUNTS: Final = "amounts"
SECTION_NETWORK: Final = "network"
SECTION_RETRIES: Final = "retries"

_MOST: Final[Mapping[str, tuple[int, int, str | None]]] = {
    CONF_MAX_RETRIES: (0, 100, None),
    CONF_BREAKER_FAILURES: (1, 1_000, None),
    CONF_BREAKER_SECONDS: (1, 86_400, "s"),
    CONF_PER_MINUTE: (1, 100_000, None),
    CONF_DELAYED_MINUTES: (1, 10_080, "min"),
    CONF_MAX_WAITING: (1, 1_000_000, None),
    CONF_FILE_MEGABYTES: (1, 1_000_000, "MB"),
    CONF_KEEP_DAYS: (1, 3_650, "d"),
    CONF_INBOX_MEGABYTES: (1, 1_000_000, "MB"),
}
"""The least and the most of each number, as the library takes it, and its unit."""
_OF_RETRIES: Final = (CONF_MAX_RETRIES, CONF_BREAKER_FAILURES, CONF_BREAKER_SECONDS)
_OF_SENDING: Final = (CONF_PER_MINUTE, CONF_DELAYED_MINUTES, CONF_MAX_WAITING, CONF_FILE_MEGABYTES)
_OF_RECEIVING: Final = (CONF_INBOX_MEGABYTES,)
_SWITCHES: Final[Mapping[str, bool]] = {CONF_RECEIVING: True, CONF_QUIET_START: False}
"""How each stands where nobody has touched it."""


def option_schema(
    data: Mapping[str, Any], waits: Mapping[str, ObjectSelector], offers: Sequence[str] = ()
) -> vol.Schema:
    """The form for a connection with this data; `waits`: why messages wait; `offers`: the models of an AI partner.

    No section has a default: the frontend would take that for what stands in it, and show and keep nothing else.
    """
    return vol.Schema(
        {
            **_first(data, offers),
            **(optional(dict(waits)) if has_quiet_hours(data) else {}),
            **({} if data[CONF_TYPE] in PARTNERS else _of_messages(data)),
            **_of_network(data),
        }
    )


def has_quiet_hours(data: Mapping[str, Any]) -> bool:
    """Whether somebody may be woken by what goes through a connection."""
    return data[CONF_TYPE] not in PARTNERS and sends(data)


def suggested_options(data: Mapping[str, Any]) -> dict[str, Any]:
    """What the form shows of a connection with this data."""
    delays = {CONF_RETRY_DELAYS: ", ".join(f"{one:g}" for one in data[CONF_RETRY_DELAYS])} if _delays(data) else {}
    return {
        **given_values(data, CONF_SENDER_TAG, CONF_USERNAME, CONF_AVATAR_URL),
        **suggested_conversation(data),
        **suggested_request(data),
        CONF_QUIET_HOURS: shown_quiet_hours(data.get(CONF_QUIET_HOURS)),
        CONF_HOLIDAYS: shown_holidays(data.get(CONF_HOLIDAYS)),
        CONF_GATHERING: shown_gathering(data.get(CONF_GATHERING)),
        **{name: data.get(name, usual) for name, usual in _SWITCHES.items()},
        SECTION_OUTGOING: outgoing.suggest_request(data),
        SECTION_RETRIES: given_values(data, *_OF_RETRIES) | delays,
        SECTION_AMOUNTS: given_values(data, *_OF_SENDING, CONF_KEEP_DAYS, *_OF_RECEIVING),
        SECTION_NETWORK: given_values(data, CONF_PROXY, CONF_IP_FAMILY),
    }


def put_options(data: Mapping[str, Any], given: Mapping[str, Any], zone: str) -> dict[str, Any]:
    """The data with what was filled in; `zone`: of the home. Raises `InvalidValueError`."""
    found = dict(data)
    if has_quiet_hours(data):
        quiet = stored_quiet_hours(given.get(CONF_QUIET_HOURS, []), data.get(CONF_QUIET_HOURS), zone)
        put_value(found, CONF_QUIET_HOURS, quiet)
        put_value(found, CONF_HOLIDAYS, stored_holidays(given.get(CONF_HOLIDAYS, [])))
        put_value(found, CONF_GATHERING, stored_gathering(given.get(CONF_GATHERING, []), zone))
    if _is_ai(data):
        found = put_conversation(found, given)
    elif data[CONF_TYPE] == TYPE_HTTP:
        put_request(found, given)
    elif data[CONF_TYPE] not in PARTNERS:
        _put_messages(found, given)
    _put_network(found, given.get(SECTION_NETWORK, {}))
    return found


def _put_network(data: dict[str, Any], given: Mapping[str, Any]) -> None:
    """A proxy's user and password stay with it: no other proxy is shown them."""
    old, typed = data.get(CONF_PROXY, ""), apart(given.get(CONF_PROXY, ""))
    put_texts(data, {**given, CONF_PROXY: typed.address}, CONF_PROXY, CONF_IP_FAMILY)
    if typed.user or given.get(CONF_PROXY_FORGET) or not is_same_place(old, typed.address):
        put_value(data, CONF_PROXY_USER, typed.user)
        put_value(data, CONF_PROXY_PASSWORD, typed.password)


def _put_messages(data: dict[str, Any], given: Mapping[str, Any]) -> None:
    put_texts(data, given, CONF_SENDER_TAG, *_names(data))
    for name, usual in _SWITCHES.items():
        data.pop(name, None)
        if given.get(name, usual) is not usual:
            data[name] = not usual
    if data[CONF_TYPE] == TYPE_WEBHOOK and sends(data):
        outgoing.merge_request(data, given.get(SECTION_OUTGOING, {}))
    numbers = {**given.get(SECTION_RETRIES, {}), **given.get(SECTION_AMOUNTS, {})}
    for name in _MOST:
        data.pop(name, None)
        if (number := numbers.get(name)) is not None:
            data[name] = int(number)
    put_value(data, CONF_RETRY_DELAYS, _typed_delays(numbers.get(CONF_RETRY_DELAYS, "")))


def _first(data: Mapping[str, Any], offers: Sequence[str]) -> dict[vol.Marker, Any]:
    """The fields that a person sees at once."""
    if _is_ai(data):
        return dict(model_schema(data[CONF_TYPE], offers).schema)
    if data[CONF_TYPE] == TYPE_HTTP:
        return optional(HTTP_FIELDS)
    if data[CONF_TYPE] in PARTNERS:
        return {}
    first: dict[vol.Marker, Any] = optional({CONF_SENDER_TAG: TextSelector()}) if sends(data) else {}
    if _names(data):
        first |= optional({CONF_USERNAME: TextSelector(), CONF_AVATAR_URL: ADDRESS_BOX})
    if not receives(data):
        return first
    lies_there = data[CONF_TYPE] not in {TYPE_THIS_HOME, TYPE_WEBHOOK}  # what comes while nobody listens is lost
    switches = _SWITCHES if lies_there else {CONF_RECEIVING: True}
    return first | {vol.Required(name, default=usual): BooleanSelector() for name, usual in switches.items()}


def _of_messages(data: Mapping[str, Any]) -> dict[vol.Marker, Any]:
    """The sections about messages that go out, and about those that come in."""
    found: dict[vol.Marker, Any] = {}
    amounts = [CONF_KEEP_DAYS]
    if sends(data):
        if data[CONF_TYPE] == TYPE_WEBHOOK:
            found[vol.Optional(SECTION_OUTGOING)] = form_section(outgoing.REQUEST)
        retries = {CONF_RETRY_DELAYS: TextSelector(), **{name: _number(name) for name in _OF_RETRIES}}
        found[vol.Optional(SECTION_RETRIES)] = form_section(optional(retries))
        amounts = [*_OF_SENDING, *amounts]
    amounts += _OF_RECEIVING if receives(data) else ()
    boxes = optional({name: _number(name) for name in amounts})
    return {**found, vol.Optional(SECTION_AMOUNTS): form_section(boxes)}


def _of_network(data: Mapping[str, Any]) -> dict[vol.Marker, Any]:
    """The section about the way there; this home is here."""
    if isinstance(ALL_KINDS.get(data[CONF_TYPE]), OwnHomeKind):
        return {}
    forget = {CONF_PROXY_FORGET: BooleanSelector()} if CONF_PROXY_USER in data else {}
    boxes = optional({CONF_PROXY: ADDRESS_BOX, **forget, CONF_IP_FAMILY: _FAMILY_BOX})
    return {vol.Optional(SECTION_NETWORK): form_section(boxes)}


def _names(data: Mapping[str, Any]) -> tuple[str, ...]:
    """Under what a connection writes, where it can choose that."""
    kind = ALL_KINDS.get(data[CONF_TYPE])
    return tuple(kind.settings) if isinstance(kind, Kind) else ()


def _is_ai(data: Mapping[str, Any]) -> bool:
    partner = PARTNERS.get(data[CONF_TYPE])
    return partner is not None and partner.category is Category.AI


def _delays(data: Mapping[str, Any]) -> bool:
    return bool(data.get(CONF_RETRY_DELAYS))


def _typed_delays(text: str) -> list[int]:
    """Seconds, with commas or blanks between them. Raises `InvalidValueError`."""
    words = text.replace(",", " ").split()
    if not all(word.isdecimal() and len(word) <= 6 for word in words):
        raise InvalidValueError(field=f"settings.{CONF_RETRY_DELAYS}", value=text[:50], expected="30, 60, 120")
    return [int(word) for word in words]


def _number(field: str) -> NumberSelector:
    least, most, unit = _MOST[field]
    config = NumberSelectorConfig(min=least, max=most, step=1, mode=NumberSelectorMode.BOX)
    if unit:
        config["unit_of_measurement"] = unit
    return NumberSelector(config)


_FAMILY_BOX: Final = drop_down(list(FAMILIES), translation_key=CONF_IP_FAMILY)

EXAMPLES: Final = {
    "http_proxy": "`http://proxy.local:3128`",
    "socks_proxy": "`socks5h://proxy.local:1080`",
    "with_login": "`socks5h://user:password@proxy.local:1080`",
}
"""What the form's texts are filled with; as code, or the frontend makes links of them, and of one an e-mail."""

DECIDED_THERE: Final = frozenset(
    {*CONVERSATION, *HTTP_FIELDS, CONF_PROXY, CONF_PROXY_PASSWORD, CONF_PROXY_USER, CONF_IP_FAMILY}
)
"""Of these only an answer tells whether they are right."""
