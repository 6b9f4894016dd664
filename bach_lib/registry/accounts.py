"""Detects the same account twice: both connections would take each other's messages away.

Which account a connection has its connector tells, from what is set and without asking anybody. A name like that may be
a secret itself, as the address of a webhook is; so only digests are compared, and none is kept.
"""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from hashlib import sha256

from bach_lib.connectors import Connectors
from bach_lib.errors import (
    AccountTakenError,
    BachError,
    ConnectorFailedError,
    MissingLibraryError,
    UnknownTypeError,
    UnusableConnectorError,
)
from bach_lib.field_logger import FieldLogger
from bach_lib.models import Connection
from bach_lib.registry.secrets import Secrets

type Seen = dict[str, bytes | None]
"""The digest of an account, by the name of the connection."""


class Beside(list[Connection]):
    """Connections that are to be written together. Each secret of them, and of those there are, is read once."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: Seen = {}


_LOGGER = FieldLogger(__name__)
_UNSEEN = "Whether another connection has the account of %s cannot be seen: no answer"
_SECONDS = 5.0
"""That the secrets of others may take; a drive that is gone must not hold up a change."""


class Accounts:
    """Compares the accounts of connections."""

    def __init__(self, connectors: Connectors, secrets: Secrets) -> None:
        self._connectors = connectors
        self._secrets = secrets

    async def check(
        self,
        row: Connection,
        others: Iterable[Connection],
        secrets: Mapping[str, str] | None = None,
        old: Connection | None = None,
        seen: Seen | None = None,
    ) -> None:
        """Raise `AccountTakenError` if one of the others has the account of this row already.

        `secrets` are those of the row, if they are resolved. What the row was before (`old`) it may stay. `seen`: whom
        it names is not read again; this row and whoever is read are added. Raises an `InputError` too if what is set
        can be no account.
        """
        seen = {} if seen is None else seen
        if secrets is None:
            try:
                secrets = await self._secrets.resolve(row.auth_config, row.type)
            except BachError:  # nothing about them was changed
                return
        with suppress(MissingLibraryError, UnknownTypeError, UnusableConnectorError):
            await self._connectors.load(row.type)
        mine = seen[row.name] = self._digest(row, secrets)
        if mine is None:
            return
        try:
            async with asyncio.timeout(_SECONDS):
                if old is not None and await self._of(old) == mine:
                    return
                for other in others:
                    if other.name == row.name or other.type != row.type:
                        continue
                    if other.name not in seen:
                        seen[other.name] = await self._of(other)
                    if seen[other.name] == mine:
                        raise AccountTakenError(other=other.name)
        except TimeoutError:
            _LOGGER.warning(_UNSEEN, row.name, connection=row.name)

    async def _of(self, other: Connection) -> bytes | None:
        """That of a connection there is already; what is wrong with it is not what is asked."""
        try:
            return self._digest(other, await self._secrets.resolve(other.auth_config, other.type))
        except BachError:
            return None

    def _digest(self, row: Connection, secrets: Mapping[str, str]) -> bytes | None:
        try:
            connector = self._connectors.loaded(row.type)
            told = connector.account(row, secrets) if connector else None
        except ConnectorFailedError:  # which is logged; whose account it is nobody knows
            return None
        return sha256(told.encode()).digest() if told else None
