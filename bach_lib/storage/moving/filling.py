"""How far a move has come, as the database that is being filled says it of itself."""

import json
from dataclasses import dataclass, field

from bach_lib.errors import StoreFillingError
from bach_lib.storage.moved import FILLING, source_of
from bach_lib.storage.moving.row_pages import Position
from bach_lib.storage.moving.table_shapes import tables
from bach_lib.storage.transaction import Transaction


@dataclass(slots=True)
class Progress:
    """From where it is being filled, and how far each table has come. `instance`: the name that the source has."""

    source: str
    instance: str
    positions: dict[str, Position] = field(default_factory=lambda: {table.name: Position() for table in tables()})

    def save(self, tx: Transaction) -> None:
        """In the same commit as the rows."""
        found = {
            name: [one.after, one.taken, one.left, one.is_done] for name, one in self.positions.items() if one.taken
        }
        note = {"source": self.source, "instance": self.instance, "tables": found}
        tx.run("save_meta", key=FILLING, value=json.dumps(note))

    @property
    def has_begun(self) -> bool:
        """Whether any row has arrived."""
        return any(one.taken for one in self.positions.values())

    @property
    def left(self) -> dict[str, int]:
        """Rows that were left behind, by table."""
        return {name: one.left for name, one in self.positions.items() if one.left}


def progress_of(note: str, path: object) -> Progress:
    """What it says. Raises `StoreFillingError` for what somebody else has written there."""
    try:
        said = json.loads(note)
        progress = Progress(str(said["source"]), str(said["instance"]))
        for name, (after, taken, left, is_done) in said["tables"].items():
            if name in progress.positions:
                progress.positions[name] = Position([*after], int(taken), int(left), bool(is_done))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreFillingError(path=path, source=source_of(note)) from error
    return progress
