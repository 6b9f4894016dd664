"""How long a page may be: one request must not read a whole database into memory."""

from bach_lib.errors import InvalidValueError

_MAX_PAGE = 500


def check_limit(limit: int) -> None:
    """Raise `InvalidValueError` for a page without a row, or with too many."""
    if not 1 <= limit <= _MAX_PAGE:
        raise InvalidValueError(field="limit", value=limit, expected=f"a whole number from 1 to {_MAX_PAGE}")
