"""Installs Python packages that a connection type or a database on a server needs, with Home Assistant's own manager.

The manifest lists only what everybody needs. The rest is installed in the dialog that adds such a connection, and at
each set-up (an update of Home Assistant's container removes what was installed). A missing package stops only the
connections that need it; an issue says so until it is there.
"""

import asyncio
from collections.abc import Iterable, Mapping
from importlib import invalidate_caches
from types import MappingProxyType
from typing import Any, Final

import voluptuous as vol
from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.requirements import RequirementsNotFound, async_clear_install_history, async_process_requirements
from homeassistant.util.hass_dict import HassKey

from bach_lib import Fault
from bach_lib.connectors import Connectors
from bach_lib.connectors.network_way import prepare_way
from bach_lib.connectors.proxy import is_socks
from bach_lib.connectors.requirements import NEEDED, POSTGRESQL, SOCKS, SOCKS_PROXY, Package
from bach_lib.errors import MissingLibraryError, UnusableLibraryError
from custom_components.bach.const import DOMAIN
from custom_components.bach.coordinator import BachConfigEntry

from .markdown_escape import escape_links, with_escaped

PACKAGE: Final = "package"
"""What the ids of these repairs begin with."""

BY_HAND: Final = "missing_library_by_hand"
STILL_MISSING: Final = "still_missing"
WORDS: Final = (MissingLibraryError.code, BY_HAND, UnusableLibraryError.code)
"""Keys of the texts for what can be wrong with a package."""

_DATABASE: Final = POSTGRESQL.extra
"""What the library calls a database on a server where it calls a connection by its type."""

_WAITING: Final = (ConfigEntryState.SETUP_IN_PROGRESS, ConfigEntryState.SETUP_RETRY)


class _Packages:
    """Running installations, and the entries that wait for a package."""

    def __init__(self) -> None:
        self.attempts: dict[str, asyncio.Task[bool]] = {}
        self.waiting: dict[str, dict[str, MissingLibraryError]] = {}
        self.followed: set[str] = set()


_PACKAGES: HassKey[_Packages] = HassKey(f"{DOMAIN}_packages")


async def async_require(hass: HomeAssistant, type_: str, settings: Mapping[str, Any]) -> None:
    """Make sure the packages of a connection type, and of its way, are installed. Raises `MissingLibraryError` if not.

    Concurrent callers share one installation. An installed package needs no network.
    """
    if package := NEEDED.get(type_):
        await _have(hass, type_, package)
        await Connectors().load(type_)
    if is_socks(settings):
        await _have(hass, SOCKS_PROXY, SOCKS)
        await prepare_way(settings)


async def async_require_driver(hass: HomeAssistant) -> None:
    """The same for the driver of a database on a server."""
    await _have(hass, _DATABASE, POSTGRESQL)


async def _have(hass: HomeAssistant, type_: str, package: Package) -> None:
    if not hass.config.skip_pip:
        attempts = hass.data.setdefault(_PACKAGES, _Packages()).attempts
        if (attempt := attempts.get(package.name)) is None:
            work = _install(hass, package)
            attempt = attempts[package.name] = hass.async_create_background_task(work, f"{DOMAIN} {package.name}")
            attempt.add_done_callback(lambda _: attempts.pop(package.name, None))
        if not await asyncio.shield(attempt):  # who is cancelled, as a dialog that is closed, takes nothing from others
            raise MissingLibraryError(type=type_, package=package.name, extra=package.extra)


async def _install(hass: HomeAssistant, package: Package) -> bool:
    try:
        await async_process_requirements(hass, DOMAIN, [package.requirement], is_built_in=False)
    except RequirementsNotFound:
        async_clear_install_history(hass)  # else it would not be tried again until the next start
        return False
    invalidate_caches()  # of the folders that Python has looked into before
    return True


def told(hass: HomeAssistant, error: MissingLibraryError) -> Fault:
    """The error as a fault, as dialogs show them."""
    words = filled(error)
    unusable = f"{words['package']} {words['found']}: {words['reason']}"
    is_unusable = isinstance(error, UnusableLibraryError)
    return Fault(code=words_for(hass, error), text=unusable if is_unusable else words["wanted"])


def words_for(hass: HomeAssistant, error: MissingLibraryError) -> str:
    """The translation key of the error; another one if Home Assistant must not install packages."""
    if hass.config.skip_pip and not isinstance(error, UnusableLibraryError):
        return BY_HAND
    return error.code


@callback
def async_report_package(hass: HomeAssistant, entry: BachConfigEntry, error: MissingLibraryError) -> None:
    """Keep an issue about a missing package until the entry leaves its failed set-up."""
    packages = hass.data.setdefault(_PACKAGES, _Packages())
    packages.waiting.setdefault(error.placeholders["package"], {})[entry.entry_id] = error
    _show(hass, packages)
    if entry.entry_id in packages.followed:
        return
    packages.followed.add(entry.entry_id)

    @callback
    def changed() -> None:
        if entry.state in _WAITING:
            return
        for waiting in packages.waiting.values():
            waiting.pop(entry.entry_id, None)
        _show(hass, packages)

    entry.async_on_state_change(changed)


@callback
def _show(hass: HomeAssistant, packages: _Packages) -> None:
    """Create or delete the issue of each package, with all entries that wait for it."""
    for package, waiting in packages.waiting.items():
        issue_id = f"{PACKAGE}_{package}"
        entries = [entry for one in waiting if (entry := hass.config_entries.async_get_entry(one))]
        if not entries:
            ir.async_delete_issue(hass, DOMAIN, issue_id)
            continue
        error = waiting[entries[-1].entry_id]
        ir.async_create_issue(
            hass,
            DOMAIN,
            issue_id,
            data={"package": package},
            is_fixable=True,
            severity=ir.IssueSeverity.ERROR,
            translation_key=words_for(hass, error),
            translation_placeholders=with_escaped(
                {**filled(error), "name": ", ".join(sorted(entry.title for entry in entries))}
            ),
        )


def filled(error: MissingLibraryError) -> Mapping[str, str]:
    """The placeholders of texts about a package."""
    type_ = error.placeholders["type"]
    package = {_DATABASE: POSTGRESQL, SOCKS_PROXY: SOCKS}.get(type_) or NEEDED[type_]
    return {
        "package": package.name,
        "wanted": package.requirement,
        "found": escape_links(error.placeholders.get("found", "-")),
        "reason": escape_links(error.placeholders.get("reason", "-")),
    }


async def async_versions(
    hass: HomeAssistant, types: Iterable[str], settings: Mapping[str, Any] = MappingProxyType({})
) -> dict[str, str | None]:
    """The installed versions of the packages that these types need, and the way that a connection is told."""
    packages = {package for type_ in types if (package := NEEDED.get(type_))}
    if is_socks(settings):
        packages.add(SOCKS)
    return await hass.async_add_executor_job(lambda: {one.name: one.installed() for one in packages})


class PackageFlow(RepairsFlow):
    """Fix flow for a missing package: set up the waiting entries again at once."""

    def __init__(self, package: str) -> None:
        self._package = package

    async def async_step_init(self, _: dict[str, str] | None = None) -> RepairsFlowResult:
        """Begin with the explanation."""
        return await self.async_step_confirm()

    async def async_step_confirm(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Reload the waiting entries; show an error if the package is still missing."""
        errors = {}
        if user_input is not None:
            waiting = self.hass.data.setdefault(_PACKAGES, _Packages()).waiting.get(self._package, {})
            reloads = [self.hass.config_entries.async_reload(entry_id) for entry_id in waiting]
            await asyncio.gather(*reloads, return_exceptions=True)  # one that was removed meanwhile waits no more
            if not waiting:
                return self.async_create_entry(data={})
            errors["base"] = STILL_MISSING
        issue = ir.async_get(self.hass).async_get_issue(DOMAIN, f"{PACKAGE}_{self._package}")
        return self.async_show_form(
            step_id="confirm",
            data_schema=vol.Schema({}),
            errors=errors,
            description_placeholders=dict(issue.translation_placeholders or {}) if issue else None,
        )
