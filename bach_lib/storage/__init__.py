"""Storage: one SQLite file, a thread that writes and one that looks up, one file of named queries.

Also that the file is who it seems: locks, backups, copies, what was restored. No module here knows
what a message is (only the queries and migrations do), and only `sqlite` imports sqlite3.
"""

from bach_lib.storage.database import Database
from bach_lib.storage.memory import MemoryDatabase
from bach_lib.storage.sqlite import Row, Transaction, Value
from bach_lib.storage.store import SharedStore, Store

__all__ = ["Database", "MemoryDatabase", "Row", "SharedStore", "Store", "Transaction", "Value"]
