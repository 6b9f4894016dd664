"""Connectors of other packages: the forms made from what such a class declares, and the entry data made from that.

Names and explanations of the fields come from the package; the texts around them are ours, with places for them. So
fields have numbers: a form's texts are found by the names of its fields.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import voluptuous as vol
from homeassistant.const import CONF_TYPE
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    ObjectSelector,
    Selector,
    TextSelector,
)

from bach_lib.connectors import Connectors
from bach_lib.connectors.declaration import Known, Knows, Told, check_complete, check_told
from bach_lib.connectors.ours import SECRETS_OF_NETWORK, with_ours
from bach_lib.errors import InputError, InvalidEndpointError, InvalidValueError, MissingFieldError
from bach_lib.redact import readable
from bach_lib.registry import pasted
from custom_components.bach.const import (
    CONF_ENDPOINT,
    CONF_PACKAGE,
    CONF_PLATFORM,
    CONF_RECEIVES,
    CONF_SECRETS,
    CONF_SETTINGS,
)

from .form_fields import ADDRESS_BOX, SECRET_BOX, put_texts
from .markdown_escape import escape_markdown
from .partners import ALL_KINDS, type_of
from .settings import OURS

SECRET_TEXTS: Final = 6
"""Secrets that have texts; further ones show the name that the package gives them."""
SETTING_TEXTS: Final = 12
"""The same for settings."""

_NUMBERS: Final = {int, float}
_LONGEST_LABEL: Final = 50
_LONGEST_ABOUT: Final = 300


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the form: its key there, and what the connector says of it."""

    key: str
    known: Known
    is_needed: bool

    @property
    def selector(self) -> Selector[Any]:
        """The box for a setting."""
        takes = set(self.known.takes)
        if takes == {str}:
            return TextSelector()
        if takes == {bool}:
            return BooleanSelector()
        if takes and takes <= _NUMBERS:
            config = NumberSelectorConfig(mode=NumberSelectorMode.BOX, step=1)
            return NumberSelector(config if takes == {int} else {**config, "step": "any"})
        return ObjectSelector()

    def value_of(self, given: object) -> object:
        """What was filled in, as the connector takes it; None for nothing, or for what holds anyway."""
        if isinstance(given, str):
            given = given.strip() or None
        if isinstance(given, float) and int in self.known.takes and given.is_integer():
            given = int(given)  # a number box knows no others
        return None if given == self.known.default else given


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherKind:
    """A type of another package; `model` is the model of its devices."""

    type_: str
    package: str
    model: str
    knows: Knows
    receives: bool

    @property
    def secrets(self) -> list[Field]:
        """The fields of its secrets."""
        theirs = [one for one in self.knows.secrets if one not in SECRETS_OF_NETWORK]  # ours are told with the proxy
        return [*_fields("secret", SECRET_TEXTS, theirs, self.knows.needs)]

    @property
    def settings(self) -> list[Field]:
        """The fields of its settings."""
        theirs = [one for one in self.knows.settings if one.name not in OURS]  # ours are options
        return [*_fields("setting", SETTING_TEXTS, theirs, [one.name for one in theirs if one.example])]

    @property
    def schema(self) -> vol.Schema:
        """The form for a new connection."""
        return self._whole_schema(keeps=False)

    @property
    def reconfigure_schema(self) -> vol.Schema:
        """The form for a changed connection, where secrets may stay empty."""
        return self._whole_schema(keeps=True)

    @property
    def reauth_schema(self) -> vol.Schema:
        """The form for new credentials."""
        return vol.Schema(self._secret_boxes(keeps=True))

    @property
    def placeholders(self) -> dict[str, str]:
        """What fills the texts: how each field is called, and what it is."""
        example = f"({escape_markdown(self.knows.endpoint)})" if self.knows.endpoint else ""
        words = {"platform": self.model, "package": self.package, "example": example}
        for one in (*self.secrets, *self.settings):
            words[one.key] = _label(one.known.name)
            words[f"{one.key}_about"] = _sentence(one.known)
        return words

    def merge(self, old: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
        """Merge form input into entry data; an empty secret keeps the old one. Raises an `InputError`."""
        typed = {one.known.name: str(given.get(one.key) or "").strip() for one in self.secrets}
        secrets = {**old.get(CONF_SECRETS, {}), **{name: secret for name, secret in typed.items() if secret}}
        settings = dict(old.get(CONF_SETTINGS, {}))
        data = {
            **old,
            CONF_TYPE: self.type_,
            CONF_PACKAGE: self.package,
            CONF_PLATFORM: self.model,
            CONF_RECEIVES: self.receives,
            CONF_SECRETS: secrets,
            CONF_SETTINGS: settings,
        }
        if not given.keys() <= {one.key for one in self.secrets}:  # else the form asked for credentials alone
            put_texts(data, {CONF_ENDPOINT: pasted.address(self.type_, given.get(CONF_ENDPOINT, ""))}, CONF_ENDPOINT)
            for one in self.settings:
                settings.pop(one.known.name, None)
                if (value := one.value_of(given.get(one.key))) is not None:
                    settings[one.known.name] = value
        before = Told(secrets=old.get(CONF_SECRETS, {}), settings=old.get(CONF_SETTINGS, {}))
        told = Told(secrets=secrets, settings=settings, endpoint=data.get(CONF_ENDPOINT))
        check_told(self.type_, self.knows, told, before)
        check_complete(self.type_, self.knows, told)
        return data

    def suggest(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """The suggested values of a form, also the usual ones; never secrets."""
        found = {CONF_ENDPOINT: data[CONF_ENDPOINT]} if CONF_ENDPOINT in data else {}
        settings = data.get(CONF_SETTINGS, {})
        shown = {one.key: settings.get(one.known.name, one.known.default) for one in self.settings}
        return found | {key: value for key, value in shown.items() if value is not None}

    def place_of(self, error: InputError) -> str | None:
        """The field that an error is about, if it is one."""
        if isinstance(error, InvalidEndpointError):
            return CONF_ENDPOINT
        if not isinstance(error, InvalidValueError | MissingFieldError):
            return None
        name = error.placeholders["field"]
        keys = {f"settings.{one.known.name}": one.key for one in self.settings}
        keys |= {f"auth_config.{one.known.name}": one.key for one in self.secrets}
        return keys.get(name, CONF_ENDPOINT if name == CONF_ENDPOINT else None)

    def _whole_schema(self, *, keeps: bool) -> vol.Schema:
        address = vol.Required if self.knows.endpoint else vol.Optional
        return vol.Schema(
            {
                address(CONF_ENDPOINT): ADDRESS_BOX,
                **self._secret_boxes(keeps=keeps),
                **{(vol.Required if one.is_needed else vol.Optional)(one.key): one.selector for one in self.settings},
            }
        )

    def _secret_boxes(self, *, keeps: bool) -> dict[vol.Marker, Any]:
        return {
            (vol.Required if one.is_needed and not keeps else vol.Optional)(one.key): SECRET_BOX for one in self.secrets
        }


async def async_others() -> dict[str, str]:
    """The types that other packages bring, each with its package. Nothing of them is imported."""
    connectors = Connectors()
    await connectors.discover()
    return {type_: connectors.package(type_) or "" for type_ in connectors.offered}


async def async_other_kind(type_: str) -> OtherKind:
    """The kind of such a type. Raises `UnknownTypeError`, `UnusableConnectorError` or `ConnectorFailedError`."""
    connectors = Connectors()
    connector = await connectors.load(type_)
    knows = connectors.knows(type_) or with_ours(Knows())
    return OtherKind(
        type_=type_,
        package=connectors.package(type_) or "",
        model=_label(knows.title or type_),
        knows=knows,
        receives=connector.capabilities.receives,
    )


def is_other(data: Mapping[str, Any]) -> bool:
    """Whether an entry with this data is a connection of another package's type."""
    return CONF_SECRETS in data and type_of(data) not in ALL_KINDS


def _fields(kind: str, texts: int, known: Iterable[Known], needed: Iterable[str]) -> Iterator[Field]:
    """A name that only begins others is nothing that one box could ask for."""
    needed = frozenset(needed)
    for number, one in enumerate((one for one in known if not one.is_prefix), 1):
        key = f"{kind}_{number}" if number <= texts else f"{kind}: {one.name}"
        yield Field(key, one, one.name in needed)


def _label(name: str) -> str:
    words = readable(name.replace("_", " ").strip())[:_LONGEST_LABEL]
    return f"{words[:1].upper()}{words[1:]}"


def _sentence(known: Known) -> str:
    about = readable(known.about.strip())[:_LONGEST_ABOUT].removesuffix(".")
    like = f" ({readable(known.example)[:_LONGEST_LABEL]})" if known.example else ""
    return escape_markdown(f"{about[:1].upper()}{about[1:]}{like}.")
