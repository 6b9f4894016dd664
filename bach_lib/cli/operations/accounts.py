"""The same account twice: both would take each other's messages away, and each would complain of another program."""

from collections.abc import Callable, Mapping

from bach_lib.bach import Bach
from bach_lib.cli.faults import SentenceError
from bach_lib.errors import BachError
from bach_lib.models import Connection
from bach_lib.secrets import Secrets

_WHOSE: Mapping[str, Callable[[Mapping[str, str]], str]] = {
    "discord": lambda secrets: secrets.get("bot_token", "").strip().partition(".")[0],
    "telegram": lambda secrets: secrets.get("bot_token", "").strip().partition(":")[0],
}
"""Which bot a connection is, as its token tells without asking."""


async def require_account_of_its_own(bach: Bach, row: Connection) -> None:
    """Raise `SentenceError` if another connection has this account already."""
    mine = await _account(row)
    for other in bach.registry.list(type=row.type) if mine else ():
        if other.name != row.name and await _account(other) == mine:
            raise SentenceError(
                f'"{other.name}" is the same account already; both would take each other\'s messages away.'
                f" Use that one, or remove it first: bach connector remove {other.name}"
            )


async def _account(row: Connection) -> tuple[str, str] | None:
    whose = _WHOSE.get(row.type)
    if whose is None:
        return None
    try:
        name = whose(await Secrets().resolve(row.auth_config))
    except BachError:
        return None
    return ((row.endpoint or "").rstrip("/"), name) if name else None
