"""A BACH of some version, for a day: `as_then.py live PLACE` leaves a database, `as_then.py look PLACE` opens one.

It is run with the library of an earlier version, so it knows only what each of them can do.
"""

import asyncio
import json
import os
import sys
from pathlib import Path

import bach_lib
from bach_lib import Bach, Connection, Delivery, Fault, storage
from bach_lib.errors import BachError
from bach_lib.outcomes import Dead
from bach_lib.testing import FakeClock, FakePlatform, fake_connector

RULE, FILE = (getattr(bach_lib, name, None) for name in ("Rule", "File"))
"""The first version has neither."""


def bach_at(place: str, home: FakePlatform, away: FakePlatform, clock: FakeClock) -> Bach:
    """A BACH with this file, or this database on a server."""
    connectors = {"fake": fake_connector(home, receives=True), "away": fake_connector(away)}
    store = storage.ServerDatabase(place) if "://" in place else storage.Database(Path(place))
    return Bach(store, clock=clock, connectors=connectors)


async def live(place: str) -> None:
    """Something of each kind: sent, refused, taken back, waiting, come in, set up. Dies with two on their way."""
    home, away, clock = FakePlatform(), FakePlatform(), FakeClock()
    bach = bach_at(place, home, away, clock)
    await bach.open()
    await bach.registry.add(Connection(name="home", type="fake", auth_type="none", allowed=frozenset({"42"})))
    await bach.registry.add(Connection(name="away", type="away", auth_type="none"))
    await bach.registry.add(Connection(name="spare", type="fake", auth_type="none", is_active=False))
    if RULE:
        await bach.rules.set(RULE(name="water", phrases=("leak",), patterns=("wet.*cellar",)))

    await bach.send("home", "ada", "Sent before", title="Garden", context="ours")
    await clock.advance(1)
    home.outcomes.append(Dead(fault=Fault(code="refused", text="no such chat")))
    await bach.send("home", "ada", "Refused before")
    await clock.advance(1)
    home.write("There is a leak", remote_id="r1", cursor="c1")
    home.write("Who is there?", sender="66", remote_id="r2", cursor="c2")
    home.write("/light on", remote_id="r3", cursor="c3")
    await clock.advance(1)

    away.fault = Fault(code="dns", text="the name cannot be resolved")
    if FILE:
        await bach.send("away", "bob", "Waits first", files=[FILE(name="plan.txt", content=b"a plan")])
    else:
        await bach.send("away", "bob", "Waits first")
    await clock.advance(1)
    await bach.send("away", "bob", "Waits second", tag="wash", max_retries=9)
    taken = await bach.send("away", "bob", "Taken back")
    await bach.send("away", "carol", "Waits with a deadline", time_to_live=86_400, priority=3, silent=True)
    await bach.send("spare", "dora", "Waits for its connection")
    await bach.cancel(taken.id)
    await clock.advance(1)

    home.hold = asyncio.Event()
    await bach.send("home", "eve", "On its way")
    await bach.send("home", "fay", "On its way once", delivery=Delivery.AT_MOST_ONCE)
    await clock.advance(1)
    assert len(home.attempts) == 4
    os._exit(0)  # as a power cut would


async def look(place: str) -> None:
    """Say what is there, and what is sent by itself; or why it is not opened."""
    home, away, clock = FakePlatform(), FakePlatform(), FakeClock(1_800_010_000)
    try:
        async with bach_at(place, home, away, clock) as bach:
            await clock.advance(900)
            found: dict[str, object] = {
                "texts": sorted(message.text for message in await bach.messages()),
                "held": sorted(message.text for message in await bach.messages() if message.held),
                "sent": [message.text for platform in (home, away) for message in platform.sent],
            }
    except BachError as error:
        found = {"refused": type(error).__name__, "why": str(error)}
    sys.stdout.write(json.dumps(found))


asyncio.run({"live": live, "look": look}[sys.argv[1]](sys.argv[2]))
