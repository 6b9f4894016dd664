"""Row mapping of bridges and their ends. What is asked by column stands in columns of its own, the rest in one JSON."""

import json
from collections.abc import Mapping
from dataclasses import asdict

from bach_lib.bridges.judging import End
from bach_lib.models.bridge import Bridge, BridgeSide, BridgeWords, LeftOut
from bach_lib.models.route import Place
from bach_lib.storage import Row, Transaction, Value
from bach_lib.storage.columns import Columns
from bach_lib.storage.values import fields, integer, mapping, number, real, whole, word

_SWITCHES = ("both_ways", "with_name", "files", "edits", "deletions", "is_active")


def write_bridge(tx: Transaction, bridge: Bridge, since: float) -> None:
    """Write a bridge, which is checked."""
    tx.run("save_bridge", name=bridge.name, rule=json.dumps(asdict(bridge), ensure_ascii=False), since=since)


def bridge_from_row(row: Row) -> Bridge:
    """The bridge of a row. Raises what `columns.UNREADABLE` names."""
    return _bridge(word(row["name"]), fields(row["rule"]))


BRIDGE_COLUMNS = Columns(
    {
        "name": (word, ""),
        "rule": (lambda value: _bridge("", fields(value)), "{}"),
        "since": (real, 0.0),
    }
)


def end_values(end: End) -> dict[str, Value]:
    """The columns of an end that change."""
    side = end.side
    state = {
        "carried": side.carried,
        "carried_at": side.carried_at,
        "left_out": side.left_out,
        "reason": side.reason,
        "left_out_at": side.left_out_at,
        "missed": end.missed,
        "minute": end.minute,
        "within": end.within,
        "held": end.held,
    }
    return {"upto": end.upto, "state": json.dumps(state)}


def end_from_row(row: Row) -> End:
    """The end of a row. Raises what `columns.UNREADABLE` names."""
    state = fields(row["state"])
    reason = state["reason"]
    side = BridgeSide(
        connection=word(row["connection"]),
        carried=whole(state["carried"]),
        carried_at=number(state["carried_at"]),
        left_out=whole(state["left_out"]),
        reason=None if reason is None else LeftOut(word(reason)),
        left_out_at=number(state["left_out_at"]),
    )
    return End(
        side=side,
        upto=integer(row["upto"]),
        missed=whole(state["missed"]),
        minute=number(state["minute"]) or 0.0,
        within=whole(state["within"]),
        held=_numbers(state.get("held", [])),  # earlier versions held nothing back
    )


END_COLUMNS = Columns(
    {
        "bridge": (word, ""),
        "connection": (word, ""),
        "upto": (integer, 0),
        "state": (lambda value: end_from_row({"connection": "", "upto": 0, "state": value}), "{}"),
    }
)


def _bridge(name: str, rule: Mapping[str, object]) -> Bridge:
    targets, switches = rule["targets"], {one: _switch(rule[one]) for one in _SWITCHES}
    if not isinstance(targets, list):
        raise TypeError("no list")
    return Bridge(
        name=name,
        source=_place(rule["source"]),
        targets=tuple(_place(one) for one in targets),
        words=BridgeWords(**_texts(rule["words"])),
        **switches,
    )


def _numbers(found: object) -> tuple[int, ...]:
    if not isinstance(found, list):
        raise TypeError("no list")
    return tuple(map(whole, found))


def _place(found: object) -> Place:
    return Place(**_texts(found))


def _texts(found: object) -> dict[str, str]:
    return {name: word(value) for name, value in mapping(found).items()}


def _switch(found: object) -> bool:
    if not isinstance(found, bool):
        raise TypeError("neither true nor false")
    return found
