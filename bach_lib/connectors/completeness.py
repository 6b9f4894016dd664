"""Looks whether a connector's class has all that must be written, as it must be, so that mistakes are named early.

A class may inherit from `Connector`, whose own methods stand for nothing, or from nobody.
"""

from inspect import getattr_static
from types import FunctionType

from bach_lib.connectors.base import Connector

_NOTHING = object()
_OF_THE_CLASS = ("account", "invitation", "normalize_recipient", "normalize_sender")
"""What is asked before there is a connector."""


def complaint(connector: type) -> str | None:
    """What is wrong with a class: the parts of the contract that it has forgotten, or that want a connector."""
    parts: frozenset[str] = getattr(Connector, "__abstractmethods__", frozenset())
    if lacking := sorted(part for part in parts if _is_missing(getattr_static(connector, part, _NOTHING))):
        return f"{connector.__name__[:50]} lacks {', '.join(lacking)}"
    if bound := [part for part in _OF_THE_CLASS if _wants_self(getattr_static(connector, part, None))]:
        return f"needs @classmethod or @staticmethod above {', '.join(bound)}: the class is asked"
    return None


def _wants_self(part: object) -> bool:
    return isinstance(part, FunctionType) and part.__code__.co_varnames[:1] == ("self",)


def _is_missing(part: object) -> bool:
    return part is _NOTHING or getattr(part, "__isabstractmethod__", False) is True
