"""A fault: why something failed, in the one form that every part tells it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why something failed.

    A stable `code`, the platform's own words without secrets, and its wish to wait (seconds).
    """

    code: str
    text: str
    retry_after: float | None = None
