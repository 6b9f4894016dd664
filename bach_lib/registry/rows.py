"""Row mapping of connections."""

import json

from bach_lib.models import Category, Connection
from bach_lib.storage import Row, Value
from bach_lib.storage.values import integer, real, text


def connection_values(connection: Connection) -> dict[str, Value]:
    """The columns of a row."""
    return {
        "name": connection.name,
        "type": connection.type,
        "category": connection.category,
        "endpoint": connection.endpoint,
        "is_active": connection.is_active,
        "auth_type": connection.auth_type,
        "auth_config": json.dumps(dict(connection.auth_config)),
        "allowed": json.dumps(sorted(connection.allowed)),
        "settings": json.dumps(connection.settings),
    }


def connection_of(row: Row) -> Connection:
    """A row as it was read."""
    return Connection(
        name=str(row["name"]),
        type=str(row["type"]),
        category=Category(str(row["category"])),
        endpoint=text(row["endpoint"]),
        is_active=bool(row["is_active"]),
        auth_type=str(row["auth_type"]),
        auth_config=json.loads(str(row["auth_config"])),
        allowed=frozenset(json.loads(str(row["allowed"]))),
        settings=json.loads(str(row["settings"])),
        success_count=integer(row["success_count"]),
        error_count=integer(row["error_count"]),
        blocked_count=integer(row["blocked_count"]),
        last_used=real(row["last_used"]),
        consecutive_failures=integer(row["consecutive_failures"]),
        disabled_until=real(row["disabled_until"]),
    )
