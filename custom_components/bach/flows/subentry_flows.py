"""Which sub-entries a connection can have, and by which dialogs: recipients, people, bridges."""

from collections.abc import Mapping
from typing import Final

from homeassistant.config_entries import ConfigSubentryFlow
from homeassistant.const import CONF_TYPE
from homeassistant.core import callback

from custom_components.bach.const import (
    SUBENTRY_ALERT,
    SUBENTRY_BRIDGE,
    SUBENTRY_PEOPLE,
    SUBENTRY_PERSON,
    SUBENTRY_RECIPIENT,
    SUBENTRY_ROUTE,
    TYPE_DISCORD,
    TYPE_DISCORD_WEBHOOK,
    TYPE_HOMEASSISTANT,
    TYPE_NTFY,
    TYPE_ROUTES,
    TYPE_SIGNAL,
    TYPE_THIS_HOME,
    TYPE_WEBHOOK,
)
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.kinds.others import is_other
from custom_components.bach.kinds.partners import is_partner
from custom_components.bach.kinds.webhook import receives

from .alert_flow import AlertFlow
from .bridge import BridgeFlow
from .household import PeopleFlow
from .person import PersonFlow
from .recipient import RecipientFlow
from .recipient_discord import DiscordRecipientFlow, WebhookRecipientFlow
from .recipient_homeassistant import HomeRecipientFlow
from .recipient_ntfy import TopicFlow
from .recipient_other import MuteOtherRecipientFlow, OtherRecipientFlow
from .recipient_signal import SignalRecipientFlow
from .recipient_this_home import PlaceFlow
from .recipient_webhook import HookRecipientFlow, MuteHookRecipientFlow
from .route import RouteFlow
from .unknown_kind import ClosedFlow, is_closed

RECIPIENT_FLOWS: Final[Mapping[str, type[ConfigSubentryFlow]]] = {
    TYPE_DISCORD: DiscordRecipientFlow,
    TYPE_DISCORD_WEBHOOK: WebhookRecipientFlow,
    TYPE_HOMEASSISTANT: HomeRecipientFlow,
    TYPE_NTFY: TopicFlow,
    TYPE_SIGNAL: SignalRecipientFlow,
    TYPE_THIS_HOME: PlaceFlow,
}
"""How recipients are found where it is not "write to the account"."""

WITHOUT_PEOPLE: Final = frozenset({TYPE_DISCORD_WEBHOOK, TYPE_HOMEASSISTANT, TYPE_NTFY})
"""Whose recipients are no groups in which several people write."""


@callback
def subentry_flows(entry: BachConfigEntry) -> dict[str, type[ConfigSubentryFlow]]:
    """The dialogs of a connection's type."""
    flows = _flows(entry)
    if is_closed(entry) or is_partner(entry) or entry.data[CONF_TYPE] == TYPE_THIS_HOME or not receives(entry.data):
        return flows
    return {**flows, SUBENTRY_BRIDGE: BridgeFlow}


@callback
def _flows(entry: BachConfigEntry) -> dict[str, type[ConfigSubentryFlow]]:
    if is_closed(entry):
        return {SUBENTRY_RECIPIENT: ClosedFlow, SUBENTRY_PERSON: ClosedFlow}
    if is_partner(entry):  # nobody is written to through it
        return {}
    if entry.data[CONF_TYPE] == TYPE_ROUTES:
        return {SUBENTRY_ROUTE: RouteFlow, SUBENTRY_ALERT: AlertFlow}  # the first is begun with the entry
    recipient_flow = RECIPIENT_FLOWS.get(entry.data[CONF_TYPE], RecipientFlow)
    if is_other(entry.data):
        if not receives(entry.data):
            return {SUBENTRY_RECIPIENT: MuteOtherRecipientFlow}
        return {SUBENTRY_RECIPIENT: OtherRecipientFlow, SUBENTRY_PERSON: PersonFlow}
    if entry.data[CONF_TYPE] == TYPE_THIS_HOME:
        return {SUBENTRY_RECIPIENT: recipient_flow, SUBENTRY_PEOPLE: PeopleFlow}
    if entry.data[CONF_TYPE] in WITHOUT_PEOPLE:
        return {SUBENTRY_RECIPIENT: recipient_flow}
    if entry.data[CONF_TYPE] == TYPE_WEBHOOK:  # who posts says who it is, so nobody is in a group
        return {SUBENTRY_RECIPIENT: HookRecipientFlow if receives(entry.data) else MuteHookRecipientFlow}
    return {SUBENTRY_RECIPIENT: recipient_flow, SUBENTRY_PERSON: PersonFlow}
