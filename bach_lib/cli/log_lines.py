"""Formatters of the daemon's log: lines for people, and lines of JSON for what collects logs.

What others said is made harmless in both; a record is one line, but for a traceback that people read.
"""

import json
import logging
from datetime import UTC, datetime
from typing import override

from bach_lib.redact import readable


class Line(logging.Formatter):
    """For people."""

    @override
    def formatMessage(self, record: logging.LogRecord) -> str:
        return readable(" ".join(super().formatMessage(record).splitlines()))

    @override
    def formatException(self, ei: object) -> str:
        return readable(super().formatException(ei), lines=True)  # type: ignore[arg-type] # as logging calls it


class JsonLine(logging.Formatter):
    """One object a record. What a record is not about, and has no traceback of, is left out."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        fields: dict[str, object] = {
            "time": when,
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": readable(" ".join(record.getMessage().splitlines())),
            "connection": getattr(record, "connection", None),
            "message_id": getattr(record, "message_id", None),
            "exception": readable(self.formatException(record.exc_info), lines=True) if record.exc_info else None,
        }
        return json.dumps({name: value for name, value in fields.items() if value is not None}, default=str)
