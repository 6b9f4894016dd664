"""Log filter for discord.py: drops lines with messages or tokens, masks secrets in the others.

At debug level the library logs every event in full: what people write, and the tokens that answer a press. These lines
are dropped; of the others, secrets are masked. The loggers belong to everybody in this process who uses discord.py.
"""

import logging
from typing import override

from bach_lib.redact import Redactor, readable

_LOGGERS = ("discord.client", "discord.gateway", "discord.http", "discord.state", "discord.webhook.async_")
_FORMATTER = logging.Formatter()
_MAX_LINE, _MAX_TRACE = 2_000, 20_000


class _Discreet(logging.Filter):
    @override
    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno <= logging.DEBUG:
            return False
        redact = Redactor()
        record.msg, record.args = redact(record.getMessage(), _MAX_LINE), ()
        if record.exc_info:  # its errors name the address that was called, and so do those that led to them
            told = _FORMATTER.formatException(record.exc_info)
            record.exc_text, record.exc_info = redact.masked(readable(told, lines=True))[:_MAX_TRACE], None
        return True


_DISCREET = _Discreet()


def be_discreet() -> None:
    """From now on; once is enough."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_DISCREET)
