"""Resets the cursor when another account is behind a connection, which has incoming messages of its own.

The old cursor would skip what the new account has, or confirm it unread. What was learned for the old account only is
forgotten. What waits to be sent stays, and goes through whoever is there now; what the old one sent can no more be
changed where ids mean something else to the new one.
"""

import asyncio
from collections import defaultdict

from bach_lib.clock import Clock
from bach_lib.connectors.base import Connector
from bach_lib.models import Fault
from bach_lib.registry.directory import Directory
from bach_lib.storage import Store, Transaction
from bach_lib.storage.values import text


class Handover:
    """Tracks whose messages the inbox of each connection holds."""

    def __init__(self, store: Store, directory: Directory, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._directory = directory
        self._asked: dict[str, Connector] = {}
        self._untold: set[str] = set()
        """Connections with another account, of which the receiver has not heard."""
        self._asking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def to(self, connection: str, connector: Connector) -> bool | Fault:
        """As `ensure`, for the receiver. True, once: it is another account, and receiving begins anew."""
        fault = await self.ensure(connection, connector)
        if fault is not None:
            return fault
        is_another = connection in self._untold
        self._untold.discard(connection)
        return is_another

    async def ensure(self, connection: str, connector: Connector) -> Fault | None:
        """Ask whose account it is, unless it is known, and begin anew if it is another. Raises a `StorageError`."""
        async with self._asking[connection]:
            if self._asked.get(connection) is connector:
                return None
            account = await connector.whose()
            if isinstance(account, Fault):
                return account
            if account is not None and await self._begin(connection, account, connector.capabilities.own_ids):
                self._untold.add(connection)
            self._asked[connection] = connector
            return None

    async def _begin(self, connection: str, account: str, own_ids: bool) -> bool:
        """Whether it is another account than before; then nothing of that one's counts any more."""

        def work(tx: Transaction) -> bool:
            row = tx.row("get_cursor", name=connection)
            known = text(row["account"]) if row else None
            if row is None or known == account:
                return False
            if known is None:  # nobody knew so far, so it is taken for the same
                tx.run("save_account", name=connection, account=account)
                return False
            if own_ids:  # the same ids come again, and mean something else
                for query in ("rename_incoming", "rename_thrown_away"):
                    tx.run(query, connection=connection, mark=f"@{known}")
                tx.run("note_hand_over", name=connection, time=repr(self._clock.now()))
            tx.run("remove_early", name=connection)
            tx.run("hand_over", name=connection, account=account)
            tx.run("forget_spellings_of_account", connection=connection)
            return True

        is_another = await self._store.submit(work, as_owner=True)
        if is_another:
            self._directory.forget_account(connection)
        return is_another
