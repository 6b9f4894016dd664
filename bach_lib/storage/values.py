"""Typed access to rows, whose columns could hold anything as far as the type checker knows."""

from bach_lib.storage.transaction import Value

_HIGHEST_ID = 2**63 - 1


def upper_bound(before: int | None) -> int:
    """What ids of a page must be below; a number from outside may be larger than any id can be."""
    return _HIGHEST_ID if before is None else min(max(before, 0), _HIGHEST_ID)


def integer(value: Value) -> int:
    """A column that always holds a whole number."""
    return int(value or 0)


def real(value: Value) -> float | None:
    """A column that holds a number or nothing."""
    return None if value is None else float(value)


def text(value: Value) -> str | None:
    """A column that holds text or nothing."""
    return None if value is None else str(value)
