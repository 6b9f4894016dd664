"""Whether anything was written meanwhile, whatever kind of database it is."""

from bach_lib import Bach
from bach_lib.storage import ServerDatabase
from bach_lib.storage.transaction import Transaction
from bach_lib.storage.values import integer

_TABLES = (  # a server's sessions and commits go on by themselves
    "SELECT table_name FROM information_schema.tables"
    " WHERE table_schema = 'bach' AND table_name NOT IN ('processes', 'commits')"
)


def changes(tx: Transaction) -> int:
    """How many rows were ever written, changed or removed through this connection to SQLite."""
    [row] = tx._connection.execute("SELECT total_changes() AS number").fetchall()
    return integer(row["number"])


def _contents(tx: Transaction) -> str:
    """All that is in a database on a server, and by which transaction; nothing of the kind is counted there at once."""
    names = [str(row["table_name"]) for row in tx._connection.execute(_TABLES).fetchall()]
    rows = " UNION ALL ".join(
        f"SELECT '{name}' || one.xmin || CAST(one AS text) AS one FROM bach.{name} AS one" for name in names
    )
    [row] = tx._connection.execute(
        f"SELECT string_agg(one, ' ' ORDER BY one) AS found FROM ({rows}) AS rows"
    ).fetchall()
    return str(row["found"])


async def rows_written(bach: Bach) -> object:
    """Something that is another as soon as a row was written, changed or removed."""
    store = bach._base.store
    return await (store.submit(_contents) if isinstance(store, ServerDatabase) else store.submit(changes))
