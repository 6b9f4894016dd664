"""All connectors: the platforms BACH speaks to, each loaded only when a connection needs it.

Flat lies what all of them share: the contract (`base`), what they say of failures, and how words always arrive. No
platform knows another, and none keeps a queue, counts attempts or decides whose fault something was.
"""

from collections.abc import Mapping
from contextlib import suppress
from copy import copy
from functools import partial
from importlib import import_module
from typing import cast

from bach_lib.connectors.base import Connector
from bach_lib.connectors.checked import Checked, checked_class
from bach_lib.connectors.declaration import Knows
from bach_lib.connectors.declared import DECLARED
from bach_lib.connectors.entry_points import Offer, installed
from bach_lib.connectors.ours import with_ours
from bach_lib.connectors.requirements import NEEDED
from bach_lib.errors import (
    BachError,
    ConnectorFailedError,
    MissingLibraryError,
    UnknownTypeError,
    UnusableConnectorError,
    UnusableLibraryError,
)
from bach_lib.said import Sentence
from bach_lib.threads import in_own_thread, in_thread

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
_LONGEST_IMPORT = 60.0
"""Seconds; an offer gives up long before."""


class Connectors:
    """Connector classes by type. `extra` adds to the built-in ones or takes their place."""

    def __init__(self, extra: Mapping[str, type[Connector]] | None = None) -> None:
        self._extra = dict(extra or {})
        self._loaded: dict[str, type[Checked]] = {}
        self._offered: Mapping[str, Offer] = {}
        self._unusable: dict[str, UnusableConnectorError | ConnectorFailedError] = {}

    async def discover(self) -> None:
        """Find out what other packages offer; nothing of them is imported. `load` does it where it has to."""
        self._offered = await in_thread(installed)

    @property
    def types(self) -> list[str]:
        """Every type that can be loaded, those of other packages once they are discovered."""
        return sorted({*_BUILT_IN, *self._extra, *self._offered})

    @property
    def offered(self) -> list[str]:
        """Those that other packages offer, once they are discovered."""
        return sorted(self._offered)

    def package(self, type_: str) -> str | None:
        """The package that offers this type, once it is discovered; None: nobody does."""
        return offer.package if (offer := self._offered.get(type_)) else None

    async def load(self, type_: str) -> type[Checked]:
        """The class for a type, imported in a thread because that takes its time.

        Raises `UnknownTypeError`, `MissingLibraryError`, `UnusableLibraryError`, `UnusableConnectorError` or
        `ConnectorFailedError`.
        """
        if (found := self.loaded(type_)) is not None:
            return found
        if type_ in _BUILT_IN:
            found = checked_class(type_, await in_thread(partial(_import, type_)))
        else:
            found = await self._load_offered(type_)
        self._loaded[type_] = found
        return found

    async def prepare(self, type_: str) -> None:
        """Import what somebody else brings, before anything is locked that others wait for. Raises nothing."""
        if type_ not in DECLARED:
            with suppress(BachError):  # it is raised where it is needed
                await self.load(type_)

    async def _load_offered(self, type_: str) -> type[Checked]:
        """One of another package. What is wrong with it, `why_not` says from then on, until it works."""
        await self.discover()  # it may have come, or gone, since
        self._unusable.pop(type_, None)
        if (offer := self._offered.get(type_)) is None:
            raise self.why_not(type_)
        try:
            return checked_class(type_, await in_own_thread(offer.load, seconds=_LONGEST_IMPORT))
        except (UnusableConnectorError, ConnectorFailedError) as error:
            self._unusable[type_] = error
            raise

    def knows(self, type_: str) -> Knows | None:
        """What this type can be told, without loading it; None: anything."""
        try:
            connector = self.loaded(type_)
        except ConnectorFailedError:
            return None
        if connector is None:
            return DECLARED.get(type_)
        return None if connector.knows is None else with_ours(connector.knows)

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
            raise self.why_not(type_)
        return found

    def why_not(self, type_: str) -> BachError:
        """Why there is no connector of this type."""
        if error := self._unusable.get(type_):
            return copy(error)  # each is raised once
        if offer := self._offered.get(type_):
            return offer.unusable(Sentence("it_is_still_being_imported", "it is still being imported"))
        return UnknownTypeError(type=type_, known=", ".join(self.types))


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
