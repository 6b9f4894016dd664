"""placeholder."""


def import_legacy() -> None:
    """X."""
