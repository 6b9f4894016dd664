"""Health checks of the daemon's surroundings: each line says how one thing is, and what to do if it is not good."""

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from bach_lib.cli.console import Row, as_row, as_rows
from bach_lib.cli.paths import may_be_there, secrets_folder, token_file
from bach_lib.cli.session import Session, run
from bach_lib.control.sentences import SentenceError
from bach_lib.control.socket_path import can_have_socket, socket_file
from bach_lib.errors import BachError
from bach_lib.storage.saved import saved_copies
from bach_lib.version import VERSION

_LITTLE = 100_000_000
"""Bytes of free space below which somebody should know."""


def examine(database: Path, state: Row) -> list[Row]:
    """All of it. `state`: of the daemon."""
    rows = [_daemon(state), _space(database), *_modes(database), _socket(database)]
    if state["state"] == "frozen":
        return rows
    if not may_be_there(database) and state["state"] != "works":
        return [*rows, _row("database", f"There is none at {database}. Add a connection: bach connector add TYPE NAME")]
    try:
        rows += run(_ask, database)
    except (BachError, SentenceError) as error:
        rows.append(_row("database", str(error)))
    return rows


async def _ask(session: Session) -> list[Row]:
    status = as_rows(await session.ask("status", is_daemon=session.is_daemon))
    fault = next((str(row["storage"]) for row in status if row.get("storage")), "")
    rows = [_row("database", fault or "It can be read.", is_good=not fault)]
    rows += [_saved(copy) for copy in saved_copies((session.database.resolve(), session.database.absolute()))]
    connections = as_rows(await session.ask("connections"))
    for row in connections:
        lost = await session.ask("lost_secrets", name=row["name"])
        fields = ", ".join(str(one) for one in lost) if isinstance(lost, (list, tuple)) else ""
        answer = (
            f"Not found: {fields}. Give it again: bach connector configure {row['name']} {fields.partition(',')[0]}"
        )
        rows.append(_row(f"secrets of {row['name']}", answer if fields else "All are there.", is_good=not fields))
    used = {str(one) for row in connections for one in as_row(row["auth_config"]).values()}
    rows += _orphans(session.database, used)
    return [*rows, *map(_connection, status)]


def _saved(copy: Path) -> Row:
    return _row(
        "saved copy", f"{copy} holds what the database held when its file was lost. Delete it when all is well."
    )


def _daemon(state: Row) -> Row:
    match state["state"]:
        case "works" if state.get("version") == VERSION:
            return _row("daemon", f"It works, process {state['pid']}.", is_good=True)
        case "works":
            return _row("daemon", f"It runs BACH {state.get('version')}, this is {VERSION}. Restart it.")
        case "frozen":
            return _row("daemon", f"It does not answer. End it by force: kill -9 {state['pid'] or 'its process'}")
        case _:
            return _row("daemon", "None runs, so nothing is delivered or received. Start it: bach serve")


def _space(database: Path) -> Row:
    folder = next((one for one in database.parents if one.exists()), Path("/"))
    free = shutil.disk_usage(folder).free
    answer = f"{free // 1_000_000:,} MB are free at {folder}."
    return _row("disk", answer if free >= _LITTLE else f"{answer} Make room.", is_good=free >= _LITTLE)


def _modes(database: Path) -> Iterator[Row]:
    """What only its owner may read."""
    if os.name != "posix":
        return
    folder = secrets_folder(database)
    files = sorted(folder.iterdir()) if folder.is_dir() and os.access(folder, os.R_OK) else []
    there = [path for path in (database, token_file(database), folder, *files) if path.exists()]
    open_ = [path for path in there if stat.S_IMODE(path.stat().st_mode) & 0o077]
    mine = os.geteuid()
    foreign = [path for path in there if mine and path.stat().st_uid != mine]
    for path in open_:
        yield _row("files", f"Others may read {path}. Run: chmod go= {path}")
    for path in foreign:
        yield _row("files", f"{path} belongs to somebody else. Run: sudo chown {mine} {path}")
    if not open_ and not foreign:
        yield _row("files", "Only you can read them.", is_good=True)


def _socket(database: Path) -> Row:
    if can_have_socket(socket_file(database)):
        return _row("socket", "Commands can reach a daemon.", is_good=True)
    return _row("socket", "Commands cannot reach a daemon: the path is too long, or this system has no such sockets.")


def _orphans(database: Path, used: set[str]) -> Iterator[Row]:
    folder = secrets_folder(database)
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if f"file:{path}" not in used:
            yield _row("secrets", f"No connection uses {path} any more. Look at it, then delete it.")


def _connection(row: Row) -> Row:
    name = f"connection {row['name']}"
    if row.get("damaged"):
        way = f"Set it anew (bach connector configure {row['name']}) and switch it on, or restore the database"
        return _row(name, f"The database is damaged here; this cannot be read: {row['damaged']}. {way}")
    if not row["is_active"]:
        return _row(name, "It is switched off.", is_good=True)
    bad = [str(row[one]) for one in ("sending_state", "receiving_state") if row[one] in {"disconnected", "auth_failed"}]
    if bad:
        return _row(name, f"{bad[0].replace('_', ' ').capitalize()}. See why: bach connections check {row['name']}")
    if isinstance(dead := row.get("dead"), int) and dead:
        return _row(name, f"{dead} dead letters. See them: bach msg outbox; once more: bach connector retry all")
    return _row(name, "Nothing is wrong.", is_good=True)


def _row(what: str, answer: str, *, is_good: bool = False) -> Row:
    return {"what": what, "is_good": is_good, "answer": answer}
