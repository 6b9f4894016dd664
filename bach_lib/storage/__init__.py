"""Keeping things on disk: one SQLite file, one thread, one file of named queries."""

from bach_lib.storage.database import Database, Store
from bach_lib.storage.memory import MemoryDatabase
from bach_lib.storage.sqlite import Row, Transaction, Value

__all__ = ["Database", "MemoryDatabase", "Row", "Store", "Transaction", "Value"]
