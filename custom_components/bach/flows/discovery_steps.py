"""Config flow steps that begin with what announces itself: another Home Assistant in the same network.

Anybody in that network can announce anything, and a token goes to the address that is kept. So an announcement fills in
an address only for a person to look at, and moves a connection only from one numeric address without TLS to another,
while nobody answers at the old one: whoever could abuse that could already answer there (ADR 0105).
"""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Final, override
from urllib.parse import SplitResult, urlsplit

from homeassistant.config_entries import SOURCE_REAUTH, SOURCE_RECONFIGURE, ConfigEntryState, ConfigFlowResult
from homeassistant.const import CONF_TYPE
from homeassistant.helpers import instance_id
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo

from bach_lib import ConnectionState
from custom_components.bach.const import CONF_ENDPOINT, CONF_HOME_ID, CONF_LINK, TYPE_HOMEASSISTANT
from custom_components.bach.coordinator import BachConfigEntry

from .platform_steps import PlatformSteps
from .signal_app import signal_app

_PORTS: Final = {"http": 80, "https": 443}

type Place = tuple[str, int | None]


class DiscoverySteps(PlatformSteps):
    """Mixin with the steps for what announces itself."""

    def __init__(self) -> None:
        super().__init__()
        self._discovered: dict[str, Any] = {}

    @property
    def _changes(self) -> bool:
        """Whether the flow changes an entry, and does not make one."""
        return self.source in {SOURCE_REAUTH, SOURCE_RECONFIGURE}

    @override
    async def async_step_signal(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for a Signal number, with the address of Signal's app filled in where Home Assistant has it as one."""
        if user_input is None and (address := signal_app(self.hass)):
            self._discovered = {CONF_ENDPOINT: address}
        return await super().async_step_signal(user_input)

    @override
    async def async_step_zeroconf(self, discovery_info: ZeroconfServiceInfo) -> ConfigFlowResult:
        """Offer another Home Assistant, unless it is this one, is known already, or somebody wants to hear no more."""
        home_id = str(discovery_info.properties.get("uuid") or "")
        if home_id in {"", await instance_id.async_get(self.hass)} or not discovery_info.port:
            return self.async_abort(reason="own_home")
        await self.async_set_unique_id(home_id)
        self._abort_if_unique_id_configured()  # somebody wants to hear no more of it
        for entry in self._async_current_entries(include_ignore=False):
            if entry.data.get(CONF_TYPE) == TYPE_HOMEASSISTANT and _is_known(entry, home_id, discovery_info):
                _follow(self, entry, home_id, discovery_info)
                return self.async_abort(reason="already_configured")
        self._discovered = {CONF_ENDPOINT: _address(discovery_info), CONF_HOME_ID: home_id}
        self.context["title_placeholders"] = {"name": str(discovery_info.properties.get("location_name") or home_id)}
        return await self.async_step_homeassistant()

    @abstractmethod
    def _entry_data(self) -> Mapping[str, Any]:
        """What the dialog began with."""

    def _forget_other_home(self, data: dict[str, Any]) -> None:
        """Take the id out of the data if another address was typed than the one that belongs to it."""
        if data.get(CONF_ENDPOINT) != self._entry_data().get(CONF_ENDPOINT):
            data.pop(CONF_HOME_ID, None)


def _is_known(entry: BachConfigEntry, home_id: str, told: ZeroconfServiceInfo) -> bool:
    """Whether a connection leads to the home that announces itself: by its id, once that is known."""
    known = entry.data.get(CONF_HOME_ID)
    return known == home_id if known else _place(entry.data.get(CONF_ENDPOINT, "")) in set(_places(told))


def _follow(flow: DiscoverySteps, entry: BachConfigEntry, home_id: str, told: ZeroconfServiceInfo) -> None:
    """Note the id of a home, and the new address of one that has moved."""
    data = {**entry.data, CONF_HOME_ID: home_id}
    if _may_move(entry, told):
        data |= {CONF_ENDPOINT: _numeric(told), CONF_LINK: _numeric(told)}
    elif entry.state is ConfigEntryState.LOADED:
        entry.runtime_data.entry_data = data  # the connection is the same: it need not log in anew
    flow.hass.config_entries.async_update_entry(entry, data=data)


def _may_move(entry: BachConfigEntry, told: ZeroconfServiceInfo) -> bool:
    """Whether the announced address may take the place of the one that is kept."""
    is_loaded = entry.state is ConfigEntryState.LOADED
    if is_loaded and entry.runtime_data.data.sending.state is ConnectionState.CONNECTED:
        return False
    kept, address = str(entry.data.get(CONF_ENDPOINT, "")), told.ip_address
    return (
        _split(kept).scheme == "http"
        and _place(kept) not in set(_places(told))
        and (old := _ip(_split(kept).hostname)) is not None
        and old.is_private
        and address.is_private
    )


def _address(told: ZeroconfServiceInfo) -> str:
    """The address to offer: with TLS, if the home names one for its network; else the number, which is surely it."""
    internal = str(told.properties.get("internal_url") or "")
    return internal if _split(internal).scheme == "https" else _numeric(told)


def _numeric(told: ZeroconfServiceInfo) -> str:
    host = f"[{told.host}]" if told.ip_address.version == 6 else told.host
    return f"http://{host}:{told.port}"


def _places(told: ZeroconfServiceInfo) -> Iterator[Place]:
    """All hosts and ports under which the home says that it is reached."""
    for name in ("internal_url", "external_url", "base_url"):
        yield _place(str(told.properties.get(name) or ""))
    for host in (*told.addresses, told.hostname.rstrip(".").lower()):
        yield host, told.port


def _place(address: str) -> Place:
    parts = _split(address)
    return parts.hostname or "", parts.port or _PORTS.get(parts.scheme)


def _split(address: str) -> SplitResult:
    """The parts of an address; nothing in any of them, if it is none: anybody could have announced it."""
    try:
        parts = urlsplit(address)
        _ = parts.port  # looked at only now
    except ValueError:
        return urlsplit("")
    return parts


def _ip(host: str | None) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host or "")
    except ValueError:
        return None
