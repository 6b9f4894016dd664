"""The chat platforms: their forms, where people find the credentials, and the entry data made from them.

Webhooks have a module of their own, as they may only send, only receive, or both.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import voluptuous as vol
from homeassistant.helpers.selector import BooleanSelector, TextSelector

from custom_components.bach.const import (
    CONF_AVATAR_URL,
    CONF_BOT_TOKEN,
    CONF_ENDPOINT,
    CONF_HELLO,
    CONF_LOGIN,
    CONF_NUMBER,
    CONF_PASSWORD,
    CONF_TOKEN,
    CONF_URL,
    CONF_USERNAME,
    TYPE_DISCORD,
    TYPE_DISCORD_WEBHOOK,
    TYPE_HOMEASSISTANT,
    TYPE_NTFY,
    TYPE_SIGNAL,
    TYPE_TELEGRAM,
)

from .form_fields import (
    ADDRESS_BOX,
    NUMBER_BOX,
    SECRET_BOX,
    form_section,
    given_values,
    optional,
    put_secret,
    put_texts,
)

SECTION_SERVER: Final = "server"
SERVER: Final = form_section(optional({CONF_ENDPOINT: ADDRESS_BOX}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A chat platform; `model` is the model of its device.

    `secret` is the field with the credential, `refused` the form error if it is not accepted, `portal` where people get
    it. `needed` are required fields, shown first; with the server's address among them there is no public default.
    `settings` are optional fields. `has_login`: user name and password may stand in the place of a token. `invites`:
    the bot must be invited before it can write. `place` is the only recipient there can be, if so; it is greeted at
    set-up.
    """

    model: str
    secret: str
    refused: str
    portal: str
    portal_url: str
    is_secret_needed: bool = True
    needed: Mapping[str, TextSelector] = field(default_factory=dict)
    settings: Mapping[str, TextSelector] = field(default_factory=dict)
    has_login: bool = False
    invites: bool = False
    place: str | None = None

    @property
    def schema(self) -> vol.Schema:
        """The form for a new connection."""
        whole = self._whole_schema(vol.Required if self.is_secret_needed else vol.Optional)
        return whole.extend({vol.Required(CONF_HELLO, default=True): BooleanSelector()}) if self.place else whole

    @property
    def reconfigure_schema(self) -> vol.Schema:
        """The form for a changed connection: the credential may stay empty, and settings are options."""
        return self._whole_schema(vol.Optional, with_settings=False)

    @property
    def reauth_schema(self) -> vol.Schema:
        """The form for a new credential."""
        marker = vol.Required if self.is_secret_needed else vol.Optional
        return vol.Schema({marker(self.secret): SECRET_BOX})

    @property
    def placeholders(self) -> dict[str, str]:
        """Placeholders that say where people find the credential."""
        return {"portal": self.portal, "portal_url": self.portal_url}

    def merge(self, old: Mapping[str, Any], user_input: Mapping[str, Any]) -> dict[str, Any]:
        """Merge form input into entry data; an empty credential keeps the old one."""
        data = dict(old)
        for name in (CONF_TOKEN, CONF_PASSWORD) if self.has_login else (self.secret,):
            put_secret(data, name, user_input.get(name))
        if user_input.keys() <= {self.secret}:  # the form that asks for the credential alone
            return data
        put_texts(data, user_input.get(SECTION_SERVER, {}), CONF_ENDPOINT)
        put_texts(data, user_input, *self.needed, *(name for name in self.settings if name in user_input))
        if self.has_login:
            _put_login(data, user_input)
        return data

    def suggest(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """The suggested values of a form; never secrets."""
        found = given_values(data, *self.needed, *self.settings)
        if self.has_login:
            found |= given_values(data, CONF_LOGIN)
        return found | ({SECTION_SERVER: {CONF_ENDPOINT: data[CONF_ENDPOINT]}} if CONF_ENDPOINT in data else {})

    def _whole_schema(self, secret_marker: type[vol.Marker], *, with_settings: bool = True) -> vol.Schema:
        return vol.Schema(
            {
                **{vol.Required(name): selector for name, selector in self.needed.items()},
                **(_TOKEN_OR_LOGIN if self.has_login else {secret_marker(self.secret): SECRET_BOX}),
                **(optional(self.settings) if with_settings else {}),
                **({} if CONF_ENDPOINT in self.needed else {vol.Required(SECTION_SERVER): SERVER}),
            }
        )


_TOKEN_OR_LOGIN: Final[Mapping[vol.Marker, Any]] = {
    vol.Optional(CONF_TOKEN): SECRET_BOX,
    vol.Optional(CONF_LOGIN): TextSelector(),
    vol.Optional(CONF_PASSWORD): SECRET_BOX,
}


def _put_login(data: dict[str, Any], given: Mapping[str, Any]) -> None:
    """Store the user name; with one an old token is dropped, without one an old password. Typed ones stay."""
    put_texts(data, given, CONF_LOGIN)
    needless = CONF_TOKEN if CONF_LOGIN in data else CONF_PASSWORD
    if not given.get(needless, "").strip():
        data.pop(needless, None)


KINDS: Final[Mapping[str, Kind]] = {
    TYPE_TELEGRAM: Kind(
        model="Telegram",
        secret=CONF_BOT_TOKEN,
        refused="invalid_auth",
        portal="BotFather",
        portal_url="https://t.me/BotFather",
    ),
    TYPE_DISCORD: Kind(
        model="Discord",
        secret=CONF_BOT_TOKEN,
        refused="invalid_auth",
        portal="Discord Developer Portal",
        portal_url="https://discord.com/developers/applications",
        invites=True,
    ),
    TYPE_DISCORD_WEBHOOK: Kind(
        model="Discord webhook",
        secret=CONF_URL,
        refused="invalid_webhook",
        portal="Discord",
        portal_url="https://support.discord.com/hc/en-us/articles/228383668",
        settings={CONF_USERNAME: TextSelector(), CONF_AVATAR_URL: ADDRESS_BOX},
        place="channel",
    ),
    TYPE_HOMEASSISTANT: Kind(
        model="Home Assistant",
        secret=CONF_TOKEN,
        refused="invalid_token",
        portal="Home Assistant",
        portal_url="https://www.home-assistant.io/docs/authentication/#your-account-profile",
        needed={CONF_ENDPOINT: ADDRESS_BOX},
    ),
    TYPE_SIGNAL: Kind(
        model="Signal",
        secret=CONF_TOKEN,
        refused="invalid_account",
        portal="signal-cli-rest-api",
        portal_url="https://github.com/bbernhard/signal-cli-rest-api",
        is_secret_needed=False,
        needed={CONF_ENDPOINT: ADDRESS_BOX, CONF_NUMBER: NUMBER_BOX},
    ),
    TYPE_NTFY: Kind(
        model="ntfy",
        secret=CONF_TOKEN,
        refused="invalid_auth",
        portal="ntfy",
        portal_url="https://docs.ntfy.sh/publish/#access-tokens",
        is_secret_needed=False,
        has_login=True,
    ),
}
