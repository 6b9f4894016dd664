"""Examines a connection before it is written: all about its fields that can be known without asking a platform."""

from collections.abc import Collection, Iterable

from bach_lib.connectors import Connectors
from bach_lib.connectors.declaration import Knows, Told, check_complete, check_kinds, check_told
from bach_lib.connectors.declared import DECLARED
from bach_lib.connectors.endpoint import check_endpoint
from bach_lib.connectors.network_way import check_way
from bach_lib.connectors.ours import OF_CONNECTOR
from bach_lib.errors import InvalidValueError
from bach_lib.field_logger import FieldLogger
from bach_lib.models import Category, Connection
from bach_lib.registry.accounts import Accounts, Seen
from bach_lib.registry.own_policy import check_own_policy
from bach_lib.registry.partner_types import check_partner
from bach_lib.registry.secrets import Secrets
from bach_lib.registry.sender_tag import check_tag
from bach_lib.registry.waiting_rules import check_waiting_rules
from bach_lib.said import Sentence

_LOGGER = FieldLogger(__name__)
_MAX_ALLOWED = 10_000
FRESH_START = frozenset({"endpoint", "auth_type", "auth_config", "settings"})
"""Changes after which old failures mean nothing."""


class Examiner:
    """Knows what each type takes, and which accounts are taken."""

    def __init__(self, connectors: Connectors, secrets: Secrets) -> None:
        self._connectors, self._secrets = connectors, secrets
        self._accounts = Accounts(connectors, secrets)

    async def check(
        self,
        connection: Connection,
        fields: Collection[str],
        others: Collection[Connection],
        *,
        old: Connection | None = None,
        seen: Seen | None = None,
    ) -> None:
        """Raise an `InputError` for what is wrong in these fields. `others`: what it must not be the same as.

        `seen`: of whom among them the account is known.
        """
        if "endpoint" in fields and connection.endpoint is not None:
            check_endpoint(connection.endpoint)
        if len(connection.allowed) > _MAX_ALLOWED:
            raise InvalidValueError(
                field="allowed",
                value=len(connection.allowed),
                expected=Sentence("at_most_number_recipients", "at most {number} recipients", number=_MAX_ALLOWED),
            )
        if not FRESH_START & set(fields):
            return
        check_tag(connection.settings)
        check_own_policy(connection.settings)
        check_waiting_rules(connection.settings)
        check_way(connection.settings, connection.auth_config)
        if (knows := self._knows(connection)) is not None:
            check_told(connection.type, knows, _told(connection), _told(old))
            if connection.is_active and connection.category is Category.CONNECTOR:
                check_complete(connection.type, knows, _told(connection), _told(old) if old else None)
        else:
            check_kinds(OF_CONNECTOR, _told(connection), _told(old))
        if connection.category is not Category.CONNECTOR:
            check_partner(connection, self._secrets)
        secrets = (
            await self._secrets.resolve(connection.auth_config, connection.type) if "auth_config" in fields else None
        )
        if connection.category is Category.CONNECTOR:
            await self._accounts.check(connection, others, secrets, old, seen)

    def report_strange(self, connections: Iterable[Connection]) -> None:
        """What an older version took, and nobody follows; it may be a misspelt word that somebody relies on."""
        for row in connections:
            knows = self._knows(row)
            if knows is not None and (strange := knows.strange(row.auth_config, row.settings)):
                _LOGGER.warning(
                    "%s is told what %s does not know: %s", row.name, row.type, ", ".join(strange), connection=row.name
                )

    def _knows(self, connection: Connection) -> Knows | None:
        is_partner = connection.category is not Category.CONNECTOR
        return DECLARED.get(connection.type) if is_partner else self._connectors.knows(connection.type)


def _told(connection: Connection | None) -> Told:
    return (
        Told(secrets=connection.auth_config, settings=connection.settings, endpoint=connection.endpoint)
        if connection
        else Told(secrets={}, settings={})
    )
