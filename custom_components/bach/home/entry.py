"""Maps a config entry to its row in the library's registry, and defines unique ids.

Credentials stay in the config entry: the row holds references to them only.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import CONF_TYPE
from homeassistant.core import HomeAssistant

from bach_lib import Connection
from bach_lib.connectors.webhook.claims import SENDER
from custom_components.bach.const import (
    CONF_ENDPOINT,
    CONF_INCOMING_SECRET,
    CONF_INCOMING_TOKEN,
    CONF_LOGIN,
    CONF_OWN_SECRET,
    CONF_PROXY_PASSWORD,
    CONF_PROXY_USER,
    CONF_RECIPIENT,
    CONF_SECRETS,
    CONF_SETTINGS,
    DOMAIN,
    SECRET_FIELDS,
    SETTING_FIELDS,
    SUBENTRY_RECIPIENT,
    TYPE_WEBHOOK,
)
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.kinds.form_fields import given_values
from custom_components.bach.kinds.others import is_other
from custom_components.bach.kinds.partner_forms import AUTH_FIELDS
from custom_components.bach.kinds.partners import PARTNERS, auth_type_of, type_of
from custom_components.bach.kinds.settings import OURS, whole

from .roles import allowed

_OURS = {CONF_LOGIN: "username"}
"""What the library calls a credential, where an entry has another name for it."""

REFERENCE_SCHEME = "entry"
"""References such as `entry:<entry id>/bot_token`, so that credentials stay in the config entry."""


def connection_name(entry: BachConfigEntry) -> str:
    """The name of the entry's row: stable for the account, and readable in logs.

    A connection without an account that could be recognised is named by the entry's id.
    """
    account = None if is_other(entry.data) else entry.unique_id  # what others call an account may be no part of a name
    return f"{type_of(entry.data)}_{account or entry.entry_id}"


def as_connection(entry: BachConfigEntry) -> Connection:
    """Build the entry's row."""
    row = connection(
        whole(entry),
        name=connection_name(entry),
        reference=lambda field: f"{REFERENCE_SCHEME}:{entry.entry_id}/{field}",
        allowed=allowed(entry.subentries.values()),
    )
    scheme = f"{REFERENCE_SCHEME}:{entry.entry_id}"
    proofs = {
        f"{SENDER}{one.data[CONF_RECIPIENT]}": f"{scheme}/{one.subentry_id}/{CONF_OWN_SECRET}"
        for one in proven_senders(entry)
    }
    return replace(row, auth_config={**row.auth_config, **proofs}) if proofs else row


def proven_senders(entry: BachConfigEntry) -> list[ConfigSubentry]:
    """The recipients of a webhook that authenticate with a secret of their own."""
    return [
        one
        for one in entry.subentries.values()
        if entry.data.get(CONF_TYPE, "") == TYPE_WEBHOOK
        and {CONF_INCOMING_SECRET, CONF_INCOMING_TOKEN} & entry.data.keys()
        and one.subentry_type == SUBENTRY_RECIPIENT
        and one.data.get(CONF_OWN_SECRET)
    ]


def connection(
    data: Mapping[str, Any], *, name: str, reference: Callable[[str], str], allowed: frozenset[str] = frozenset()
) -> Connection:
    """Build a row from entry data; `reference` makes the reference to a secret field."""
    of_proxy = {field: reference(field) for field in (CONF_PROXY_PASSWORD, CONF_PROXY_USER) if field in data}
    if is_other(data):
        return Connection(
            name=name,
            type=data[CONF_TYPE],
            endpoint=data.get(CONF_ENDPOINT),
            auth_config={name: reference(f"{CONF_SECRETS}/{name}") for name in data[CONF_SECRETS]} | of_proxy,
            allowed=allowed,
            settings={**data[CONF_SETTINGS], **given_values(data, *OURS)},
        )
    settings = {field: data[field] for field in SETTING_FIELDS if field in data}
    if (partner := PARTNERS.get(type_of(data))) is None:
        return Connection(
            name=name,
            type=type_of(data),
            endpoint=data.get(CONF_ENDPOINT),
            auth_config={_OURS.get(field, field): reference(field) for field in SECRET_FIELDS if field in data},
            allowed=allowed,
            settings=settings,
        )
    auth_type = auth_type_of(data, partner)
    return Connection(
        name=name,
        type=type_of(data),
        category=partner.category,
        endpoint=data.get(CONF_ENDPOINT),
        auth_type=auth_type,
        auth_config={ours: reference(field) for ours, field in AUTH_FIELDS.get(auth_type, {}).items() if field in data}
        | of_proxy,
        settings=settings,
    )


def connections(hass: HomeAssistant, *, include_disabled: bool = True) -> list[BachConfigEntry]:
    """All entries of ours. What a person has told Home Assistant to ignore is stored as an entry too, and is none."""
    return hass.config_entries.async_entries(DOMAIN, include_ignore=False, include_disabled=include_disabled)


def titles(hass: HomeAssistant) -> dict[str, str]:
    """The entry titles, by connection name."""
    return {connection_name(entry): entry.title for entry in connections(hass)}


def recipient_unique_id(recipient: str) -> str:
    """The unique id of a recipient's subentry; prefixed, since subentries of all types share one space."""
    return f"recipient_{recipient}"


def person_unique_id(recipient: str, sender_id: str) -> str:
    """The unique id of a person's subentry."""
    return f"person_{recipient}_{sender_id}"


def notify_unique_id(entry: BachConfigEntry, subentry_id: str) -> str:
    """The unique id of a recipient's notify entity."""
    return f"{entry.entry_id}_{subentry_id}"


def alert_unique_id(entry: BachConfigEntry, subentry_id: str, key: str) -> str:
    """The unique id of an entity of an alert."""
    return f"{entry.entry_id}_{subentry_id}_{key}"


def event_unique_id(entry: BachConfigEntry, subentry_id: str) -> str:
    """The unique id of a recipient's event entity."""
    return f"{entry.entry_id}_{subentry_id}_incoming"
