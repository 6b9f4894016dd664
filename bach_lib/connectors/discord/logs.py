"""Keeps discord.py's log lines from telling what nobody should read.

At debug level the library logs every event in full: what people write, and the tokens that answer a press. These lines
are dropped; of the others, secrets are masked. The loggers belong to everybody in this process who uses discord.py.
"""

import logging
from typing import override

from bach_lib.redact import Redactor

_LOGGERS = ("discord.client", "discord.gateway", "discord.http", "discord.state", "discord.webhook.async_")


class _Discreet(logging.Filter):
    @override
    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno <= logging.DEBUG:
            return False
        record.msg, record.args = Redactor()(record.getMessage(), 2000), ()
        return True


_DISCREET = _Discreet()


def be_discreet() -> None:
    """From now on; once is enough."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_DISCREET)
