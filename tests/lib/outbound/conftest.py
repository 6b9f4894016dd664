"""What the tests of sending share: rows are as strict as any database's."""

import pytest

from bach_lib.storage import Row, Transaction, Value


@pytest.fixture(autouse=True)
def exact_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only SQLite finds a column whose name is written in other letters."""
    rows = Transaction.rows

    def strict(self: Transaction, query: str, **values: Value) -> list[Row]:
        return [dict(row) for row in rows(self, query, **values)]

    monkeypatch.setattr(Transaction, "rows", strict)
