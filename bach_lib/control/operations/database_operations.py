"""Operations on the database as a whole."""

from bach_lib.bach import Bach
from bach_lib.control.operations.json_rows import Row, time


async def backup(bach: Bach, path: str) -> str:
    """Write a complete copy into a new file. The daemon writes it itself; it is the same person's."""
    await bach.backup(path)
    return path


async def processes(bach: Bach) -> list[Row]:
    """Who shares the database, and works on what; nobody where it is a file."""
    return [
        {
            "session": process.session,
            "name": process.name,
            "state": "works" if process.ended_at is None else "gone",
            "started_at": time(process.started_at),
            "seen_at": time(process.seen_at),
            "connections": list(process.connections),
            "lanes": [f"{name}: {number}" for name, number in process.lanes.items()],
        }
        for process in await bach.processes()
    ]
