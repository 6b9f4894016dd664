"""What each connection to the server asks for: of the network, unless the address says otherwise, and of the server."""

from collections.abc import Mapping

_SILENT = 15_000
"""Milliseconds after which a network that acknowledges nothing is gone."""
DEFAULTS: Mapping[str, str | int] = {
    "application_name": "bach",
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": _SILENT,
}
SETTINGS = (
    "SET search_path TO bach",
    "SET client_encoding TO 'UTF8'",
    "SET lock_timeout TO '5s'",  # as SQLite's `busy_timeout`
    "SET idle_in_transaction_session_timeout TO '4s'",  # a process that was stopped holds up nobody
    "SET statement_timeout TO 0",
    "SET DateStyle TO ISO",
    "SET TimeZone TO 'UTC'",
)
