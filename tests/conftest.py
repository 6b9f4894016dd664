"""What all tests share: a busy machine is no fault of what is tested."""

import logging

from hypothesis import settings

pytest_plugins = ["tests.described.plugin"]


def _is_news(record: logging.LogRecord) -> bool:
    """Whether a record says more than that the machine was busy."""
    return not str(record.msg).startswith("Executing %s took")


logging.getLogger("asyncio").addFilter(_is_news)  # some tests let no warning pass

settings.register_profile("busy", deadline=None)
settings.load_profile("busy")
