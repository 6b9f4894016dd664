"""A fault: why something failed, in the one form that every part tells it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why something failed.

    A stable `code`, the platform's own words without secrets, and its wish to wait (seconds).
    """

    code: str
    """Stable, for programs."""
    text: str
    """For people: one sentence, or the platform's words."""
    retry_after: float | None = None
    """Seconds that the platform asks to wait."""
