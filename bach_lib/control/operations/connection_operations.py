"""Operations on connections."""

from collections.abc import Mapping, Sequence

from aiohttp import ClientSession

from bach_lib.bach import Bach
from bach_lib.control.operations.advice import WHAT_TO_DO, advice
from bach_lib.control.operations.json_rows import (
    Row,
    answer_row,
    connection_row,
    health_row,
    hop_row,
    queue_row,
    time,
)
from bach_lib.control.sentences import SentenceError
from bach_lib.errors import BachError, OwnedElsewhereError
from bach_lib.models import Category, Connection, ConnectionState, Direction, Fault, Identity
from bach_lib.models.incoming import InboxStatus
from bach_lib.registry import Changes
from bach_lib.registry.pasted import address
from bach_lib.runtime.credential_check import check_connection


async def connections(bach: Bach, category: Category | None = None, type_: str | None = None) -> list[Row]:
    """All, or those of a category or type."""
    return [connection_row(row) for row in bach.registry.list(category=category, type=type_)]


async def connection(bach: Bach, name: str) -> Row:
    """One."""
    return connection_row(bach.registry.get(name))


async def status(bach: Bach, name: str | None = None, *, is_daemon: bool = False) -> list[Row]:
    """How the connectors stand, with their queues and what is unread."""
    queues = await bach.queue_status()
    rows = bach.registry.list(category=Category.CONNECTOR) if name is None else [bach.registry.get(name)]
    return [
        {
            "name": row.name,
            "type": row.type,
            "is_active": row.is_active,
            "damaged": ", ".join(bach.registry.damaged.get(row.name, ())) or None,
            "sending_state": _state(bach, row, Direction.SENDING) if is_daemon else None,
            "receiving_state": _state(bach, row, Direction.RECEIVING) if is_daemon else None,
            "consecutive_failures": row.consecutive_failures,
            "disabled_until": connection_row(row)["disabled_until"],
            "last_used": connection_row(row)["last_used"],
            "storage": bach.storage_fault.text if bach.storage_fault else None,
            "unread": await bach.count_inbox(connection=row.name, status=InboxStatus.UNREAD),
            "refused": _refused(bach, row) if is_daemon else None,
            **(queue_row(queues[row.name]) if row.name in queues else {}),
        }
        for row in rows
    ]


def _refused(bach: Bach, row: Connection) -> str | None:
    """Why the last request was refused that somebody made to it, and when."""
    refusal = bach.refused(row.name)
    return f"{refusal.reason} ({time(refusal.at)})" if refusal else None


async def vacant(bach: Bach, name: str) -> None:
    """That a new one may have this name; the error says why not."""
    bach.registry.check_vacant(name)


async def lost_secrets(bach: Bach, name: str) -> list[str]:
    """The names of its secrets whose references lead nowhere."""
    return list(await bach.registry.lost_secrets(name))


async def try_out(bach: Bach, fields: Mapping[str, object]) -> Row:
    """Ask the platform about a connection that is not in the registry."""
    made = await bach.registry.examine(_made(fields))
    async with ClientSession() as session:
        return _advised(made, await check_connection(made, session=session))


async def add(bach: Bach, fields: Mapping[str, object]) -> Row:
    """Write a new one."""
    made = _made(fields)
    return connection_row(await bach.registry.add(made))


async def change(bach: Bach, name: str, changes: Changes) -> Row:
    """Change fields. `allowed` comes as a list."""
    made = Changes(**changes)
    if isinstance(endpoint := changes.get("endpoint"), str):
        made["endpoint"] = address(bach.registry.get(name).type, endpoint)
    if "allowed" in changes:
        made["allowed"] = frozenset(_texts(changes["allowed"]))
    return connection_row(await bach.registry.update(name, **made))


async def remove(bach: Bach, name: str) -> Row:
    """Delete one with its queue and its inbox; what it was."""
    row = connection_row(bach.registry.get(name))
    await bach.registry.remove(name)
    return row


async def check(bach: Bach, name: str, *, is_daemon: bool) -> Row:
    """Ask the platform now. Where it is at work anyway, the one at work asks: two would renew one another's tokens."""
    row = bach.registry.get(name)
    try:
        if is_daemon and row.is_active:
            return await _on_its_way(bach, row, await bach.check(name))
        async with ClientSession() as session:
            return await _on_its_way(bach, row, await check_connection(row, session=session))
    except BachError as error:  # it cannot even be asked
        return answer_row(name, Fault(code=error.code, text=str(error)))


async def start(bach: Bach, name: str) -> Row:
    """Let a connection work that rests because nothing runs here all the time."""
    if not bach.registry.get(name).is_active:
        raise SentenceError(f'"{name}" is disabled. Enable it first: bach connector enable {name}')
    await bach.start(name)
    return health_row(bach.health(name, Direction.SENDING))


async def _on_its_way(bach: Bach, row: Connection, answer: Identity | Fault) -> Row:
    """The same with the hops of its way."""
    hops = await bach.hops(row.name, answer)
    told = _advised(row, answer)
    if hops and hops[-1].fault and not told["advice"]:
        told["advice"] = WHAT_TO_DO[hops[-1].name]
    return told | {"hops": [hop_row(hop) for hop in hops]}


def _advised(row: Connection, answer: Identity | Fault) -> Row:
    told = answer_row(row.name, answer)
    return told | {"advice": advice(row.type, answer) if isinstance(answer, Fault) else None}


def _state(bach: Bach, row: Connection, direction: Direction) -> str:
    try:
        health = bach.health(row.name, direction)
        is_elsewhere = health.fault is not None and health.fault.code == OwnedElsewhereError.code
        return "elsewhere" if is_elsewhere else health.state  # another process works on it, and knows
    except BachError:  # its library is missing, so it could not start
        return ConnectionState.DISCONNECTED


def _made(fields: Mapping[str, object]) -> Connection:
    values = dict(fields)
    try:
        values["category"] = Category(str(values.get("category", Category.CONNECTOR)))
        values["allowed"] = frozenset(_texts(values.get("allowed", ())))
        if isinstance(endpoint := values.get("endpoint"), str):
            values["endpoint"] = address(str(values.get("type")), endpoint)
        return Connection(**values)  # type: ignore[arg-type] # the registry checks what they are
    except (TypeError, ValueError) as error:
        raise SentenceError("These are not the fields of a connection.") from error


def _texts(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, Sequence) and not isinstance(value, str) else []
