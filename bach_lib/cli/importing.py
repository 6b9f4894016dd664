"""Imports an original database: a step of its own, for which no BACH may have the new one open."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from bach_lib.bus import Bus
from bach_lib.cli.logs import noting
from bach_lib.cli.paths import runs_file, to_open
from bach_lib.connectors import Connectors
from bach_lib.control.operations.json_rows import Row, connection_row
from bach_lib.inbound.rules import read_rules
from bach_lib.legacy import plan, read, take
from bach_lib.legacy.planning import Keep
from bach_lib.registry import Registry
from bach_lib.registry.secrets import Secrets
from bach_lib.storage import CommonClock, store_at

STEPS = 3
"""Reading, deciding, writing."""
WRITES = 2
"""Steps that are done when writing begins."""


def run(old: Path, database: Path, keep: Keep, advance: Callable[[int], None], *, enable: bool) -> Row:
    """Take over what can be; what was taken and what was left. `advance` is told of each step. Raises a `BachError`."""
    with noting():
        return asyncio.run(_run(old, database, keep, advance, enable=enable))


async def _run(old: Path, database: Path, keep: Keep, advance: Callable[[int], None], *, enable: bool) -> Row:
    found = await read(old)
    advance(1)
    store, connectors = store_at(to_open(database), runs_file(database)), Connectors()
    await store.open()
    try:
        now = CommonClock(store).now()
        registry = Registry(store, Bus(), connectors, Secrets())
        await registry.open()
        rules = await store.submit(read_rules, writes=False)
        made = await plan(found, registry, connectors, keep, rules=rules, now=now, enable=enable)
        advance(WRITES)
        taken = await take(store, made, now=now)
        advance(STEPS)
    finally:
        await store.close()
    return {
        "connections": taken.connections,
        "incomplete": taken.incomplete,
        "rules": taken.rules,
        "outgoing": taken.outgoing,
        "incoming": taken.incoming,
        "known": taken.known,
        "added": [connection_row(row) for row, _ in made.connections],
        "lacking": sorted(made.incomplete),
        "left": [{"what": one.what, "reason": one.reason} for one in made.left],
    }
