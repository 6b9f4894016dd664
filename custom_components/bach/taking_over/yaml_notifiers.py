"""Finds Home Assistant's own Signal notifiers, which stand in YAML: there is no entry of them to read or to disable.

Only where one is loaded, the configuration is read, as it is written now. Of several for one account one connection is
made.
"""

from collections.abc import Mapping
from typing import Final

from homeassistant.components.notify import DOMAIN as NOTIFY
from homeassistant.config import async_hass_config_yaml, config_per_platform
from homeassistant.const import CONF_NAME, CONF_TYPE, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import slugify

from custom_components.bach.const import CONF_ENDPOINT, CONF_NUMBER, TYPE_SIGNAL

from .core_entries import Chat, Found, found_entries, is_ours

SIGNAL_MESSENGER: Final = "signal_messenger"
_RECIPIENTS: Final = "recipients"


async def async_found(hass: HomeAssistant) -> list[Found]:
    """All that can be taken over: entries, and what stands in YAML."""
    return [*found_entries(hass), *(one for one in await _signal(hass) if not is_ours(hass, one))]


async def _signal(hass: HomeAssistant) -> list[Found]:
    if f"{SIGNAL_MESSENGER}.{NOTIFY}" not in hass.config.components:
        return []
    try:
        written = await async_hass_config_yaml(hass)
    except HomeAssistantError:  # it is being edited; Home Assistant says where it is wrong
        return []
    accounts = dict[tuple[str, str], list[Mapping[str, object]]]()
    for platform, notifier in config_per_platform(written, NOTIFY):
        if platform == SIGNAL_MESSENGER and notifier.get(CONF_URL) and notifier.get(CONF_NUMBER):
            accounts.setdefault((str(notifier[CONF_URL]), str(notifier[CONF_NUMBER])), []).append(notifier)
    return [_account(url, number, notifiers) for (url, number), notifiers in accounts.items()]


def _account(url: str, number: str, notifiers: list[Mapping[str, object]]) -> Found:
    people = dict.fromkeys(person for notifier in notifiers for person in _recipients(notifier))
    return Found(
        entry_id=None,
        origin=SIGNAL_MESSENGER,
        account="".join(filter(str.isdigit, number)),
        title=number,
        data={CONF_TYPE: TYPE_SIGNAL, CONF_ENDPOINT: url, CONF_NUMBER: number},
        chats=tuple(Chat(recipient=one, name=one, spellings=(one,)) for one in people),
        is_stopped_first=False,
        old_names=tuple(f"{NOTIFY}.{slugify(str(one.get(CONF_NAME) or NOTIFY))}" for one in notifiers),
    )


def _recipients(notifier: Mapping[str, object]) -> list[str]:
    given = notifier.get(_RECIPIENTS)
    return [str(one) for one in (given if isinstance(given, list) else [given]) if one]
