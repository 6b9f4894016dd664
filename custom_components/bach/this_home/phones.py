"""The companion apps that are registered here, and how each is reached.

All is looked up at the moment it is needed: phones come, go and are renamed without a restart, and a rename by the app
renames its action at once. `webhook_id` is a credential: whoever has it may act as the phone's user.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er

from .place_forms import PHONE, of_device

MOBILE_APP: Final = "mobile_app"


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """A companion app. `entity_id` and `action` are None where it has none: with a name twice, one has no action."""

    device_id: str
    name: str
    user_id: str
    is_apple: bool
    entity_id: str | None
    action: str | None
    webhook_id: str = field(repr=False)

    @property
    def recipient(self) -> str:
        """What it is called as a recipient."""
        return of_device(self.device_id)


@callback
def phones(hass: HomeAssistant) -> list[Phone]:
    """All that are registered and loaded."""
    actions = _actions(hass)
    return [
        phone
        for entry in hass.config_entries.async_loaded_entries(MOBILE_APP)
        for phone in _in_entry(hass, entry.entry_id, entry.data, actions)
    ]


@callback
def phone_at(hass: HomeAssistant, recipient: str) -> Phone | None:
    """The one that this recipient is, if it is there."""
    if not recipient.startswith(PHONE):
        return None
    device_id = recipient.removeprefix(PHONE)
    return next((one for one in phones(hass) if one.device_id == device_id), None)


@callback
def person_of(hass: HomeAssistant, user_id: str) -> str | None:
    """The name of the person who has this user."""
    states = hass.states.async_all("person")
    return next((one.name for one in states if one.attributes.get("user_id") == user_id), None)


def _in_entry(
    hass: HomeAssistant, entry_id: str, data: Mapping[str, object], actions: Mapping[str, str]
) -> Iterator[Phone]:
    known = (data.get("device_id"), data.get("user_id"), data.get("webhook_id"))
    if not all(isinstance(one, str) and one for one in known):
        return
    app_id, user_id, webhook_id = map(str, known)
    for device in dr.async_entries_for_config_entry(dr.async_get(hass), entry_id):
        if (MOBILE_APP, app_id) in device.identifiers:
            yield Phone(
                device_id=device.id,
                name=device.name_by_user or device.name or app_id,
                user_id=user_id,
                is_apple=str(data.get("manufacturer", "")).casefold() == "apple",
                entity_id=_entity_of(hass, device.id),
                action=actions.get(webhook_id),
                webhook_id=webhook_id,
            )


def _entity_of(hass: HomeAssistant, device_id: str) -> str | None:
    entities = er.async_entries_for_device(er.async_get(hass), device_id)
    return next((one.entity_id for one in entities if (one.domain, one.platform) == ("notify", MOBILE_APP)), None)


def _actions(hass: HomeAssistant) -> dict[str, str]:
    """The names of the notify actions, by webhook id. It is no public interface, so nothing is expected of it."""
    ours: object = hass.data.get(MOBILE_APP)
    service: object = ours.get("notify") if isinstance(ours, Mapping) else None
    targets: object = getattr(service, "registered_targets", None)
    found = targets.items() if isinstance(targets, Mapping) else ()
    return {hook: name for name, hook in found if isinstance(name, str) and isinstance(hook, str)}
