"""Reads and writes why something failed or was left out: English words, and what other languages need beside them."""

import json

from bach_lib.models import Fault, Loss
from bach_lib.said import packed, read, unpacked, written
from bach_lib.storage import Row
from bach_lib.storage.transaction import Value
from bach_lib.storage.values import listed, text


def fault_values(fault: Fault | None, most: int | None = None) -> dict[str, Value]:
    """The columns of a fault. `most`: characters of its words."""
    if fault is None:
        return {"error_code": None, "error_text": None, "error_said": None}
    return {"error_code": fault.code, "error_text": fault.text[:most], "error_said": written(fault.text)}


def fault_of(row: Row) -> Fault | None:
    """The fault in a row."""
    code = text(row["error_code"])
    return Fault(code=code, text=read(text(row["error_text"]) or "", text(row["error_said"]))) if code else None


def losses_written(losses: tuple[Loss, ...]) -> str | None:
    """What a message goes without, for its row; nothing for the many messages that go whole."""
    found = [[loss.what, loss.reason, *([beside] if (beside := packed(loss.reason)) else [])] for loss in losses]
    return json.dumps(found) if found else None


def losses_of(column: str | None) -> tuple[Loss, ...]:
    """Them again. Raises what a damaged row raises."""
    return tuple(map(_loss, listed(column)))


def _loss(found: object) -> Loss:
    """One of a list; raises TypeError for what is none."""
    match found:
        case [str(what), str(reason), *beside]:
            return Loss(what=what, reason=unpacked(reason, beside[0] if beside else None))
    raise TypeError
