"""Reading typed values out of rows, whose columns could hold anything as far as the type checker knows."""

from bach_lib.storage.database import Value


def integer(value: Value) -> int:
    """A column that always holds a whole number."""
    return int(value or 0)


def real(value: Value) -> float | None:
    """A column that holds a number or nothing."""
    return None if value is None else float(value)


def text(value: Value) -> str | None:
    """A column that holds text or nothing."""
    return None if value is None else str(value)
