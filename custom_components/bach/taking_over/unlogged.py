"""Keeps a token out of the logs while the old entry stops.

Home Assistant's bot ceases to mask its token before it asks Telegram for the last time, and what speaks HTTP for it
logs the address, which holds the token.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import override

from bach_lib.redact import Redactor


class _Mask(logging.Filter):
    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        if (masked := self._redactor.masked(said)) != said:
            record.msg, record.args = masked, None
        if record.exc_info:
            record.exc_text = self._redactor.masked(logging.Formatter().formatException(record.exc_info))
            record.exc_info = None
        return True


@contextmanager
def unlogged(secret: str) -> Iterator[None]:
    """Mask the secret in whatever is logged meanwhile, by whomever."""
    handlers, mask = list(logging.getLogger().handlers), _Mask(Redactor([secret]))
    for handler in handlers:  # a filter of a logger would not see what the loggers below it are told
        handler.addFilter(mask)
    try:
        yield
    finally:
        for handler in handlers:
            handler.removeFilter(mask)
