"""Rows are as strict as any database's, and no failure is passed over."""

from tests.lib.strict import exact_names, no_failure_is_only_logged

__all__ = ["exact_names", "no_failure_is_only_logged"]
