"""What the dialogs need to know of each kind of connection: what it asks for, and where people find that."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import voluptuous as vol
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import TextSelector, TextSelectorConfig, TextSelectorType

from .const import (
    CONF_AVATAR_URL,
    CONF_BOT_TOKEN,
    CONF_ENDPOINT,
    CONF_URL,
    CONF_USERNAME,
    TYPE_DISCORD,
    TYPE_DISCORD_WEBHOOK,
    TYPE_TELEGRAM,
)

SECTION_SERVER: Final = "server"

SECRET_BOX: Final = TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="current-password"))
ADDRESS_BOX: Final = TextSelector(TextSelectorConfig(type=TextSelectorType.URL))
SERVER: Final = section(vol.Schema({vol.Optional(CONF_ENDPOINT): ADDRESS_BOX}), {"collapsed": True})


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of connection. `secret` is the field with the credential, `refused` what to say when it is not taken.

    `settings` are the other fields, `portal` is where the credential comes from. `invites`: the account must be let in
    somewhere before it can write. `place` is the only place it leads to, if there is only one.
    """

    secret: str
    refused: str
    portal: str
    portal_url: str
    settings: Mapping[str, TextSelector]
    invites: bool = False
    place: str | None = None

    @property
    def schema(self) -> vol.Schema:
        """Everything, for a new connection."""
        return vol.Schema({vol.Required(self.secret): SECRET_BOX, **self._others()})

    @property
    def reconfigure_schema(self) -> vol.Schema:
        """The same, where the credential may stay."""
        return vol.Schema({vol.Optional(self.secret): SECRET_BOX, **self._others()})

    @property
    def reauth_schema(self) -> vol.Schema:
        """The credential alone."""
        return vol.Schema({vol.Required(self.secret): SECRET_BOX})

    @property
    def placeholders(self) -> dict[str, str]:
        """Where people find the credential."""
        return {"portal": self.portal, "portal_url": self.portal_url}

    def merge(self, old: Mapping[str, Any], user_input: Mapping[str, Any]) -> dict[str, Any]:
        """The data after what a form says: no credential keeps the old one, nothing else keeps anything."""
        data = dict(old)
        if secret := user_input.get(self.secret, "").strip():
            data[self.secret] = secret
        if SECTION_SERVER in user_input:
            _replace(data, (CONF_ENDPOINT,), user_input[SECTION_SERVER])
            _replace(data, self.settings, user_input)
        return data

    def suggest(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """What a form starts with; secrets stay where they are."""
        found = {field: data[field] for field in self.settings if field in data}
        return found | ({SECTION_SERVER: {CONF_ENDPOINT: data[CONF_ENDPOINT]}} if CONF_ENDPOINT in data else {})

    def _others(self) -> dict[vol.Marker, Any]:
        return {vol.Optional(field): selector for field, selector in self.settings.items()} | {
            vol.Required(SECTION_SERVER): SERVER
        }


def _replace(data: dict[str, Any], fields: Mapping[str, object] | tuple[str, ...], given: Mapping[str, Any]) -> None:
    for field in fields:
        data.pop(field, None)
        if value := given.get(field, "").strip():
            data[field] = value


KINDS: Final[Mapping[str, Kind]] = {
    TYPE_TELEGRAM: Kind(
        secret=CONF_BOT_TOKEN,
        refused="invalid_auth",
        portal="BotFather",
        portal_url="https://t.me/BotFather",
        settings={},
    ),
    TYPE_DISCORD: Kind(
        secret=CONF_BOT_TOKEN,
        refused="invalid_auth",
        portal="Discord's developer portal",
        portal_url="https://discord.com/developers/applications",
        settings={},
        invites=True,
    ),
    TYPE_DISCORD_WEBHOOK: Kind(
        secret=CONF_URL,
        refused="invalid_webhook",
        portal="the channel's settings in Discord",
        portal_url="https://support.discord.com/hc/en-us/articles/228383668",
        settings={CONF_USERNAME: TextSelector(), CONF_AVATAR_URL: ADDRESS_BOX},
        place="channel",
    ),
}
