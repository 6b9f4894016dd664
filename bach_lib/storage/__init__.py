"""Keeping things on disk: one SQLite file, one thread, one file of named queries."""

from bach_lib.storage.database import Database, MemoryDatabase, Store
from bach_lib.storage.sqlite import Transaction, Value

__all__ = ["Database", "MemoryDatabase", "Store", "Transaction", "Value"]
