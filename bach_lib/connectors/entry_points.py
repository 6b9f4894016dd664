"""Connectors of other packages: what is installed beside BACH and says so by an entry point.

Finding reads metadata only; the code of a package is imported when one of its connections needs it. Whatever is wrong
with a package costs that package: what it offers is left out, with a sentence that names it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass
from functools import lru_cache
from importlib import invalidate_caches
from importlib.metadata import Distribution, EntryPoint, distributions
from pathlib import Path
from threading import Lock, Thread
from time import monotonic
from typing import Final

from bach_lib.connectors.base import Connector
from bach_lib.connectors.declared import DECLARED
from bach_lib.errors import UnusableConnectorError
from bach_lib.field_logger import FieldLogger
from bach_lib.foreign import places_of
from bach_lib.redact import readable
from bach_lib.said import Sentence

GROUP: Final = "bach_lib.connectors"
"""The group of entry points; the name of one is the type of its connections, the value leads to the class."""

_LOGGER = FieldLogger(__name__)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,49}")
_MAX_REASON = 300
"""Characters of what an import said."""
_PATIENCE = 30.0
"""Seconds that an import may take; who asks after that is told so at once."""
_FOLDERS = 256
"""Folders of the path of which it is remembered what lies in them."""


class _Import:
    """One import, in a thread of its own, which nobody can end: so all who need it wait for the same one."""

    _running: Final[dict[EntryPoint, _Import]] = {}
    _lock: Final = Lock()

    def __init__(self, entry: EntryPoint) -> None:
        self._entry = entry
        self.found: Future[object] = Future()
        """What the entry point leads to, or what the import raised."""
        self._since = monotonic()

    @classmethod
    def of(cls, entry: EntryPoint) -> _Import:
        """The one under way, or a new one: what has failed may work now."""
        with cls._lock:
            if (running := cls._running.get(entry)) is None:
                running = cls._running[entry] = cls(entry)
                Thread(target=running._run, name=f"bach-import-{entry.name}", daemon=True).start()
            return running

    def ended(self) -> bool:
        """Wait for it, as long as it may still take. Whether it has ended."""
        return bool(wait((self.found,), max(self._since + _PATIENCE - monotonic(), 0.0)).done)

    def _run(self) -> None:
        found, fault = None, None
        try:
            invalidate_caches()  # of folders that were looked into before it was installed
            found = self._entry.load()
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            fault = error
        with self._lock:
            del self._running[self._entry]
        if fault is None:
            self.found.set_result(found)
        else:
            self.found.set_exception(fault)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A connector that a package offers, not imported yet."""

    package: str
    entry: EntryPoint

    def load(self) -> type[Connector]:
        """Import it, which may take half a minute; the class is not looked at. Raises `UnusableConnectorError`."""
        importing = _Import.of(self.entry)
        if not importing.ended():
            raise self.unusable(
                Sentence(
                    "importing_name_takes_more_than_patience",
                    "importing {name} takes more than {patience} seconds",
                    name=self.entry.value,
                    patience=f"{_PATIENCE:g}",
                )
            )
        if error := importing.found.exception():  # whatever it is: an import that ends the program ends nothing here
            _LOGGER.debug("Importing %s failed:\n%s", self.entry.value, places_of(error))
            raise self.unusable(f"{type(error).__name__}: {error}"[:_MAX_REASON])
        found = importing.found.result()
        if not isinstance(found, type):
            raise self.unusable(Sentence("name_is_no_class", "{name} is no class", name=self.entry.value))
        return found

    def unusable(self, reason: str) -> UnusableConnectorError:
        """The error that says why it cannot be used."""
        return UnusableConnectorError(type=self.entry.name, package=self.package, reason=reason)


def installed() -> Mapping[str, Offer]:
    """What other packages offer, by type. Reads from the disk what has changed there since it was read."""
    packages = dict[str, tuple[Offer, ...]]()
    for folder in dict.fromkeys(sys.path):
        for offers in _offered(folder, _stamp(folder)):
            packages.setdefault(offers[0].package, offers)  # the first hides others, as it does when it is imported
    return _unrivalled(tuple(offer for offers in packages.values() for offer in offers))


@lru_cache(maxsize=1)
def _unrivalled(found: tuple[Offer, ...]) -> Mapping[str, Offer]:
    """Those that can be used, by type; why one cannot is said once."""
    offers: dict[str, Offer] = {}
    rivals: dict[str, set[str]] = {}
    for offer in found:
        name = offer.entry.name
        if not _NAME.fullmatch(name):
            _leave_out(offer, "is no name for a type of connection: small letters, digits and _ are")
        elif name in DECLARED:
            _leave_out(offer, "is the name of one of BACH's own")
        elif name in offers and offers[name].entry.value != offer.entry.value:
            rivals.setdefault(name, {offers[name].package}).add(offer.package)
        else:
            offers.setdefault(name, offer)
    for name, packages in rivals.items():  # which of them is meant would depend on the order of folders
        _LOGGER.warning('More than one package offers a connector "%s", so none is used: %s', name, sorted(packages))
        del offers[name]
    return offers


def _leave_out(offer: Offer, why: str) -> None:
    name = readable(offer.entry.name[:50])
    _LOGGER.warning('The connector "%s" of the package %s is left out: that %s', name, offer.package, why)


def _stamp(folder: str) -> int:
    """When something was installed there last, or removed: that changes the folder."""
    try:
        return Path(folder or ".").stat().st_mtime_ns
    except OSError:
        return 0


@lru_cache(maxsize=_FOLDERS)
def _offered(folder: str, stamp: int) -> tuple[tuple[Offer, ...], ...]:  # noqa: ARG001 - it tells one reading from the next
    """By package."""
    return tuple(_read(folder))


def _read(folder: str) -> Iterator[tuple[Offer, ...]]:
    for package in distributions(path=[folder]):
        try:
            entries = [entry for entry in package.entry_points if entry.group == GROUP]
            name = _name(package) if entries else ""
        except Exception:
            _LOGGER.debug("The metadata of a package cannot be read", exc_info=True)
            continue
        if entries:
            yield tuple(Offer(package=name, entry=entry) for entry in entries)


def _name(package: Distribution) -> str:
    return readable(str(package.metadata["Name"] or "?")[:100])
