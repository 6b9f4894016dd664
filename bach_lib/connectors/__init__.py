"""All connectors: the platforms BACH speaks to, each loaded only when a connection needs it.

Flat lies what all of them share: the contract (`base`), what they say of failures, and how words always arrive. No
platform knows another, and none keeps a queue, counts attempts or decides whose fault something was.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from importlib import import_module
from typing import cast

from bach_lib.connectors.base import Connector
from bach_lib.connectors.checked import Checked, checked_class
from bach_lib.connectors.declaration import SENDER_TAG, Knows
from bach_lib.connectors.declared import DECLARED
from bach_lib.connectors.requirements import NEEDED
from bach_lib.errors import (
    BachError,
    ConnectorFailedError,
    MissingLibraryError,
    UnknownTypeError,
    UnusableLibraryError,
)
from bach_lib.threads import in_thread

_BUILT_IN = {
    "discord": ("bach_lib.connectors.discord", "DiscordConnector"),
    "discord_webhook": ("bach_lib.connectors.discord_webhook", "DiscordWebhookConnector"),
    "homeassistant": ("bach_lib.connectors.homeassistant", "HomeAssistantConnector"),
    "ntfy": ("bach_lib.connectors.ntfy", "NtfyConnector"),
    "signal": ("bach_lib.connectors.signal", "SignalConnector"),
    "telegram": ("bach_lib.connectors.telegram", "TelegramConnector"),
    "webhook": ("bach_lib.connectors.webhook", "WebhookConnector"),
}


_MAX_REASON = 300
"""Characters of what an import said."""


class Connectors:
    """Connector classes by type. `extra` adds to the built-in ones or takes their place."""

    def __init__(self, extra: Mapping[str, type[Connector]] | None = None) -> None:
        self._extra = dict(extra or {})
        self._loaded: dict[str, type[Checked]] = {}

    @property
    def types(self) -> list[str]:
        """Every type that can be loaded."""
        return sorted({*_BUILT_IN, *self._extra})

    async def load(self, type_: str) -> type[Checked]:
        """The class for a type, imported in a thread because that takes its time.

        Raises `UnknownTypeError`, `MissingLibraryError`, `UnusableLibraryError` or `ConnectorFailedError`.
        """
        if (found := self.loaded(type_)) is not None:
            return found
        if type_ not in _BUILT_IN:
            raise UnknownTypeError(type=type_, known=", ".join(self.types))
        self._loaded[type_] = made = checked_class(type_, await in_thread(partial(_import, type_)))
        return made

    def knows(self, type_: str) -> Knows | None:
        """What this type can be told, without loading it; None: anything."""
        try:
            connector = self.loaded(type_)
        except ConnectorFailedError:
            return None
        if connector is None:
            return DECLARED.get(type_)
        if (knows := connector.knows) is None:
            return None
        settings = [*(one for one in knows.settings if one.name != SENDER_TAG.name), SENDER_TAG]
        return replace(knows, settings=tuple(settings))

    def loaded(self, type_: str) -> type[Checked] | None:
        """The class for a type, if somebody has needed it or brought it. Raises `ConnectorFailedError`."""
        if type_ not in self._loaded and type_ in self._extra:
            self._loaded[type_] = checked_class(type_, self._extra[type_])
        return self._loaded.get(type_)

    def form(self, type_: str, written: str, *, of_sender: bool = False) -> str | None:
        """What the form of an address alone tells of it, or of whom it names as the sender of something.

        None for what is none, or of a type that nobody has needed.
        """
        try:
            if (connector := self.loaded(type_)) is None:
                return None
            return connector.normalize_sender(written) if of_sender else connector.normalize_recipient(written)
        except BachError:  # no entry may shut all others out
            return None

    def get(self, type_: str) -> type[Checked]:
        """The class for a type that was loaded. Raises `UnknownTypeError` or `ConnectorFailedError`."""
        if (found := self.loaded(type_)) is None:
            raise UnknownTypeError(type=type_, known=", ".join(self.types))
        return found


def _import(type_: str) -> type[Connector]:
    module, name = _BUILT_IN[type_]
    try:
        return cast("type[Connector]", getattr(import_module(module), name))
    except Exception as error:
        if (package := NEEDED.get(type_)) is None:
            raise
        # a module that is there but lacks something, or breaks, is another matter: installing it would change nothing
        if isinstance(error, ModuleNotFoundError) and error.name and "." not in error.name:
            raise MissingLibraryError(type=type_, package=package.name, extra=package.extra) from error
        raise UnusableLibraryError(
            type=type_,
            package=package.name,
            found=package.installed() or "-",
            wanted=package.requirement,
            reason=f"{type(error).__name__}: {error}"[:_MAX_REASON],
        ) from error
