"""Finds what Home Assistant's own integrations have that BACH could take over, and reads what they keep of it.

Their entries are read as they are stored, field by field: another version may have stored them differently, and what
cannot be read is not offered.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from homeassistant.components.notify import DOMAIN as NOTIFY
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_API_KEY, CONF_API_TOKEN, CONF_NAME, CONF_PLATFORM, CONF_TYPE, Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.util import slugify

from bach_lib.connectors.proxy import apart
from custom_components.bach.const import (
    CONF_BOT_TOKEN,
    CONF_ENDPOINT,
    CONF_PROXY,
    CONF_PROXY_PASSWORD,
    CONF_PROXY_USER,
    CONF_RECEIVING,
    KIND_PRIVATE,
    TYPE_DISCORD,
    TYPE_TELEGRAM,
)
from custom_components.bach.home.attribution import Role
from custom_components.bach.home.entry import connections
from custom_components.bach.kinds.form_fields import put_value

from .configured import targets_of

DISCORD: Final = "discord"
TELEGRAM_BOT: Final = "telegram_bot"

_CHATS: Final = "allowed_chat_ids"
_CHAT_ID: Final = "chat_id"
_API_ENDPOINT: Final = "api_endpoint"
_PUBLIC_API: Final = "https://api.telegram.org"
_PROXY_URL: Final = "proxy_url"
_ONLY_SENDS: Final = "broadcast"
_OF_BOT: Final = "update_event"
_KIND_GROUP: Final = "group"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """Somebody whom the old bot writes to.

    `entity_id`: of the notify entity that it has for them, if it has one. `spellings`: only an id is known, and the
    platform is asked who that is, by these addresses.
    """

    recipient: str
    name: str
    kind: str | None = None
    entity_id: str | None = None
    role: Role = Role.NOTIFY_ONLY
    spellings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A bot of Home Assistant's that can be taken over. `entry_id`: None where it stands in YAML.

    `account` is its id on the platform, `data` are the fields of the connection to be. `is_stopped_first`: two programs
    cannot receive for it at a time. `old_names` are the entities and actions that automations may know it by.
    """

    entry_id: str | None
    origin: str
    account: str
    title: str
    data: Mapping[str, Any] = field(repr=False)
    chats: tuple[Chat, ...]
    is_stopped_first: bool
    old_names: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What tells it from the others."""
        return self.entry_id or f"{self.origin}:{self.account}"


@callback
def found_entries(hass: HomeAssistant) -> list[Found]:
    """The entries that can be taken over: what BACH has already is not among them."""
    return [one for one in _all(hass) if not is_ours(hass, one)]


def _all(hass: HomeAssistant, *, include_disabled: bool = True) -> Iterator[Found]:
    for domain, read in ((TELEGRAM_BOT, _telegram), (DISCORD, _discord)):
        entries = hass.config_entries.async_entries(domain, include_ignore=False, include_disabled=include_disabled)
        yield from filter(None, (read(hass, entry) for entry in entries))


@callback
def rival_of(hass: HomeAssistant, entry: ConfigEntry) -> Found | None:
    """Home Assistant's own entry that receives for the same bot as a connection of BACH, beside it."""
    enabled = _all(hass, include_disabled=False)
    rivals = (one for one in enabled if one.is_stopped_first and one.data.get(CONF_RECEIVING, True))
    return next((one for one in rivals if _is_same(entry, one)), None)


def is_ours(hass: HomeAssistant, found: Found) -> bool:
    """Whether BACH has a connection for this account."""
    return any(_is_same(one, found) for one in connections(hass))


def _is_same(ours: ConfigEntry, found: Found) -> bool:
    return ours.data.get(CONF_TYPE) == found.data[CONF_TYPE] and (
        ours.unique_id == found.account or ours.data.get(CONF_BOT_TOKEN, "") == found.data.get(CONF_BOT_TOKEN)
    )


def _telegram(hass: HomeAssistant, entry: ConfigEntry) -> Found | None:
    token = entry.data.get(CONF_API_KEY)
    if not isinstance(token, str) or ":" not in token:
        return None
    data: dict[str, Any] = {CONF_TYPE: TYPE_TELEGRAM, CONF_BOT_TOKEN: token}
    server = str(entry.data.get(_API_ENDPOINT) or "").rstrip("/")
    put_value(data, CONF_ENDPOINT, "" if server == _PUBLIC_API else server)
    proxy = apart(str(entry.data.get(_PROXY_URL) or ""))
    put_value(data, CONF_PROXY, proxy.address)
    put_value(data, CONF_PROXY_USER, proxy.user)
    put_value(data, CONF_PROXY_PASSWORD, proxy.password)
    only_sends = entry.data.get(CONF_PLATFORM) == _ONLY_SENDS
    if only_sends:  # perhaps because another program receives for this bot
        data[CONF_RECEIVING] = False
    bot_id, registry = token.partition(":")[0], er.async_get(hass)
    event = registry.async_get_entity_id(Platform.EVENT, TELEGRAM_BOT, f"{bot_id}_{_OF_BOT}")
    chats = tuple(_chats(hass, entry, bot_id, Role.NOTIFY_ONLY if only_sends else Role.USER))
    names = (event, *(one.entity_id for one in chats))
    return Found(
        entry_id=entry.entry_id,
        origin=TELEGRAM_BOT,
        account=bot_id,
        title=entry.title,
        data=data,
        chats=chats,
        is_stopped_first=True,
        old_names=tuple(name for name in names if name),
    )


def _chats(hass: HomeAssistant, entry: ConfigEntry, bot_id: str, role: Role) -> Iterator[Chat]:
    registry = er.async_get(hass)
    for one in entry.subentries.values():
        chat_id = one.data.get(_CHAT_ID)
        if one.subentry_type != _CHATS or not isinstance(chat_id, int):
            continue
        entity_id = registry.async_get_entity_id(NOTIFY, TELEGRAM_BOT, f"{bot_id}_{chat_id}")
        yield Chat(
            recipient=str(chat_id),
            name=_given_name(hass, entity_id) or one.title,
            kind=KIND_PRIVATE if chat_id > 0 else _KIND_GROUP,
            entity_id=entity_id,
            role=role,
        )


def _discord(hass: HomeAssistant, entry: ConfigEntry) -> Found | None:
    """It only sends, to whatever ids the automations name; it cannot be stopped before a restart, and need not be."""
    token, name = entry.data.get(CONF_API_TOKEN), entry.data.get(CONF_NAME)
    if not isinstance(token, str) or not isinstance(name, str):
        return None
    action = f"{NOTIFY}.{slugify(name)}"
    return Found(
        entry_id=entry.entry_id,
        origin=DISCORD,
        account=str(entry.unique_id),
        title=entry.title,
        data={CONF_TYPE: TYPE_DISCORD, CONF_BOT_TOKEN: token, CONF_RECEIVING: False},
        chats=tuple(Chat(recipient=one, name=one, spellings=(one, f"@{one}")) for one in targets_of(hass, action)),
        is_stopped_first=False,
        old_names=(action,),
    )


def _given_name(hass: HomeAssistant, entity_id: str | None) -> str | None:
    """What a person has called the entity, or the device that it is."""
    known = er.async_get(hass).async_get(entity_id) if entity_id else None
    device = dr.async_get(hass).async_get(known.device_id) if known and known.device_id else None
    return (known and known.name) or (device and device.name_by_user) or None
