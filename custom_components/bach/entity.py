"""Base class, description and devices of all entities of a connection.

One place decides which device an entity belongs to and how its texts are found.
"""

from collections.abc import Callable, Container
from contextlib import suppress
from dataclasses import dataclass

from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.update_coordinator import CoordinatorEntity
from yarl import URL

from bach_lib import Report

from .const import CONF_LINK, DOMAIN, SUBENTRY_ALERT
from .coordinator import BachConfigEntry, BachCoordinator
from .kinds.partners import manufacturer_of, model_of
from .kinds.webhook import sends

_ALERT = "Alert"


def for_connectors(coordinator: BachCoordinator) -> bool:
    """Whether this is a chat connection, which has a queue and recipients."""
    return not coordinator.is_partner


def for_senders(coordinator: BachCoordinator) -> bool:
    """Whether messages can go out here: a webhook may only take what programs post."""
    return for_connectors(coordinator) and sends(coordinator.entry_data)


def for_partners(coordinator: BachCoordinator) -> bool:
    """Whether this is an AI partner, an MCP server or another API."""
    return coordinator.is_partner


@dataclass(frozen=True, kw_only=True)
class BachEntityDescription(EntityDescription):
    """Entity description with `exists_fn`: which connections have the entity.

    An entity is diagnostic unless its description says otherwise; its translation key is its key.
    """

    entity_category: EntityCategory | None = EntityCategory.DIAGNOSTIC
    exists_fn: Callable[[BachCoordinator], bool] = for_connectors

    def __post_init__(self) -> None:
        object.__setattr__(self, "translation_key", self.key)


class BachEntity(CoordinatorEntity[BachCoordinator]):
    """Base class of the entities of a connection."""

    _attr_has_entity_name = True

    def __init__(self, coordinator: BachCoordinator, description: EntityDescription) -> None:
        super().__init__(coordinator)
        entry = coordinator.config_entry
        self.entity_description = description
        self._attr_unique_id = f"{entry.entry_id}_{description.key}"
        self._attr_device_info = connection_device(entry)


def connection_device(entry: BachConfigEntry) -> DeviceInfo:
    """Device info of a connection."""
    return DeviceInfo(
        identifiers={(DOMAIN, entry.entry_id)},
        name=entry.title,
        manufacturer=manufacturer_of(entry.data),
        model=model_of(entry.data),
        entry_type=DeviceEntryType.SERVICE,
        configuration_url=_web_address(entry.data.get(CONF_LINK)),
    )


@callback
def async_follow_version(hass: HomeAssistant, entry: BachConfigEntry) -> None:
    """Let the device of a connection show what runs there, as soon as it says so."""

    @callback
    def follow() -> None:
        snapshot, device_id = entry.runtime_data.data, connection_device_id(hass, entry)
        report = snapshot.checked.result if snapshot.checked else None
        version = report.version if isinstance(report, Report) else snapshot.version
        device = dr.async_get(hass).async_get(device_id) if device_id else None
        if version and isinstance(device, dr.DeviceEntry) and device.sw_version != version:
            dr.async_get(hass).async_update_device(device.id, sw_version=version)

    follow()
    entry.async_on_unload(entry.runtime_data.async_add_listener(follow))


def _web_address(link: object) -> str | None:
    """The link if Home Assistant takes it; it comes from the platform, whose connector may be anybody's."""
    with suppress(ValueError):
        if isinstance(link, str) and (url := URL(link)).scheme in {"http", "https"} and url.host:
            return link
    return None


def recipient_device(hass: HomeAssistant, entry: BachConfigEntry, subentry: ConfigSubentry) -> DeviceInfo:
    """Device info of a recipient, via the device of its connection, which must exist already."""
    return DeviceInfo(
        identifiers={(DOMAIN, f"{entry.entry_id}_{subentry.subentry_id}")},
        name=subentry.title,
        manufacturer=manufacturer_of(entry.data),
        model=_ALERT if subentry.subentry_type == SUBENTRY_ALERT else model_of(entry.data),
        entry_type=DeviceEntryType.SERVICE,
        via_device_id=dr.async_get_device_id_by_identifier(
            hass, (DOMAIN, entry.entry_id), config_entry_id=entry.entry_id
        ),
    )


@callback
def connection_device_id(hass: HomeAssistant, entry: BachConfigEntry) -> str | None:
    """The registry id of a connection's device, if it exists."""
    return _device_id(hass, entry, entry.entry_id)


@callback
def recipient_device_id(hass: HomeAssistant, entry: BachConfigEntry, subentry_id: str) -> str | None:
    """The registry id of a recipient's device, if it exists."""
    return _device_id(hass, entry, f"{entry.entry_id}_{subentry_id}")


def _device_id(hass: HomeAssistant, entry: BachConfigEntry, key: str) -> str | None:
    with suppress(ValueError):
        return dr.async_get_device_id_by_identifier(hass, (DOMAIN, key), config_entry_id=entry.entry_id)
    return None


@callback
def async_keep_only(
    hass: HomeAssistant, entry: BachConfigEntry, platform: str, unique_ids: Container[str | None]
) -> None:
    """Remove a platform's registered entities that a changed connection no longer has."""
    registry = er.async_get(hass)
    for found in er.async_entries_for_config_entry(registry, entry.entry_id):
        if found.domain == platform and found.unique_id not in unique_ids:
            registry.async_remove(found.entity_id)
