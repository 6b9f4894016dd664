"""A database on a disk, as most tests of the storage need it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bach_lib.storage import Database
from tests.lib.storage.work import add


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database is."""
    return tmp_path / "bach.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[Database]:
    """An open database with one row."""
    store = Database(path)
    await store.open()
    await store.submit(add("ada"))
    yield store
    await store.close()
