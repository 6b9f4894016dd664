"""How long a page may be: one request must not read a whole database into memory."""

from bach_lib.arguments import whole

_MAX_PAGE = 500


def check_limit(limit: int) -> None:
    """Raise `InvalidValueError` for a page without a row, or with too many."""
    whole("limit", limit, 1, _MAX_PAGE)
