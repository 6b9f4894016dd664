"""Storage: a SQLite file or a PostgreSQL database, one thread that writes and one that looks up, named queries.

The queries are in one file for both, with the few that differ in another. Of files also that each is who it seems:
locks, backups, copies, what was restored. No module here knows what a message is (only the queries and migrations do);
only `sqlite` imports sqlite3, and only `postgresql.driver` psycopg.
"""

from bach_lib.storage.common_clock import CommonClock
from bach_lib.storage.database import Database
from bach_lib.storage.memory import MemoryDatabase
from bach_lib.storage.opening import store_at
from bach_lib.storage.postgresql.address import Address, is_address
from bach_lib.storage.postgresql.server_database import ServerDatabase
from bach_lib.storage.store import SharedStore, Store
from bach_lib.storage.transaction import Row, Transaction, Value

__all__ = [
    "Address",
    "CommonClock",
    "Database",
    "MemoryDatabase",
    "Row",
    "ServerDatabase",
    "SharedStore",
    "Store",
    "Transaction",
    "Value",
    "is_address",
    "store_at",
]
