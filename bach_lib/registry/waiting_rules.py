"""Check of all that a connection's settings say about when messages wait."""

from collections.abc import Mapping

from bach_lib.registry.gathering import check_gathering
from bach_lib.registry.quiet_hours import check_quiet_hours


def check_waiting_rules(settings: Mapping[str, object]) -> None:
    """Raise `InvalidValueError` for what are no quiet hours, no holidays, or nothing to gather by."""
    check_quiet_hours(settings)
    check_gathering(settings)
