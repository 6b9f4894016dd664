"""Connectors of other packages: what is installed beside BACH and says so by an entry point.

Finding reads metadata only; the code of a package is imported when one of its connections needs it. Whatever is wrong
with a package costs that package: what it offers is left out, with a sentence that names it.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import Distribution, EntryPoint, distributions
from typing import Final

from bach_lib.connectors.base import Connector
from bach_lib.connectors.declared import DECLARED
from bach_lib.errors import UnusableConnectorError
from bach_lib.field_logger import FieldLogger
from bach_lib.foreign import places_of
from bach_lib.redact import readable

GROUP: Final = "bach_lib.connectors"
"""The group of entry points; the name of one is the type of its connections, the value leads to the class."""

_LOGGER = FieldLogger(__name__)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,49}")
_MAX_REASON = 300
"""Characters of what an import said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A connector that a package offers, not imported yet."""

    package: str
    entry: EntryPoint

    def load(self) -> type[Connector]:
        """Import it, which may take its time; the class is not looked at. Raises `UnusableConnectorError`."""
        try:
            found: object = self.entry.load()
        except BaseException as error:  # noqa: BLE001 - a border: an import that ends the program ends nothing here
            _LOGGER.debug("Importing %s failed:\n%s", self.entry.value, places_of(error))
            raise self._unusable(f"{type(error).__name__}: {error}"[:_MAX_REASON]) from None
        if not isinstance(found, type):
            raise self._unusable(f"{self.entry.value} is no class")
        return found

    def _unusable(self, reason: str) -> UnusableConnectorError:
        return UnusableConnectorError(type=self.entry.name, package=self.package, reason=reason)


def installed() -> Mapping[str, Offer]:
    """What other packages offer, by type. Reads from the disk, once for each path that Python looks along."""
    return _read(tuple(sys.path))


@lru_cache(maxsize=1)
def _read(path: tuple[str, ...]) -> Mapping[str, Offer]:
    offers: dict[str, Offer] = {}
    rivals: dict[str, set[str]] = {}
    for offer in _offered(path):
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


def _offered(path: tuple[str, ...]) -> Iterator[Offer]:
    seen: set[str] = set()
    for package in distributions(path=list(path)):
        try:
            entries = [entry for entry in package.entry_points if entry.group == GROUP]
            name = _name(package) if entries else ""
        except Exception:
            _LOGGER.debug("The metadata of a package cannot be read", exc_info=True)
            continue
        if entries and name not in seen:  # the first on the path hides others, as it does when it is imported
            seen.add(name)
            yield from (Offer(package=name, entry=entry) for entry in entries)


def _name(package: Distribution) -> str:
    return readable(str(package.metadata["Name"] or "?")[:100])
