"""What the tests of these folders must not pass over: a failure that is only logged, a name that fits by luck.

Where one thing that fails stops no other, a mistake in our own code is a line in the log, and everything goes on.
"""

import logging
from collections.abc import Iterator
from typing import override

import pytest

from bach_lib.storage import Row, Transaction, Value


class _Failures(logging.Handler):
    """What was logged with a traceback."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen: list[str] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Note it, if it is more than a sentence."""
        if record.exc_info:
            self.seen.append(f"{record.getMessage()}: {record.exc_info[1]!r}")


@pytest.fixture(autouse=True)
def no_failure_is_only_logged(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test in which something is to fail asks for `caplog`, whether it reads that or not."""
    if "caplog" in request.fixturenames:
        yield
        return
    logger, failures = logging.getLogger("bach_lib"), _Failures()
    logger.addHandler(failures)
    yield
    logger.removeHandler(failures)
    assert not failures.seen


@pytest.fixture(autouse=True)
def exact_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only SQLite finds a column whose name is written in other letters."""
    rows = Transaction.rows

    def strict(self: Transaction, query: str, **values: Value) -> list[Row]:
        return [dict(row) for row in rows(self, query, **values)]

    monkeypatch.setattr(Transaction, "rows", strict)
