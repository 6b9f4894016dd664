"""What all tests share: a busy machine is no fault of what is tested."""

import logging

from hypothesis import Phase, settings

pytest_plugins = ["tests.described.plugin"]


def _is_news(record: logging.LogRecord) -> bool:
    """Whether a record says more than that the machine was busy."""
    return not str(record.msg).startswith("Executing %s took")


logging.getLogger("asyncio").addFilter(_is_news)  # some tests let no warning pass

settings.register_profile("busy", deadline=None)
settings.register_profile(  # of a mistake made on purpose nobody wants to see the smallest example
    "mutation", deadline=None, derandomize=True, database=None, phases=(Phase.explicit, Phase.generate)
)
settings.load_profile("busy")
