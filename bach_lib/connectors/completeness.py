"""Looks whether a connector's class has all that must be written, so that what was forgotten is named early.

A class may inherit from `Connector`, whose own methods stand for nothing, or from nobody.
"""

from inspect import getattr_static

from bach_lib.connectors.base import Connector

_NOTHING = object()


def lacking(connector: type) -> list[str]:
    """The parts of the contract that a class has forgotten."""
    parts: frozenset[str] = getattr(Connector, "__abstractmethods__", frozenset())
    return sorted(part for part in parts if _is_missing(getattr_static(connector, part, _NOTHING)))


def _is_missing(part: object) -> bool:
    return part is _NOTHING or getattr(part, "__isabstractmethod__", False) is True
