"""Operations on the database file."""

from bach_lib.bach import Bach


async def backup(bach: Bach, path: str) -> str:
    """Write a complete copy into a new file. The daemon writes it itself; it is the same person's."""
    await bach.backup(path)
    return path
